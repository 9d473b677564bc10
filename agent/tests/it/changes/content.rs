//! What is in files.

use std::fs;
use std::os::fd::AsFd;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::tree::Tree;
use super::{ADDED, CONTENT, Change, REMOVED, nothing};

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "one byte, same size, times restored",
        prepare: nothing,
        apply: |tree| {
            let path = tree.at("/etc/ssh/sshd_config");
            let times = fs::metadata(&path).unwrap();
            let mut content = fs::read(&path).unwrap();
            content[0] ^= 1;
            fs::write(&path, content).unwrap();
            let restored =
                fs::FileTimes::new().set_modified(times.modified().unwrap()).set_accessed(times.accessed().unwrap());
            fs::File::options().write(true).open(&path).unwrap().set_times(restored).unwrap();
        },
        found: &[("/etc/ssh/sshd_config", CONTENT)],
    },
    Change {
        name: "one byte in a program through a mapping",
        prepare: nothing,
        apply: |tree| poke(tree, "/usr/sbin/nginx"),
        found: &[("/usr/sbin/nginx", CONTENT)],
    },
    Change {
        name: "a line appended",
        prepare: nothing,
        apply: |tree| tree.append("/etc/nginx/nginx.conf", "# more\n"),
        found: &[("/etc/nginx/nginx.conf", CONTENT)],
    },
    Change {
        name: "truncated",
        prepare: nothing,
        apply: |tree| fs::write(tree.at("/etc/debian_version"), "").unwrap(),
        found: &[("/etc/debian_version", CONTENT)],
    },
    Change {
        name: "a hole punched into it",
        prepare: |tree| tree.file("/opt/app/data", vec![7; 1 << 20]),
        apply: |tree| {
            let file = fs::File::options().write(true).open(tree.at("/opt/app/data")).unwrap();
            fallocate(file.as_fd(), FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 4096, 65536).unwrap();
        },
        found: &[("/opt/app/data", CONTENT)],
    },
    Change {
        name: "grown by a hole",
        prepare: |tree| tree.file("/opt/app/grown", "x"),
        apply: |tree| {
            fs::File::options().write(true).open(tree.at("/opt/app/grown")).unwrap().set_len(1 << 26).unwrap();
        },
        found: &[("/opt/app/grown", CONTENT)],
    },
    Change {
        name: "content and mode at once are one difference",
        prepare: |tree| tree.file("/opt/app/both", "1"),
        apply: |tree| {
            tree.file("/opt/app/both", "2");
            tree.mode("/opt/app/both", 0o600);
        },
        found: &[("/opt/app/both", CONTENT)],
    },
    Change {
        name: "a file in an empty folder",
        prepare: |tree| tree.folder("/opt/app/empty"),
        apply: |tree| tree.file("/opt/app/empty/x", ""),
        found: &[("/opt/app/empty/x", ADDED)],
    },
    Change {
        name: "a folder with files",
        prepare: nothing,
        apply: |tree| {
            tree.file("/opt/app/more/a", "a");
            tree.file("/opt/app/more/b/c", "c");
        },
        found: &[
            ("/opt/app/more", ADDED),
            ("/opt/app/more/a", ADDED),
            ("/opt/app/more/b", ADDED),
            ("/opt/app/more/b/c", ADDED),
        ],
    },
    Change {
        name: "a file removed",
        prepare: |tree| tree.file("/opt/app/gone", "x"),
        apply: |tree| tree.remove("/opt/app/gone"),
        found: &[("/opt/app/gone", REMOVED)],
    },
    Change {
        name: "a folder removed with all that is in it",
        prepare: |tree| {
            tree.file("/opt/app/tree/a/b", "b");
            tree.file("/opt/app/tree/c", "c");
        },
        apply: |tree| fs::remove_dir_all(tree.at("/opt/app/tree")).unwrap(),
        found: &[
            ("/opt/app/tree", REMOVED),
            ("/opt/app/tree/a", REMOVED),
            ("/opt/app/tree/a/b", REMOVED),
            ("/opt/app/tree/c", REMOVED),
        ],
    },
    Change {
        name: "a page in the web root",
        prepare: nothing,
        apply: |tree| tree.file("/var/www/html/shell.php", "<?php"),
        found: &[("/var/www/html/shell.php", ADDED)],
    },
];

/// Changes the first byte of a file through a shared mapping: no call writes to it.
#[expect(unsafe_code, reason = "mapping memory is what is tested")]
fn poke(tree: &Tree, path: &str) {
    let file = fs::File::options().read(true).write(true).open(tree.at(path)).unwrap();
    // SAFETY: the mapping is of a file that nobody truncates, is written inside its length and unmapped once.
    unsafe {
        let (read_write, length) = (ProtFlags::READ | ProtFlags::WRITE, 1);
        let at = mmap(std::ptr::null_mut(), length, read_write, MapFlags::SHARED, &file, 0).unwrap();
        *at.cast::<u8>() ^= 1;
        munmap(at, length).unwrap();
    }
}
