//! SSM nodes and inventory into domain types.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_sdk_ssm::operation::list_inventory_entries::ListInventoryEntriesOutput;
use aws_sdk_ssm::types as sdk;

use super::time::{parse, timestamp};
use crate::collect::source::{InventoryRecord, NodeRecord};
use crate::types::{InstanceId, InventoryEntry, InventoryType, ManagedNode};

/// Shares equal texts within one page. Nodes of one image report the same names and versions again and
/// again, and SSM sends each of them in full.
#[derive(Debug, Default)]
pub(super) struct Interner(HashSet<Arc<str>>);

impl Interner {
    fn share(&mut self, text: String) -> Arc<str> {
        if let Some(known) = self.0.get(text.as_str()) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.0.insert(new.clone());
        new
    }

    fn rows(&mut self, rows: Vec<HashMap<String, String>>) -> Vec<InventoryEntry> {
        rows.into_iter()
            .map(|row| row.into_iter().map(|(key, value)| (self.share(key), self.share(value))).collect())
            .collect()
    }
}

/// One managed node; `None` when it has no id.
pub(super) fn node(found: sdk::InstanceInformation) -> Option<NodeRecord> {
    Some(NodeRecord {
        instance: found.instance_id?.into(),
        node: ManagedNode {
            ping_status: found.ping_status.map_or_else(String::new, |status| status.as_str().to_owned()),
            last_ping: found.last_ping_date_time.as_ref().and_then(timestamp),
            agent_version: found.agent_version,
            platform_name: found.platform_name,
            platform_version: found.platform_version,
            association_status: found.association_status,
        },
    })
}

/// The rows of `kind` in one entity of `GetInventory`; `None` when the node did not report that type.
pub(super) fn record(
    kind: &InventoryType,
    found: sdk::InventoryResultEntity,
    interner: &mut Interner,
) -> Option<InventoryRecord> {
    let item = found.data?.remove(kind.as_str())?;
    Some(InventoryRecord {
        instance: found.id?.into(),
        inventory_type: kind.clone(),
        schema_version: item.schema_version,
        captured_at: item.capture_time.as_deref().and_then(parse),
        entries: interner.rows(item.content),
    })
}

/// One page of `ListInventoryEntries`.
pub(super) fn listed(id: &InstanceId, kind: &InventoryType, found: ListInventoryEntriesOutput) -> InventoryRecord {
    InventoryRecord {
        instance: id.clone(),
        inventory_type: kind.clone(),
        schema_version: found.schema_version.unwrap_or_default(),
        captured_at: found.capture_time.as_deref().and_then(parse),
        entries: Interner::default().rows(found.entries.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(id: &str, package: &str) -> sdk::InventoryResultEntity {
        let row = [("Name", package), ("Version", "3.0.7")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let item = sdk::InventoryResultItem::builder()
            .type_name("AWS:Application")
            .schema_version("1.1")
            .capture_time("2026-11-02T03:04:05Z")
            .content(row.into())
            .build()
            .unwrap();
        sdk::InventoryResultEntity::builder().id(id).data("AWS:Application", item).build()
    }

    #[test]
    fn rows_keep_their_attributes_and_share_their_texts() {
        let kind = InventoryType::new("AWS:Application");
        let mut interner = Interner::default();
        let one = record(&kind, entity("i-1", "openssl"), &mut interner).unwrap();
        let two = record(&kind, entity("i-2", "openssl"), &mut interner).unwrap();
        assert_eq!(one.entries, two.entries);
        assert_eq!(one.entries[0].get("Name").map(|name| &**name), Some("openssl"));
        assert_eq!(one.captured_at, parse("2026-11-02T03:04:05Z"));
        assert_eq!(interner.0.len(), 4);
        assert!(Arc::ptr_eq(&one.entries[0]["Version"], &two.entries[0]["Version"]));
    }

    #[test]
    fn a_type_that_was_not_reported_is_missing_not_empty() {
        let kind = InventoryType::new("AWS:Service");
        assert!(record(&kind, entity("i-1", "openssl"), &mut Interner::default()).is_none());
    }
}
