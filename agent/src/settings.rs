//! What a walk covers. It is recorded in the golden manifest and is part of its root digest, so a host cannot
//! narrow what it is judged by.

use serde::{Deserialize, Serialize};

use crate::codec::{put_bytes, put_number};
use crate::digest::Digest;
use crate::pattern::Pattern;
use crate::{escape, path};

/// The coverage of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    roots: Vec<Vec<u8>>,
    cross_mounts: bool,
    exclusions: Vec<Exclusion>,
}

/// A pattern that is left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// What.
    pub pattern: Pattern,
    /// Why; for a human, not part of any digest.
    pub reason: String,
}

/// Settings that make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A root is relative or has `..` in it.
    #[error("root `{0}` is not an absolute path without `..`")]
    Root(String),
    /// One root lies in another: its entries would be counted twice.
    #[error("root `{inner}` lies inside root `{outer}`")]
    Nested {
        /// The inner one.
        inner: String,
        /// The outer one.
        outer: String,
    },
    /// No root at all.
    #[error("there is no root to walk")]
    Empty,
    /// A recorded pattern does not parse.
    #[error(transparent)]
    Pattern(#[from] crate::pattern::BadPattern),
}

impl Settings {
    /// Brings roots and exclusions into their one order and drops repetitions.
    ///
    /// # Errors
    /// On relative or nested roots.
    pub fn new(roots: &[Vec<u8>], cross_mounts: bool, mut exclusions: Vec<Exclusion>) -> Result<Self, SettingsError> {
        let mut cleaned = Vec::with_capacity(roots.len());
        for root in roots {
            cleaned.push(path::clean(root).ok_or_else(|| SettingsError::Root(escape::text(root)))?);
        }
        cleaned.sort_by(|left, right| path::compare(left, right));
        cleaned.dedup();
        for (outer, inner) in cleaned.iter().zip(cleaned.iter().skip(1)) {
            if path::is_below(inner, outer) {
                return Err(SettingsError::Nested { inner: escape::text(inner), outer: escape::text(outer) });
            }
        }
        if cleaned.is_empty() {
            return Err(SettingsError::Empty);
        }
        exclusions.sort_by(|left, right| left.pattern.cmp(&right.pattern));
        exclusions.dedup_by(|later, earlier| later.pattern == earlier.pattern);
        Ok(Self { roots: cleaned, cross_mounts, exclusions })
    }

    /// All of `/`, nothing left out.
    pub fn whole_system() -> Self {
        Self { roots: vec![b"/".to_vec()], cross_mounts: false, exclusions: Vec::new() }
    }

    /// The folders walked, in order, none inside another.
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// Whether local file systems mounted below a root are walked too.
    pub fn cross_mounts(&self) -> bool {
        self.cross_mounts
    }

    /// What is left out, in order.
    pub fn exclusions(&self) -> &[Exclusion] {
        &self.exclusions
    }

    /// The digest that goes into the root digest.
    pub fn digest(&self) -> Digest {
        let mut out = b"cattleguard settings v1\0".to_vec();
        put_number(&mut out, self.roots.len() as u64);
        for root in &self.roots {
            put_bytes(&mut out, root);
        }
        out.push(u8::from(self.cross_mounts));
        put_number(&mut out, self.exclusions.len() as u64);
        for exclusion in &self.exclusions {
            put_bytes(&mut out, exclusion.pattern.as_str().as_bytes());
        }
        Digest::of(&out)
    }
}

/// The JSON form in a manifest's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedSettings {
    /// Escaped paths.
    pub roots: Vec<String>,
    /// See [`Settings::cross_mounts`].
    pub cross_mounts: bool,
    /// Patterns with their reasons.
    pub exclusions: Vec<RecordedExclusion>,
}

/// The JSON form of an [`Exclusion`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedExclusion {
    /// Pattern.
    pub pattern: String,
    /// Reason.
    pub reason: String,
}

impl From<&Settings> for RecordedSettings {
    fn from(settings: &Settings) -> Self {
        Self {
            roots: settings.roots.iter().map(|root| escape::text(root)).collect(),
            cross_mounts: settings.cross_mounts,
            exclusions: settings
                .exclusions
                .iter()
                .map(|exclusion| RecordedExclusion {
                    pattern: exclusion.pattern.as_str().to_owned(),
                    reason: exclusion.reason.clone(),
                })
                .collect(),
        }
    }
}

impl TryFrom<RecordedSettings> for Settings {
    type Error = SettingsError;

    fn try_from(recorded: RecordedSettings) -> Result<Self, SettingsError> {
        let mut roots = Vec::with_capacity(recorded.roots.len());
        for root in recorded.roots {
            let bytes = escape::bytes(&root).filter(|bytes| escape::text(bytes) == root);
            roots.push(bytes.ok_or_else(|| SettingsError::Root(escape::text(root.as_bytes())))?);
        }
        let mut exclusions = Vec::with_capacity(recorded.exclusions.len());
        for RecordedExclusion { pattern, reason } in recorded.exclusions {
            exclusions.push(Exclusion { pattern: pattern.parse()?, reason });
        }
        Self::new(&roots, recorded.cross_mounts, exclusions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_ordered_and_never_nested() {
        let roots = |list: &[&str]| {
            Settings::new(&list.iter().map(|root| root.as_bytes().to_vec()).collect::<Vec<_>>(), false, Vec::new())
        };
        assert_eq!(roots(&["/usr", "/etc/", "/usr"]).unwrap().roots(), [b"/etc".to_vec(), b"/usr".to_vec()]);
        assert!(matches!(roots(&["/", "/usr"]), Err(SettingsError::Nested { .. })));
        assert!(matches!(roots(&["usr"]), Err(SettingsError::Root(_))));
        assert_eq!(roots(&[]), Err(SettingsError::Empty));
    }

    #[test]
    fn a_wider_exclusion_changes_the_digest() {
        let with = |patterns: &[&str]| {
            let list = patterns
                .iter()
                .map(|pattern| Exclusion { pattern: pattern.parse().unwrap(), reason: String::new() })
                .collect();
            Settings::new(&[b"/".to_vec()], false, list).unwrap()
        };
        assert_ne!(with(&["/a"]).digest(), with(&["/a", "/b"]).digest());
        assert_eq!(with(&["/b", "/a", "/a"]).digest(), with(&["/a", "/b"]).digest());
        let settings = with(&["/a/*"]);
        assert_eq!(Settings::try_from(RecordedSettings::from(&settings)), Ok(settings));
    }
}
