//! Files of which every line says something: sudoers(5), crontab(5).

use super::files::{Tree, lines};
use super::{Item, Read, Section};

const SUDOERS: [&[u8]; 1] = [b"/etc/sudoers"];
const SUDOERS_FOLDERS: [&[u8]; 1] = [b"/etc/sudoers.d"];
const CRONTABS: [&[u8]; 2] = [b"/etc/crontab", b"/etc/anacrontab"];

/// Of packages and administrators, then of users: Debian's place and Red Hat's.
const CRONTAB_FOLDERS: [&[u8]; 3] = [b"/etc/cron.d", b"/var/spool/cron/crontabs", b"/var/spool/cron"];

pub(super) fn sudo(tree: &Tree) -> Read {
    read(tree, Section::Sudo, &SUDOERS, &SUDOERS_FOLDERS)
}

pub(super) fn cron(tree: &Tree) -> Read {
    read(tree, Section::Cron, &CRONTABS, &CRONTAB_FOLDERS)
}

fn read(tree: &Tree, section: Section, files: &[&[u8]], folders: &[&[u8]]) -> Read {
    let mut paths: Vec<Vec<u8>> = files.iter().map(|path| path.to_vec()).collect();
    for folder in folders {
        paths.extend(tree.names(folder)?.iter().map(|name| crate::path::join(folder, name)));
    }
    let mut items = Vec::new();
    for path in paths {
        let Some(content) = tree.content(&path)? else { continue };
        // `#include` is no comment to sudo, but names a file that is judged as such.
        let told = lines(&content).filter(|line| !line.starts_with(b"#"));
        items.extend(told.map(|line| Item::new(section, &path, &words(line), "")));
    }
    Ok(items)
}

/// A line with single spaces: how it is laid out means nothing.
fn words(line: &[u8]) -> Vec<u8> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
}
