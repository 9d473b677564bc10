//! Extended attributes, through a descriptor or, for what must not be opened, through `/proc/self/fd`.

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::{fgetxattr, flistxattr, lgetxattr, llistxattr};
use rustix::io::Errno;

use super::flaw;
use crate::digest::Digest;
use crate::entry::{Facts, Missing, Xattr, XattrValue};

/// Names and values may be this long; `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of linux/limits.h.
const KERNEL_LIMIT: usize = 65_536;

/// A longer value is kept as its digest: capabilities, ACLs and security labels are far shorter.
const INLINE_LIMIT: usize = 512;

/// All inline values of one entry together; keeps a manifest record bounded.
const INLINE_TOTAL: usize = 16_384;

/// Kept out: only a process with `CAP_SYS_ADMIN` sees them (xattr(7)), so a hardened agent could not compare what
/// an unrestricted bake had recorded. Overlay file systems keep their bookkeeping there.
const UNSEEN_NAMESPACE: &[u8] = b"trusted.";

/// Memory used again for each entry.
#[derive(Default)]
pub(super) struct Buffers {
    list: Vec<u8>,
    value: Vec<u8>,
}

/// Reads the attributes of an open file or folder into `facts`.
pub(super) fn of_descriptor(descriptor: BorrowedFd<'_>, facts: &mut Facts, buffers: &mut Buffers) {
    read(facts, buffers, &|list| flistxattr(descriptor, list), &|name, value| fgetxattr(descriptor, name, value));
}

/// Reads the attributes of a name that is not opened. The folder is reached by descriptor and the last component is
/// not followed, so no link is.
pub(super) fn of_name(parent: BorrowedFd<'_>, name: &CStr, facts: &mut Facts, buffers: &mut Buffers) {
    let mut path = format!("/proc/self/fd/{}/", parent.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    let Ok(path) = CString::new(path) else { return };
    read(facts, buffers, &|list| llistxattr(&path, list), &|name, value| lgetxattr(&path, name, value));
}

type List<'a> = dyn Fn(&mut [u8]) -> Result<usize, Errno> + 'a;
type Get<'a> = dyn Fn(&CStr, &mut [u8]) -> Result<usize, Errno> + 'a;

fn read(facts: &mut Facts, Buffers { list, value }: &mut Buffers, list_names: &List<'_>, get: &Get<'_>) {
    list.resize(KERNEL_LIMIT, 0);
    value.resize(KERNEL_LIMIT, 0);
    let length = match list_names(list) {
        Ok(length) => length,
        // Vanished entries are noticed by the caller; a file system without attributes has none.
        Err(Errno::OPNOTSUPP | Errno::NOENT) => return,
        Err(errno) => return facts.flaws.push(flaw(Missing::Xattrs, errno)),
    };
    let mut names: Vec<CString> = list
        .get(..length)
        .unwrap_or_default()
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty() && !name.starts_with(UNSEEN_NAMESPACE))
        .filter_map(|name| CString::new(name).ok())
        .collect();
    names.sort_unstable();
    let mut inline = 0;
    for name in names {
        let bytes = match get(&name, value) {
            Ok(length) => value.get(..length).unwrap_or_default(),
            // Removed since it was listed: absent.
            Err(Errno::NODATA | Errno::NOENT) => continue,
            Err(errno) => return facts.flaws.push(flaw(Missing::Xattrs, errno)),
        };
        inline += bytes.len();
        let value = if bytes.len() <= INLINE_LIMIT && inline <= INLINE_TOTAL {
            XattrValue::Bytes(bytes.to_vec())
        } else {
            XattrValue::Digest(Digest::of(bytes))
        };
        facts.xattrs.push(Xattr { name: name.into_bytes(), value });
    }
}
