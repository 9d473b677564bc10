//! Keys that may log in: sshd(8), "AUTHORIZED_KEYS FILE FORMAT".

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::files::{Tree, lines};
use super::{Item, Read, Section};

/// In every home folder; sshd's default, and its second, older name.
const FILES: [&[u8]; 2] = [b".ssh/authorized_keys", b".ssh/authorized_keys2"];

/// What the type of a key may begin with (sshd(8)); options before it end at the space in front of it.
const TYPES: [&[u8]; 4] = [b"ssh-", b"ecdsa-", b"sk-ssh-", b"sk-ecdsa-"];

/// The keys of every user.
pub(super) fn read(tree: &Tree, users: &[Item]) -> Read {
    let mut homes: Vec<&[u8]> = users.iter().filter_map(|user| home(&user.value)).collect();
    homes.sort_unstable();
    homes.dedup();
    let mut items = Vec::new();
    for home in homes {
        for file in FILES {
            let path = crate::path::join(home, file);
            let Some(content) = tree.content(&path)? else { continue };
            items.extend(lines(&content).filter(|line| !line.starts_with(b"#")).map(|line| key(&path, line)));
        }
    }
    Ok(items)
}

/// The home folder in a user's item.
fn home(value: &[u8]) -> Option<&[u8]> {
    let marker = b", home ";
    let at = value.windows(marker.len()).position(|window| window == marker)? + marker.len();
    let rest = value.get(at..)?;
    let end = rest.windows(8).position(|window| window == b", shell ")?;
    rest.get(..end).filter(|home| home.first() == Some(&b'/') && home.len() > 1)
}

/// One line, known by its fingerprint as `ssh-keygen -l` prints it.
fn key(file: &[u8], line: &[u8]) -> Item {
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let at = words.iter().position(|word| TYPES.iter().any(|prefix| word.starts_with(prefix)));
    let parts = at.and_then(|at| Some((*words.get(at)?, *words.get(at + 1)?, at)));
    let Some((kind, blob, at)) = parts else {
        return Item::new(Section::AuthorizedKey, file, line, "");
    };
    let fingerprint = STANDARD.decode(blob).map_or_else(
        |_| "not base64".to_owned(),
        |blob| {
            let digest = ring::digest::digest(&ring::digest::SHA256, &blob);
            format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
        },
    );
    let comment = words.get(at + 2..).unwrap_or_default().join(&b' ');
    let options = words.get(..at).unwrap_or_default().join(&b' ');
    let value = [kind, b" ", &comment, if options.is_empty() { b"" } else { b", options " }, &options].concat();
    Item::new(Section::AuthorizedKey, file, fingerprint.as_bytes(), value.trim_ascii())
}
