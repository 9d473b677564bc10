//! Users, rights and what starts by itself.

use super::{ADDED, CONTENT, Change, nothing};

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "a user with root's id",
        prepare: nothing,
        apply: |tree| {
            tree.append("/etc/passwd", "eve:x:0:0::/root:/bin/sh\n");
            tree.append("/etc/shadow", "eve:$y$x:19000:0:99999:7:::\n");
        },
        found: &[("/etc/passwd", CONTENT), ("/etc/shadow", CONTENT)],
    },
    Change {
        name: "a group",
        prepare: nothing,
        apply: |tree| tree.append("/etc/group", "wheel:x:4711:eve\n"),
        found: &[("/etc/group", CONTENT)],
    },
    Change {
        name: "a rule of sudo",
        prepare: nothing,
        apply: |tree| tree.file("/etc/sudoers.d/eve", "eve ALL=(ALL) NOPASSWD: ALL\n"),
        found: &[("/etc/sudoers.d/eve", ADDED)],
    },
    Change {
        name: "a key that may log in",
        prepare: |tree| tree.folder("/root/.ssh"),
        apply: |tree| tree.file("/root/.ssh/authorized_keys", "ssh-ed25519 dGVzdA== eve\n"),
        found: &[("/root/.ssh/authorized_keys", ADDED)],
    },
    Change {
        name: "a job of cron",
        prepare: nothing,
        apply: |tree| tree.file("/etc/cron.d/eve", "* * * * * root /opt/miner\n"),
        found: &[("/etc/cron.d/eve", ADDED)],
    },
    Change {
        name: "a user's crontab",
        prepare: nothing,
        apply: |tree| tree.file("/var/spool/cron/crontabs/root", "@reboot /opt/miner\n"),
        found: &[("/var/spool/cron/crontabs/root", ADDED)],
    },
    Change {
        name: "a unit that starts at boot",
        prepare: nothing,
        apply: |tree| {
            tree.file("/etc/systemd/system/eve.service", "[Service]\nExecStart=/opt/miner\n");
            tree.link("/etc/systemd/system/multi-user.target.wants/eve.service", "/etc/systemd/system/eve.service");
        },
        found: &[
            ("/etc/systemd/system/eve.service", ADDED),
            ("/etc/systemd/system/multi-user.target.wants/eve.service", ADDED),
        ],
    },
    Change {
        name: "a unit masked",
        prepare: nothing,
        apply: |tree| tree.link("/etc/systemd/system/auditd.service", "/dev/null"),
        found: &[("/etc/systemd/system/auditd.service", ADDED)],
    },
    Change {
        name: "a unit overridden",
        prepare: nothing,
        apply: |tree| tree.file("/etc/systemd/system/ssh.service.d/eve.conf", "[Service]\nUser=root\n"),
        found: &[("/etc/systemd/system/ssh.service.d", ADDED), ("/etc/systemd/system/ssh.service.d/eve.conf", ADDED)],
    },
    Change {
        name: "a library loaded into every program",
        prepare: nothing,
        apply: |tree| tree.file("/etc/ld.so.preload", "/opt/eve.so\n"),
        found: &[("/etc/ld.so.preload", ADDED)],
    },
    Change {
        name: "how people log in",
        prepare: nothing,
        apply: |tree| tree.append("/etc/pam.d/other", "auth sufficient pam_permit.so\n"),
        found: &[("/etc/pam.d/other", CONTENT)],
    },
];

/// What is told of accounts.
pub(super) fn told(json: &serde_json::Value) {
    let meaning = |path: &str| {
        let all = json["differences"].as_array().unwrap();
        all.iter().find(|one| one["path"] == path).unwrap()["meaning"][0].as_str().unwrap_or_default().to_owned()
    };
    for (path, text) in [
        ("/etc/passwd", "user eve added: uid 0, gid 0, home /root, shell /bin/sh, password set"),
        ("/etc/group", "group wheel added: gid 4711, members eve"),
        ("/etc/sudoers.d/eve", "sudo rule eve ALL=(ALL) NOPASSWD: ALL added"),
        ("/etc/cron.d/eve", "cron job * * * * * root /opt/miner added"),
        ("/etc/systemd/system/multi-user.target.wants/eve.service", "enables eve.service with multi-user.target"),
        ("/etc/systemd/system/auditd.service", "masks auditd.service"),
    ] {
        assert_eq!(meaning(path), text);
    }
    assert!(meaning("/root/.ssh/authorized_keys").starts_with("authorized key SHA256:"));
}
