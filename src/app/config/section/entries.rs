//! Rules over several entries of an array of tables.

use super::super::reader::Fault;
use super::super::tree::{Origin, Table, Value};
use super::Section;

impl Section<'_, '_> {
    fn entries_called(&self, list: &str, key: &str, name: &str) -> Vec<&Table> {
        let Some(Value::List(items)) = self.table.get(list).map(|entry| &entry.node.value) else { return Vec::new() };
        items
            .iter()
            .filter_map(|item| match &item.value {
                Value::Table(table) => Some(table),
                _ => None,
            })
            .filter(|table| table.get(key).and_then(|entry| entry.node.value.text()) == Some(name))
            .collect()
    }

    /// The names of an array's entries, also of those that have faults of their own.
    pub(in super::super) fn names_of(&self, list: &str, key: &str) -> Vec<String> {
        let Some(Value::List(items)) = self.table.get(list).map(|entry| &entry.node.value) else { return Vec::new() };
        let tables = items.iter().filter_map(|item| match &item.value {
            Value::Table(table) => Some(table),
            _ => None,
        });
        tables.filter_map(|table| table.get(key)?.node.value.text()).map(str::to_owned).collect()
    }

    /// Whether an array of tables has an entry with this name, also one that has faults of its own.
    pub(in super::super) fn has_entry(&self, list: &str, key: &str, name: &str) -> bool {
        !self.entries_called(list, key, name).is_empty()
    }

    /// Reports a fault at the value of a path inside the entry with this name.
    pub(in super::super) fn fault_in(&mut self, list: &str, key: &str, name: &str, path: &[&str], fault: Fault) {
        let mut origin = self.at.clone();
        if let Some(mut table) = self.entries_called(list, key, name).first().copied() {
            for step in path {
                let Some(entry) = table.get(*step) else { break };
                origin = entry.node.origin.clone();
                let Value::Table(inner) = &entry.node.value else { break };
                table = inner;
            }
        }
        self.reader.fault(fault, &origin);
    }

    /// Reports every entry after the first with the same name.
    pub(in super::super) fn fault_repeats(&mut self, list: &str, key: &str, name: &str) {
        let origins: Vec<Origin> = self
            .entries_called(list, key, name)
            .iter()
            .filter_map(|table| table.get(key).map(|entry| entry.node.origin.clone()))
            .collect();
        let first = origins.first().and_then(|origin| self.reader.line_of(origin));
        for origin in origins.iter().skip(1) {
            let mut fault = Fault::new("duplicate", format!("{list} `{name}` is defined twice"));
            fault.label = first.map(|line| format!("first defined in line {line}"));
            self.reader.fault(fault, origin);
        }
    }
}
