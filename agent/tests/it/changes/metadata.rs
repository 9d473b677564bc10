//! Who may do what with files: modes, owners, capabilities, ACLs, attributes, flags.

use rustix::fs::IFlags;

use super::{Change, METADATA, PRIVILEGE, nothing};

/// `cap_net_raw=ep`, revision 2 (linux/capability.h, `struct vfs_cap_data`).
const CAP_NET_RAW: &[u8] = &[1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// `u::rw- u:33:rw- g::r-- m::rw- o::r--` (linux/posix_acl_xattr.h): tag, permissions and id of each entry.
const ACL: &[u8] = &[
    2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 33, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 6, 0,
    255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
];

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "writable by all",
        prepare: |tree| tree.file("/opt/app/mode", "x"),
        apply: |tree| tree.mode("/opt/app/mode", 0o666),
        found: &[("/opt/app/mode", METADATA)],
    },
    Change {
        name: "a folder writable by all",
        prepare: |tree| tree.folder("/opt/app/shared"),
        apply: |tree| tree.mode("/opt/app/shared", 0o1777),
        found: &[("/opt/app/shared", METADATA)],
    },
    Change {
        name: "owned by somebody else than root",
        prepare: nothing,
        apply: |tree| tree.own("/etc/ssh/ssh_config", 1000, 0),
        found: &[("/etc/ssh/ssh_config", PRIVILEGE)],
    },
    Change {
        name: "given to root",
        prepare: |tree| {
            tree.file("/opt/app/given", "x");
            tree.own("/opt/app/given", 1000, 1000);
        },
        apply: |tree| tree.own("/opt/app/given", 0, 1000),
        found: &[("/opt/app/given", PRIVILEGE)],
    },
    Change {
        name: "from one user to another",
        prepare: |tree| {
            tree.file("/opt/app/passed", "x");
            tree.own("/opt/app/passed", 1000, 1000);
        },
        apply: |tree| tree.own("/opt/app/passed", 1001, 1002),
        found: &[("/opt/app/passed", METADATA)],
    },
    Change {
        name: "setuid",
        prepare: nothing,
        apply: |tree| tree.mode("/usr/bin/find", 0o4755),
        found: &[("/usr/bin/find", PRIVILEGE)],
    },
    Change {
        name: "setgid",
        prepare: nothing,
        apply: |tree| tree.mode("/usr/bin/sort", 0o2755),
        found: &[("/usr/bin/sort", PRIVILEGE)],
    },
    Change {
        name: "setuid taken away",
        prepare: nothing,
        apply: |tree| tree.mode("/usr/bin/passwd", 0o755),
        found: &[("/usr/bin/passwd", PRIVILEGE)],
    },
    Change {
        name: "a capability given",
        prepare: nothing,
        apply: |tree| tree.attribute("/usr/bin/tail", "security.capability", CAP_NET_RAW),
        found: &[("/usr/bin/tail", PRIVILEGE)],
    },
    Change {
        name: "a capability taken away",
        prepare: |tree| {
            tree.file("/opt/app/ping", "x");
            tree.attribute("/opt/app/ping", "security.capability", CAP_NET_RAW);
        },
        apply: |tree| rustix::fs::lremovexattr(tree.at("/opt/app/ping"), "security.capability").unwrap(),
        found: &[("/opt/app/ping", PRIVILEGE)],
    },
    Change {
        name: "an access list",
        prepare: |tree| {
            tree.file("/opt/app/listed", "x");
            tree.mode("/opt/app/listed", 0o664);
        },
        apply: |tree| tree.attribute("/opt/app/listed", "system.posix_acl_access", ACL),
        found: &[("/opt/app/listed", METADATA)],
    },
    Change {
        name: "an access list that new files inherit",
        prepare: |tree| tree.folder("/opt/app/inherits"),
        apply: |tree| tree.attribute("/opt/app/inherits", "system.posix_acl_default", ACL),
        found: &[("/opt/app/inherits", METADATA)],
    },
    Change {
        name: "an attribute added",
        prepare: |tree| tree.file("/opt/app/attr-new", "x"),
        apply: |tree| tree.attribute("/opt/app/attr-new", "user.note", b"1"),
        found: &[("/opt/app/attr-new", METADATA)],
    },
    Change {
        name: "an attribute with another value",
        prepare: |tree| {
            tree.file("/opt/app/attr-other", "x");
            tree.attribute("/opt/app/attr-other", "user.note", b"1");
        },
        apply: |tree| tree.attribute("/opt/app/attr-other", "user.note", b"2"),
        found: &[("/opt/app/attr-other", METADATA)],
    },
    Change {
        name: "a long attribute with another end",
        prepare: |tree| {
            tree.file("/opt/app/attr-long", "x");
            tree.attribute("/opt/app/attr-long", "user.note", &[b'a'; 2000]);
        },
        apply: |tree| tree.attribute("/opt/app/attr-long", "user.note", &[&[b'a'; 1999][..], b"b"].concat()),
        found: &[("/opt/app/attr-long", METADATA)],
    },
    Change {
        name: "an attribute removed",
        prepare: |tree| {
            tree.file("/opt/app/attr-gone", "x");
            tree.attribute("/opt/app/attr-gone", "user.note", b"1");
        },
        apply: |tree| rustix::fs::lremovexattr(tree.at("/opt/app/attr-gone"), "user.note").unwrap(),
        found: &[("/opt/app/attr-gone", METADATA)],
    },
    Change {
        name: "another security label",
        prepare: |tree| tree.file("/opt/app/labelled", "x"),
        apply: |tree| {
            tree.attribute("/opt/app/labelled", "security.selinux", b"system_u:object_r:bin_t:s0\0");
        },
        found: &[("/opt/app/labelled", METADATA)],
    },
    Change {
        name: "immutable",
        prepare: |tree| tree.file("/opt/app/fixed", "x"),
        apply: |tree| tree.flag("/opt/app/fixed", IFlags::IMMUTABLE),
        found: &[("/opt/app/fixed", METADATA)],
    },
    Change {
        name: "append-only",
        prepare: |tree| tree.file("/opt/app/journal", "x"),
        apply: |tree| tree.flag("/opt/app/journal", IFlags::APPEND),
        found: &[("/opt/app/journal", METADATA)],
    },
];
