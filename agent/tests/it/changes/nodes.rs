//! What is neither file, folder nor link, and what is mounted.

use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, makedev, mknodat};

use super::tree::Tree;
use super::{ADDED, CONTENT, Change, nothing};

fn node(tree: &Tree, path: &str, kind: FileType, major: u32, minor: u32) {
    mknodat(CWD, tree.at(path), kind, 0o600.into(), makedev(major, minor)).unwrap();
}

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "a character device",
        prepare: nothing,
        apply: |tree| node(tree, "/opt/app/mem", FileType::CharacterDevice, 1, 1),
        found: &[("/opt/app/mem", ADDED)],
    },
    Change {
        name: "a block device",
        prepare: nothing,
        apply: |tree| node(tree, "/opt/app/disk", FileType::BlockDevice, 259, 0),
        found: &[("/opt/app/disk", ADDED)],
    },
    Change {
        name: "a device that is another one",
        prepare: |tree| node(tree, "/opt/app/null", FileType::CharacterDevice, 1, 3),
        apply: |tree| {
            tree.remove("/opt/app/null");
            node(tree, "/opt/app/null", FileType::CharacterDevice, 1, 5);
        },
        found: &[("/opt/app/null", CONTENT)],
    },
    Change {
        name: "a pipe",
        prepare: nothing,
        apply: |tree| node(tree, "/opt/app/pipe", FileType::Fifo, 0, 0),
        found: &[("/opt/app/pipe", ADDED)],
    },
    Change {
        name: "a socket",
        prepare: nothing,
        // By a short path: a socket's may have 108 bytes.
        apply: |tree| {
            drop(UnixListener::bind(tree.at("/opt/app/socket")).unwrap());
        },
        found: &[("/opt/app/socket", ADDED)],
    },
    Change {
        name: "a folder mounted over another",
        prepare: |tree| {
            tree.file("/opt/app/mounted/hidden", "x");
            tree.file("/opt/app/other/shown", "x");
        },
        apply: nothing,
        found: &[("/opt/app/mounted", CONTENT)],
    },
    Change {
        name: "a file mounted over another",
        prepare: |tree| {
            tree.file("/opt/app/hosts", "x");
            tree.file("/opt/app/plain", "y");
        },
        apply: nothing,
        found: &[("/opt/app/hosts", CONTENT)],
    },
    Change {
        name: "a folder mounted on itself is what it was",
        prepare: |tree| tree.file("/opt/app/itself/inside", "x"),
        apply: nothing,
        found: &[],
    },
];
