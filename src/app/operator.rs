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

/// `name@host` for somebody who is known by name.
pub fn at_host(name: &str) -> String {
    clean_short(&format!("{name}@{}", host()), LONGEST)
}

/// `host pid command`, to be found when it holds a lease.
pub fn holder(command: &str) -> String {
    format!("{} pid {} ({command})", host(), std::process::id())
}

fn host() -> String {
    // The hardened unit hides /proc/sys.
    let names = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let mut names = names.map(|name| clean_short(name.trim(), LONGEST)).filter(|name| !name.is_empty());
    names.next().unwrap_or_else(|| "localhost".to_owned())
}
