//! Which kernel settings are judged, and which state every server changes by itself, with the reasons.

use serde::{Deserialize, Serialize};

use super::Section;

/// Items that are left out, and why. It is recorded in the manifest, so a host cannot widen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateExclusion {
    /// Of which section.
    pub section: Section,
    /// The key, in which `*` stands for any text.
    pub key: String,
    /// For a human.
    pub reason: String,
}

/// Settings by which a server is hardened or opened, and what each is for. All others are left out: many are computed
/// from the size of the machine, or count something.
pub const SETTINGS: &[(&str, &str)] = &[
    ("fs.protected_fifos", LINKS),
    ("fs.protected_hardlinks", LINKS),
    ("fs.protected_regular", LINKS),
    ("fs.protected_symlinks", LINKS),
    ("fs.suid_dumpable", MEMORY),
    ("kernel.core_pattern", RUNS),
    ("kernel.core_uses_pid", MEMORY),
    ("kernel.dmesg_restrict", LEAKS),
    ("kernel.kexec_load_disabled", RUNS),
    ("kernel.kptr_restrict", LEAKS),
    ("kernel.modprobe", RUNS),
    ("kernel.modules_disabled", RUNS),
    ("kernel.perf_event_paranoid", LEAKS),
    ("kernel.randomize_va_space", MEMORY),
    ("kernel.sysrq", RUNS),
    ("kernel.unprivileged_bpf_disabled", RUNS),
    ("kernel.unprivileged_userns_clone", RUNS),
    ("kernel.yama.ptrace_scope", MEMORY),
    ("net.core.bpf_jit_harden", RUNS),
    ("net.ipv4.conf.all.accept_redirects", ROUTES),
    ("net.ipv4.conf.all.accept_source_route", ROUTES),
    ("net.ipv4.conf.all.forwarding", ROUTES),
    ("net.ipv4.conf.all.log_martians", ROUTES),
    ("net.ipv4.conf.all.route_localnet", ROUTES),
    ("net.ipv4.conf.all.rp_filter", ROUTES),
    ("net.ipv4.conf.all.secure_redirects", ROUTES),
    ("net.ipv4.conf.all.send_redirects", ROUTES),
    ("net.ipv4.conf.default.accept_redirects", ROUTES),
    ("net.ipv4.conf.default.accept_source_route", ROUTES),
    ("net.ipv4.conf.default.rp_filter", ROUTES),
    ("net.ipv4.conf.default.send_redirects", ROUTES),
    ("net.ipv4.icmp_echo_ignore_broadcasts", ROUTES),
    ("net.ipv4.ip_forward", ROUTES),
    ("net.ipv4.ip_unprivileged_port_start", ROUTES),
    ("net.ipv4.tcp_syncookies", ROUTES),
    ("net.ipv6.conf.all.accept_ra", ROUTES),
    ("net.ipv6.conf.all.accept_redirects", ROUTES),
    ("net.ipv6.conf.all.accept_source_route", ROUTES),
    ("net.ipv6.conf.all.disable_ipv6", ROUTES),
    ("net.ipv6.conf.all.forwarding", ROUTES),
    ("net.ipv6.conf.default.accept_ra", ROUTES),
    ("net.ipv6.conf.default.accept_redirects", ROUTES),
    ("user.max_user_namespaces", RUNS),
    ("vm.mmap_min_addr", MEMORY),
    ("vm.overcommit_memory", MEMORY),
    ("vm.unprivileged_userfaultfd", MEMORY),
];

const LINKS: &str = "stops tricks with links in shared folders";
const MEMORY: &str = "protects the memory of processes";
const LEAKS: &str = "hides kernel addresses and messages";
const RUNS: &str = "decides what may run with the kernel's rights";
const ROUTES: &str = "decides which packets are taken, believed or passed on";

/// State that differs between instance types or comes and goes by itself; `*` stands for any text.
const DEFAULT: &[(Section, &str, &str)] = &[
    (Section::Module, "ena", HARDWARE),
    (Section::Module, "efa", HARDWARE),
    (Section::Module, "ixgbevf", HARDWARE),
    (Section::Module, "nvme*", HARDWARE),
    (Section::Module, "virtio*", HARDWARE),
    (Section::Module, "xen*", HARDWARE),
    (Section::Module, "ppdev", HARDWARE),
    (Section::Module, "parport*", HARDWARE),
    (Section::Module, "floppy", HARDWARE),
    (Section::Module, "psmouse", HARDWARE),
    (Section::Module, "serio_raw", HARDWARE),
    (Section::Module, "evdev", HARDWARE),
    (Section::Module, "button", HARDWARE),
    (Section::Module, "i2c_*", HARDWARE),
    (Section::Module, "input_leds", HARDWARE),
    (Section::Module, "pcspkr", HARDWARE),
    (Section::Module, "cirrus", HARDWARE),
    (Section::Module, "drm*", HARDWARE),
    (Section::Module, "*intel*", PROCESSOR),
    (Section::Module, "amd*", PROCESSOR),
    (Section::Module, "rapl", PROCESSOR),
    (Section::Module, "kvm*", PROCESSOR),
    (Section::Module, "*pclmul*", PROCESSOR),
    (Section::Module, "*_ssse3", PROCESSOR),
    (Section::Module, "*_x86_64", PROCESSOR),
    (Section::Module, "*_ce", PROCESSOR),
    (Section::Module, "*_neon", PROCESSOR),
    (Section::Module, "sb_edac", PROCESSOR),
    (Section::Module, "skx_edac", PROCESSOR),
    (Section::Listener, "udp *:68", LEASE),
    (Section::Listener, "udp *:546", LEASE),
];

const HARDWARE: &str = "devices differ between instance types";
const PROCESSOR: &str = "processors differ between instance types";
const LEASE: &str = "a DHCP client opens it when a lease is due";

/// The default list, as it is recorded in a manifest.
pub fn defaults() -> Vec<StateExclusion> {
    DEFAULT
        .iter()
        .map(|(section, key, reason)| StateExclusion {
            section: *section,
            key: (*key).to_owned(),
            reason: (*reason).to_owned(),
        })
        .collect()
}

/// A volatile list, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Matcher<'a>(&'a [StateExclusion]);

impl<'a> Matcher<'a> {
    /// Of the list of a golden.
    pub fn new(list: &'a [StateExclusion]) -> Self {
        Self(list)
    }

    /// Whether an item is left out.
    pub fn matches(&self, section: Section, key: &[u8]) -> bool {
        self.0.iter().any(|one| one.section == section && fits(one.key.as_bytes(), key))
    }
}

/// Whether `text` is the pattern with anything in place of each `*`.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let pieces: Vec<Vec<u8>> = pattern.split(|byte| *byte == b'*').map(<[u8]>::to_vec).collect();
    crate::pattern::piece_match(&pieces, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_is_volatile_and_rootkits_are_not() {
        let list = defaults();
        let matcher = Matcher::new(&list);
        for name in ["nvme_core", "aesni_intel", "crct10dif_pclmul", "xen_blkfront"] {
            assert!(matcher.matches(Section::Module, name.as_bytes()), "{name}");
        }
        for name in ["diamorphine", "nf_tables", "br_netfilter", "overlay", "tun"] {
            assert!(!matcher.matches(Section::Module, name.as_bytes()), "{name}");
        }
        assert!(
            matcher.matches(Section::Listener, b"udp host:68") && !matcher.matches(Section::Listener, b"tcp any:68")
        );
        assert!(SETTINGS.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted, none twice");
    }
}
