//! Users and groups: passwd(5), shadow(5), group(5).

use std::collections::HashMap;

use super::files::{Tree, lines};
use super::{Item, Read, Section};

const PASSWD: &[u8] = b"/etc/passwd";
const SHADOW: &[u8] = b"/etc/shadow";
const GROUP: &[u8] = b"/etc/group";

/// Users, each with what gives it power. A password is only told to be there or not.
pub(super) fn users(tree: &Tree) -> Read {
    let passwords = passwords(tree)?;
    let content = tree.content(PASSWD)?.unwrap_or_default();
    Ok(lines(&content)
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            let (name, password) = (fields.next()?, fields.next()?);
            let (uid, gid, _gecos) = (fields.next()?, fields.next()?, fields.next()?);
            let (home, shell) = (fields.next()?, fields.next().unwrap_or_default());
            let password = if password == b"x" { passwords.get(name).copied() } else { Some(kind(password)) };
            let value = [
                &b"uid "[..],
                uid,
                b", gid ",
                gid,
                b", home ",
                home,
                b", shell ",
                shell,
                b", password ",
                password.unwrap_or("unknown").as_bytes(),
            ]
            .concat();
            Some(Item::new(Section::User, PASSWD, name, value))
        })
        .collect())
}

/// Names of users with what kind of password each has; an unreadable shadow file makes them unknown.
fn passwords(tree: &Tree) -> Result<HashMap<Vec<u8>, &'static str>, String> {
    let content = tree.content(SHADOW)?.unwrap_or_default();
    Ok(lines(&content)
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            Some((fields.next()?.to_vec(), kind(fields.next()?)))
        })
        .collect())
}

fn kind(password: &[u8]) -> &'static str {
    match password.first() {
        None => "empty",
        Some(b'!' | b'*') => "locked",
        Some(_) => "set",
    }
}

/// Groups with their members.
pub(super) fn groups(tree: &Tree) -> Read {
    let content = tree.content(GROUP)?.unwrap_or_default();
    Ok(lines(&content)
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            let (name, _password, gid) = (fields.next()?, fields.next()?, fields.next()?);
            let members = fields.next().unwrap_or_default();
            let value = [&b"gid "[..], gid, b", members ", if members.is_empty() { b"none" } else { members }].concat();
            Some(Item::new(Section::Group, GROUP, name, value))
        })
        .collect())
}
