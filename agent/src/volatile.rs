//! The default list of volatile paths: what a healthy server changes by itself, with the reason for each.
//!
//! Deliberately absent, because somebody's hand shows there: `authorized_keys`, crontabs (`/var/spool/cron`), shell
//! histories, `/etc/hosts`, `/var/lib/cloud/scripts`, Python byte code, `/var/lib/systemd/linger`.

use crate::pattern::BadPattern;
use crate::settings::Exclusion;

/// Pattern and reason; the syntax is that of [`crate::pattern`].
pub const DEFAULT: &[(&str, &str)] = &[
    ("/proc", KERNEL),
    ("/sys", KERNEL),
    ("/dev", KERNEL),
    ("/run", BOOT),
    ("/tmp/*", SCRATCH),
    ("/var/tmp/*", SCRATCH),
    ("/var/log/*", LOGS),
    ("/var/crash/*", LOGS),
    ("/var/lib/systemd/coredump/*", LOGS),
    ("/var/cache/*", CACHE),
    ("/root/.cache", CACHE),
    ("/home/*/.cache", CACHE),
    ("/etc/machine-id", IDENTITY),
    ("/var/lib/dbus/machine-id", IDENTITY),
    ("/etc/ssh/ssh_host_*_key", IDENTITY),
    ("/etc/ssh/ssh_host_*_key.pub", IDENTITY),
    ("/etc/hostname", IDENTITY),
    ("/var/lib/cloud/instance", CLOUD_INIT),
    ("/var/lib/cloud/instances/*", CLOUD_INIT),
    ("/var/lib/cloud/data/*", CLOUD_INIT),
    ("/var/lib/cloud/sem/*", CLOUD_INIT),
    ("/etc/netplan/50-cloud-init.yaml", CLOUD_INIT),
    ("/etc/network/interfaces.d/50-cloud-init", CLOUD_INIT),
    ("/etc/resolv.conf", NETWORK),
    ("/var/lib/dhcp/*", NETWORK),
    ("/var/lib/dhclient/*", NETWORK),
    ("/var/lib/NetworkManager/*", NETWORK),
    ("/var/lib/systemd/network/*", NETWORK),
    ("/etc/adjtime", CLOCK),
    ("/var/lib/chrony/*", CLOCK),
    ("/var/lib/ntp/*", CLOCK),
    ("/var/lib/systemd/timesync/*", CLOCK),
    ("/var/lib/private/systemd/timesync", CLOCK),
    ("/var/lib/systemd/timers/*", CLOCK),
    ("/var/lib/systemd/random-seed", SEED),
    ("/boot/grub/grubenv", BOOT),
    ("/boot/grub2/grubenv", BOOT),
    ("/etc/.updated", BOOT),
    ("/var/.updated", BOOT),
    ("/var/lib/amazon/ssm/*", SSM),
    ("/var/lib/cattleguard-agent/*", OWN),
    ("/etc/.pwd.lock", LOCK),
    ("/var/lib/apt/daily_lock", LOCK),
    ("/var/lib/apt/lists/*", INDEX),
    ("/var/lib/apt/periodic/*", INDEX),
    ("/var/lib/dnf/*", INDEX),
    ("/var/lib/dpkg/lock", LOCK),
    ("/var/lib/dpkg/lock-frontend", LOCK),
    ("/var/lib/dpkg/triggers/Lock", LOCK),
    ("/var/lib/rpm/.rpm.lock", LOCK),
    ("/var/lib/rpm/rpmdb.sqlite-shm", LOCK),
    ("/var/lib/rpm/rpmdb.sqlite-wal", LOCK),
    ("/usr/lib/sysimage/rpm/.rpm.lock", LOCK),
    ("/usr/lib/sysimage/rpm/rpmdb.sqlite-shm", LOCK),
    ("/usr/lib/sysimage/rpm/rpmdb.sqlite-wal", LOCK),
    ("/var/lib/logrotate/*", LOGS),
    ("/var/lib/logrotate.status", LOGS),
    ("/var/lib/plocate/*", INDEX),
    ("/var/lib/mlocate/*", INDEX),
    ("/var/lib/update-notifier/*", INDEX),
    ("/var/lib/snapd/state.json", INDEX),
    ("/var/lib/snapd/system-key", INDEX),
    ("/var/lib/snapd/cache/*", CACHE),
    ("/var/mail/*", MAIL),
    ("/var/spool/mail/*", MAIL),
    ("/var/spool/postfix/*", MAIL),
    ("/swapfile", SWAP),
    ("/swap.img", SWAP),
    ("/var/swap", SWAP),
];

const KERNEL: &str = "made by the kernel at boot, not stored";
const BOOT: &str = "rewritten at every boot";
const SCRATCH: &str = "scratch space that every program may write";
const LOGS: &str = "logs and dumps grow";
const CACHE: &str = "caches can be rebuilt and are";
const IDENTITY: &str = "generated at first boot, differs for each instance";
const CLOUD_INIT: &str = "data of one instance, written by cloud-init at first boot";
const NETWORK: &str = "written from DHCP or for this instance's interfaces";
const CLOCK: &str = "state of time keeping";
const SEED: &str = "random seed, rewritten at boot and shutdown";
const SSM: &str = "state of the SSM agent, including these reports";
const OWN: &str = "where the golden is kept: a manifest cannot contain its own digest";
const LOCK: &str = "lock and journal files, touched by mere queries";
const INDEX: &str = "indexes and schedules refreshed in the background";
const MAIL: &str = "mail arrives";
const SWAP: &str = "swapped memory";

/// The default list, ready for use.
///
/// # Errors
/// Never for the shipped list; a test holds it to that.
pub fn defaults() -> Result<Vec<Exclusion>, BadPattern> {
    DEFAULT
        .iter()
        .map(|(pattern, reason)| Ok(Exclusion { pattern: pattern.parse()?, reason: (*reason).to_owned() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Matcher;

    #[test]
    fn the_list_parses_has_no_repetition_and_keeps_what_matters() {
        let list = defaults().unwrap();
        let mut patterns: Vec<_> = list.iter().map(|exclusion| exclusion.pattern.as_str()).collect();
        patterns.sort_unstable();
        patterns.dedup();
        assert_eq!(patterns.len(), DEFAULT.len());

        let matcher = Matcher::new(list.iter().map(|exclusion| &exclusion.pattern));
        for judged in [
            "/etc/passwd",
            "/root/.ssh/authorized_keys",
            "/home/admin/.ssh",
            "/var/spool/cron/crontabs",
            "/etc/crontab",
            "/var/lib/cloud/scripts/per-boot",
            "/usr/bin",
            "/etc/ssh/sshd_config",
            "/tmp",
            "/var/log",
            "/etc/sudoers.d",
            "/var/lib/dpkg/status",
            "/boot",
            "/opt",
            "/usr/local/bin",
            "/etc/systemd/system",
            "/etc/ld.so.preload",
        ] {
            assert!(!matcher.matches(judged.as_bytes()), "{judged} must be judged");
        }
    }
}
