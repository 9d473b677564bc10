//! Links, renames and changes of type.

use std::fs;

use super::{ADDED, CONTENT, Change, REMOVED};

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "a link that points elsewhere",
        prepare: |tree| tree.link("/opt/app/current", "releases/1"),
        apply: |tree| {
            tree.remove("/opt/app/current");
            tree.link("/opt/app/current", "releases/2");
        },
        found: &[("/opt/app/current", CONTENT)],
    },
    Change {
        name: "a file that became a link",
        prepare: |tree| tree.file("/opt/app/was-file", "x"),
        apply: |tree| {
            tree.remove("/opt/app/was-file");
            tree.link("/opt/app/was-file", "/etc/shadow");
        },
        found: &[("/opt/app/was-file", CONTENT)],
    },
    Change {
        name: "a link that became a file",
        prepare: |tree| tree.link("/opt/app/was-link", "/dev/null"),
        apply: |tree| {
            tree.remove("/opt/app/was-link");
            tree.file("/opt/app/was-link", "x");
        },
        found: &[("/opt/app/was-link", CONTENT)],
    },
    Change {
        name: "a folder that became a link",
        prepare: |tree| tree.file("/opt/app/was-folder/inside", "x"),
        apply: |tree| {
            fs::rename(tree.at("/opt/app/was-folder"), tree.at("/tmp/was-folder")).unwrap();
            tree.link("/opt/app/was-folder", "/tmp/was-folder");
        },
        found: &[("/opt/app/was-folder", CONTENT), ("/opt/app/was-folder/inside", REMOVED)],
    },
    Change {
        name: "a file that became a folder",
        prepare: |tree| tree.file("/opt/app/grew", "x"),
        apply: |tree| {
            tree.remove("/opt/app/grew");
            tree.file("/opt/app/grew/inside", "x");
        },
        found: &[("/opt/app/grew", CONTENT), ("/opt/app/grew/inside", ADDED)],
    },
    Change {
        name: "another name of a file",
        prepare: |tree| tree.file("/opt/app/tool", "x"),
        apply: |tree| fs::hard_link(tree.at("/opt/app/tool"), tree.at("/opt/app/tool-too")).unwrap(),
        found: &[("/opt/app/tool-too", ADDED)],
    },
    Change {
        name: "two names that became two files",
        prepare: |tree| {
            tree.file("/opt/app/one-a", "x");
            fs::hard_link(tree.at("/opt/app/one-a"), tree.at("/opt/app/one-b")).unwrap();
        },
        apply: |tree| {
            tree.remove("/opt/app/one-b");
            tree.file("/opt/app/one-b", "x");
        },
        found: &[("/opt/app/one-b", CONTENT)],
    },
    Change {
        name: "renamed",
        prepare: |tree| tree.file("/opt/app/old", "x"),
        apply: |tree| fs::rename(tree.at("/opt/app/old"), tree.at("/opt/app/new")).unwrap(),
        found: &[("/opt/app/new", ADDED), ("/opt/app/old", REMOVED)],
    },
    Change {
        name: "renamed by case only",
        prepare: |tree| tree.file("/opt/app/Readme", "x"),
        apply: |tree| fs::rename(tree.at("/opt/app/Readme"), tree.at("/opt/app/README")).unwrap(),
        found: &[("/opt/app/README", ADDED), ("/opt/app/Readme", REMOVED)],
    },
    Change {
        name: "two files exchanged",
        prepare: |tree| {
            tree.file("/opt/app/left", "l");
            tree.file("/opt/app/right", "r");
        },
        apply: |tree| {
            tree.file("/opt/app/left", "r");
            tree.file("/opt/app/right", "l");
        },
        found: &[("/opt/app/left", CONTENT), ("/opt/app/right", CONTENT)],
    },
];
