use std::fs;

use super::*;
use crate::compare::{Aspect, Code};
use crate::entry::{Facts, Kind};

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for folder in ["etc/sudoers.d", "etc/cron.d", "var/spool/cron/crontabs", "root/.ssh"] {
        fs::create_dir_all(tree.path().join(folder)).unwrap();
    }
    for (file, content) in [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\nbroken\n"),
        ("etc/shadow", "root:*:1:0:99999:7:::\nsshd:!:1::::::\n"),
        ("etc/group", "root:x:0:\nsudo:x:27:\n"),
        ("etc/sudoers", "# comment\nDefaults\tenv_reset\n%sudo ALL=(ALL:ALL)   ALL\n"),
        ("root/.ssh/authorized_keys", "# none yet\n"),
    ] {
        fs::write(tree.path().join(file), content).unwrap();
    }
    tree
}

fn told(before: &State, after: &State) -> Vec<String> {
    compare(before, after, &volatile::Matcher::default()).iter().map(StateDifference::text).collect()
}

#[test]
fn what_a_changed_file_means_is_told() {
    let tree = tree();
    let (before, problems) = read(tree.path());
    assert_eq!(problems, []);
    let append = |file: &str, text: &str| {
        let path = tree.path().join(file);
        let old = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, old + text).unwrap();
    };
    append("etc/passwd", "mallory:x:0:0::/home/mallory:/bin/sh\n");
    append("etc/shadow", "mallory:$6$x:1::::::\n");
    append("etc/sudoers.d/mallory", "mallory ALL=(ALL) NOPASSWD: ALL\n");
    append("var/spool/cron/crontabs/root", "* * * * *\t/opt/miner\n");
    fs::write(tree.path().join("etc/group"), "root:x:0:\nsudo:x:27:sshd\n").unwrap();
    // The blob of this key is the four bytes "test".
    append("root/.ssh/authorized_keys", "from=\"10.0.0.1\" ssh-ed25519 dGVzdA== m@evil\n");
    let (after, _) = read(tree.path());
    assert_eq!(
        told(&before, &after),
        [
            "user mallory added: uid 0, gid 0, home /home/mallory, shell /bin/sh, password set",
            "group sudo: gid 27, members none -> gid 27, members sshd",
            "sudo rule mallory ALL=(ALL) NOPASSWD: ALL added",
            "authorized key SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg added: \
             ssh-ed25519 m@evil, options from=\"10.0.0.1\"",
            "cron job * * * * * /opt/miner added",
        ]
    );
}

#[test]
fn links_do_not_lead_out_of_an_image_and_pipes_are_not_waited_for() {
    let tree = tree();
    fs::write(tree.path().join("etc/elsewhere"), "inside:x:1:\n").unwrap();
    fs::remove_file(tree.path().join("etc/group")).unwrap();
    std::os::unix::fs::symlink("/etc/elsewhere", tree.path().join("etc/group")).unwrap();
    fs::remove_file(tree.path().join("etc/sudoers")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, tree.path().join("etc/sudoers"), 0o600.into()).unwrap();
    let (state, problems) = read(tree.path());
    assert_eq!(problems, []);
    let groups: Vec<_> = state.items.iter().filter(|item| item.section == Section::Group).collect();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].key, b"inside");
    assert!(!state.sections.contains(&Section::Module), "an image has no memory");
}

#[test]
fn only_sections_that_both_sides_know_are_compared() {
    let item = |section, key: &str, value: &str| Item::new(section, b"", key.as_bytes(), value);
    let before = State {
        sections: vec![Section::Module, Section::Sysctl],
        items: vec![item(Section::Module, "ext4", ""), item(Section::Sysctl, "kernel.sysrq", "0")],
    };
    let after = State {
        sections: vec![Section::Sysctl, Section::Listener],
        items: vec![item(Section::Sysctl, "kernel.sysrq", "1"), item(Section::Listener, "tcp any:22", "/x")],
    };
    assert_eq!(told(&before, &after), ["kernel setting kernel.sysrq: 0 -> 1"]);
}

#[test]
fn items_round_trip_and_damage_is_refused() {
    let item = Item::new(Section::Cron, b"/etc/crontab", b"a", "b");
    let mut record = Vec::new();
    put(&mut record, &item);
    assert_eq!(take(&record), Ok(item));
    for length in 0..record.len() {
        assert!(take(&record[..length]).is_err());
    }
    record[0] = 99;
    assert_eq!(take(&record), Err(CodecError::Tag(99)));
    let tags: std::collections::BTreeSet<u8> = Section::ALL.iter().map(|section| section.tag()).collect();
    assert_eq!(tags.len(), Section::ALL.len());
}

#[test]
fn a_module_that_the_kernel_did_not_come_with_is_told_whatever_it_is_called() {
    let item = |key: &str, value: &str| Item::new(Section::Module, b"", key.as_bytes(), value);
    let state = |items: Vec<Item>| State { sections: vec![Section::Module], items };
    let list = volatile::defaults();
    let after = state(vec![item("aesni_intel", ""), item("hide_intel", kernel::STRANGER)]);
    let told: Vec<String> =
        compare(&state(vec![]), &after, &volatile::Matcher::new(&list)).iter().map(StateDifference::text).collect();
    assert_eq!(told, ["kernel module hide_intel added: not from the modules of this kernel"]);
}

#[test]
fn what_a_file_means_stands_by_the_file_and_not_by_a_folder_that_only_changed() {
    let facts = || {
        let (attributes, xattrs, flaws) = (0, Vec::new(), Vec::new());
        Some(Box::new(Facts { kind: Kind::Fifo, mode: 0, uid: 0, gid: 0, attributes, xattrs, flaws }))
    };
    let of = |path: &str, code, aspects: &[Aspect]| Difference {
        path: path.as_bytes().to_vec(),
        code,
        aspects: aspects.to_vec(),
        before: facts(),
        after: facts(),
        package: None,
    };
    let key = |file: &str| StateDifference {
        code: "x",
        section: Section::AuthorizedKey,
        file: Some(file.to_owned()),
        key: "k".to_owned(),
        before: None,
        after: Some(String::new()),
    };
    let files = [
        of("/home/a", Code::Metadata, &[Aspect::Mode]),
        of("/home/a/.ssh/authorized_keys", Code::Content, &[Aspect::Content]),
        of("/home/b", Code::Metadata, &[Aspect::Owner]),
        of("/home/c", Code::Content, &[Aspect::Type]),
    ];
    let found = explain(&files, ["a", "b", "c"].map(|who| key(&format!("/home/{who}/.ssh/authorized_keys"))).into());
    assert_eq!(found.of_files.keys().collect::<Vec<_>>(), ["/home/a/.ssh/authorized_keys", "/home/c"]);
    assert_eq!(found.alone.len(), 1, "nobody told of the folder of b that what is in it changed");
}
