//! From the agent on a server to a finding: a manifest is baked, recorded with the golden, and compared with what
//! the agent reports.

use std::path::Path;

use serde_json::Value;

use super::world::World;
use crate::types::{InventoryEntry, InventoryType};

/// A server's file system.
struct Host {
    sysroot: tempfile::TempDir,
    work: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let sysroot = tempfile::tempdir().expect("a folder");
        for (name, text) in [("etc/app.conf", "port = 80\n"), ("usr/bin/app", "program\n")] {
            let path = sysroot.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        Self { sysroot, work: tempfile::tempdir().expect("a folder") }
    }

    fn agent(&self, args: &[&str]) -> (u8, String) {
        let sysroot = self.sysroot.path().to_str().expect("a path");
        let (command, rest) = args.split_first().expect("a command");
        let line = ["cattleguard-agent", command, "--sysroot", sysroot].into_iter().chain(rest.iter().copied());
        // On a thread of its own, which it shuts in for good.
        let run = || {
            let (mut told, mut errors) = (Vec::new(), Vec::new());
            let exit = cattleguard_agent::cli::run(line, &mut told, &mut errors);
            (exit, String::from_utf8_lossy(&[told, errors].concat()).into_owned())
        };
        std::thread::scope(|scope| scope.spawn(run).join().expect("no panic"))
    }

    fn golden(&self) -> String {
        self.work.path().join("golden.cgm").to_str().expect("a path").to_owned()
    }

    /// What the SSM agent would pick up.
    fn report(&self) -> Vec<(InventoryType, Vec<InventoryEntry>)> {
        let folder = self.work.path().join("inventory");
        std::fs::create_dir_all(&folder).expect("made");
        let (golden, out) = (self.golden(), folder.to_str().expect("a path").to_owned());
        let (exit, told) = self.agent(&["report", "--golden", &golden, "--out-dir", &out]);
        assert!(exit <= 1, "{exit}: {told}");
        std::fs::read_dir(folder).expect("a folder").map(|file| document(&file.expect("a file").path())).collect()
    }
}

fn document(path: &Path) -> (InventoryType, Vec<InventoryEntry>) {
    let document: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    let rows = serde_json::from_value(document["Content"].clone()).expect("rows");
    (InventoryType::new(document["TypeName"].as_str().expect("a name")), rows)
}

#[test]
fn one_changed_byte_on_a_server_becomes_a_finding_with_its_path() {
    let host = Host::new();
    let (exit, told) = host.agent(&["bake", "--out", &host.golden()]);
    assert!(exit == 0 || exit == 3, "{exit}: {told}");
    // The agent's times are the real clock's.
    let world = World::starting_at(jiff::Timestamp::now(), "");
    world.record(&["--manifest", &host.golden()]);
    let (_, shown) = world.json(&["golden", "show", "web@1"]);
    let root = shown.to_string();
    assert!(root.contains("blake3:"), "{root}");

    // Nobody has reported files yet: that is no clean bill.
    assert_eq!(world.json(&["scan"]).0, 3);

    let members = world.fleet.instances();
    let clean = host.report();
    std::fs::write(host.sysroot.path().join("etc/app.conf"), "port = 81\n").expect("written");
    let drifted = host.report();
    for (member, documents) in members.iter().zip([clean, drifted]) {
        for (kind, rows) in documents {
            world.fleet.cloud.set_guest_rows(member, &kind, Some(rows)).expect("set");
        }
    }
    world.fleet.cloud.run_inventory_all().expect("reported");
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    let (exit, told) = world.json(&["scan", "--fleet", "web"]);
    assert_eq!(exit, 1, "{told}");
    assert_eq!((&told["summary"]["clean"], &told["summary"]["drifted"]), (&1.into(), &1.into()), "{told}");
    let finding = &told["findings"][0];
    assert_eq!((&finding["code"], &finding["subject"]), (&"file-content-changed".into(), &"/etc/app.conf".into()));
    assert_eq!((&finding["source"], &finding["instance"]), (&"agent".into(), &members[1].as_str().into()));
}
