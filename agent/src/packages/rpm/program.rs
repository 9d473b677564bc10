//! What the `rpm` program says of a database that only it can read.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::super::merged::Merged;
use super::super::{Claims, Manager, Package, Wanted, bounded};

/// Only here: a search path would let the environment choose the program.
const PROGRAM: &str = "/usr/bin/rpm";

/// A damaged Berkeley database can make rpm wait for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// A listing of every file of a large system is some 50 MB.
const MAX_OUTPUT: u64 = 1 << 30;

const PACKAGES: &str = "%{NAME}\\t%{ARCH}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n";
const FILES: &str = "[%{=NAME}\\t%{=ARCH}\\t%{FILENAMES}\\n]";

/// Installed packages with the wanted files they own.
pub(super) fn read(sysroot: &Path, wanted: Wanted<'_>) -> Result<(Vec<Package>, Claims), String> {
    let mut packages: Vec<Package> = Vec::new();
    query(sysroot, PACKAGES, &mut |[name, architecture, version]| {
        packages.push(Package {
            manager: Manager::Rpm,
            name: bounded(name),
            architecture: bounded(architecture),
            version: bounded(version.strip_prefix(b"0:").unwrap_or(version)),
        });
    })?;
    let mut claims = Claims::new();
    let places: HashMap<(String, String), usize> = packages
        .iter()
        .enumerate()
        .map(|(place, package)| ((package.name.clone(), package.architecture.clone()), place))
        .collect();
    if !matches!(wanted, Wanted::Only(paths) if paths.is_empty()) {
        let merged = Merged::of(sysroot);
        query(sysroot, FILES, &mut |[name, architecture, path]| {
            let path = merged.real(path);
            if wanted.includes(&path)
                && let Some(place) = places.get(&(bounded(name), bounded(architecture)))
            {
                claims.push((*place, path));
            }
        })?;
    }
    Ok((packages, claims))
}

fn query(sysroot: &Path, format: &str, line: &mut dyn FnMut([&[u8]; 3])) -> Result<(), String> {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("LC_ALL", "C.UTF-8").env("HOME", "/nonexistent");
    if sysroot != Path::new("/") {
        command.arg("--root").arg(sysroot);
    }
    command.args(["-qa", "--queryformat", format]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{PROGRAM} cannot be run: {error}"))?;
    let lines = lines_of(&mut child)?;
    let outcome = loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(text) => {
                let mut fields = text.splitn(3, |byte| *byte == b'\t');
                if let (Some(first), Some(second), Some(third)) = (fields.next(), fields.next(), fields.next()) {
                    line([first, second, third]);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break Ok(()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                // Already gone is as good as killed.
                let _ = child.kill();
                break Err(format!("{PROGRAM} did not answer"));
            }
        }
    };
    let status = child.wait().map_err(|error| format!("{PROGRAM} cannot be waited for: {error}"))?;
    outcome?;
    if status.success() { Ok(()) } else { Err(format!("{PROGRAM} failed: {status}")) }
}

/// Lines of a program's output, through a channel, so that waiting for them can end.
fn lines_of(child: &mut Child) -> Result<mpsc::Receiver<Vec<u8>>, String> {
    let output = child.stdout.take().ok_or_else(|| format!("{PROGRAM} has no output"))?;
    let (sender, receiver) = mpsc::sync_channel(1024);
    std::thread::spawn(move || {
        for line in BufReader::new(output.take(MAX_OUTPUT)).split(b'\n').map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
