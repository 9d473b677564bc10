//! Signed goldens, what a canary teaches, what state means.

use std::fs;
use std::process::Command;

use crate::host::Host;

/// A pair of keys as OpenSSL makes them; `None` where there is no OpenSSL.
fn keys(host: &Host, name: &str) -> Option<(String, String)> {
    let (private, public) = (host.beside(&format!("{name}.key")), host.beside(&format!("{name}.pub")));
    let (private, public) = (private.to_str().unwrap().to_owned(), public.to_str().unwrap().to_owned());
    let run = |arguments: &[&str]| {
        Command::new("openssl").args(arguments).output().is_ok_and(|output| output.status.success())
    };
    (run(&["genpkey", "-algorithm", "ed25519", "-out", &private])
        && run(&["pkey", "-in", &private, "-pubout", "-out", &public]))
    .then_some((private, public))
}

#[test]
fn only_a_golden_signed_by_a_trusted_key_is_believed() {
    let host = Host::new();
    let (Some(ours), Some(others)) = (keys(&host, "ours"), keys(&host, "others")) else { return };
    let check =
        |key: &str| host.run(&["check", "--sysroot", host.sysroot(), "--golden", host.golden(), "--trusted-key", key]);
    host.bake(&[]);
    let unsigned = check(&ours.1);
    assert_eq!(unsigned.code, 2);
    assert!(unsigned.stderr.contains("signed by nobody"), "{}", unsigned.stderr);
    let baked = host.bake(&["--sign-key", &ours.0]);
    let signer = baked.json["signed_by"].as_str().unwrap().to_owned();
    assert!(signer.starts_with("ed25519:"));
    assert_eq!(check(&ours.1).code, 0);
    let other = check(&others.1);
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains(&signer), "{}", other.stderr);
    assert!(host.run(&["show", host.golden()]).stdout.contains(&format!("signed   by {signer}")));
    let refused = host.run(&["bake", "--sysroot", host.sysroot(), "--out", "/dev/null/x", "--sign-key", &ours.1]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("not an ed25519 private key"), "{}", refused.stderr);
}

#[test]
fn a_canary_teaches_what_first_boot_creates_and_no_more() {
    let host = Host::new();
    fs::create_dir_all(host.path("var/lib")).unwrap();
    host.bake(&[]);
    fs::create_dir_all(host.path("var/lib/app/state")).unwrap();
    fs::write(host.path("var/lib/app/state/id"), "1").unwrap();
    fs::create_dir_all(host.path("etc/sudoers.d")).unwrap();
    fs::write(host.path("etc/sudoers.d/90-cloud"), "admin ALL=(ALL) NOPASSWD:ALL\n").unwrap();
    let canary = host.beside("canary.json");
    let check = host.check();
    assert_eq!(check.code, 1);
    fs::write(&canary, check.stdout).unwrap();
    fs::remove_dir_all(host.path("var/lib/app")).unwrap();
    fs::remove_dir_all(host.path("etc/sudoers.d")).unwrap();

    let baked = host.bake(&["--first-boot", canary.to_str().unwrap()]);
    let refused: Vec<_> = baked.json["not_learned"].as_array().unwrap().iter().map(|one| &one["path"]).collect();
    assert_eq!(refused, ["/etc/sudoers.d", "/etc/sudoers.d/90-cloud"]);
    assert_eq!(host.check().code, 0);
    fs::create_dir_all(host.path("var/lib/app/state")).unwrap();
    fs::write(host.path("var/lib/app/state/id"), "2").unwrap();
    assert_eq!(host.check().code, 0, "it may be there, with any content");
    fs::create_dir_all(host.path("var/lib/other")).unwrap();
    assert_eq!(host.check().code, 1);

    fs::write(&canary, "{}").unwrap();
    let bad = ["bake", "--sysroot", host.sysroot(), "--out", host.golden(), "--first-boot", canary.to_str().unwrap()];
    assert_eq!(host.run(&bad).code, 2);
}

#[test]
fn an_added_user_is_one_difference_for_each_file_and_says_what_it_is() {
    let host = Host::new();
    fs::write(host.path("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n").unwrap();
    fs::create_dir_all(host.path("root/.ssh")).unwrap();
    host.bake(&[]);
    fs::write(host.path("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\neve:x:0:0::/:/bin/sh\n").unwrap();
    fs::write(host.path("root/.ssh/authorized_keys"), "ssh-ed25519 dGVzdA== eve\n").unwrap();
    let check = host.check();
    let told: Vec<(&str, String)> = check.json["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["path"].as_str().unwrap(), one["meaning"][0].as_str().unwrap_or_default().to_owned()))
        .collect();
    let [passwd, keys] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(passwd.0, "/etc/passwd");
    assert!(passwd.1.starts_with("user eve added: uid 0"), "{}", passwd.1);
    assert_eq!(keys.0, "/root/.ssh/authorized_keys");
    assert!(keys.1.starts_with("authorized key SHA256:") && keys.1.ends_with("added: ssh-ed25519 eve"), "{}", keys.1);
    assert_eq!(check.json["state"], serde_json::json!([]), "nothing is told twice");
    let out = host.beside("reports");
    let report = ["report", "--sysroot", host.sysroot(), "--golden", host.golden(), "--out-dir", out.to_str().unwrap()];
    assert_eq!(host.run(&report).code, 0);
    let rows = fs::read_to_string(out.join("Custom-CattleguardDifference.json")).unwrap();
    assert!(rows.contains("user eve added: uid 0"), "{rows}");
}
