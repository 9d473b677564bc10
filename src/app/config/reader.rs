//! The typed walk over the tree. Every key that is asked for is recorded, so the rest are unknown keys;
//! every fault is recorded with its origin and the walk goes on, so one run reports them all.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::overlay::PREFIX;
use super::section::Section;
use super::show::{Shown, ShownOrigin};
use super::source::SourceFile;
use super::tree::{Origin, Table};
use crate::app::diag::{Diag, Site};

/// What is wrong with one key or value; the reader knows where.
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) label: Option<String>,
    pub(super) help: Option<String>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), label: None, help: None }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new("bad-value", message)
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Collects faults and effective settings while sections are read.
pub(super) struct Reader<'s> {
    source: &'s SourceFile,
    base: PathBuf,
    faults: Vec<(Fault, Origin)>,
    masks: Vec<Range<usize>>,
    shown: Vec<Shown>,
}

impl<'s> Reader<'s> {
    /// `base` is the folder that relative paths are relative to.
    pub(super) fn new(source: &'s SourceFile, base: &Path, masks: Vec<Range<usize>>) -> Self {
        Self { source, base: base.to_owned(), faults: Vec::new(), masks, shown: Vec::new() }
    }

    /// Reads the root table.
    pub(super) fn root<R>(&mut self, table: &Table, read: impl FnOnce(&mut Section<'_, 's>) -> R) -> R {
        let end = Origin::File(0..0);
        Section::visit(self, table, &end, "", "", read)
    }

    pub(super) fn fault(&mut self, fault: Fault, origin: &Origin) {
        self.faults.push((fault, origin.clone()));
    }

    pub(super) fn fault_count(&self) -> usize {
        self.faults.len()
    }

    pub(super) fn forget_faults_after(&mut self, count: usize) {
        self.faults.truncate(count);
    }

    pub(super) fn shown_count(&self) -> usize {
        self.shown.len()
    }

    pub(super) fn forget_shown_after(&mut self, count: usize) {
        self.shown.truncate(count);
    }

    pub(super) fn mask(&mut self, origin: &Origin) {
        if let Origin::File(span) = origin {
            self.masks.push(span.clone());
        }
    }

    pub(super) fn line_of(&self, origin: &Origin) -> Option<usize> {
        match origin {
            Origin::File(span) => Some(self.source.line_of(span.start)),
            Origin::Env(_) | Origin::Flag(_) => None,
        }
    }

    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    pub(super) fn show(&mut self, key: ShownKey<'_>, value: Json, origin: Option<&Origin>) {
        let origin = match origin {
            None => ShownOrigin::Default,
            Some(Origin::File(span)) => {
                ShownOrigin::File { file: self.source.name.clone(), line: self.source.line_of(span.start) }
            }
            Some(Origin::Env(name)) => ShownOrigin::Env(name.clone()),
            Some(Origin::Flag(flag)) => ShownOrigin::Flag((*flag).to_owned()),
        };
        let ShownKey { path, pattern, kind, default } = key;
        self.shown.push(Shown { key: path, pattern, kind: kind.to_owned(), default, value, origin });
    }

    /// What was collected: diagnostics in the order of the file, and the effective settings.
    pub(super) fn finish(self) -> (Vec<Diag>, Vec<Shown>) {
        let Self { source, base: _, mut faults, masks, shown } = self;
        faults.sort_by_key(|(_, origin)| match origin {
            Origin::File(span) => (0, span.start, String::new()),
            Origin::Env(name) => (1, 0, name.clone()),
            Origin::Flag(flag) => (2, 0, (*flag).to_owned()),
        });
        let diags = faults
            .into_iter()
            .map(|(fault, origin)| {
                let Fault { code, message, label, help } = fault;
                let site = match origin {
                    Origin::File(span) if span.is_empty() && span.start == 0 => Site::WholeFile(source.name.clone()),
                    Origin::File(span) => source.site(&span, &masks),
                    Origin::Env(name) => Site::Env(name),
                    Origin::Flag(flag) => Site::Flag(flag.to_owned()),
                };
                Diag { code, message, site, label, help }
            })
            .collect();
        (diags, shown)
    }
}

/// How a key is called: in this configuration and in the documentation.
pub(super) struct ShownKey<'k> {
    /// `fleet.web.budget.count`.
    pub(super) path: String,
    /// `fleet[].budget.count`.
    pub(super) pattern: String,
    /// Type.
    pub(super) kind: &'k str,
    /// Default as TOML, `required` or `none`.
    pub(super) default: String,
}

/// The nearest of the valid names, when one is near enough to be meant.
pub(super) fn nearest<'n>(given: &str, valid: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    valid
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .filter(|(distance, name)| *distance <= (name.len().max(given.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The fault for a key that nothing reads.
pub(super) fn unknown_key(key: &str, path: &str, origin: &Origin, valid: &[&'static str]) -> Fault {
    let near = nearest(key, valid.iter().copied());
    let key_shown = crate::app::terminal::clean_short(key, 60);
    let all = || format!("valid keys here: {}", valid.join(", "));
    if let Origin::Env(name) = origin {
        let fault = Fault::new("unknown-variable", format!("`{name}` sets nothing: there is no key `{key_shown}`"));
        return match near {
            Some(near) => {
                let upper = name.replacen(&key.to_ascii_uppercase(), &near.to_ascii_uppercase(), 1);
                let upper = if upper.starts_with(PREFIX) { upper } else { name.clone() };
                fault.label(format!("did you mean `{upper}`?"))
            }
            None => fault.help(all()),
        };
    }
    let place = if path.is_empty() { String::new() } else { format!(" in `{path}`") };
    let fault = Fault::new("unknown-key", format!("unknown key `{key_shown}`{place}"));
    match near {
        Some(near) => fault.label(format!("did you mean `{near}`?")),
        None => fault.help(all()),
    }
}
