//! One entry that is not the same on both sides.

use super::aspect::{Aspect, aspects, moves_rights};
use crate::entry::{Entry, Facts, Kind};

/// The finding code a difference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Setuid, setgid, capabilities, or ownership by root changed.
    Privilege,
    /// Not in the golden.
    Added,
    /// Only in the golden.
    Removed,
    /// Content, type or target changed.
    Content,
    /// Only mode, owner, flags or attributes changed.
    Metadata,
}

impl Code {
    /// Stable text, shared with the scanner.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privilege => "file-privilege-changed",
            Self::Added => "file-added",
            Self::Removed => "file-removed",
            Self::Content => "file-content-changed",
            Self::Metadata => "file-metadata-changed",
        }
    }
}

/// A difference: one for each path, whatever number of things changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which entry.
    pub path: Vec<u8>,
    /// What it amounts to.
    pub code: Code,
    /// In what it changed; empty for added and removed ones.
    pub aspects: Vec<Aspect>,
    /// In the golden.
    pub before: Option<Box<Facts>>,
    /// Now.
    pub after: Option<Box<Facts>>,
    /// Name of the package that owns it.
    pub package: Option<String>,
}

impl Difference {
    /// Whether what is there is another thing, not the same one changed: with a folder all that is below it goes or comes.
    pub fn is_replaced(&self) -> bool {
        self.before.is_none()
            || self.after.is_none()
            || self.aspects.iter().any(|aspect| matches!(aspect, Aspect::Type | Aspect::Mount))
    }

    pub(super) fn removed(Entry { path, facts, .. }: Entry, package: Option<String>) -> Self {
        let before = Some(Box::new(facts));
        Self { path, code: Code::Removed, aspects: Vec::new(), before, after: None, package }
    }

    pub(super) fn added(Entry { path, facts, .. }: Entry, package: Option<String>) -> Self {
        let after = Some(Box::new(facts));
        Self { path, code: Code::Added, aspects: Vec::new(), before: None, after, package }
    }

    /// `None` when nothing that was seen differs.
    pub(super) fn changed(before: Entry, after: Entry, package: Option<&str>) -> Option<Self> {
        let aspects = aspects(&before.facts, &after.facts);
        if aspects.is_empty() {
            return None;
        }
        let code = if moves_rights(&before.facts, &after.facts, &aspects) {
            Code::Privilege
        } else if aspects.iter().any(Aspect::is_content) {
            Code::Content
        } else {
            Code::Metadata
        };
        let (before, path, after) = (Some(Box::new(before.facts)), after.path, Some(Box::new(after.facts)));
        Some(Self { path, code, aspects, before, after, package: package.map(str::to_owned) })
    }

    /// Whether it gives or moves rights: a privilege change, or a new, gone or otherwise changed file that has
    /// setuid, setgid or capabilities.
    pub fn is_privileged(&self) -> bool {
        let sides = [&self.before, &self.after];
        self.code == Code::Privilege || sides.into_iter().flatten().any(|facts| facts.is_privileged())
    }

    /// The first paths that its two sides name as the same inode.
    pub(super) fn link_targets(&self) -> impl Iterator<Item = &Vec<u8>> {
        [&self.before, &self.after].into_iter().flatten().filter_map(|facts| match &facts.kind {
            Kind::File { link, .. } => link.as_ref(),
            _ => None,
        })
    }
}
