//! In what an entry changed.

use crate::entry::{Facts, Kind, Missing, SETGID, SETUID, Xattr};

/// One thing in which two entries of one path differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// What it is.
    Type,
    /// Digest of its content.
    Content,
    /// Its length.
    Size,
    /// Where a symbolic link points.
    Target,
    /// Device numbers.
    Device,
    /// Which other names it has.
    Link,
    /// Type of the file system mounted there.
    Mount,
    /// Permission bits.
    Mode,
    /// Owner.
    Owner,
    /// Group.
    Group,
    /// Immutable and append-only flags.
    Attributes,
    /// One extended attribute, by name.
    Xattr(Vec<u8>),
}

impl Aspect {
    /// The word for people and JSON.
    pub fn name(&self) -> String {
        match self {
            Self::Type => "type",
            Self::Content => "content",
            Self::Size => "size",
            Self::Target => "target",
            Self::Device => "device",
            Self::Link => "link",
            Self::Mount => "mount",
            Self::Mode => "mode",
            Self::Owner => "owner",
            Self::Group => "group",
            Self::Attributes => "attributes",
            Self::Xattr(name) => return format!("xattr:{}", crate::escape::text(name)),
        }
        .to_owned()
    }

    /// Whether it is about what the entry holds rather than who may use it.
    pub(super) fn is_content(&self) -> bool {
        match self {
            Self::Type | Self::Content | Self::Size | Self::Target | Self::Device | Self::Link | Self::Mount => true,
            Self::Mode | Self::Owner | Self::Group | Self::Attributes | Self::Xattr(_) => false,
        }
    }
}

/// Everything in which two entries differ, except where a flaw says that one of them was not seen.
pub(super) fn aspects(before: &Facts, after: &Facts) -> Vec<Aspect> {
    let unseen = |what: Missing| before.flaws.iter().chain(&after.flaws).any(|flaw| flaw.what == what);
    if unseen(Missing::Metadata) {
        return Vec::new();
    }
    let Facts { kind, mode, uid, gid, attributes, xattrs, flaws: _ } = before;
    let mut found = kinds(kind, &after.kind);
    let is_mount = matches!(kind, Kind::Mount { .. }) || matches!(after.kind, Kind::Mount { .. });
    if !is_mount {
        let simple = [
            (*mode != after.mode, Aspect::Mode),
            (*uid != after.uid, Aspect::Owner),
            (*gid != after.gid, Aspect::Group),
            (*attributes != after.attributes, Aspect::Attributes),
        ];
        found.extend(simple.into_iter().filter_map(|(differs, aspect)| differs.then_some(aspect)));
        if !unseen(Missing::Xattrs) {
            xattr_names(xattrs, &after.xattrs, &mut found);
        }
    }
    // Permission bits mean another thing on another type, and a link always has all of them.
    let is_other_type = found.contains(&Aspect::Type);
    found.retain(|aspect| match aspect {
        Aspect::Mode => !is_other_type,
        Aspect::Content => !unseen(Missing::Content) && !unseen(Missing::StableContent),
        Aspect::Size => !unseen(Missing::StableContent),
        Aspect::Target => !unseen(Missing::Target),
        _ => true,
    });
    found
}

fn kinds(before: &Kind, after: &Kind) -> Vec<Aspect> {
    let mut found = Vec::new();
    match (before, after) {
        (
            Kind::File { size, content, link },
            Kind::File { size: other_size, content: other_content, link: other_link },
        ) => {
            let pairs = [
                (content != other_content, Aspect::Content),
                (size != other_size, Aspect::Size),
                (link != other_link, Aspect::Link),
            ];
            found.extend(pairs.into_iter().filter_map(|(differs, aspect)| differs.then_some(aspect)));
        }
        (Kind::Symlink { target }, Kind::Symlink { target: other }) if target != other => found.push(Aspect::Target),
        (Kind::Mount { file_system }, Kind::Mount { file_system: other }) if file_system != other => {
            found.push(Aspect::Mount);
        }
        (Kind::CharDevice { .. }, Kind::CharDevice { .. }) | (Kind::BlockDevice { .. }, Kind::BlockDevice { .. })
            if before != after =>
        {
            found.push(Aspect::Device);
        }
        _ if std::mem::discriminant(before) != std::mem::discriminant(after) => found.push(Aspect::Type),
        _ => {}
    }
    found
}

fn xattr_names(before: &[Xattr], after: &[Xattr], found: &mut Vec<Aspect>) {
    let value =
        |list: &[Xattr], name: &[u8]| list.iter().find(|xattr| xattr.name == name).map(|xattr| xattr.value.clone());
    for xattr in before {
        if value(after, &xattr.name).as_ref() != Some(&xattr.value) {
            found.push(Aspect::Xattr(xattr.name.clone()));
        }
    }
    for xattr in after {
        if value(before, &xattr.name).is_none() {
            found.push(Aspect::Xattr(xattr.name.clone()));
        }
    }
}

/// Whether rights were given, taken or moved: setuid, setgid, capabilities, owner or group root.
pub(super) fn moves_rights(before: &Facts, after: &Facts, aspects: &[Aspect]) -> bool {
    let bits = |facts: &Facts| match facts.kind {
        Kind::File { .. } => facts.mode & (SETUID | SETGID),
        _ => 0,
    };
    aspects.iter().any(|aspect| match aspect {
        Aspect::Mode | Aspect::Type => bits(before) != bits(after),
        Aspect::Owner => before.uid == 0 || after.uid == 0,
        Aspect::Group => before.gid == 0 || after.gid == 0,
        Aspect::Xattr(_) => before.capability() != after.capability(),
        _ => false,
    })
}
