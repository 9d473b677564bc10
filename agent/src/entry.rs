//! One entry of the file system: what is judged about it, and what is only kept.

pub mod encode;

use crate::digest::Digest;

/// An entry with its place. Entries come in the order of [`crate::path::compare`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Absolute from the tree's top, as bytes: a name need not be UTF-8.
    pub path: Vec<u8>,
    /// What counts as drift.
    pub facts: Facts,
    /// What is kept but is not drift by itself: a copied image has other times than its golden.
    pub times: Times,
    /// Position of the owning package in the manifest's package list.
    pub package: Option<u32>,
}

/// Everything that makes two entries differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Type, with what only that type has.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: the low 12 bits of `st_mode`.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Inode flags that change what root can do: [`IMMUTABLE`] and [`APPEND_ONLY`].
    pub attributes: u8,
    /// Extended attributes, sorted by name: capabilities, ACLs and security labels are among them.
    pub xattrs: Vec<Xattr>,
    /// What could not be seen. An entry with flaws is never called unchanged.
    pub flaws: Vec<Flaw>,
}

/// `STATX_ATTR_IMMUTABLE`, statx(2).
pub const IMMUTABLE: u8 = 1;
/// `STATX_ATTR_APPEND`, statx(2).
pub const APPEND_ONLY: u8 = 2;
/// Set-user-id bit, inode(7).
pub const SETUID: u16 = 0o4000;
/// Set-group-id bit, inode(7).
pub const SETGID: u16 = 0o2000;
/// The attribute that holds file capabilities, capabilities(7).
pub const CAPABILITY_XATTR: &[u8] = b"security.capability";

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder. Its size is not a fact: it depends on the file system's history.
    Directory,
    /// A regular file.
    File {
        /// In bytes.
        size: u64,
        /// Digest of the content; `None` when it could not be read (a flaw then says why).
        content: Option<Digest>,
        /// The first path of this tree, in order, that is the same inode; `None` for that first path itself.
        link: Option<Vec<u8>>,
    },
    /// A symbolic link, never followed.
    Symlink {
        /// As stored.
        target: Vec<u8>,
    },
    /// A character device, never opened.
    CharDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A block device, never opened.
    BlockDevice {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe, never opened.
    Fifo,
    /// A socket, never opened.
    Socket,
    /// Something is mounted here that was not entered. Mode, owner and the like belong to the mounted file system and
    /// are left zero.
    Mount {
        /// File system type as the kernel names it.
        file_system: Vec<u8>,
    },
    /// Its type could not be found out; a flaw says why.
    Unknown,
}

impl Kind {
    /// The word for people and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::File { .. } => "file",
            Self::Symlink { .. } => "symlink",
            Self::CharDevice { .. } => "character device",
            Self::BlockDevice { .. } => "block device",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Mount { .. } => "mount",
            Self::Unknown => "unknown",
        }
    }
}

/// One extended attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xattr {
    /// With its namespace, e.g. `security.capability`.
    pub name: Vec<u8>,
    /// Its value.
    pub value: XattrValue,
}

/// A value short enough to show, or the digest of a longer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum XattrValue {
    /// The bytes.
    Bytes(Vec<u8>),
    /// Digest of a value longer than the inline limit.
    Digest(Digest),
}

/// What could not be seen of an entry, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is missing.
    pub what: Missing,
    /// The error number of the system call; 0 where there was none.
    pub errno: u16,
}

/// The part of an entry that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Everything: it could not be examined.
    Metadata,
    /// The content of a file.
    Content,
    /// The content: it changed each time it was read.
    StableContent,
    /// The entries of a folder.
    Listing,
    /// The entries of a folder: deeper, or more of them, than the agent follows.
    Limit,
    /// The extended attributes.
    Xattrs,
    /// The target of a symbolic link.
    Target,
}

impl Missing {
    /// The reason for people and JSON.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Metadata => "could not be examined",
            Self::Content => "content could not be read",
            Self::StableContent => "content changed while it was read",
            Self::Listing => "folder could not be listed",
            Self::Limit => "folder is beyond the limits of the walk",
            Self::Xattrs => "extended attributes could not be read",
            Self::Target => "link target could not be read",
        }
    }

    /// Whether the entries below are unseen too.
    pub fn hides_children(self) -> bool {
        matches!(self, Self::Metadata | Self::Listing | Self::Limit)
    }
}

/// Times of an entry, in seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Content changed.
    pub modified: (i64, u32),
    /// Inode changed.
    pub changed: (i64, u32),
}

impl Facts {
    /// The facts of an entry of which only its kind is known.
    pub fn bare(kind: Kind) -> Self {
        Self { kind, mode: 0, uid: 0, gid: 0, attributes: 0, xattrs: Vec::new(), flaws: Vec::new() }
    }

    /// Whether running it gives rights its caller has not: setuid, setgid or file capabilities.
    pub fn is_privileged(&self) -> bool {
        let bits = matches!(self.kind, Kind::File { .. }) && self.mode & (SETUID | SETGID) != 0;
        bits || self.capability().is_some()
    }

    /// The file capabilities, if any.
    pub fn capability(&self) -> Option<&XattrValue> {
        self.xattrs.iter().find(|xattr| xattr.name == CAPABILITY_XATTR).map(|xattr| &xattr.value)
    }

    /// Whether entries below this one were not seen because of a flaw.
    pub fn hides_children(&self) -> bool {
        self.flaws.iter().any(|flaw| flaw.what.hides_children())
    }
}
