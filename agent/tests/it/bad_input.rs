//! What hosts throw at the agent: it says what is wrong, with the right exit code, and the last good report stays.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use cattleguard_agent::manifest::{Preface, Writer};
use cattleguard_agent::settings::Settings;
use cattleguard_agent::state::State;
use cattleguard_agent::walk::Tally;
use rustix::fs::{Mode, OFlags, mkdirat, openat};

use crate::host::{Host, is_root};

#[test]
fn paths_longer_than_any_system_call_takes_are_judged() {
    let host = Host::new();
    let folder = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut current = openat(rustix::fs::CWD, host.path("opt"), folder, Mode::empty()).unwrap();
    let name = "n".repeat(255);
    for _ in 0..20 {
        mkdirat(&current, &name, Mode::RWXU).unwrap();
        current = openat(&current, &name, folder, Mode::empty()).unwrap();
    }
    let write = |text: &str| {
        let file = openat(&current, "deepest", OFlags::WRONLY | OFlags::CREATE, Mode::RUSR).unwrap();
        fs::File::from(file).write_all(text.as_bytes()).unwrap();
    };
    write("1");
    assert_eq!(host.bake(&[]).code, 0);
    assert_eq!(host.check().code, 0);
    write("2");
    let found = host.check().differences();
    let [(path, code, _)] = found.as_slice() else { panic!("{found:?}") };
    assert!(path.len() > 4096 && path.ends_with("/deepest"), "{}", path.len());
    assert_eq!(code, "file-content-changed");
    let out = host.beside("reports");
    let report = ["report", "--sysroot", host.sysroot(), "--golden", host.golden(), "--out-dir", out.to_str().unwrap()];
    assert_eq!(host.run(&report).code, 0);
    let rows = fs::read_to_string(out.join("Custom-CattleguardDifference.json")).unwrap();
    assert!(rows.contains("\"Cut\":\"true\""), "longer than SSM takes");
}

#[test]
fn a_hundred_thousand_entries_in_one_folder_are_judged() {
    let host = Host::new();
    fs::create_dir(host.path("opt/many")).unwrap();
    for number in 0..100_000 {
        fs::File::create(host.path("opt/many").join(number.to_string())).unwrap();
    }
    assert_eq!(host.bake(&[]).code, 0);
    fs::remove_file(host.path("opt/many/99999")).unwrap();
    fs::write(host.path("opt/many/5"), "x").unwrap();
    let found: Vec<_> = host.check().differences().into_iter().map(|(path, code, _)| (path, code)).collect();
    assert_eq!(
        found,
        [
            ("/opt/many/5".to_owned(), "file-content-changed".to_owned()),
            ("/opt/many/99999".to_owned(), "file-removed".to_owned()),
        ]
    );
}

#[test]
fn a_file_that_grows_for_ever_is_told_and_does_not_hold_the_walk_up() {
    let host = Host::new();
    // Long enough that it grows while it is read.
    fs::write(host.path("opt/log"), vec![0; 32 << 20]).unwrap();
    host.bake(&[]);
    let (is_over, path) = (AtomicBool::new(false), host.path("opt/log"));
    let check = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = fs::File::options().append(true).open(path).unwrap();
            while !is_over.load(Ordering::Relaxed) {
                log.write_all(b"more\n").unwrap();
            }
        });
        let check = host.check();
        is_over.store(true, Ordering::Relaxed);
        check
    });
    assert_eq!(check.code, 3, "{}", check.stderr);
    assert_eq!(check.json["unjudged"][0]["path"], "/opt/log");
    assert_eq!(check.json["unjudged"][0]["reason"], "content changed while it was read");
}

/// Runs a script in a mount name space of its own; `None` where that is not allowed.
fn apart(host: &Host, script: &str) -> Option<(i32, String)> {
    let program = env!("CARGO_BIN_EXE_cattleguard-agent");
    let common = format!("--sysroot {} --golden {}", host.sysroot(), host.golden());
    let line =
        format!("set -e; agent={program}; common='{common}'; small={}; {script}", host.beside("small").display());
    fs::create_dir_all(host.beside("small")).unwrap();
    let output = Command::new("unshare").args(["-m", "sh", "-c", &line]).output().ok()?;
    let told = [output.stdout, output.stderr].concat();
    is_root().then(|| (output.status.code().unwrap(), String::from_utf8_lossy(&told).into_owned()))
}

#[test]
fn a_full_disk_leaves_the_last_good_report() {
    let host = Host::new();
    host.bake(&[]);
    fs::write(host.path("etc/file"), "changed since").unwrap();
    let script = "mount -t tmpfs -o size=64k tmpfs $small; $agent report --priority normal $common --out-dir $small >/dev/null; \
                  cp $small/Custom-CattleguardReport.json $small/../good; \
                  dd if=/dev/zero of=$small/fill bs=4k 2>/dev/null || true; code=0; \
                  $agent report --priority normal $common --out-dir $small || code=$?; \
                  cmp $small/Custom-CattleguardReport.json $small/../good; \
                  [ -z \"$(find $small -name '*.partial')\" ]; exit $code";
    let Some((code, told)) = apart(&host, script) else { return };
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("No space left on device") && told.contains("small"), "{told}");

    let script = "mount -t tmpfs -o size=4k tmpfs $small; code=0; \
                  $agent bake --sysroot / --root /usr/lib/ssl --root /etc --out $small/x.cgm || code=$?; \
                  [ -z \"$(ls -A $small)\" ]; exit $code";
    let (code, told) = apart(&host, script).unwrap();
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("No space left on device"), "{told}");
}

#[test]
fn a_host_that_thinks_it_is_1970_says_so_and_is_judged() {
    let host = Host::new();
    let (settings, state) = (Settings::new(&[b"/etc".to_vec()], false, Vec::new()).unwrap(), State::default());
    let preface = Preface {
        settings: &settings,
        // As seen from a clock that has gone back.
        created_at: "2200-01-01T00:00:00Z".parse().unwrap(),
        packages: None,
        state: &state,
        state_exclusions: &[],
    };
    let writer = Writer::new(Vec::new(), preface).unwrap();
    fs::write(host.golden(), writer.finish(&Tally::default(), None).unwrap().0).unwrap();
    let check = host.check();
    assert_eq!(check.code, 1);
    assert!(check.stderr.contains("times of this run mean nothing"), "{}", check.stderr);
}

#[test]
fn an_alien_configuration_key_or_cache_folder_is_told() {
    let host = Host::new();
    host.bake(&[]);
    let check =
        |more: &[&str]| host.run(&[&["check", "--sysroot", host.sysroot(), "--golden", host.golden()], more].concat());
    let config = host.beside("agent.toml");
    fs::write(&config, [0xff, 0xfe]).unwrap();
    let refused = check(&["--config", config.to_str().unwrap()]);
    assert_eq!(refused.code, 78);
    assert!(refused.stderr.contains("agent.toml"), "{}", refused.stderr);
    assert_eq!(check(&["--config", "/nonexistent"]).code, 78);
    let unwritable = check(&["--quick", "--cache", "/nonexistent/cache"]);
    assert_eq!(unwritable.code, 0, "a cache is a help, not a result");
    assert!(unwritable.stderr.contains("could not be written"), "{}", unwritable.stderr);
    fs::write(host.beside("alien"), "no cache").unwrap();
    let alien = check(&["--quick", "--cache", host.beside("alien").to_str().unwrap()]);
    assert_eq!(alien.code, 0);
    assert!(alien.stderr.contains("everything is read"), "{}", alien.stderr);
}
