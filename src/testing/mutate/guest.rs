//! Changes inside a server. No AWS call is made, so no record is left; they show at the next inventory run.

use std::sync::Arc;

use crate::testing::account_log::{By, Change};
use crate::testing::cloud::FakeCloud;
use crate::testing::content::{APPLICATION, Content, Rows};
use crate::testing::error::SimError;
use crate::testing::packages::row;
use crate::types::{InstanceId, InventoryEntry, InventoryType};

impl FakeCloud {
    /// Another version of a package that is installed. The release stays.
    ///
    /// # Errors
    /// When the server does not exist or the package is not installed.
    pub fn upgrade_package(&self, instance: &InstanceId, name: &str, version: &str) -> Result<(), SimError> {
        self.edit_packages(instance, |rows| {
            let mut found = false;
            for row in rows.iter_mut().filter(|row| is_named(row, name)) {
                row.insert(Arc::from("Version"), Arc::from(version));
                found = true;
            }
            found.then_some(()).ok_or_else(|| SimError::missing(format_args!("package {name}")))
        })
    }

    /// One more package.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn install_package(&self, instance: &InstanceId, name: &str, version: &str) -> Result<(), SimError> {
        self.edit_packages(instance, |rows| {
            rows.push(row(name, version, "1.amzn2023", "x86_64"));
            Ok(())
        })
    }

    /// A package is gone.
    ///
    /// # Errors
    /// When the server does not exist or the package is not installed.
    pub fn remove_package(&self, instance: &InstanceId, name: &str) -> Result<(), SimError> {
        self.edit_packages(instance, |rows| {
            let before = rows.len();
            rows.retain(|row| !is_named(row, name));
            (rows.len() < before).then_some(()).ok_or_else(|| SimError::missing(format_args!("package {name}")))
        })
    }

    /// Replaces all rows of one inventory type inside a server, e.g. a report of our own agent; `None` removes
    /// the type.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn set_guest_rows(
        &self,
        instance: &InstanceId,
        kind: &InventoryType,
        rows: Option<Vec<InventoryEntry>>,
    ) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.note(place, &By::World, instance, Change::Drifted { how: kind.to_string() });
            let mut content = Content::clone(&state.server(place, instance)?.content);
            match rows {
                Some(rows) => content.insert(kind.clone(), Rows::new(rows)),
                None => content.remove(kind),
            };
            state.change(place, instance, |server| server.content = Arc::new(content))
        })
    }

    /// The SSM agent falls silent: no heartbeat, no inventory from now on.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn silence_agent(&self, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            let now = state.now();
            state.change(place, instance, |server| {
                if let Some(node) = &mut server.node {
                    node.lost_at.get_or_insert(now);
                }
            })
        })
    }

    /// The server was never a managed node: no heartbeat, no inventory, nothing reported.
    ///
    /// # Errors
    /// When the server does not exist.
    pub fn unmanage(&self, instance: &InstanceId) -> Result<(), SimError> {
        self.at(instance, |state, place| {
            state.change(place, instance, |server| {
                server.node = None;
                server.reports = Arc::default();
            })
        })
    }

    fn edit_packages(
        &self,
        instance: &InstanceId,
        edit: impl FnOnce(&mut Vec<InventoryEntry>) -> Result<(), SimError>,
    ) -> Result<(), SimError> {
        let kind = InventoryType::new(APPLICATION);
        let mut rows = self.at(instance, |state, place| {
            let server = state.live(place, instance, "in-guest change")?;
            Ok(server.content.get(&kind).map(|rows| rows.entries.clone()).unwrap_or_default())
        })?;
        edit(&mut rows)?;
        self.set_guest_rows(instance, &kind, Some(rows))
    }
}

fn is_named(row: &InventoryEntry, name: &str) -> bool {
    row.get("Name").is_some_and(|value| **value == *name)
}
