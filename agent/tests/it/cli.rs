//! Commands, exit codes, and what is found.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

use crate::host::{Host, is_root};

#[test]
fn two_bakes_of_one_tree_have_one_root_and_a_check_is_identical() {
    let host = Host::new();
    let (first, second) = (host.bake(&[]), host.bake(&[]));
    assert_eq!(first.json["root"], second.json["root"]);
    let check = host.check();
    assert_eq!((check.code, &check.json["status"]), (0, &"identical".into()));
    assert_eq!(check.json["root"], first.json["root"]);
    assert_eq!(check.json["differences"], serde_json::json!([]));
}

#[test]
fn one_changed_byte_with_restored_times_is_found() {
    let host = Host::new();
    host.bake(&[]);
    let file = host.path("etc/file");
    let times = fs::metadata(&file).unwrap();
    fs::write(&file, "y").unwrap();
    let restored = fs::FileTimes::new().set_modified(times.modified().unwrap());
    fs::File::options().write(true).open(&file).unwrap().set_times(restored).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().size(), times.size());
    let check = host.check();
    assert_eq!(check.code, 1);
    assert_eq!(
        check.differences(),
        [("/etc/file".to_owned(), "file-content-changed".to_owned(), "content".to_owned())]
    );
}

#[test]
fn each_kind_of_modification_is_found_once_and_nothing_else() {
    let host = Host::new();
    host.bake(&[]);
    let mode = |path: &str, mode| fs::set_permissions(host.path(path), fs::Permissions::from_mode(mode)).unwrap();
    mode("bin/setuid", 0o4755);
    mode("etc/shadow", 0o644);
    fs::write(host.path("etc/new\nname"), "x").unwrap();
    fs::remove_file(host.path("etc/gone")).unwrap();
    fs::rename(host.path("etc/case"), host.path("etc/Case")).unwrap();
    fs::remove_file(host.path("etc/link")).unwrap();
    symlink("shadow", host.path("etc/link")).unwrap();
    fs::remove_file(host.path("etc/file")).unwrap();
    symlink("shadow", host.path("etc/file")).unwrap();
    fs::remove_dir(host.path("opt/empty")).unwrap();
    symlink("/tmp", host.path("opt/empty")).unwrap();
    fs::hard_link(host.path("bin/tool"), host.path("opt/tool")).unwrap();
    let xattr = rustix::fs::setxattr(host.path("opt/attr"), "user.x", b"1", rustix::fs::XattrFlags::empty());
    fs::write(host.path("bin/tool"), "tool content, longer").unwrap();

    let check = host.check();
    let mut expected = vec![
        ("/bin/setuid", "file-privilege-changed", "mode"),
        // The same inode: both of its names changed.
        ("/bin/tool", "file-content-changed", "content,size"),
        ("/bin/tool2", "file-content-changed", "content,size"),
        ("/etc/Case", "file-added", ""),
        ("/etc/case", "file-removed", ""),
        ("/etc/file", "file-content-changed", "type"),
        ("/etc/gone", "file-removed", ""),
        ("/etc/link", "file-content-changed", "target"),
        ("/etc/new\\x0aname", "file-added", ""),
        ("/etc/shadow", "file-metadata-changed", "mode"),
        ("/opt/attr", "file-metadata-changed", "xattr:user.x"),
        ("/opt/empty", "file-content-changed", "type"),
        ("/opt/tool", "file-added", ""),
    ];
    if xattr.is_err() {
        expected.retain(|(path, ..)| *path != "/opt/attr");
    }
    let found = check.differences();
    let found: Vec<_> = found.iter().map(|(path, code, what)| (path.as_str(), code.as_str(), what.as_str())).collect();
    assert_eq!(found, expected);
    assert_eq!(check.json["differences_by_code"]["privileged"], 1);
}

#[test]
fn a_new_owner_is_found() {
    if !is_root() {
        return;
    }
    let host = Host::new();
    host.bake(&[]);
    std::os::unix::fs::chown(host.path("etc/shadow"), Some(1234), None).unwrap();
    std::os::unix::fs::lchown(host.path("etc/link"), None, Some(1234)).unwrap();
    let check = host.check();
    assert_eq!(
        check.differences(),
        [
            ("/etc/link".to_owned(), "file-privilege-changed".to_owned(), "group".to_owned()),
            ("/etc/shadow".to_owned(), "file-privilege-changed".to_owned(), "owner".to_owned()),
        ]
    );
}

