//! What is done to every server all the time, and must not be found.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{Change, nothing};

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "touched",
        prepare: |tree| tree.file("/opt/app/touched", "x"),
        apply: |tree| {
            let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
            let times = fs::FileTimes::new().set_modified(then).set_accessed(then);
            fs::File::options().write(true).open(tree.at("/opt/app/touched")).unwrap().set_times(times).unwrap();
        },
        found: &[],
    },
    Change {
        name: "replaced by an equal file",
        prepare: |tree| tree.file("/opt/app/equal", "x"),
        apply: |tree| {
            tree.file("/opt/app/equal.new", "x");
            fs::rename(tree.at("/opt/app/equal.new"), tree.at("/opt/app/equal")).unwrap();
        },
        found: &[],
    },
    Change {
        name: "zeros stored as a hole",
        prepare: |tree| tree.file("/opt/app/zeros", vec![0; 1 << 18]),
        apply: |tree| {
            tree.remove("/opt/app/zeros");
            fs::File::create(tree.at("/opt/app/zeros")).unwrap().set_len(1 << 18).unwrap();
        },
        found: &[],
    },
    Change {
        name: "made and removed again",
        prepare: nothing,
        apply: |tree| {
            tree.file("/opt/app/passing", "x");
            tree.remove("/opt/app/passing");
        },
        found: &[],
    },
    Change {
        name: "booted: logs, caches, identity, host keys, cloud-init, SSM",
        prepare: |tree| {
            for folder in ["/var/log", "/var/cache", "/tmp", "/run", "/var/lib/cloud/instances", "/var/lib/amazon/ssm"]
            {
                tree.folder(folder);
            }
        },
        apply: |tree| {
            for path in [
                "/var/log/syslog",
                "/var/cache/ldconfig/aux-cache.new",
                "/tmp/x",
                "/run/x",
                "/etc/machine-id",
                "/etc/ssh/ssh_host_ed25519_key",
                "/etc/ssh/ssh_host_ed25519_key.pub",
                "/etc/hostname",
                "/etc/resolv.conf",
                "/var/lib/cloud/instances/i-0123456789abcdef0/user-data.txt",
                "/var/lib/amazon/ssm/i-0123456789abcdef0/inventory/x",
                "/var/lib/systemd/random-seed",
            ] {
                let _ = fs::remove_file(tree.at(path));
                let folder = tree.at(path);
                // Folders that the golden does not have would be differences of their own.
                if folder.parent().unwrap().exists() || path.contains("/ssm/") || path.contains("/cloud/") {
                    tree.file(path, "of this instance");
                }
            }
        },
        found: &[],
    },
];
