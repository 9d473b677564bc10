//! Keys that refer to secrets.

use serde_json::Value as Json;

use super::super::secret::SecretRef;
use super::super::setting::Setting;
use super::super::tree::{Node, Value};
use super::Section;

impl Section<'_, '_> {
    /// A reference to a secret that may be absent. A plain string is refused, and never shown.
    pub(in super::super) fn optional_secret(&mut self, key: &'static str) -> Option<SecretRef> {
        let entry = self.entry(key);
        let value = entry.as_ref().and_then(|entry| self.secret_at(key, &entry.node));
        let json = value.as_ref().map_or(Json::Null, Setting::json);
        let origin = entry.as_ref().map(|entry| &entry.node.origin);
        self.record(key, SecretRef::KIND, "none".to_owned(), json, origin);
        value
    }

    /// References to secrets.
    pub(in super::super) fn secrets(&mut self, key: &'static str) -> Vec<SecretRef> {
        let entry = self.entry(key);
        let nodes = match entry.as_ref().map(|entry| &entry.node) {
            None => Vec::new(),
            Some(node @ Node { value: Value::Raw(_) | Value::Text(_), .. }) => vec![node.clone()],
            Some(node) => self.elements(key, node, SecretRef::PLURAL),
        };
        let values: Vec<_> = nodes.iter().filter_map(|node| self.secret_at(key, node)).collect();
        let json = Json::Array(values.iter().map(Setting::json).collect());
        let origin = entry.as_ref().map(|entry| &entry.node.origin);
        self.record(key, SecretRef::PLURAL, "[]".to_owned(), json, origin);
        values
    }

    fn secret_at(&mut self, key: &str, node: &Node) -> Option<SecretRef> {
        if node.value.text().is_some() {
            self.reader.mask(&node.origin);
        }
        self.read::<SecretRef>(key, node).map(|secret| secret.resolved(|path| self.reader.resolve(path)))
    }
}