#[test]
fn pipes_and_sockets_are_entries_and_never_opened() {
    let host = Host::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, host.path("opt/pipe"), 0o600.into()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(host.path("opt/socket")).unwrap();
    assert!(fs::metadata(host.path("opt/socket")).unwrap().file_type().is_socket());
    // A pipe without a writer would block whoever opens it.
    host.bake(&[]);
    assert_eq!(host.check().code, 0);
    let shown = host.run(&["show", "-o", "json", host.golden(), "/opt/pipe"]);
    assert_eq!(shown.json["entry"]["type"], "fifo");
}

#[test]
fn names_that_are_no_text_survive_and_never_reach_the_terminal() {
    let host = Host::new();
    host.bake(&[]);
    for name in [&b"\xff\xfe"[..], b"\x1b[2Jx", "a\u{202e}b".as_bytes(), &[b'n'; 255]] {
        fs::write(host.path("opt").join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
    }
    let check = host.check();
    assert_eq!(check.differences().len(), 4);
    let text = host.run(&["check", "--golden", host.golden(), "--sysroot", host.sysroot()]);
    assert!(text.stdout.contains(r"/opt/\xff\xfe") && text.stdout.contains(r"\x1b[2Jx"));
    assert!(!text.stdout.contains(['\u{1b}', '\u{202e}']));
    host.bake(&[]);
    assert_eq!(host.check().code, 0, "and they can be baked");
}

#[test]
fn deep_trees_are_walked_and_deeper_ones_are_partial_not_ignored() {
    let host = Host::new();
    host.deepen("opt", 200);
    assert_eq!(host.bake(&[]).code, 0);
    assert_eq!(host.check().code, 0);
    host.deepen("etc", 520);
    let check = host.check();
    assert_eq!((check.code, &check.json["status"]), (3, &"partial".into()));
    assert_eq!(check.json["unjudged"][0]["reason"], "folder is beyond the limits of the walk");
}

#[test]
fn an_unreadable_folder_makes_the_result_partial() {
    let host = Host::new();
    host.bake(&[]);
    let as_nobody = host.for_nobody();
    assert_eq!(as_nobody.check().code, 3, "shadow cannot be read");
    fs::set_permissions(host.path("etc/shadow"), fs::Permissions::from_mode(0o644)).unwrap();
    host.bake(&[]);
    assert_eq!(host.for_nobody().check().code, 0);
    fs::set_permissions(host.path("etc"), fs::Permissions::from_mode(0o700)).unwrap();
    host.bake(&[]);
    let check = host.for_nobody().check();
    fs::set_permissions(host.path("etc"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(check.code, 3);
    assert_eq!(check.differences(), [], "what cannot be listed is not called removed");
    assert_eq!(check.json["unjudged"][0]["path"], "/etc");
    assert_eq!(check.json["unjudged"][0]["reason"], "folder could not be listed");
}

#[test]
fn the_host_is_judged_by_the_exclusions_of_the_golden() {
    let host = Host::new();
    fs::create_dir_all(host.path("var/log")).unwrap();
    fs::write(host.path("var/log/a"), "1").unwrap();
    let plain = host.bake(&[]);
    fs::write(host.path("var/log/a"), "22").unwrap();
    assert_eq!(host.check().code, 0, "logs are on the default list");
    let wider = host.bake(&["--exclude", "/opt/*"]);
    fs::write(host.path("opt/new"), "x").unwrap();
    assert_eq!(host.check().code, 0);
    assert_ne!(plain.json["root"], wider.json["root"], "a wider exclusion shows in the root");
    host.bake(&["--no-default-excludes"]);
    fs::write(host.path("var/log/a"), "333").unwrap();
    assert_eq!(host.check().code, 1);
    let listed = host.run(&["show", host.golden()]);
    assert!(!listed.stdout.contains("/var/log/*"));
}

#[test]
fn a_manifest_inside_the_tree_does_not_judge_itself() {
    let host = Host::new();
    let inside = host.path("opt/golden.cgm");
    let inside = inside.to_str().unwrap();
    let baked = host.run(&["bake", "-o", "json", "--sysroot", host.sysroot(), "--out", inside]);
    assert_eq!(baked.code, 0);
    assert_eq!(host.run(&["check", "--golden", inside, "--sysroot", host.sysroot()]).code, 0);
    let again = host.run(&["bake", "-o", "json", "--sysroot", host.sysroot(), "--out", inside]);
    assert_eq!(again.json["root"], baked.json["root"]);
    assert_eq!(
        fs::read_dir(host.path("opt"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".partial") })
            .count(),
        0
    );
}

#[test]
fn a_bad_golden_is_refused_and_the_last_good_report_stays() {
    let host = Host::new();
    host.bake(&[]);
    let out = host.beside("reports");
    let report = |golden: &str| {
        host.run(&["report", "--golden", golden, "--sysroot", host.sysroot(), "--out-dir", out.to_str().unwrap()])
    };
    assert_eq!(report(host.golden()).code, 0);
    let before = fs::read(out.join("Custom-CattleguardReport.json")).unwrap();
    let whole = fs::read(host.golden()).unwrap();
    for (name, bytes, word) in [
        ("cut", &whole[..whole.len() - 9], "truncated"),
        ("alien", &b"#!/bin/sh\n"[..], "not a cattleguard manifest"),
        ("later", &b"CGM9...."[..], "version 9"),
        ("empty", &b""[..], "not a cattleguard manifest"),
    ] {
        let path = host.beside(name);
        fs::write(&path, bytes).unwrap();
        let refused = report(path.to_str().unwrap());
        assert_eq!(refused.code, 2, "{name}");
        assert!(refused.stderr.contains(word), "{name}: {}", refused.stderr);
    }
    assert_eq!(report("/nonexistent").code, 2);
    assert_eq!(fs::read(out.join("Custom-CattleguardReport.json")).unwrap(), before);
}

#[test]
fn another_golden_than_the_expected_one_is_refused() {
    let host = Host::new();
    let root = host.bake(&[]).json["root"].as_str().unwrap().to_owned();
    let check = |root: &str| {
        host.run(&["check", "--golden", host.golden(), "--sysroot", host.sysroot(), "--expect-root", root])
    };
    assert_eq!(check(&root).code, 0);
    fs::write(host.path("opt/x"), "x").unwrap();
    host.bake(&[]);
    let refused = check(&root);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("not the expected"));
}

#[test]
fn reports_hold_the_first_differences_and_count_the_rest() {
    let host = Host::new();
    host.bake(&[]);
    fs::create_dir(host.path("opt/many")).unwrap();
    for number in 0..3_000 {
        fs::write(host.path("opt/many").join(number.to_string()), "").unwrap();
    }
    let out = host.beside("reports");
    let run = host.run(&[
        "report",
        "-o",
        "json",
        "--golden",
        host.golden(),
        "--sysroot",
        host.sysroot(),
        "--out-dir",
        out.to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0);
    let rows = |name: &str| -> Vec<std::collections::BTreeMap<String, String>> {
        let file = fs::read(out.join(format!("Custom-Cattleguard{name}.json"))).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&file).unwrap();
        serde_json::from_value(json["Content"].clone()).unwrap()
    };
    let report = cattleguard_agent::inventory::Report::from_entries(&rows("Report")).unwrap();
    assert_eq!(report.differences.total(), 3_001);
    assert_eq!(report.rows_listed + report.rows_cut, 3_001);
    assert_eq!(rows("Difference").len() as u64, report.rows_listed);
    assert_eq!(report.root.to_string(), run.json["root"].as_str().unwrap());
    assert!(!report.claims_identical() && report.agent_digest.is_some());
    let changed: Vec<_> = rows("Subtree").iter().filter(|row| row["Digest"] != row["GoldenDigest"]).cloned().collect();
    assert_eq!(changed.iter().map(|row| row["Path"].as_str()).collect::<Vec<_>>(), ["/opt"]);
}

#[test]
fn the_node_folder_of_the_ssm_agent_is_found() {
    let host = Host::new();
    let node = host.path("var/lib/amazon/ssm/i-0123456789abcdef0");
    fs::create_dir_all(&node).unwrap();
    host.bake(&[]);
    let run = host.run(&["report", "--golden", host.golden(), "--sysroot", host.sysroot()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(fs::read_dir(node.join("inventory/custom")).unwrap().count(), 3);
    assert_eq!(host.check().code, 0, "its own reports are no drift");
}

#[test]
fn two_goldens_can_be_compared() {
    let host = Host::new();
    host.bake(&[]);
    let old = host.beside("old.cgm");
    fs::rename(host.golden(), &old).unwrap();
    fs::write(host.path("etc/file"), "new").unwrap();
    host.bake(&[]);
    let diff = host.run(&["diff", "-o", "json", old.to_str().unwrap(), host.golden()]);
    assert_eq!(diff.code, 1);
    assert_eq!(diff.differences().len(), 1);
    assert_eq!(host.run(&["diff", host.golden(), host.golden()]).code, 0);
}

#[test]
fn an_upgraded_package_is_one_line_and_hides_no_rights() {
    let host = Host::new();
    host.install("alpha", "1.0", &["/bin/tool", "/bin/setuid"]);
    host.bake(&[]);
    host.install("alpha", "1.1", &["/bin/tool", "/bin/setuid", "/bin/extra"]);
    fs::write(host.path("bin/tool"), "tool 1.1").unwrap();
    fs::write(host.path("bin/extra"), "x").unwrap();
    fs::set_permissions(host.path("bin/setuid"), fs::Permissions::from_mode(0o4755)).unwrap();
    let text = host.run(&["check", "--golden", host.golden(), "--sysroot", host.sysroot()]);
    assert_eq!(text.code, 1);
    assert!(text.stdout.contains("package alpha 1.0 -> 1.1: 3 files differ"), "{}", text.stdout);
    assert!(!text.stdout.contains("/bin/extra") && text.stdout.contains("! privilege /bin/setuid"), "{}", text.stdout);
    let all = host.run(&["check", "--all", "--golden", host.golden(), "--sysroot", host.sysroot()]);
    assert!(all.stdout.contains("/bin/extra"));
    let check = host.check();
    assert_eq!(check.json["packages"][0]["after"], "1.1");
    let extra = check.json["differences"].as_array().unwrap().iter().find(|item| item["path"] == "/bin/extra").unwrap();
    assert_eq!(extra["package"], "alpha");
}

#[test]
fn roots_that_are_not_folders_are_refused_and_leave_no_manifest() {
    let host = Host::new();
    for (root, word) in [("/nonexistent", "not there"), ("/etc/link", "symlink"), ("/etc/file", "file")] {
        let run = host.run(&["bake", "--sysroot", host.sysroot(), "--root", root, "--out", host.golden()]);
        assert_eq!(run.code, 2, "{root}");
        assert!(run.stderr.contains(word), "{root}: {}", run.stderr);
    }
    let nested = ["bake", "--sysroot", host.sysroot(), "--root", "/", "--root", "/etc", "--out", host.golden()];
    assert_eq!(host.run(&nested).code, 64);
    assert!(!std::path::Path::new(host.golden()).exists());
    let proc = host.run(&["bake", "--root", "/proc", "--out", host.golden()]);
    assert_eq!(proc.code, 2);
    assert!(proc.stderr.contains("stores nothing"), "{}", proc.stderr);
}

#[test]
fn a_root_that_is_gone_is_drift_not_an_error() {
    let host = Host::new();
    host.bake(&["--root", "/opt"]);
    fs::rename(host.path("opt"), host.path("elsewhere")).unwrap();
    symlink("elsewhere", host.path("opt")).unwrap();
    let check = host.check();
    assert_eq!(check.code, 1);
    assert!(check.differences().contains(&("/opt".into(), "file-content-changed".into(), "type".into())));
    fs::remove_file(host.path("opt")).unwrap();
    assert!(host.check().differences().contains(&("/opt".into(), "file-removed".into(), String::new())));
}

#[test]
fn wrong_usage_and_help_have_their_codes() {
    let host = Host::new();
    assert_eq!(host.run(&["check", "--no-such-flag"]).code, 64);
    assert_eq!(host.run(&["bake"]).code, 64);
    assert_eq!(host.run(&[]).code, 64);
    assert_eq!(host.run(&["bake", "--out", "x", "--exclude", "relative"]).code, 64);
    let help = host.run(&["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.stdout.lines().count() <= 60 && help.stderr.is_empty());
}

#[test]
fn a_folder_mounted_on_itself_is_what_it_was_and_another_in_its_place_is_not() {
    let host = Host::new();
    host.bake(&[]);
    let script = |mounts: &str| {
        let program = env!("CARGO_BIN_EXE_cattleguard-agent");
        let (sysroot, golden) = (host.sysroot(), host.golden());
        format!("set -e; cd {sysroot}; {mounts}; exec {program} check --sysroot {sysroot} --golden {golden} -o json")
    };
    let within = |mounts: &str| {
        let output = std::process::Command::new("unshare").args(["-m", "sh", "-c", &script(mounts)]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // Only where this user may mount.
    if !is_root() || within("mount --bind opt opt").1.is_empty() {
        return;
    }
    assert_eq!(within("mount --bind opt opt; mount --bind etc/file etc/file").0, Some(0));
    let (code, told) = within("mount --bind etc opt");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("\"/opt\"") && told.contains("\"type\""), "{told}");
    let (code, told) = within("mount --bind etc/shadow etc/file");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("\"/etc/file\""), "{told}");
}
