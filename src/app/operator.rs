//! Who runs the command, for the audit log and the lease.

use super::terminal::clean_short;

const LONGEST: usize = 128;

/// `user@host`: the user who became root through sudo, else the user; as the environment says, so it is a
/// help for people and no proof.
pub fn operator(env: &[(String, String)]) -> String {
    let get = |name: &str| env.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value);
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| get(name)).map_or("unknown", String::as_str);
    clean_short(&format!("{user}@{}", host()), LONGEST)
}

/// `host pid command`, to be found when it holds a lease.
pub fn holder(command: &str) -> String {
    format!("{} pid {} ({command})", host(), std::process::id())
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = clean_short(name.trim(), LONGEST);
    if name.is_empty() { "localhost".to_owned() } else { name }
}
