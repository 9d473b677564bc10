//! Listening sockets with the program behind each: proc_pid_net(5), proc_pid_fd(5).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;

use super::files::lines;
use super::{Item, Read, Section};

/// Tables and how their sockets show that they listen: a TCP state of `0A`, or a UDP socket (`07`) without a peer.
const TABLES: [(&str, &str, &[u8]); 4] = [
    ("/proc/self/net/tcp", "tcp", b"0A"),
    ("/proc/self/net/tcp6", "tcp", b"0A"),
    ("/proc/self/net/udp", "udp", b"07"),
    ("/proc/self/net/udp6", "udp", b"07"),
];

/// A socket that somebody can send to.
struct Socket {
    name: String,
    inode: u64,
}

/// Every listening socket by protocol, kind of address and port. Sockets on ports that the kernel hands out are passed
/// over for UDP: any client has one while it waits for an answer.
pub(super) fn read() -> Read {
    let handed_out = port_range();
    let mut sockets = Vec::new();
    for (table, protocol, state) in TABLES {
        let content = match fs::read(table) {
            Ok(content) => content,
            // No IPv6.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{table} cannot be read: {error}")),
        };
        sockets.extend(lines(&content).skip(1).filter_map(|line| socket(line, protocol, state, &handed_out)));
    }
    let programs = programs(&sockets.iter().map(|socket| socket.inode).collect());
    let mut by_name: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for Socket { name, inode } in sockets {
        let found = programs.get(&inode).cloned().unwrap_or_else(|| b"unknown program".to_vec());
        by_name.entry(name).or_default().insert(found);
    }
    Ok(by_name
        .into_iter()
        .map(|(name, programs)| {
            let list: Vec<Vec<u8>> = programs.into_iter().collect();
            Item::new(Section::Listener, b"", name.as_bytes(), list.join(&b", "[..]))
        })
        .collect())
}

/// One line: `sl local_address rem_address st … … … uid timeout inode …`.
fn socket(line: &[u8], protocol: &str, state: &[u8], handed_out: &std::ops::RangeInclusive<u16>) -> Option<Socket> {
    let fields: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect();
    let text = |index: usize| fields.get(index).and_then(|field| std::str::from_utf8(field).ok());
    let (address, port) = text(1)?.split_once(':')?;
    let (_, peer) = text(2)?.split_once(':')?;
    if fields.get(3)? != &state || (protocol == "udp" && peer != "0000") {
        return None;
    }
    let port = u16::from_str_radix(port, 16).ok()?;
    if protocol == "udp" && handed_out.contains(&port) {
        return None;
    }
    let scope = scope(address)?;
    Some(Socket { name: format!("{protocol} {scope}:{port}"), inode: text(9)?.parse().ok()? })
}

/// From where it can be reached. The address of this host is an instance's own and is not told.
fn scope(hex: &str) -> Option<&'static str> {
    let words: Vec<u32> = (0..hex.len() / 8)
        .map(|word| hex.get(word * 8..word * 8 + 8).and_then(|word| u32::from_str_radix(word, 16).ok()))
        .collect::<Option<_>>()?;
    // Each 32-bit word is in the machine's byte order.
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let address = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical(),
        _ => return None,
    };
    Some(match address {
        address if address.is_unspecified() => "any",
        address if address.is_loopback() => "loopback",
        _ => "host",
    })
}

/// Ports that the kernel gives to who asks for none (ip(7)).
fn port_range() -> std::ops::RangeInclusive<u16> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut numbers = text.split_ascii_whitespace().map_while(|word| word.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(first), Some(last)) => first..=last,
        _ => 32_768..=60_999,
    }
}

/// The program that holds each of these sockets. Looking into other users' processes takes `CAP_SYS_PTRACE`.
fn programs(wanted: &BTreeSet<u64>) -> HashMap<u64, Vec<u8>> {
    let mut found = HashMap::new();
    let Ok(processes) = fs::read_dir("/proc") else { return found };
    for process in processes.flatten().filter(|entry| entry.file_name().as_bytes().iter().all(u8::is_ascii_digit)) {
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        for descriptor in descriptors.flatten() {
            let Ok(target) = fs::read_link(descriptor.path()) else { continue };
            let Some(inode) = inode(target.as_os_str().as_bytes()).filter(|inode| wanted.contains(inode)) else {
                continue;
            };
            if let Ok(program) = fs::read_link(process.path().join("exe")) {
                // The socket that systemd opens for a service belongs to both; the lower process is systemd.
                found.entry(inode).or_insert_with(|| program.as_os_str().as_bytes().to_vec());
            }
        }
    }
    found
}

fn inode(target: &[u8]) -> Option<u64> {
    let number = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_waits_for_others_listens() {
        let range = 32_768..=60_999;
        let name = |line: &str, protocol: &str, state: &str| {
            socket(line.as_bytes(), protocol, state.as_bytes(), &range).map(|socket| (socket.name, socket.inode))
        };
        let line = |local: &str, peer: &str, state: &str| {
            format!("0: {local} {peer} {state} 00000000:00000000 00:00000000 00000000 0 0 4711 1 0 100 0 0 10 0")
        };
        let any = "00000000:0000";
        assert_eq!(name(&line("00000000:0016", any, "0A"), "tcp", "0A"), Some(("tcp any:22".to_owned(), 4711)));
        assert_eq!(name(&line("0100007F:1538", any, "0A"), "tcp", "0A"), Some(("tcp loopback:5432".to_owned(), 4711)));
        assert_eq!(name(&line("0500000A:0016", "0500000A:9999", "01"), "tcp", "0A"), None, "a connection");
        assert_eq!(name(&line("0500000A:0044", any, "07"), "udp", "07"), Some(("udp host:68".to_owned(), 4711)));
        assert_eq!(name(&line("00000000:C000", any, "07"), "udp", "07"), None, "a client that waits for its answer");
        let mapped = "0000000000000000FFFF00000100007F:0050";
        let nobody = "00000000000000000000000000000000:0000";
        assert_eq!(name(&line(mapped, nobody, "0A"), "tcp", "0A"), Some(("tcp loopback:80".to_owned(), 4711)));
        assert_eq!(name("garbage", "tcp", "0A"), None);
    }

    #[test]
    fn a_socket_of_this_process_is_found_with_its_program() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let key = format!("tcp loopback:{}", listener.local_addr().unwrap().port());
        let items = read().unwrap();
        let own = items.iter().find(|item| item.key == key.as_bytes()).unwrap();
        let program = std::env::current_exe().unwrap();
        assert_eq!(own.value, program.as_os_str().as_bytes());
    }
}
