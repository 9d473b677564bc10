//! Rule numbers in network ACLs, which belong to a whole subnet: other operations and people take numbers, too.

use super::Engine;
use crate::remediate::capture::acl::{denies, number};
use crate::remediate::effect::acl_entries;
use crate::remediate::{OperationRecord, WriteCall};

impl Engine<'_> {
    /// The call with the number that it is to be made with: the one that the journal has of an earlier attempt, or the
    /// one that it was laid out with, unless somebody else holds it by now. It is journalled with the call, so that
    /// undoing removes this entry and no other. `Ok(None)`: what is to be removed is not there, or not ours.
    pub(super) async fn numbered(
        &self,
        record: &OperationRecord,
        index: usize,
        call: WriteCall,
    ) -> Result<Option<WriteCall>, String> {
        let entries = async |acl: &str| acl_entries(self.probe, record, acl).await.map_err(|error| error.to_string());
        match call {
            WriteCall::DenyInAcl { acl, rule, egress, cidr } => {
                let wanted = journalled(record, index, &acl, egress, &cidr).unwrap_or(rule);
                let found = number(&entries(&acl).await?, wanted, egress, &cidr);
                let rule = found.ok_or_else(|| format!("{acl} has no free rule numbers in front of its first rule"))?;
                Ok(Some(WriteCall::DenyInAcl { acl, rule, egress, cidr }))
            }
            WriteCall::RemoveFromAcl { acl, rule, egress, cidr } => {
                let rule = journalled(record, index, &acl, egress, &cidr).unwrap_or(rule);
                let held = entries(&acl).await?.into_iter().find(|entry| entry.rule == rule && entry.egress == egress);
                let others = held.is_some_and(|entry| !denies(&entry, &cidr));
                Ok((!others).then_some(WriteCall::RemoveFromAcl { acl, rule, egress, cidr }))
            }
            call => Ok(Some(call)),
        }
    }
}

/// The number that the step's last call was made with, when it was about this entry.
fn journalled(record: &OperationRecord, index: usize, acl: &str, egress: bool, cidr: &str) -> Option<i32> {
    record.steps.get(index)?.call.as_ref()?.acl_number(acl, egress, cidr)
}
