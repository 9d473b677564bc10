//! Unit files in the documents are what systemd understands, beside the units of `systemd/`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::blocks::Block;
use super::kinds::{Kind, of_kind, root};

/// A system with our units and programs that do nothing.
fn system() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["usr/lib/systemd/system", "usr/bin", "bin", "etc/systemd/system"] {
        fs::create_dir_all(at(name)).expect("a folder");
    }
    for entry in fs::read_dir(root().join("systemd")).expect("units") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "service" || extension == "timer") {
            fs::copy(&path, at("usr/lib/systemd/system").join(path.file_name().expect("a name"))).expect("copied");
        }
    }
    for program in ["usr/bin/cattleguard", "usr/bin/cattleguard-agent", "bin/sh"] {
        let copied = Command::new("cp").arg("/bin/true").arg(at(program)).status().expect("cp");
        assert!(copied.success());
    }
    folder
}

/// What systemd says against a unit; nothing when it is right.
fn verified(system: &Path, unit: &str) -> String {
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(format!("--root={}", system.display()))
        .arg(unit)
        .output()
        .expect("systemd-analyze; scripts/prerequisites.sh installs it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { said } else { format!("{}\n{said}", output.status) }
}

/// Names and contents: a block is whole units under `# NAME` lines, or a drop-in of the unit that the text before it names.
fn units(block: &Block) -> Vec<(String, String)> {
    if !block.text.starts_with("# ") {
        let document = fs::read_to_string(root().join(&block.document)).expect("a document");
        let before: Vec<&str> = document.lines().take(block.line).collect();
        let named = before.iter().rev().find_map(|line| line.split("systemctl edit ").nth(1));
        let unit = named.and_then(|rest| rest.split('`').next()).expect("the text before it names the unit");
        return vec![(format!("{unit}.service.d/override.conf"), block.text.clone())];
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for line in block.text.lines() {
        match (line.strip_prefix("# "), found.last_mut()) {
            (Some(name), _) => found.push((name.to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(&format!("{line}\n")),
            (None, None) => unreachable!("it begins with a name"),
        }
    }
    found
}

#[test]
fn every_unit_is_understood_by_systemd() {
    for block in of_kind(Kind::Unit) {
        let system = system();
        let mut names = Vec::new();
        for (name, text) in units(&block) {
            let path = system.path().join("etc/systemd/system").join(&name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
            names.push(name.split(".d/").next().unwrap_or_default().to_owned());
        }
        for name in names {
            assert!(
                system.path().join("usr/lib/systemd/system").join(&name).exists() || block.text.contains(&name),
                "{}: there is no unit {name}",
                block.at()
            );
            assert_eq!(verified(system.path(), &name), "", "{}: {name}", block.at());
        }
    }
}

#[test]
fn a_wrong_unit_is_noticed() {
    let system = system();
    let folder = system.path().join("etc/systemd/system/cattleguard-serve.service.d");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("override.conf"), "[Service]\nLoadCredental=a:/b\n").expect("written");
    assert!(verified(system.path(), "cattleguard-serve.service").contains("LoadCredental"));
}
