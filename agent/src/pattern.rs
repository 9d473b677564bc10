//! Patterns of paths that are left out.
//!
//! A pattern is an absolute path in which `*` stands for any bytes inside one component. `/var/log/*` leaves out
//! everything in the folder while the folder itself is still judged; `/var/log` leaves out both. Special bytes are
//! written as [`crate::escape::text`] writes them, and a literal `*` as `\x2a`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{escape, path};

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    /// For each component, the literal pieces between its stars.
    components: Vec<Vec<Vec<u8>>>,
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pattern: write an absolute path without `.` or `..`, with `*` for any part of one name")]
pub struct BadPattern(String);

impl Pattern {
    /// The pattern of exactly one path.
    ///
    /// # Errors
    /// When the path is `/` or not absolute.
    pub fn exactly(literal: &[u8]) -> Result<Self, BadPattern> {
        escape::text(literal).replace('*', "\\x2a").parse()
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn matches(&self, names: &[&[u8]]) -> bool {
        self.components.len() == names.len()
            && self.components.iter().zip(names).all(|(pieces, name)| piece_match(pieces, name))
    }

    /// What the last component must be, if the ones before it are `folders`.
    fn last_within(&self, folders: &[&[u8]]) -> Option<&[Vec<u8>]> {
        let (last, before) = self.components.split_last()?;
        let is_there =
            before.len() == folders.len() && before.iter().zip(folders).all(|(pieces, name)| piece_match(pieces, name));
        is_there.then_some(last.as_slice())
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        let bad = || BadPattern(escape::text(text.as_bytes()));
        let rest = text.strip_prefix('/').ok_or_else(bad)?;
        if text.chars().any(escape::is_hidden) {
            return Err(bad());
        }
        let mut components = Vec::new();
        for component in rest.split('/') {
            if matches!(component, "" | "." | ".." | "**") {
                return Err(bad());
            }
            let pieces: Option<Vec<_>> = component.split('*').map(escape::bytes).collect();
            components.push(pieces.ok_or_else(bad)?);
        }
        Ok(Self { text: text.to_owned(), components })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Whether `name` is the pieces in order with anything between them.
pub(crate) fn piece_match(pieces: &[Vec<u8>], name: &[u8]) -> bool {
    let Some((first, others)) = pieces.split_first() else { return name.is_empty() };
    let Some(mut rest) = name.strip_prefix(first.as_slice()) else { return false };
    let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
    for piece in middle.iter().filter(|piece| !piece.is_empty()) {
        let Some(at) = rest.windows(piece.len()).position(|window| window == piece.as_slice()) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// A set of patterns, ready to be asked about many paths.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    by_depth: BTreeMap<usize, Vec<Pattern>>,
}

impl Matcher {
    /// Prepares the patterns.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        let mut by_depth: BTreeMap<usize, Vec<Pattern>> = BTreeMap::new();
        for pattern in patterns {
            by_depth.entry(pattern.components.len()).or_default().push(pattern.clone());
        }
        Self { by_depth }
    }

    /// Whether a pattern names exactly this path. The walk asks on the way down, so what is below a match is
    /// never reached.
    pub fn matches(&self, path: &[u8]) -> bool {
        let depth = path::components(path).count();
        let Some(candidates) = self.by_depth.get(&depth) else { return false };
        let names: Vec<&[u8]> = path::components(path).collect();
        candidates.iter().any(|pattern| pattern.matches(&names))
    }

    /// What the patterns leave out directly in one folder: for most folders nothing.
    pub fn within(&self, folder: &[u8]) -> Within<'_> {
        let names: Vec<&[u8]> = path::components(folder).collect();
        let candidates = self.by_depth.get(&(names.len() + 1)).map_or(&[][..], Vec::as_slice);
        Within(candidates.iter().filter_map(|pattern| pattern.last_within(&names)).collect())
    }
}

/// The patterns that may match a name of one folder.
#[derive(Clone, Debug)]
pub struct Within<'a>(Vec<&'a [Vec<u8>]>);

impl Within<'_> {
    /// Whether one of them matches the name.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.0.iter().any(|pieces| piece_match(pieces, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(pattern: &str, path: &str) -> bool {
        let matcher = Matcher::new([&pattern.parse::<Pattern>().unwrap()]);
        let whole = matcher.matches(path.as_bytes());
        let folder = path::parent(path.as_bytes()).unwrap();
        assert_eq!(matcher.within(folder).matches(path::name(path.as_bytes())), whole, "{pattern} {path}");
        whole
    }

    #[test]
    fn stars_stay_inside_one_component() {
        assert!(hit("/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_rsa_key"));
        assert!(!hit("/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_rsa_key.pub"));
        assert!(
            hit("/var/log/*", "/var/log/x") && !hit("/var/log/*", "/var/log") && !hit("/var/log/*", "/var/log/x/y")
        );
        assert!(hit("/a/*b*c*", "/a/xbxcx") && !hit("/a/*b*c*", "/a/xcxbx"));
        assert!(!hit("/a/x*x", "/a/x"), "the two ends may not overlap");
    }

    #[test]
    fn an_exact_pattern_takes_its_stars_literally() {
        let pattern = Pattern::exactly(b"/a/*\n").unwrap();
        assert!(Matcher::new([&pattern]).matches(b"/a/*\n"));
        assert!(!Matcher::new([&pattern]).matches(b"/a/b\n"));
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in ["", "a", "/", "/a//b", "/a/../b", "/a/**", "/a\\q", "/a\u{1b}"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
