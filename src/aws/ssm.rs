//! Systems Manager: managed nodes and their inventory.

use aws_sdk_ssm::types::{
    InstanceInformationStringFilter, InventoryFilter, InventoryQueryOperatorType, ResultAttribute,
};

use super::clients::PlaceClients;
use super::convert_inventory::{self, Interner};
use super::ec2::token;
use super::throttle::Family;
use crate::collect::source::{InventoryRecord, NodeRecord};
use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::types::{InstanceId, InventoryType};

pub(super) const DESCRIBE_NODES: &str = "ssm:DescribeInstanceInformation";
pub(super) const GET_INVENTORY: &str = "ssm:GetInventory";
pub(super) const LIST_ENTRIES: &str = "ssm:ListInventoryEntries";

/// The largest page of each of the three (SSM API reference, `MaxResults`).
const PAGE: i32 = 50;

/// One page of EC2 instances that are managed nodes.
pub(super) async fn managed_nodes(
    clients: &PlaceClients,
    next: Option<PageToken>,
) -> Result<Page<NodeRecord>, ReadError> {
    let only_ec2 = InstanceInformationStringFilter::builder().key("ResourceType").values("EC2Instance").build();
    let only_ec2 = only_ec2.map_err(|error| clients.invalid(DESCRIBE_NODES, error.to_string()))?;
    let request = clients
        .ssm
        .describe_instance_information()
        .filters(only_ec2)
        .max_results(PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::Ssm, DESCRIBE_NODES, request.send()).await?;
    let items =
        answer.instance_information_list.unwrap_or_default().into_iter().filter_map(convert_inventory::node).collect();
    Ok(Page { items, next: token(answer.next_token) })
}

/// Those of these instances that are managed nodes. The filter answers with an empty list for others.
pub(super) async fn managed_nodes_by_id(
    clients: &PlaceClients,
    ids: &[InstanceId],
) -> Result<Vec<NodeRecord>, ReadError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let these = InstanceInformationStringFilter::builder()
        .key("InstanceIds")
        .set_values(Some(ids.iter().map(ToString::to_string).collect()))
        .build()
        .map_err(|error| clients.invalid(DESCRIBE_NODES, error.to_string()))?;
    let request = clients.ssm.describe_instance_information().filters(these).max_results(PAGE);
    let answer = clients.call(Family::Ssm, DESCRIBE_NODES, request.send()).await?;
    Ok(answer.instance_information_list.unwrap_or_default().into_iter().filter_map(convert_inventory::node).collect())
}

/// One type of these nodes, or of all nodes of the place, a page of nodes. Terminated nodes stay in inventory for 30 days, so
/// they are left out by the service.
pub(super) async fn inventory(
    clients: &PlaceClients,
    kind: &InventoryType,
    only: &[InstanceId],
    next: Option<PageToken>,
) -> Result<Page<InventoryRecord>, ReadError> {
    let built = ResultAttribute::builder().type_name(kind.as_str()).build().and_then(|attribute| {
        let alive = InventoryFilter::builder()
            .key("AWS:InstanceInformation.InstanceStatus")
            .values("Terminated")
            .r#type(InventoryQueryOperatorType::NotEqual)
            .build()?;
        let these = InventoryFilter::builder()
            .key("AWS:InstanceInformation.InstanceId")
            .set_values(Some(only.iter().map(ToString::to_string).collect()))
            .r#type(InventoryQueryOperatorType::Equal)
            .build()?;
        Ok((attribute, [alive, these].into_iter().take(1 + usize::from(!only.is_empty())).collect()))
    });
    let (attribute, filters) = built.map_err(|error| clients.invalid(GET_INVENTORY, error.to_string()))?;
    let request = clients
        .ssm
        .get_inventory()
        .result_attributes(attribute)
        .set_filters(Some(filters))
        .max_results(PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = match clients.call(Family::Ssm, GET_INVENTORY, request.send()).await {
        Err(error) if is_unknown_custom_type(kind, &error) => return Ok(Page::only(Vec::new())),
        answer => answer?,
    };
    let mut interner = Interner::default();
    let entities = answer.entities.unwrap_or_default();
    let items = entities.into_iter().filter_map(|entity| convert_inventory::record(kind, entity, &mut interner));
    Ok(Page { items: items.collect(), next: token(answer.next_token) })
}

/// One page of one type of one node.
pub(super) async fn inventory_entries(
    clients: &PlaceClients,
    id: &InstanceId,
    kind: &InventoryType,
    next: Option<PageToken>,
) -> Result<Page<InventoryRecord>, ReadError> {
    let request = clients
        .ssm
        .list_inventory_entries()
        .instance_id(id.as_str())
        .type_name(kind.as_str())
        .max_results(PAGE)
        .set_next_token(next.map(|token| token.0));
    let mut answer = match clients.call(Family::Ssm, LIST_ENTRIES, request.send()).await {
        Err(error) if is_unknown_custom_type(kind, &error) => return Ok(Page::only(Vec::new())),
        answer => answer?,
    };
    let next = token(answer.next_token.take());
    Ok(Page { items: vec![convert_inventory::listed(id, kind, answer)], next })
}

/// SSM learns a custom type when the first node reports it. A type it does not know yet was reported by
/// nobody, which is an answer and no failure.
fn is_unknown_custom_type(kind: &InventoryType, error: &ReadError) -> bool {
    error.failure == ReadFailure::Invalid
        && kind.as_str().starts_with("Custom:")
        && (error.detail.starts_with("InvalidTypeNameException")
            || error.detail.starts_with("InvalidResultAttributeException"))
}
