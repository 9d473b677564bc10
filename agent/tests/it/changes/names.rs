//! Names that are not what people write.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::{ADDED, Change, nothing};

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "a name with a newline",
        prepare: nothing,
        apply: |tree| tree.file("/opt/app/a\nb", "x"),
        found: &[("/opt/app/a\\x0ab", ADDED)],
    },
    Change {
        name: "a name that is no text",
        prepare: |tree| tree.folder("/opt/app"),
        apply: |tree| fs::write(tree.at("/opt/app").join(OsStr::from_bytes(b"\xff\xfe")), "x").unwrap(),
        found: &[("/opt/app/\\xff\\xfe", ADDED)],
    },
    Change {
        name: "a name that clears the screen",
        prepare: nothing,
        apply: |tree| tree.file("/opt/app/\u{1b}[2J", "x"),
        found: &[("/opt/app/\\x1b[2J", ADDED)],
    },
    Change {
        name: "a name of spaces and dots",
        prepare: nothing,
        apply: |tree| tree.file("/opt/app/... ", "x"),
        found: &[("/opt/app/... ", ADDED)],
    },
    Change {
        name: "a name as long as names can be",
        prepare: nothing,
        apply: |tree| tree.file(LONG, "x"),
        found: &[(LONG, ADDED)],
    },
];

const LONG: &str = concat!(
    "/opt/app/",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
);
