//! Which associations make a node report its inventory.

use std::collections::BTreeSet;

use crate::aws::clients::PlaceClients;
use crate::aws::throttle::Family;
use crate::collect::ReadError;
use crate::types::InstanceId;

const DESCRIBE_EFFECTIVE: &str = "ssm:DescribeEffectiveInstanceAssociations";
const DESCRIBE_STATUS: &str = "ssm:DescribeInstanceAssociationsStatus";

/// The plugin that gathers inventory, whatever the document around it is called.
const PLUGIN: &str = "aws:softwareInventory";

/// The document that AWS ships for it.
const DOCUMENT: &str = "AWS-GatherSoftwareInventory";

/// Ids of the inventory associations that apply to a node. A node that has not run any yet has no status of
/// them; one whose association comes without its document is known by the status.
pub(in crate::aws) async fn associations(clients: &PlaceClients, node: &InstanceId) -> Result<Vec<String>, ReadError> {
    let mut ids = BTreeSet::new();
    let mut next = None;
    for _ in 0..super::PAGES_LIMIT {
        let request = clients.ssm.describe_effective_instance_associations().instance_id(node.as_str());
        let answer = clients.call(Family::Ssm, DESCRIBE_EFFECTIVE, request.set_next_token(next).send()).await?;
        let found = answer.associations.unwrap_or_default().into_iter();
        ids.extend(
            found
                .filter(|one| one.content().is_some_and(|text| text.contains(PLUGIN)))
                .filter_map(|one| one.association_id),
        );
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    if ids.is_empty() {
        let request = clients.ssm.describe_instance_associations_status().instance_id(node.as_str());
        let answer = clients.call(Family::Ssm, DESCRIBE_STATUS, request.send()).await?;
        let found = answer.instance_association_status_infos.unwrap_or_default().into_iter();
        ids.extend(found.filter(|one| one.name() == Some(DOCUMENT)).filter_map(|one| one.association_id));
    }
    Ok(ids.into_iter().collect())
}
