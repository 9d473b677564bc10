//! Systems Manager reads.

use super::page::{Scope, Start};
use super::rows::rows_of;
use crate::collect::source::{InventoryRecord, NodeRecord};
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::api;
use crate::testing::state::State;
use crate::types::{InstanceId, InventoryType, Place};

impl State {
    pub(super) fn read_nodes(&mut self, place: &Place, next: Option<PageToken>) -> Result<Page<NodeRecord>, ReadError> {
        let scope = Scope::new(api::NODES, place);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.map(InstanceId::from),
        };
        let (now, site) = (self.now(), self.readable(api::NODES, place)?);
        let nodes = site.visible_after(cursor.as_ref(), now).filter_map(|server| {
            server.describe_node(now).map(|node| NodeRecord { instance: server.id.clone(), node })
        });
        Ok(scope.page(self.settings.pages.nodes, nodes, |record| record.instance.to_string(), |record| record))
    }

    pub(super) fn read_nodes_by_id(&mut self, place: &Place, ids: &[InstanceId]) -> Result<Vec<NodeRecord>, ReadError> {
        self.count(api::NODES, place)?;
        let (now, site) = (self.now(), self.readable(api::NODES, place)?);
        let servers = ids.iter().filter_map(|id| site.visible(id, now));
        let described = |server: &std::sync::Arc<crate::testing::server::Server>| {
            server.describe_node(now).map(|node| NodeRecord { instance: server.id.clone(), node })
        };
        Ok(servers.filter_map(described).collect())
    }

    /// Stopped and terminated nodes are included: SSM keeps what they reported.
    pub(super) fn read_inventory(
        &mut self,
        place: &Place,
        kind: &InventoryType,
        only: &[InstanceId],
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        let scope = Scope::new(api::INVENTORY, place).with(kind);
        let cursor = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(cursor) => cursor.map(InstanceId::from),
        };
        let (now, site) = (self.now(), self.readable(api::INVENTORY, place)?);
        let wanted = site.visible_after(cursor.as_ref(), now);
        let wanted = wanted.filter(|server| only.is_empty() || only.contains(&server.id));
        let rest = wanted.filter_map(|server| {
            let (captured_at, schema, entries) = rows_of(server, kind, now)?;
            Some(InventoryRecord {
                instance: server.id.clone(),
                inventory_type: kind.clone(),
                schema_version: schema.to_owned(),
                captured_at: Some(captured_at),
                entries,
            })
        });
        Ok(scope.page(self.settings.pages.inventory, rest, |record| record.instance.to_string(), |record| record))
    }

    pub(super) fn read_inventory_entries(
        &mut self,
        place: &Place,
        id: &InstanceId,
        kind: &InventoryType,
        next: Option<PageToken>,
    ) -> Result<Page<InventoryRecord>, ReadError> {
        let scope = Scope::new(api::INVENTORY_ENTRIES, place).with(format_args!("{id} {kind}"));
        let start = match scope.open(self, next)? {
            Start::Empty(page) => return Ok(page),
            Start::After(None) => 0,
            Start::After(Some(cursor)) => cursor.parse::<usize>().unwrap_or_default() + 1,
        };
        let (now, site) = (self.now(), self.readable(api::INVENTORY_ENTRIES, place)?);
        let server = site
            .visible(id, now)
            .ok_or_else(|| scope.error(ReadFailure::NotFound, format!("InvalidInstanceId: {id}")))?;
        let Some((captured_at, schema, entries)) = rows_of(server, kind, now) else {
            return Ok(Page::only(Vec::new()));
        };
        let rest = entries.into_iter().enumerate().skip(start);
        let page = scope.page(self.settings.pages.entries, rest, |(row, _)| row.to_string(), |(_, entry)| entry);
        let record = InventoryRecord {
            instance: id.clone(),
            inventory_type: kind.clone(),
            schema_version: schema.to_owned(),
            captured_at: Some(captured_at),
            entries: page.items,
        };
        Ok(Page { items: vec![record], next: page.next })
    }
}
