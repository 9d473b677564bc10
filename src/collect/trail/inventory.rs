//! `PutInventory`: no change by itself, but evidence. The record holds a content hash per inventory type, so
//! two servers of one image that report different hashes differ in what is installed.

use jiff::Timestamp;

use super::envelope::Head;
use super::normalise::{texts, values};
use super::record::Record;
use super::target::Target;
use super::text::{clean, is_instance_id};
use crate::types::{Actor, EventId, InstanceId, InventoryType, Place};

/// One type of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedType {
    /// Type.
    pub inventory_type: InventoryType,
    /// Schema version.
    pub schema_version: String,
    /// Base64 MD5 of the content as the SSM agent wrote it; comparable between servers of one agent version.
    pub content_hash: Option<String>,
    /// When the agent captured it.
    pub captured_at: Option<Timestamp>,
}

/// One inventory report that a node sent about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryReport {
    /// Record.
    pub event: EventId,
    /// When it was sent.
    pub time: Timestamp,
    /// Where.
    pub place: Place,
    /// Node it speaks of.
    pub instance: InstanceId,
    /// The SSM agent that sent it, by its user agent.
    pub agent: String,
    /// Types.
    pub types: Vec<ReportedType>,
    /// The role that the node acted in.
    pub role: Option<String>,
}

/// The report that a node sent about itself; nothing for any other call or caller.
pub(super) fn report(head: &Head<'_>, record: &Record<'_>, caller: impl FnOnce() -> Actor) -> Option<InventoryReport> {
    if head.source != "ssm.amazonaws.com" || head.name != "PutInventory" || head.error.is_some() {
        return None;
    }
    let request = &record.body.request;
    // Of a report that is too long, CloudTrail keeps the ARN of the node and no parameters.
    let named = texts(request, "instanceId").into_iter().find(|id| is_instance_id(id)).map(|id| InstanceId::new(&*id));
    let instance = named.or_else(|| {
        let target = record.resources.iter().filter(|_| !record.has_request).find_map(|arn| Target::parse(arn, None));
        if let Some(Target::Instance(id)) = target { Some(id) } else { None }
    })?;
    let caller = caller();
    if caller.calling_instance.as_ref() != Some(&instance) {
        return None;
    }
    let role = caller.issuer.as_deref().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
    let types = values(request, "items")
        .into_iter()
        .filter_map(|item| {
            let text = |name| texts(item, name).first().map(|text| clean(text));
            Some(ReportedType {
                inventory_type: InventoryType::from(text("typeName")?),
                schema_version: text("schemaVersion").unwrap_or_default(),
                content_hash: text("contentHash"),
                captured_at: text("captureTime").and_then(|time| time.parse().ok()),
            })
        })
        .collect();
    Some(InventoryReport {
        event: record.id.clone(),
        time: record.time,
        place: Place { account: record.account.clone(), region: record.region.clone() },
        instance,
        agent: record.user_agent.clone().unwrap_or_default().into_owned(),
        types,
        role,
    })
}
