//! The event table: which API calls modify instances, what each means, and where its targets are written.
//!
//! The rows are data (`mutations/*.toml`), embedded and parsed once. The first row of an event whose
//! conditions hold applies; rows with conditions come before rows without.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

use super::condition::{Condition, Side, split_side};
use super::sentence::Sentence;
use super::shared::Kind;
use crate::types::{Aspect, Category, Code, Directness, Severity};

const FILES: [(&str, &str); 10] = [
    ("access", include_str!("mutations/access.toml")),
    ("deployment", include_str!("mutations/deployment.toml")),
    ("execution", include_str!("mutations/execution.toml")),
    ("identity", include_str!("mutations/identity.toml")),
    ("instance", include_str!("mutations/instance.toml")),
    ("membership", include_str!("mutations/membership.toml")),
    ("network", include_str!("mutations/network.toml")),
    ("storage", include_str!("mutations/storage.toml")),
    ("trails", include_str!("mutations/trails.toml")),
    ("visibility", include_str!("mutations/visibility.toml")),
];
const QUIET: &str = include_str!("mutations/quiet.toml");

/// Services of which only the listed calls matter. They write so often, and name no instance when they do, that calls
/// the table does not know are not looked into.
const LISTED_ONLY: [&str; 3] = ["s3.amazonaws.com", "kms.amazonaws.com", "sns.amazonaws.com"];

/// The code of a write to an instance that the table does not know.
pub const UNMAPPED: &str = "event-unmapped-mutation";

/// One finding code that change events raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCode {
    /// The code.
    pub code: Code,
    /// A short title.
    pub title: String,
    /// What it means and why it matters.
    pub about: String,
    /// The greatest severity of its events.
    pub severity: Severity,
    /// Its events, `service:Name`, sorted. Empty for [`UNMAPPED`].
    pub events: Vec<String>,
}

/// Every code that change events can raise, sorted.
pub fn event_codes() -> Vec<EventCode> {
    table().codes.clone()
}

/// One code as written in the data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeDef {
    title: String,
    about: String,
    category: Category,
    severity: Severity,
    directness: Directness,
    #[serde(default)]
    explains: BTreeSet<Aspect>,
    #[serde(default)]
    events: Vec<RowDef>,
}

/// One row as written in the data. `on` is the service without its domain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RowDef {
    on: String,
    names: Vec<String>,
    /// Any of these must hold.
    when: Vec<String>,
    /// None of these may hold.
    unless: Vec<String>,
    /// Paths of target ids: `path` in the request, `>path` in the response, `kind:path` for bare names.
    targets: Vec<String>,
    /// Used when `targets` yield nothing.
    otherwise: Vec<String>,
    /// Paths of ids that the call left as they were, although it aimed at them.
    spares: Vec<String>,
    /// Paths of SSM target lists, `[{key, values}]`.
    selectors: Vec<String>,
    /// Paths of CodeDeploy tag filters, `[{key, value, type}]`.
    tag_filters: Vec<String>,
    /// Paths below which every instance id is a target.
    scan: Vec<String>,
    /// It concerns the whole account-region.
    account: bool,
    /// Only targets that are instances, volumes or interfaces count; without any the event is ignored.
    strict: bool,
    /// A read that is kept all the same.
    signal: bool,
    /// Path of the execution id.
    execution: Option<String>,
    /// Paths of ids that belong to the target from now on.
    learns: Vec<String>,
    /// Paths of ids that the target holds no longer from then on.
    loses: Vec<String>,
    /// What it names can be on nothing at that time: whoever held it last counts.
    former: bool,
    /// The kind of shared things that the target holds anew from now on: `gives` lists them.
    renews: Option<Kind>,
    /// Paths of those things.
    gives: Vec<String>,
    /// Services whose own calls by this name are housekeeping: what made them necessary is logged on its own.
    housekeeping: Vec<String>,
    /// One sentence in the past tense; `{path}` or `{path|alternative}` is replaced.
    says: String,
    category: Option<Category>,
    severity: Option<Severity>,
    directness: Option<Directness>,
    explains: Option<BTreeSet<Aspect>>,
}

/// A path into one side of a record, with the kind that its bare names get as a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathRef {
    pub(super) side: Side,
    pub(super) kind: Option<String>,
    pub(super) path: String,
}

impl PathRef {
    pub(super) fn parse(text: &str) -> Self {
        let (side, rest) = split_side(text);
        match rest.split_once(':') {
            Some((kind, path)) => Self { side, kind: Some(kind.to_owned()), path: path.to_owned() },
            None => Self { side, kind: None, path: rest.to_owned() },
        }
    }
}

/// One compiled row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) code: Code,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) directness: Directness,
    pub(super) explains: BTreeSet<Aspect>,
    pub(super) when: Vec<Condition>,
    pub(super) unless: Vec<Condition>,
    pub(super) targets: Vec<PathRef>,
    pub(super) otherwise: Vec<PathRef>,
    pub(super) spares: Vec<PathRef>,
    pub(super) selectors: Vec<PathRef>,
    pub(super) tag_filters: Vec<PathRef>,
    pub(super) scan: Vec<PathRef>,
    pub(super) account: bool,
    pub(super) strict: bool,
    pub(super) signal: bool,
    pub(super) execution: Option<PathRef>,
    pub(super) learns: Vec<PathRef>,
    pub(super) loses: Vec<PathRef>,
    pub(super) former: bool,
    pub(super) renews: Option<Kind>,
    pub(super) gives: Vec<PathRef>,
    pub(super) housekeeping: Vec<String>,
    pub(super) says: Sentence,
}

