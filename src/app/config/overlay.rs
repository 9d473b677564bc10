//! Environment variables and flags laid over the file's settings.
//!
//! `CATTLEGUARD__STATE__URL` sets `state.url`. Entries of `[[account]]`, `[[fleet]]` and `[[notify]]` are
//! addressed by number from 0, or by name: `CATTLEGUARD__FLEET__WEB__ENFORCEMENT`.

use super::parse;
use super::reader::Fault;
use super::tree::{Entry, Node, Origin, Table, Value};

/// What every variable of ours starts with.
pub(super) const PREFIX: &str = "CATTLEGUARD__";

/// Sections that are arrays of tables, with the key that names an entry.
const LISTS: [(&str, &str); 3] = [("account", "id"), ("fleet", "name"), ("notify", "name")];

/// A setting given by a flag.
#[derive(Clone, Debug)]
pub struct Override {
    /// Keys from the root, e.g. `["log", "format"]`.
    pub path: Vec<&'static str>,
    /// Its text.
    pub value: String,
    /// The flag, e.g. `--log-format`.
    pub flag: &'static str,
}

/// Lays variables, then flags, over a tree. Returns what could not be placed.
pub(super) fn apply(table: &mut Table, env: &[(String, String)], flags: &[Override]) -> Vec<(Fault, Origin)> {
    let mut faults = Vec::new();
    let mut ours: Vec<_> = env.iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    ours.sort_by_key(|(name, _)| sort_key(name));
    for (name, text) in ours {
        let origin = Origin::Env(name.clone());
        let segments: Vec<String> =
            name.get(PREFIX.len()..).unwrap_or_default().split("__").map(str::to_ascii_lowercase).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if segments.iter().any(|segment| segment.is_empty()) {
            let message = format!("`{name}` names no key");
            faults.push((Fault::new("unknown-variable", message).help(SPELLING), origin));
        } else if let Err(fault) = set(table, &segments, text, &origin) {
            faults.push((fault, origin));
        }
    }
    for flag in flags {
        let origin = Origin::Flag(flag.flag);
        if let Err(fault) = set(table, &flag.path, &flag.value, &origin) {
            faults.push((fault, origin));
        }
    }
    faults
}

const SPELLING: &str = "variables are spelled CATTLEGUARD__SECTION__KEY, with two underscores between the parts";

/// Numbers sort as numbers, so that entry 10 is added after entry 9.
fn sort_key(name: &str) -> Vec<(u64, &str)> {
    name.split("__").map(|segment| (segment.parse().unwrap_or(u64::MAX), segment)).collect()
}

fn leaf(text: &str, origin: &Origin) -> Node {
    let structured = text.starts_with('[') || text.starts_with('{');
    structured
        .then(|| parse::value(text, origin))
        .flatten()
        .unwrap_or_else(|| Node { value: Value::Raw(text.to_owned()), origin: origin.clone() })
}

fn set(table: &mut Table, segments: &[&str], text: &str, origin: &Origin) -> Result<(), Fault> {
    let Some((first, rest)) = segments.split_first() else { return Ok(()) };
    if rest.is_empty() {
        table.insert((*first).to_owned(), Entry { key: origin.clone(), node: leaf(text, origin) });
        return Ok(());
    }
    let list = LISTS.iter().find(|(section, _)| section == first);
    let entry = table.entry((*first).to_owned()).or_insert_with(|| Entry {
        key: origin.clone(),
        node: Node {
            value: if list.is_some() { Value::List(Vec::new()) } else { Value::Table(Table::new()) },
            origin: origin.clone(),
        },
    });
    match (&mut entry.node.value, list, rest.split_first()) {
        (Value::Table(inner), _, _) => set(inner, rest, text, origin),
        (Value::List(items), Some((section, name_key)), Some((selector, rest))) => {
            let item = select(items, section, name_key, selector, origin)?;
            if rest.is_empty() {
                *item = leaf(text, origin);
                return Ok(());
            }
            match &mut item.value {
                Value::Table(inner) => set(inner, rest, text, origin),
                other => Err(below_scalar(first, other)),
            }
        }
        (other, _, _) => Err(below_scalar(first, other)),
    }
}

fn below_scalar(key: &str, value: &Value) -> Fault {
    Fault::new("unknown-variable", format!("`{key}` is {}, nothing can be set below it", value.kind()))
}

fn select<'t>(
    items: &'t mut Vec<Node>,
    section: &str,
    name_key: &str,
    selector: &str,
    origin: &Origin,
) -> Result<&'t mut Node, Fault> {
    let count = items.len();
    let by_name = items.iter().position(|item| match &item.value {
        Value::Table(table) => table
            .get(name_key)
            .and_then(|entry| entry.node.value.text())
            .is_some_and(|name| as_segment(name) == selector),
        _ => false,
    });
    let index = match (by_name, selector.parse::<usize>()) {
        (Some(index), _) => index,
        (None, Ok(index)) if index < count => index,
        (None, Ok(index)) if index == count => {
            items.push(Node { value: Value::Table(Table::new()), origin: origin.clone() });
            index
        }
        _ => {
            let message = format!("there is no {section} `{selector}`");
            let help = format!("entries are numbered from 0; there are {count}, so {count} would add one");
            return Err(Fault::new("unknown-variable", message).help(help));
        }
    };
    items.get_mut(index).ok_or_else(|| Fault::new("unknown-variable", format!("there is no {section} {index}")))
}

/// How a name is spelled inside a variable, in lower case.
fn as_segment(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}
