//! Arrays whose elements are words or tables.

use serde_json::Value as Json;

use super::super::reader::Fault;
use super::super::setting::wrong_type;
use super::super::show::toml_literal;
use super::super::tree::Value;
use super::Section;

/// What such an array is called, how its elements are shown, and what its words mean.
pub(in super::super) struct Mixed<T> {
    pub(in super::super) kind: &'static str,
    pub(in super::super) plural: &'static str,
    pub(in super::super) default: Vec<T>,
    pub(in super::super) json: fn(&T) -> Json,
    pub(in super::super) word: fn(&str) -> Result<T, Fault>,
}

impl<'s> Section<'_, 's> {
    /// An array of words and tables, shown as one key. Bad elements are reported one by one and left out.
    pub(in super::super) fn mixed<T>(
        &mut self,
        key: &'static str,
        mixed: Mixed<T>,
        mut table: impl FnMut(&mut Section<'_, 's>) -> Option<T>,
    ) -> Vec<T> {
        let Mixed { kind, plural, default, json, word } = mixed;
        let show = |items: &[T]| Json::Array(items.iter().map(json).collect());
        let shown_default = toml_literal(&show(&default));
        let (full, pattern) = (self.full(key), format!("{}[]", self.full_pattern(key)));
        let entry = self.entry(key);
        let items = match &entry {
            None => default,
            Some(entry) => {
                let mut items = Vec::new();
                for (index, node) in self.elements(key, &entry.node, plural).iter().enumerate() {
                    let read = match &node.value {
                        Value::Text(text) | Value::Raw(text) => word(text).map(Some),
                        Value::Table(found) => {
                            let (at, path) = (&node.origin, format!("{full}[{index}]"));
                            let before = self.reader.shown_count();
                            let item = Section::visit(self.reader, found, at, &path, &pattern, &mut table);
                            self.reader.forget_shown_after(before);
                            Ok(item)
                        }
                        other => Err(wrong_type(kind, other)),
                    };
                    match read {
                        Ok(item) => items.extend(item),
                        Err(mut fault) => {
                            fault.message = format!("`{full}`: {}", fault.message);
                            self.reader.fault(fault, &node.origin);
                        }
                    }
                }
                items
            }
        };
        let origin = entry.as_ref().map(|entry| &entry.node.origin);
        self.record(key, plural, shown_default, show(&items), origin);
        items
    }
}
