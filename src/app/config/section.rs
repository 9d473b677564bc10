//! Reading one table: each method asks for one key, reports what is wrong with it, and records its value.

mod entries;
mod mixed;
mod secrets;

pub(super) use mixed::Mixed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::reader::{Fault, Reader, ShownKey, unknown_key};
use super::setting::Setting;
use super::show::toml_literal;
use super::tree::{Entry, Node, Origin, Table, Value};

static EMPTY: Table = BTreeMap::new();

/// One table while it is read.
pub(super) struct Section<'r, 's> {
    reader: &'r mut Reader<'s>,
    table: &'r Table,
    at: Origin,
    path: String,
    pattern: String,
    known: Vec<&'static str>,
    pardoned: bool,
}

impl<'s> Section<'_, 's> {
    /// Reads a table, then reports every key that nobody asked for.
    pub(super) fn visit<R>(
        reader: &mut Reader<'s>,
        table: &Table,
        at: &Origin,
        path: &str,
        pattern: &str,
        read: impl FnOnce(&mut Section<'_, 's>) -> R,
    ) -> R {
        let mut section = Section {
            reader,
            table,
            at: at.clone(),
            path: path.to_owned(),
            pattern: pattern.to_owned(),
            known: Vec::new(),
            pardoned: false,
        };
        let result = read(&mut section);
        let Section { reader, known, pardoned, .. } = section;
        for (key, entry) in table.iter().filter(|(key, _)| !pardoned && !known.contains(&key.as_str())) {
            reader.fault(unknown_key(key, path, &entry.key, &known), &entry.key);
        }
        result
    }

    fn entry(&mut self, key: &'static str) -> Option<Entry> {
        self.known.push(key);
        self.table.get(key).cloned()
    }

    /// Whether a key was given, rightly or wrongly.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Whether an array was given with nothing in it.
    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        match self.table.get(key).map(|entry| &entry.node.value) {
            Some(Value::List(items)) => items.is_empty(),
            Some(Value::Raw(text)) => text.trim_matches([',', ' ']).is_empty(),
            _ => false,
        }
    }

    /// Keys that nobody asks for are no fault: there is a greater one.
    pub(super) fn forget_unknown(&mut self) {
        self.pardoned = true;
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn full_pattern(&self, key: &str) -> String {
        if self.pattern.is_empty() { key.to_owned() } else { format!("{}.{key}", self.pattern) }
    }

    fn record(&mut self, key: &str, kind: &str, default: String, value: Json, origin: Option<&Origin>) {
        let shown = ShownKey { path: self.full(key), pattern: self.full_pattern(key), kind, default };
        self.reader.show(shown, value, origin);
    }

    /// Reports a fault of a key; where the key is absent, of the section.
    pub(super) fn fault(&mut self, key: &str, fault: Fault) {
        let origin = self.table.get(key).map_or_else(|| self.at.clone(), |entry| entry.node.origin.clone());
        self.reader.fault(fault, &origin);
    }

    fn read<T: Setting>(&mut self, key: &str, node: &Node) -> Option<T> {
        match T::read(&node.value) {
            Ok(value) => Some(value),
            Err(mut fault) => {
                fault.message = format!("`{}`: {}", self.full(key), fault.message);
                self.reader.fault(fault, &node.origin);
                None
            }
        }
    }

    /// A key that may be absent.
    pub(super) fn optional<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let entry = self.entry(key);
        let value = entry.as_ref().and_then(|entry| self.read::<T>(key, &entry.node));
        let json = value.as_ref().map_or(Json::Null, Setting::json);
        self.record(key, T::KIND, "none".to_owned(), json, entry.as_ref().map(|entry| &entry.node.origin));
        value
    }

    /// A key with a default.
    pub(super) fn or<T: Setting>(&mut self, key: &'static str, default: T) -> T {
        let entry = self.entry(key);
        let shown_default = toml_literal(&default.json());
        let value = entry.as_ref().and_then(|entry| self.read::<T>(key, &entry.node)).unwrap_or(default);
        self.record(key, T::KIND, shown_default, value.json(), entry.as_ref().map(|entry| &entry.node.origin));
        value
    }

    /// A key that must be there.
    pub(super) fn required<T: Setting>(&mut self, key: &'static str) -> Option<T> {
        let entry = self.entry(key);
        let value = match &entry {
            Some(entry) => self.read::<T>(key, &entry.node),
            None => {
                self.missing(key, T::KIND);
                None
            }
        };
        let json = value.as_ref().map_or(Json::Null, Setting::json);
        self.record(key, T::KIND, "required".to_owned(), json, entry.as_ref().map(|entry| &entry.node.origin));
        value
    }

    pub(super) fn missing(&mut self, key: &str, kind: &str) {
        let place = if self.path.is_empty() { "the configuration".to_owned() } else { format!("`{}`", self.path) };
        let at = self.at.clone();
        self.reader.fault(Fault::new("missing-key", format!("{place} needs `{key}` ({kind})")), &at);
    }

    /// An array; a variable may give it with commas. Bad elements are reported one by one and left out.
    pub(super) fn list<T: Setting>(&mut self, key: &'static str, default: Option<Vec<T>>) -> Vec<T> {
        let entry = self.entry(key);
        let show = |items: &[T]| Json::Array(items.iter().map(Setting::json).collect());
        let shown_default = default.as_ref().map_or_else(|| "required".to_owned(), |items| toml_literal(&show(items)));
        if entry.is_none() && default.is_none() {
            self.missing(key, T::PLURAL);
        }
        let items = match &entry {
            None => default.unwrap_or_default(),
            Some(entry) => {
                let nodes = self.elements(key, &entry.node, T::PLURAL);
                nodes.iter().filter_map(|node| self.read::<T>(key, node)).collect()
            }
        };
        let origin = entry.as_ref().map(|entry| &entry.node.origin);
        self.record(key, T::PLURAL, shown_default, show(&items), origin);
        items
    }

    fn elements(&mut self, key: &str, node: &Node, kind: &str) -> Vec<Node> {
        match &node.value {
            Value::List(items) => items.clone(),
            Value::Raw(text) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| Node { value: Value::Raw(part.to_owned()), origin: node.origin.clone() })
                .collect(),
            other => {
                let message = format!("`{}`: expected {kind}, found {}", self.full(key), other.kind());
                self.reader.fault(Fault::new("wrong-type", message), &node.origin);
                Vec::new()
            }
        }
    }

    /// A table of strings whose keys are free.
    pub(super) fn map(&mut self, key: &'static str) -> BTreeMap<String, String> {
        const KIND: &str = "table of strings";
        let entry = self.entry(key);
        let mut map = BTreeMap::new();
        if let Some(entry) = &entry {
            match &entry.node.value {
                Value::Table(table) => {
                    for (name, item) in table {
                        if let Some(text) = self.read::<String>(&format!("{key}.{name}"), &item.node) {
                            map.insert(name.clone(), text);
                        }
                    }
                }
                other => {
                    let message = format!("`{}`: expected a {KIND}, found {}", self.full(key), other.kind());
                    self.reader.fault(Fault::new("wrong-type", message), &entry.node.origin);
                }
            }
        }
        let json = map.iter().map(|(name, text)| (name.clone(), Json::from(text.as_str()))).collect();
        let origin = entry.as_ref().map(|entry| &entry.node.origin);
        self.record(key, KIND, "{ }".to_owned(), Json::Object(json), origin);
        map
    }

    /// A path, relative to the configuration file's folder.
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        self.reader.resolve(path)
    }

    /// A table; one that is absent is read as empty, so that its defaults apply and are shown.
    pub(super) fn table<R>(&mut self, key: &'static str, read: impl FnOnce(&mut Section<'_, 's>) -> R) -> R {
        let entry = self.entry(key);
        let (path, pattern) = (self.full(key), self.full_pattern(key));
        match entry.as_ref().map(|entry| (&entry.node.value, &entry.node.origin, &entry.key)) {
            Some((Value::Table(table), _, header)) => Section::visit(self.reader, table, header, &path, &pattern, read),
            Some((other, origin, _)) => {
                let message = format!("`{path}`: expected a table, found {}", other.kind());
                let fault = Fault::new("wrong-type", message).help(format!("write it as [{path}]"));
                self.reader.fault(fault, origin);
                Self::quietly(self.reader, &path, &pattern, read)
            }
            None => Section::visit(self.reader, &EMPTY, &self.at.clone(), &path, &pattern, read),
        }
    }

    /// Reads defaults in place of something that was already reported.
    fn quietly<R>(
        reader: &mut Reader<'s>,
        path: &str,
        pattern: &str,
        read: impl FnOnce(&mut Section<'_, 's>) -> R,
    ) -> R {
        let before = reader.fault_count();
        let result = Section::visit(reader, &EMPTY, &Origin::File(0..0), path, pattern, read);
        reader.forget_faults_after(before);
        result
    }

    /// An array of tables. `name` is the key that an entry is called by.
    pub(super) fn tables<R>(
        &mut self,
        key: &'static str,
        name: Option<&str>,
        mut read: impl FnMut(&mut Section<'_, 's>) -> Option<R>,
    ) -> Vec<R> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let full = self.full(key);
        let Value::List(items) = &entry.node.value else {
            let message = format!("`{full}`: expected an array of tables, found {}", entry.node.value.kind());
            let fault = Fault::new("wrong-type", message).help(format!("write each entry under [[{full}]]"));
            self.reader.fault(fault, &entry.key);
            return Vec::new();
        };
        let pattern = format!("{}[]", self.full_pattern(key));
        let mut results = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Table(table) = &item.value else {
                let message = format!("`{full}[{index}]`: expected a table, found {}", item.value.kind());
                self.reader.fault(Fault::new("wrong-type", message), &item.origin);
                continue;
            };
            let label = name.and_then(|name| table.get(name)).and_then(|entry| entry.node.value.text());
            let path = match label {
                Some(label) => format!("{full}.{}", crate::app::terminal::clean_short(label, 64)),
                None => format!("{full}[{index}]"),
            };
            results.extend(Section::visit(self.reader, table, &item.origin, &path, &pattern, &mut read));
        }
        results
    }
}
