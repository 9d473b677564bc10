//! The inventory rows of one server: what it reported, and the types that SSM or the server's place determine.

use jiff::Timestamp;

use crate::testing::content::{entry, schema_version};
use crate::testing::server::Server;
use crate::types::{InventoryEntry, InventoryType};

/// Rows of a type with schema version and capture time; `None` when the server never reported it.
pub(super) fn rows_of(
    server: &Server,
    kind: &InventoryType,
    now: Timestamp,
) -> Option<(Timestamp, &'static str, Vec<InventoryEntry>)> {
    let schema = schema_version(kind);
    if let Some(report) = server.reports.get(kind) {
        return Some((report.captured_at, schema, report.rows.entries.clone()));
    }
    // Both describe the single server, so they are made on demand: nothing of them could be shared.
    let reported_at = server.reports.values().map(|report| report.captured_at).max()?;
    match kind.as_str() {
        "AWS:Network" => Some((reported_at, schema, network(server))),
        "AWS:InstanceInformation" => Some((reported_at, schema, information(server, now)?)),
        _ => None,
    }
}

fn network(server: &Server) -> Vec<InventoryEntry> {
    let rows = server.interfaces.iter().map(|interface| {
        let name = format!("ens{}", 5 + interface.device_index);
        let address = interface.addresses.first().map(String::as_str).unwrap_or_default();
        entry([("Name", name.as_str()), ("MacAddress", &mac_of(interface.id.as_str())), ("IPV4", address)])
    });
    rows.collect()
}

/// A locally administered MAC address from the digits of an ENI id.
fn mac_of(id: &str) -> String {
    let digits: Vec<char> = id.chars().filter(char::is_ascii_hexdigit).rev().take(10).collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    std::iter::once("0a".to_owned()).chain(pairs).collect::<Vec<_>>().join(":")
}

fn information(server: &Server, now: Timestamp) -> Option<Vec<InventoryEntry>> {
    let node = server.node.as_ref()?;
    let address = server.primary().and_then(|primary| primary.addresses.first()).map_or("", String::as_str);
    let host = format!("ip-{}.internal", address.replace('.', "-"));
    let status = match server.state(now) {
        "terminated" => "Terminated",
        "stopped" => "Stopped",
        _ if node.lost_at.is_some() => "ConnectionLost",
        _ => "Active",
    };
    Some(vec![entry([
        ("AgentType", "amazon-ssm-agent"),
        ("AgentVersion", &*node.agent_version),
        ("ComputerName", host.as_str()),
        ("InstanceId", server.id.as_str()),
        ("IpAddress", address),
        ("PlatformName", &*node.platform_name),
        ("PlatformType", "Linux"),
        ("PlatformVersion", &*node.platform_version),
        ("ResourceType", "EC2Instance"),
        ("InstanceStatus", status),
    ])])
}
