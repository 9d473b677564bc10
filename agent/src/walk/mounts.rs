//! What is mounted, and which file systems have content worth a fingerprint.

use std::collections::HashMap;

use rustix::fs::{Statx, StatxAttributes, StatxFlags};

use super::WalkError;

/// What the agent does with a file system type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Stored on this machine: walked.
    Local,
    /// Views of kernel state: nothing is stored, not even as a root.
    Kernel,
    /// Memory, containers' merged views, and file systems served from elsewhere: skipped below a root.
    Elsewhere,
}

/// Classifies a type by the name the kernel gives it in mountinfo (proc(5)).
pub(super) fn class(file_system: &[u8]) -> Class {
    match file_system {
        b"proc" | b"sysfs" | b"devpts" | b"cgroup" | b"cgroup2" | b"securityfs" | b"debugfs" | b"tracefs"
        | b"configfs" | b"pstore" | b"bpf" | b"efivarfs" | b"mqueue" | b"autofs" | b"binfmt_misc" | b"fusectl"
        | b"rpc_pipefs" | b"nsfs" | b"selinuxfs" | b"smackfs" | b"resctrl" => Class::Kernel,
        b"tmpfs" | b"ramfs" | b"devtmpfs" | b"hugetlbfs" | b"overlay" | b"aufs" | b"fuse" | b"fuseblk" | b"nfs"
        | b"nfs4" | b"cifs" | b"smb3" | b"smbfs" | b"9p" | b"virtiofs" | b"ceph" | b"afs" | b"gfs2" | b"ocfs2"
        | b"lustre" | b"glusterfs" | b"beegfs" | b"gpfs" | b"coda" | b"ncpfs" | b"orangefs" => Class::Elsewhere,
        other if other.starts_with(b"fuse.") => Class::Elsewhere,
        _ => Class::Local,
    }
}

/// Whether something is mounted on an entry of `folder`. Linux 5.8 and later say so themselves, bind mounts of the
/// same device included; before that only a change of device shows.
pub(super) fn is_mount_point(stat: &Statx, folder: &Statx) -> bool {
    if stat.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) {
        return stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
    }
    let device = |stat: &Statx| (stat.stx_dev_major, stat.stx_dev_minor);
    device(stat) != device(folder)
}

/// File system types by mount id and by device.
pub(super) struct Mounts {
    by_id: HashMap<u64, Vec<u8>>,
    by_device: HashMap<(u32, u32), Vec<u8>>,
}

impl Mounts {
    /// Reads the kernel's table, so that a type is known without asking a file system that may not answer.
    pub(super) fn read() -> Result<Self, WalkError> {
        std::fs::read("/proc/self/mountinfo").map(|table| Self::parse(&table)).map_err(WalkError::NoProc)
    }

    fn parse(table: &[u8]) -> Self {
        let mut mounts = Self { by_id: HashMap::new(), by_device: HashMap::new() };
        for line in table.split(|byte| *byte == b'\n') {
            let mut fields = line.split(|byte| *byte == b' ');
            let (id, _parent, device) = (number(fields.next()), fields.next(), fields.next().unwrap_or_default());
            // Optional fields end at a lone dash; the type follows it.
            let Some(file_system) = fields.skip_while(|field| *field != b"-").nth(1) else { continue };
            if let Some(id) = id {
                mounts.by_id.insert(id, file_system.to_vec());
            }
            let mut halves = device.split(|byte| *byte == b':').map(|half| number(Some(half)));
            if let (Some(Some(major)), Some(Some(minor))) = (halves.next(), halves.next()) {
                mounts.by_device.entry((major, minor)).or_insert_with(|| file_system.to_vec());
            }
        }
        mounts
    }

    /// The type of the file system an entry is on; `unknown` when the table does not have it.
    pub(super) fn type_of(&self, stat: &Statx) -> &[u8] {
        let has_id = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::MNT_ID);
        let by_id = if has_id { self.by_id.get(&stat.stx_mnt_id) } else { None };
        by_id
            .or_else(|| self.by_device.get(&(stat.stx_dev_major, stat.stx_dev_minor)))
            .map_or(b"unknown", Vec::as_slice)
    }
}

fn number<T: std::str::FromStr>(field: Option<&[u8]>) -> Option<T> {
    std::str::from_utf8(field?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_behind_any_number_of_optional_fields() {
        let table = b"24 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            30 24 0:25 / /a\\040b rw shared:5 master:2 - fuse.sshfs h: rw\n\
            garbage\n";
        let mounts = Mounts::parse(table);
        assert_eq!(mounts.by_id[&24], b"ext4");
        assert_eq!(mounts.by_id[&30], b"fuse.sshfs");
        assert_eq!(mounts.by_device[&(8, 1)], b"ext4");
        assert_eq!(mounts.by_id.len(), 2);
    }

    #[test]
    fn an_unheard_of_type_is_walked_rather_than_skipped() {
        assert_eq!(class(b"bcachefs"), Class::Local);
        assert_eq!(class(b"fuse.anything"), Class::Elsewhere);
        assert_eq!(class(b"proc"), Class::Kernel);
    }
}
