//! State of a host beside its files, and what is in the files that say who may do what.
//!
//! Two sorts. What files say ([`Section::is_of_files`]) is recorded to explain differences of those files: the file is
//! the difference, and "user mallory added" is what it means. What only memory holds (loaded modules, kernel settings,
//! listening sockets) is a difference of its own, and is there only when the running system was baked.

mod accounts;
mod files;
mod kernel;
mod keys;
mod lines;
mod listeners;
pub mod volatile;
mod within;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, Cursor, put_bytes};
use crate::compare::Difference;
use crate::escape;

/// Items of one host beyond this many are not recorded, and the section is called incomplete.
const MAX_ITEMS: usize = 50_000;

/// Text of an item is cut here.
const MAX_TEXT: usize = 512;

/// What an item is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// A user.
    User,
    /// A group.
    Group,
    /// A rule of sudo.
    Sudo,
    /// A key that may log in.
    AuthorizedKey,
    /// A line of a crontab.
    Cron,
    /// A loaded kernel module.
    Module,
    /// A setting of the kernel.
    Sysctl,
    /// A listening socket.
    Listener,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::Group,
        Self::Sudo,
        Self::AuthorizedKey,
        Self::Cron,
        Self::Module,
        Self::Sysctl,
        Self::Listener,
    ];

    /// Whether a file holds it.
    pub fn is_of_files(self) -> bool {
        matches!(self, Self::User | Self::Group | Self::Sudo | Self::AuthorizedKey | Self::Cron)
    }

    /// The words for people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Sudo => "sudo rule",
            Self::AuthorizedKey => "authorized key",
            Self::Cron => "cron job",
            Self::Module => "kernel module",
            Self::Sysctl => "kernel setting",
            Self::Listener => "listening socket",
        }
    }

    /// The finding code of a difference that is no file's.
    pub fn code(self) -> &'static str {
        match self {
            Self::Module => "software-module-changed",
            Self::Sysctl => "software-sysctl-changed",
            Self::Listener => "software-listener-changed",
            Self::User | Self::Group | Self::Sudo | Self::AuthorizedKey | Self::Cron => "file-content-changed",
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::User => 1,
            Self::Group => 2,
            Self::Sudo => 3,
            Self::AuthorizedKey => 4,
            Self::Cron => 5,
            Self::Module => 6,
            Self::Sysctl => 7,
            Self::Listener => 8,
        }
    }
}

/// One thing of a section.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Of what.
    pub section: Section,
    /// The file that says so; empty for what memory holds.
    pub file: Vec<u8>,
    /// By what it is known.
    pub key: Vec<u8>,
    /// What is said of it.
    pub value: Vec<u8>,
}

impl Item {
    fn new(section: Section, file: &[u8], key: &[u8], value: impl AsRef<[u8]>) -> Self {
        let cut = |text: &[u8]| text.get(..MAX_TEXT).unwrap_or(text).to_vec();
        Self { section, file: file.to_vec(), key: cut(key), value: cut(value.as_ref()) }
    }
}

/// All items, in order, and which sections were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Sections that were read in full.
    pub sections: Vec<Section>,
    /// Their items.
    pub items: Vec<Item>,
}

/// What a section's reader found: its items, or why it cannot say.
type Read = Result<Vec<Item>, String>;

/// What of a section could not be read, for a human.
pub type Problem = (Section, String);

/// Reads everything that can be known of the tree at `sysroot`, and says what could not be read. What memory holds is
/// this machine's, and is read only for its own root.
pub fn read(sysroot: &Path) -> (State, Vec<Problem>) {
    let tree = files::Tree::open(sysroot);
    let users = accounts::users(&tree);
    let keys = users.as_ref().map_err(String::clone).and_then(|users| keys::read(&tree, users));
    let mut readings: Vec<(Section, Read)> = vec![
        (Section::User, users),
        (Section::Group, accounts::groups(&tree)),
        (Section::Sudo, lines::sudo(&tree)),
        (Section::AuthorizedKey, keys),
        (Section::Cron, lines::cron(&tree)),
    ];
    if sysroot == Path::new("/") {
        readings.push((Section::Module, kernel::modules()));
        readings.push((Section::Sysctl, kernel::settings()));
        readings.push((Section::Listener, listeners::read()));
    }
    let (mut state, mut problems) = (State::default(), Vec::new());
    for (section, reading) in readings {
        match reading {
            Ok(mut items) if state.items.len() + items.len() <= MAX_ITEMS => {
                state.sections.push(section);
                state.items.append(&mut items);
            }
            Ok(items) => {
                problems.push((section, format!("{}s: {} are more than can be kept", section.noun(), items.len())));
            }
            Err(problem) => problems.push((section, format!("{}s: {problem}", section.noun()))),
        }
    }
    state.items.sort_unstable();
    state.items.dedup();
    (state, problems)
}

