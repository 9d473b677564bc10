//! A shell in which `cattleguard` is the program over a simulated account.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::kinds::root;
use super::stubs;
use super::world::{ACCOUNT, Cast, copy_to, ran};

/// `cattleguard` in the shell: notes with which code each command ended. What runs until it is stopped is stopped when it
/// says that it is at work. A block goes on after an exit code that is not 0, as a reader does: 1 means findings.
const PROGRAM: &str = r#"#!/bin/sh
case $1 in
    serve)
        case " $* " in *" --listen "*) ;; *) set -- "$@" --listen 127.0.0.1:0 ;; esac
        until="serving on" ;;
    daemon) export CATTLEGUARD_LOG=info; until="waiting for the next scan" ;;
    *) until= ;;
esac
if [ -n "$until" ]; then
    said=$(mktemp)
    "$SIM" "$@" 2> "$said" &
    until grep -q "$until" "$said"; do
        kill -0 $! 2> /dev/null || break
        sleep 0.05
    done
    kill -TERM $! 2> /dev/null
    wait $!
    code=$?
    cat "$said" >&2
else
    "$SIM" "$@"
    code=$?
fi
{ printf '%s' "$code"; printf '\t%s' "$@"; echo; } >> "$HERE/calls"
"#;

/// One command that ran in a shell.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) code: i32,
    pub(super) args: Vec<String>,
}

/// What a block did.
pub(super) struct Ran {
    pub(super) ended_well: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) calls: Vec<Call>,
}

/// A folder to work in, a world and programs.
pub(super) struct Shell {
    folder: TempDir,
    pub(super) cast: Cast,
    variables: Vec<(&'static str, String)>,
}

impl Shell {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let cast = copy_to(&at("world"));
        for name in ["work", "bin", "tmp", "etc/cattleguard/secrets", "usr/local/bin", "backup"] {
            fs::create_dir_all(at(name)).expect("a folder");
        }
        stubs::write(&at("bin"));
        for name in ["cattleguard", "cattleguard-sim"] {
            let text = if name == "cattleguard" { PROGRAM } else { "#!/bin/sh\nexec \"$SIM\" \"$@\"\n" };
            fs::write(at("bin").join(name), text).expect("written");
            fs::set_permissions(at("bin").join(name), fs::Permissions::from_mode(0o755)).expect("executable");
        }
        Self { folder, cast, variables: Vec::new() }
    }

    /// Below the folder of this shell.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In the folder where commands are typed.
    pub(super) fn here(&self, name: &str) -> PathBuf {
        self.at("work").join(name)
    }

    /// Writes a file for its owner alone, with its folders; relative to where commands are typed.
    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.here(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("protected");
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.push((name, value.into()));
    }

    pub(super) fn configuration(&self) -> String {
        fs::read_to_string(self.at("world/cattleguard.toml")).expect("the configuration")
    }

    /// Adds sections to the configuration.
    pub(super) fn configure(&self, more: &str) {
        let text = format!("{}\n{more}", self.configuration());
        fs::write(self.at("world/cattleguard.toml"), text).expect("written");
    }

    /// Prepares something with the program.
    pub(super) fn sim(&self, args: &[&str], fine: &[i32]) -> String {
        ran(&self.at("world"), args, fine)
    }

    /// What stands for something in the documents is replaced by what is here.
    pub(super) fn substituted(&self, text: &str) -> String {
        let at = |name: &str| format!("{}/", self.at(name).display());
        let reference = format!("--reference-instance {}", self.cast.reference);
        let (image, drifted) = (self.cast.image.clone(), self.cast.drifted.clone());
        let table = [
            // What a golden is recorded from is pristine; all other commands are about a server that is not.
            ("--reference-instance i-0123456789abcdef0", reference.clone()),
            ("--reference-instance i-0abc…", reference.clone()),
            ("--reference-instance i-…", reference),
            ("ami-0123456789abcdef0", image.clone()),
            ("ami-0abc…", image.clone()),
            ("ami-…", image),
            ("i-0123456789abcdef0", drifted.clone()),
            ("i-…", drifted.clone()),
            ("i-...", drifted),
            ("111122223333", ACCOUNT.to_owned()),
            ("222233334444", ACCOUNT.to_owned()),
            ("vpc-...", "vpc-0123456789abcdef0".to_owned()),
            ("'…'", "'a reason'".to_owned()),
            ("/usr/local/bin/", at("usr/local/bin")),
            ("/etc/cattleguard/", at("etc/cattleguard")),
            ("/backup/", at("backup")),
        ];
        table.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    /// Types a text into `sh`, which stops at the first line that fails. Whatever hangs, hangs for a reason; nobody waits
    /// for it for ever.
    pub(super) fn run(&self, text: &str) -> Ran {
        let calls = self.at("calls");
        for of_before in [&calls, &self.at("failed")] {
            let _ = fs::remove_file(of_before);
        }
        let mut command = Command::new("/usr/bin/timeout");
        command.args(["120", "/bin/sh", "-euc"]);
        command.arg(self.substituted(text)).current_dir(self.at("work")).env_clear();
        let state = format!("sqlite:{}", self.at("world/state.db").display());
        command
            .env("PATH", format!("{}:/usr/bin:/bin", self.at("bin").display()))
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.at("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .env("USER", "tester")
            .env("HERE", self.folder.path())
            .env("ROOT", root())
            .env("SIM", env!("CARGO_BIN_EXE_cattleguard-sim"))
            .env("CATTLEGUARD_SIM_WORLD", self.at("world"))
            .env("CATTLEGUARD__STATE__URL", state);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.stdin(Stdio::null()).output().expect("a shell");
        Ran {
            ended_well: output.status.success() && !self.at("failed").exists(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            calls: noted(&calls),
        }
    }

    /// As [`run`](Self::run); every command has to end as one that worked.
    pub(super) fn works(&self, place: &str, text: &str) -> Ran {
        let ran = self.run(text);
        let bad: Vec<&Call> = ran.calls.iter().filter(|call| !fine(&call.args).contains(&call.code)).collect();
        assert!(
            ran.ended_well && bad.is_empty(),
            "{place}\n{}\nended badly: {bad:#?}\n{}\n{}",
            self.substituted(text),
            ran.stdout,
            ran.stderr
        );
        ran
    }
}

fn noted(file: &Path) -> Vec<Call> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let call = |line: &str| {
        let mut words = line.split('\t');
        let code = words.next().and_then(|code| code.parse().ok()).unwrap_or(-1);
        Call { code, args: words.map(str::to_owned).collect() }
    };
    text.lines().map(call).collect()
}

/// Exit codes of a command that did what it is there for, in this world: it has findings, and the plan holds some.
pub(super) fn fine(args: &[String]) -> &'static [i32] {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    // In front of the command only the configuration is named.
    let words = if words.first() == Some(&"-C") { words.get(2..).unwrap_or_default() } else { &words };
    match *words {
        // By SIGTERM.
        ["serve" | "daemon", ..] => &[143],
        ["scan", .., "--enforce"] => &[0, 1, 3, 4],
        ["scan", ..] => &[0, 1, 3],
        ["enforce" | "replace" | "plan", ..] => &[0, 4],
        ["policy", "eval" | "replay", ..] => &[0, 1],
        _ => &[0],
    }
}
