//! Facts and differences as they are shown: JSON for programs, short text for people. Names are escaped.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Aspect, Difference};
use crate::entry::{APPEND_ONLY, Entry, Facts, IMMUTABLE, Kind, XattrValue};
use crate::escape;
use crate::state::Explained;
use crate::units;

/// Facts as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactsView {
    #[serde(rename = "type")]
    kind: &'static str,
    mode: String,
    uid: u32,
    gid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_system: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    xattrs: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flaws: Vec<&'static str>,
}

impl From<&Facts> for FactsView {
    fn from(facts: &Facts) -> Self {
        let Facts { kind, mode, uid, gid, attributes, xattrs, flaws } = facts;
        let mut view = Self {
            kind: kind.name(),
            mode: format!("{mode:04o}"),
            uid: *uid,
            gid: *gid,
            size: None,
            content: None,
            target: None,
            link: None,
            device: None,
            file_system: None,
            attributes: attribute_names(*attributes),
            xattrs: xattrs.iter().map(|xattr| (escape::text(&xattr.name), xattr_text(&xattr.value))).collect(),
            flaws: flaws.iter().map(|flaw| flaw.what.reason()).collect(),
        };
        match kind {
            Kind::File { size, content, link } => {
                view.size = Some(*size);
                view.content = content.map(|digest| digest.to_string());
                view.link = link.as_ref().map(|path| escape::text(path));
            }
            Kind::Symlink { target } => view.target = Some(escape::text(target)),
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                view.device = Some(format!("{major}:{minor}"));
            }
            Kind::Mount { file_system } => view.file_system = Some(escape::text(file_system)),
            Kind::Directory | Kind::Fifo | Kind::Socket | Kind::Unknown => {}
        }
        view
    }
}

impl FactsView {
    /// One line for people.
    pub fn line(&self) -> String {
        let mut parts = vec![self.kind.to_owned()];
        if self.file_system.is_none() {
            parts.push(format!("{} {}:{}", self.mode, self.uid, self.gid));
        }
        parts.extend(self.size.map(|size| format!("{size} bytes")));
        parts.extend(self.content.as_deref().map(short));
        parts.extend(self.target.as_ref().map(|target| format!("-> {target}")));
        parts.extend(self.link.as_ref().map(|first| format!("same file as {first}")));
        parts.extend(self.device.clone());
        parts.extend(self.file_system.clone());
        parts.extend(self.attributes.iter().map(|name| (*name).to_owned()));
        parts.extend(self.xattrs.keys().map(|name| format!("xattr:{name}")));
        parts.extend(self.flaws.iter().map(|reason| format!("[{reason}]")));
        parts.join("  ")
    }

    /// The value of one aspect, for people.
    fn value(&self, aspect: &Aspect) -> String {
        let absent = || "none".to_owned();
        match aspect {
            Aspect::Type => self.kind.to_owned(),
            Aspect::Content => self.content.as_deref().map_or_else(absent, short),
            Aspect::Size => self.size.map_or_else(absent, |size| size.to_string()),
            Aspect::Target => self.target.clone().unwrap_or_else(absent),
            Aspect::Device => self.device.clone().unwrap_or_else(absent),
            Aspect::Link => self.link.clone().unwrap_or_else(absent),
            Aspect::Mount => self.file_system.clone().unwrap_or_else(absent),
            Aspect::Mode => self.mode.clone(),
            Aspect::Owner => self.uid.to_string(),
            Aspect::Group => self.gid.to_string(),
            Aspect::Attributes if self.attributes.is_empty() => absent(),
            Aspect::Attributes => self.attributes.join(","),
            Aspect::Xattr(name) => self.xattrs.get(&escape::text(name)).cloned().unwrap_or_else(absent),
        }
    }
}

/// Twelve hex digits of a digest.
fn short(digest: &str) -> String {
    digest.parse::<crate::digest::Digest>().map_or_else(|_| digest.to_owned(), |digest| digest.short())
}

fn attribute_names(attributes: u8) -> Vec<&'static str> {
    [(IMMUTABLE, "immutable"), (APPEND_ONLY, "append-only")]
        .into_iter()
        .filter_map(|(bit, name)| (attributes & bit != 0).then_some(name))
        .collect()
}

fn xattr_text(value: &XattrValue) -> String {
    match value {
        XattrValue::Bytes(bytes) => escape::text(bytes),
        XattrValue::Digest(digest) => digest.to_string(),
    }
}

/// A difference as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DifferenceView {
    /// Finding code.
    pub code: &'static str,
    /// Escaped path.
    pub path: String,
    /// Owning package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Whether rights are involved.
    pub privileged: bool,
    /// In what it changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<String>,
    /// What it means: to systemd, or for who may do what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meaning: Vec<String>,
    /// In the golden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<FactsView>,
    /// Now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<FactsView>,
}

impl DifferenceView {
    /// With what the state of both sides tells of it.
    pub fn new(difference: &Difference, state: &Explained) -> Self {
        let Difference { path, code, aspects, before, after, package } = difference;
        let unit = [after, before].into_iter().flatten().find_map(|facts| units::meaning(path, facts));
        let path = escape::text(path);
        let meaning = unit.map(|unit| unit.to_string()).into_iter().chain(state.meaning(&path).iter().cloned());
        Self {
            code: code.as_str(),
            meaning: meaning.collect(),
            path,
            package: package.clone(),
            privileged: difference.is_privileged(),
            aspects: aspects.iter().map(Aspect::name).collect(),
            before: before.as_deref().map(FactsView::from),
            after: after.as_deref().map(FactsView::from),
        }
    }
}

impl Difference {
    /// What changed, for people: `mode 0755 -> 4755, size 10 -> 12`, or the facts of what was added or removed.
    pub fn detail(&self) -> String {
        let view = |facts: &Option<Box<Facts>>| facts.as_deref().map(FactsView::from);
        match (view(&self.before), view(&self.after)) {
            (Some(before), Some(after)) => {
                let line =
                    |aspect: &Aspect| format!("{} {} -> {}", aspect.name(), before.value(aspect), after.value(aspect));
                self.aspects.iter().map(line).collect::<Vec<_>>().join(", ")
            }
            (Some(only), None) | (None, Some(only)) => only.line(),
            (None, None) => String::new(),
        }
    }
}

/// A whole entry as JSON, for `show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryView {
    /// Escaped path.
    pub path: String,
    /// Judged facts.
    #[serde(flatten)]
    pub facts: FactsView,
    /// Kept, not judged.
    pub modified: String,
    /// Kept, not judged.
    pub changed: String,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        let time = |(seconds, nanoseconds): (i64, u32)| {
            let nanoseconds = i32::try_from(nanoseconds).unwrap_or_default();
            jiff::Timestamp::new(seconds, nanoseconds).map_or_else(|_| format!("@{seconds}"), |time| time.to_string())
        };
        Self {
            path: escape::text(&entry.path),
            facts: (&entry.facts).into(),
            modified: time(entry.times.modified),
            changed: time(entry.times.changed),
        }
    }
}