/// One item that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateDifference {
    /// Finding code.
    pub code: &'static str,
    /// Of what.
    pub section: Section,
    /// The file that says so, escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// By what it is known, escaped.
    pub key: String,
    /// What the golden says of it, escaped.
    pub before: Option<String>,
    /// What is said of it now, escaped.
    pub after: Option<String>,
}

impl StateDifference {
    /// For people: `user mallory added: uid 0 …`.
    pub fn text(&self) -> String {
        let Self { section, key, before, after, .. } = self;
        let told = |text: &String| if text.is_empty() { String::new() } else { format!(": {text}") };
        let noun = section.noun();
        match (before, after) {
            (None, after) => format!("{noun} {key} added{}", after.as_ref().map_or_else(String::new, told)),
            (before, None) => format!("{noun} {key} removed{}", before.as_ref().map_or_else(String::new, told)),
            (Some(before), Some(after)) => format!("{noun} {key}: {before} -> {after}"),
        }
    }
}

/// Compares the sections that both sides know. `left_out` are items of the golden's volatile list.
pub fn compare(before: &State, after: &State, left_out: &volatile::Matcher) -> Vec<StateDifference> {
    type Values<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);
    let mut all: BTreeMap<(Section, &[u8], &[u8]), Values<'_>> = BTreeMap::new();
    let is_known = |item: &&Item| before.sections.contains(&item.section) && after.sections.contains(&item.section);
    for Item { section, file, key, value } in before.items.iter().filter(is_known) {
        all.entry((*section, file, key)).or_default().0 = Some(value);
    }
    for Item { section, file, key, value } in after.items.iter().filter(is_known) {
        all.entry((*section, file, key)).or_default().1 = Some(value);
    }
    all.into_iter()
        .filter(|((section, _, key), (before, after))| {
            // A module that the kernel did not come with is not what the list means, whatever it is called.
            let is_stranger = *section == Section::Module && after.is_some_and(|value| !value.is_empty());
            before != after && (is_stranger || !left_out.matches(*section, key))
        })
        .map(|((section, file, key), (before, after))| StateDifference {
            code: section.code(),
            section,
            file: (!file.is_empty()).then(|| escape::text(file)),
            key: escape::text(key),
            before: before.map(escape::text),
            after: after.map(escape::text),
        })
        .collect()
}

/// State differences, told apart by whether a difference of a file already stands for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// What differences of files mean, by escaped path.
    pub of_files: BTreeMap<String, Vec<String>>,
    /// Differences of their own.
    pub alone: Vec<StateDifference>,
}

impl Explained {
    /// What a difference of this file means.
    pub fn meaning(&self, path: &str) -> &[String] {
        self.of_files.get(path).map_or(&[], Vec::as_slice)
    }
}

/// Gives each difference of state to the difference of its file: one act is told once. What a file says that is
/// itself left out, or not kept, stands alone.
pub fn explain(files: &[Difference], state: Vec<StateDifference>) -> Explained {
    // Whether each took with it, or brought, all that is below.
    let changed: BTreeMap<String, bool> =
        files.iter().map(|difference| (escape::text(&difference.path), difference.is_replaced())).collect();
    let mut explained = Explained::default();
    for difference in state {
        match difference.file.as_ref().and_then(|file| stands_for(&changed, file)) {
            Some(file) => explained.of_files.entry(file.clone()).or_default().push(difference.text()),
            None => explained.alone.push(difference),
        }
    }
    explained
}

/// The changed path that stands for a file: the file itself, shadow's side of passwd, or a folder around it that was
/// replaced.
fn stands_for<'c>(changed: &'c BTreeMap<String, bool>, file: &str) -> Option<&'c String> {
    let known = |path: &str| changed.get_key_value(path);
    let shadow = || known("/etc/shadow").filter(|_| file == "/etc/passwd");
    let folders = || std::iter::successors(file.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'));
    let replaced = || folders().find_map(|(folder, _)| known(folder).filter(|(_, is_replaced)| **is_replaced));
    known(file).or_else(shadow).or_else(replaced).map(|(path, _)| path)
}

/// Appends an item in its manifest form.
pub fn put(out: &mut Vec<u8>, item: &Item) {
    let Item { section, file, key, value } = item;
    out.push(section.tag());
    for text in [file, key, value] {
        put_bytes(out, text);
    }
}

/// Reads what [`put`] wrote.
///
/// # Errors
/// On any byte that it does not write.
pub fn take(record: &[u8]) -> Result<Item, CodecError> {
    let mut cursor = Cursor::new(record);
    let tag = cursor.byte()?;
    let section = Section::ALL.into_iter().find(|section| section.tag() == tag).ok_or(CodecError::Tag(tag))?;
    let mut text = || cursor.bytes().map(<[u8]>::to_vec);
    let item = Item { section, file: text()?, key: text()?, value: text()? };
    cursor.end()?;
    Ok(item)
}

#[cfg(test)]
mod tests;
