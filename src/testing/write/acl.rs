//! Entries of network ACLs.

use std::sync::Arc;

use super::refusal::Refusal;
use super::{Done, Writer};
use crate::remediate::{AclEntry, WriteFailure};
use crate::testing::account_log::Change;
use crate::testing::delayed::Delayed;
use crate::testing::state::State;
use crate::types::InstanceId;

/// Rules of one ACL in one direction, by default.
const MOST_RULES: usize = 20;
/// Numbers above are reserved.
const LAST_RULE: i32 = 32_766;

impl State {
    pub(super) fn write_acl(
        &mut self,
        writer: &Writer<'_>,
        acl: &str,
        rule: i32,
        egress: bool,
        cidr: &str,
    ) -> Result<Done, Refusal> {
        if !(1..=LAST_RULE).contains(&rule) {
            return Err(Refusal::invalid("InvalidParameterValue", "rule number out of range"));
        }
        let mut entries = self.acl_entries(writer, acl)?;
        let same_way = || entries.iter().filter(|entry| entry.egress == egress);
        if same_way().any(|entry| entry.rule == rule) {
            let message = format!("the network acl entry identified by {rule} already exists");
            return Err(Refusal::conflict("NetworkAclEntryAlreadyExists", message));
        }
        if same_way().count() >= MOST_RULES {
            return Err(Refusal::new(WriteFailure::Capacity, "NetworkAclEntryLimitExceeded", "20 rules a direction"));
        }
        entries.push(AclEntry { rule, egress, cidr: cidr.to_owned(), allow: false });
        entries.sort_by_key(|entry| (entry.egress, entry.rule));
        self.set_acl(writer, acl, entries, format!("+{rule} {cidr}"))
    }

    pub(super) fn remove_acl(
        &mut self,
        writer: &Writer<'_>,
        acl: &str,
        rule: i32,
        egress: bool,
    ) -> Result<Done, Refusal> {
        let mut entries = self.acl_entries(writer, acl)?;
        let before = entries.len();
        entries.retain(|entry| entry.rule != rule || entry.egress != egress);
        if entries.len() == before {
            return Err(Refusal::missing("InvalidNetworkAclEntry.NotFound", rule));
        }
        self.set_acl(writer, acl, entries, format!("-{rule}"))
    }

    fn acl_entries(&self, writer: &Writer<'_>, acl: &str) -> Result<Vec<AclEntry>, Refusal> {
        if !acl.starts_with("acl-") {
            return Err(Refusal::missing("InvalidNetworkAclID.NotFound", acl));
        }
        let held = self.site(writer.place)?.ground.acls.get(acl);
        Ok(held.map(|slot| Vec::clone(slot.current())).unwrap_or_default())
    }

    fn set_acl(
        &mut self,
        writer: &Writer<'_>,
        acl: &str,
        entries: Vec<AclEntry>,
        how: String,
    ) -> Result<Done, Refusal> {
        let (now, delay) = (self.now(), self.settings.describe_delay);
        let set = Change::Set { what: acl.to_owned(), to: how };
        self.note(writer.place, &writer.by, &InstanceId::new(""), set);
        let acls = &mut self.site_mut(writer.place)?.ground.acls;
        let slot = acls.entry(acl.to_owned()).or_insert_with(|| Delayed::settled(Arc::default()));
        slot.change(now, delay, Arc::new(entries));
        Ok(Done::plainly())
    }
}
