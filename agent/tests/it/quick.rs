//! Passes that do not read again what looks untouched.

use std::collections::BTreeMap;
use std::fs;

use crate::host::Host;
use cattleguard_agent::digest::Digest;
use cattleguard_agent::entry::Kind;
use cattleguard_agent::settings::Settings;
use cattleguard_agent::walk::{Known, Remembered, Seen, Start, WalkError, walk};

/// Remembers what a walk found, with another content: what comes out tells whether a file was read.
#[derive(Default)]
struct Memory(BTreeMap<Vec<u8>, Remembered>);

impl Known for Memory {
    fn recall(&mut self, path: &[u8]) -> Option<Remembered> {
        self.0.get(path).cloned()
    }
}

fn seen(host: &Host, known: Option<&mut dyn Known>) -> BTreeMap<Vec<u8>, Seen> {
    let mut found = BTreeMap::new();
    walk::<WalkError>(&Start::at(host.sysroot()), &Settings::whole_system(), known, &mut |seen| {
        found.insert(seen.entry.path.clone(), seen);
        Ok(())
    })
    .unwrap();
    found
}

fn content(found: &BTreeMap<Vec<u8>, Seen>, path: &str) -> Option<Digest> {
    match found[path.as_bytes()].entry.facts.kind {
        Kind::File { content, .. } => content,
        _ => None,
    }
}

#[test]
fn a_file_is_read_again_when_anything_about_its_inode_moved() {
    let host = Host::new();
    let mut memory = Memory::default();
    for (path, Seen { mut entry, identity }) in seen(&host, None) {
        if let Kind::File { content, .. } = &mut entry.facts.kind {
            *content = Some(Digest::of(b"remembered"));
        }
        memory.0.insert(path, Remembered { identity: identity.unwrap(), times: entry.times, facts: entry.facts });
    }
    let times = fs::metadata(host.path("etc/file")).unwrap();
    fs::write(host.path("etc/file"), "y").unwrap();
    let restored = fs::FileTimes::new().set_modified(times.modified().unwrap());
    fs::File::options().write(true).open(host.path("etc/file")).unwrap().set_times(restored).unwrap();
    fs::write(host.path("etc/new"), "x").unwrap();
    let again = seen(&host, Some(&mut memory));
    assert_eq!(content(&again, "/etc/shadow"), Some(Digest::of(b"remembered")));
    assert_eq!(content(&again, "/etc/file"), Some(Digest::of(b"y")), "same size, restored time");
    assert_eq!(content(&again, "/etc/new"), Some(Digest::of(b"x")));
    let Kind::File { link, .. } = &again[&b"/bin/tool2"[..]].entry.facts.kind else { panic!("no file") };
    assert_eq!(link.as_deref(), Some(&b"/bin/tool"[..]), "links are found out anew");
}

#[test]
fn a_quick_check_says_what_it_was_and_finds_the_same() {
    let host = Host::new();
    host.bake(&[]);
    let cache = host.beside("cache");
    let quick = |host: &Host| {
        let cache = cache.to_str().unwrap();
        host.run(&[
            "check",
            "-o",
            "json",
            "--quick",
            "--cache",
            cache,
            "--sysroot",
            host.sysroot(),
            "--golden",
            host.golden(),
        ])
    };
    let first = quick(&host);
    assert_eq!((first.code, first.json["mode"].as_str().unwrap()), (0, "full"));
    assert!(first.stderr.contains("no cache"), "{}", first.stderr);
    let second = quick(&host);
    assert_eq!((second.code, second.json["mode"].as_str().unwrap()), (0, "quick"));
    assert_eq!(second.json["root"], first.json["root"]);
    fs::write(host.path("etc/file"), "y").unwrap();
    let third = quick(&host);
    assert_eq!((third.code, third.json["mode"].as_str().unwrap()), (1, "quick"));
    assert_eq!(third.differences().len(), 1);
    host.bake(&[]);
    let other = quick(&host);
    assert_eq!((other.code, other.json["mode"].as_str().unwrap()), (0, "full"));
    assert!(other.stderr.contains("another golden"), "{}", other.stderr);
    fs::write(&cache, "CGQ1 and then nothing").unwrap();
    let damaged = quick(&host);
    assert_eq!((damaged.code, damaged.json["mode"].as_str().unwrap()), (0, "full"));
    assert!(damaged.stderr.contains("damaged"), "{}", damaged.stderr);
}

#[test]
fn the_configuration_of_the_tree_is_read_and_flags_win() {
    let host = Host::new();
    host.bake(&[]);
    let folder = host.path("etc/cattleguard");
    fs::create_dir_all(&folder).unwrap();
    let cache = host.beside("cache");
    let set = |text: &str| fs::write(folder.join("agent.toml"), text).unwrap();
    set(&format!(
        "[check]\nquick = true\ncache = {cache:?}\nfull_every = \"0s\"\n[golden]\npath = {:?}\n",
        host.golden()
    ));
    let run = |more: &[&str]| host.run(&[&["check", "-o", "json", "--sysroot", host.sysroot()], more].concat());
    assert_eq!(run(&[]).code, 1, "the configuration itself was added");
    assert!(cache.exists());
    let due = run(&[]);
    assert!(due.stderr.contains("another is due"), "{}", due.stderr);
    assert!(run(&["--quick=false"]).stderr.is_empty());
    set("[check]\nquik = true\n");
    let refused = run(&["--golden", host.golden()]);
    assert_eq!(refused.code, 78);
    assert!(refused.stderr.contains("quik") && refused.stderr.contains("line 2"), "{}", refused.stderr);
}
