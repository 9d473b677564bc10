//! systemd units that start by themselves. Enabling a unit is making a link in a `.wants` or `.requires` folder
//! (systemctl(1), "enable"), masking one is linking it to `/dev/null`: both are entries of the tree already, and this
//! only says what such an entry means.

use crate::entry::{Facts, Kind};
use crate::path;

/// Folders whose links systemd acts on (systemd.unit(5), "Unit File Load Path", for the system manager).
const FOLDERS: [&[u8]; 4] =
    [b"/etc/systemd/system", b"/usr/lib/systemd/system", b"/lib/systemd/system", b"/usr/local/lib/systemd/system"];

/// What a link means to systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitLink {
    /// The unit starts with another.
    Enabled {
        /// E.g. `nginx.service`.
        unit: String,
        /// E.g. `multi-user.target`.
        by: String,
    },
    /// The unit cannot start.
    Masked {
        /// E.g. `auditd.service`.
        unit: String,
    },
}

/// The meaning of an entry, if it is such a link.
pub fn meaning(entry: &[u8], facts: &Facts) -> Option<UnitLink> {
    let Kind::Symlink { target } = &facts.kind else { return None };
    let folder = path::parent(entry)?;
    let text = |bytes: &[u8]| crate::escape::text(bytes);
    let unit = text(path::name(entry));
    if FOLDERS.contains(&folder) {
        return (target == b"/dev/null").then_some(UnitLink::Masked { unit });
    }
    let puller = path::name(folder);
    let by = puller.strip_suffix(b".wants").or_else(|| puller.strip_suffix(b".requires"))?;
    FOLDERS.contains(&path::parent(folder)?).then(|| UnitLink::Enabled { unit, by: text(by) })
}

impl std::fmt::Display for UnitLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Enabled { unit, by } => write!(f, "enables {unit} with {by}"),
            Self::Masked { unit } => write!(f, "masks {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, target: &str) -> Option<String> {
        let facts = Facts::bare(Kind::Symlink { target: target.into() });
        meaning(path.as_bytes(), &facts).map(|meaning| meaning.to_string())
    }

    #[test]
    fn only_links_in_unit_folders_mean_something() {
        let wants = "/etc/systemd/system/multi-user.target.wants/miner.service";
        assert_eq!(told(wants, "/opt/miner.service").unwrap(), "enables miner.service with multi-user.target");
        assert_eq!(told("/etc/systemd/system/auditd.service", "/dev/null").unwrap(), "masks auditd.service");
        assert_eq!(told("/etc/systemd/system/auditd.service", "/x"), None);
        assert_eq!(told("/opt/multi-user.target.wants/x.service", "/x"), None);
        assert_eq!(meaning(wants.as_bytes(), &Facts::bare(Kind::Fifo)), None);
    }
}