/// Why a known event is not a modification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Quiet {
    Launch,
    Termination,
    AgentChatter,
    NotAModification,
}

/// What the table says of one event name.
pub(super) enum Entry<'t> {
    /// Rows, in the order in which they are tried.
    Rows(&'t [Row]),
    /// Known, and no modification.
    Quiet(Quiet),
    /// A service we watch, a name we do not know.
    Unknown,
}

/// The compiled table.
pub(super) struct Table {
    services: HashMap<String, HashMap<String, Known>>,
    codes: Vec<EventCode>,
}

enum Known {
    Rows(Vec<Row>),
    Quiet(Quiet),
}

impl Table {
    /// What is known of an event; `None` for services we do not watch.
    pub(super) fn entry(&self, source: &str, name: &str) -> Option<Entry<'_>> {
        let service = self.services.get(source)?;
        Some(match service.get(name) {
            Some(Known::Rows(rows)) => Entry::Rows(rows),
            Some(Known::Quiet(reason)) => Entry::Quiet(*reason),
            None if LISTED_ONLY.contains(&source) => return None,
            None => Entry::Unknown,
        })
    }

    /// Everything in it: event source, name and rows, none where it is no change.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str, &[Row])> {
        self.services.iter().flat_map(|(source, names)| {
            names.iter().map(move |(name, known)| {
                let rows = if let Known::Rows(rows) = known { rows.as_slice() } else { &[] };
                (source.as_str(), name.as_str(), rows)
            })
        })
    }

    fn parse(files: &[(&str, &str)], quiet: &str) -> Result<Self, String> {
        let mut defs: BTreeMap<String, CodeDef> = BTreeMap::new();
        for (name, text) in files {
            let part: BTreeMap<String, CodeDef> = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
            for (code, def) in part {
                if defs.insert(code.clone(), def).is_some() {
                    return Err(format!("{name}: the code {code} is defined twice"));
                }
            }
        }
        let mut services: HashMap<String, HashMap<String, Known>> = HashMap::new();
        let mut codes = Vec::new();
        for (code, def) in &defs {
            codes.push(code_page(code, def));
            for row_def in &def.events {
                let row = compile(code, def, row_def);
                for name in &row_def.names {
                    let service = services.entry(domain(&row_def.on)).or_default();
                    let known = service.entry(name.clone()).or_insert_with(|| Known::Rows(Vec::new()));
                    if let Known::Rows(rows) = known {
                        rows.push(row.clone());
                    }
                }
            }
        }
        for known in services.values_mut().flat_map(HashMap::values_mut) {
            if let Known::Rows(rows) = known {
                rows.sort_by_key(|row| (row.when.is_empty(), std::cmp::Reverse(row.severity)));
            }
        }
        let quiet: Vec<(Quiet, String, Vec<String>)> = parse_quiet(quiet)?;
        for (reason, service, names) in quiet {
            let service = services.entry(domain(&service)).or_default();
            for name in names {
                if service.insert(name.clone(), Known::Quiet(reason)).is_some() {
                    return Err(format!("quiet: {name} is listed twice"));
                }
            }
        }
        Ok(Self { services, codes })
    }
}

/// The table, parsed at first use.
#[expect(clippy::expect_used, reason = "the data is embedded and a test parses it; without it nothing can be judged")]
pub(super) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::parse(&FILES, QUIET).expect("the embedded event table is valid"))
}

fn parse_quiet(text: &str) -> Result<Vec<(Quiet, String, Vec<String>)>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        quiet: Vec<List>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        reason: Quiet,
        on: String,
        names: Vec<String>,
    }
    let file: File = toml::from_str(text).map_err(|error| format!("quiet: {error}"))?;
    Ok(file.quiet.into_iter().map(|list| (list.reason, list.on, list.names)).collect())
}

fn domain(service: &str) -> String {
    format!("{service}.amazonaws.com")
}

fn code_page(code: &str, def: &CodeDef) -> EventCode {
    let mut events: Vec<String> =
        def.events.iter().flat_map(|row| row.names.iter().map(|name| format!("{}:{name}", row.on))).collect();
    events.sort();
    events.dedup();
    let severity = def.events.iter().filter_map(|row| row.severity).fold(def.severity, Severity::max);
    EventCode {
        code: Code::from_text(code),
        title: def.title.clone(),
        about: def.about.trim().to_owned(),
        severity,
        events,
    }
}

fn compile(code: &str, def: &CodeDef, row: &RowDef) -> Row {
    let paths = |texts: &[String]| texts.iter().map(|text| PathRef::parse(text)).collect::<Vec<_>>();
    let conditions = |texts: &[String]| texts.iter().map(|text| Condition::parse(text)).collect::<Vec<_>>();
    Row {
        code: Code::from_text(code),
        category: row.category.unwrap_or(def.category),
        severity: row.severity.unwrap_or(def.severity),
        directness: row.directness.unwrap_or(def.directness),
        explains: row.explains.clone().unwrap_or_else(|| def.explains.clone()),
        when: conditions(&row.when),
        unless: conditions(&row.unless),
        targets: paths(&row.targets),
        otherwise: paths(&row.otherwise),
        spares: paths(&row.spares),
        selectors: paths(&row.selectors),
        tag_filters: paths(&row.tag_filters),
        scan: paths(&row.scan),
        account: row.account,
        strict: row.strict,
        signal: row.signal,
        execution: row.execution.as_deref().map(PathRef::parse),
        learns: paths(&row.learns),
        loses: paths(&row.loses),
        former: row.former,
        renews: row.renews,
        gives: paths(&row.gives),
        housekeeping: row.housekeeping.iter().map(|service| domain(service)).collect(),
        says: Sentence::parse(&row.says),
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
