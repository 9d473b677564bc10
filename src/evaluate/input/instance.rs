//! The instance itself, as EC2, Auto Scaling, ELB and SSM describe it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::MAX_LIST;
use super::members::{Members, age_s, list, ns, text};
use crate::evaluate::owner_of;
use crate::types::{AsgMembership, Instance, ManagedNode, MetadataOptions, NetworkInterface, TargetMembership, Volume};

pub(super) fn instance(instance: &Instance, now: Timestamp) -> Value {
    let owner = owner_of(instance);
    let owner = Members::default().set("kind", owner.kind).maybe("name", owner.name.as_deref().map(text)).value();
    let (groups, cut_groups) = list(instance.security_groups(), MAX_LIST, |group| Value::from(group.as_str()));
    let (interfaces, cut_interfaces) = list(&instance.interfaces, MAX_LIST, interface);
    let (volumes, cut_volumes) = list(&instance.volumes, MAX_LIST, volume);
    let (targets, cut_targets) = list(&instance.targets, MAX_LIST, target);
    let tags: serde_json::Map<String, Value> =
        instance.tags.iter().take(MAX_LIST).map(|(key, value)| (key.clone(), text(value))).collect();
    let truncated = cut_groups || cut_interfaces || cut_volumes || cut_targets || instance.tags.len() > MAX_LIST;
    let node = instance.node.seen();
    Members::default()
        .set("id", instance.id.as_str())
        .set("arn", instance.arn())
        .maybe("name", instance.tags.get("Name").map(|name| text(name)))
        .set("zone", instance.zone.as_str())
        .set("type", instance.instance_type.as_str())
        .set("image_id", instance.image.as_str())
        .set("state", instance.state.as_str())
        .set("launched_at_ns", ns(instance.launched_at))
        .set("age_s", age_s(instance.launched_at, now))
        .maybe("lifecycle", instance.lifecycle.as_deref())
        .maybe("platform", instance.platform.as_deref())
        .maybe("key_name", instance.key_name.as_deref().map(text))
        .maybe("subnet", instance.subnet.as_deref())
        .maybe("instance_profile", instance.instance_profile.as_deref())
        .set("metadata_options", metadata_options(&instance.metadata_options))
        .maybe(
            "user_data",
            instance.user_data.seen().map(|digest| match digest {
                Some(digest) => json!({"present": true, "digest": digest.as_str()}),
                None => json!({"present": false}),
            }),
        )
        .maybe("source_dest_check", instance.source_dest_check)
        .set("security_groups", groups)
        .set("interfaces", interfaces)
        .set("volumes", volumes)
        .set("tags", tags)
        .set("owner", owner)
        .maybe("asg", instance.asg.as_ref().map(asg))
        .set("target_groups", targets)
        .maybe("managed", node.map(Option::is_some))
        .maybe("node", node.and_then(Option::as_ref).map(managed_node))
        .set("truncated", truncated)
        .value()
}

fn metadata_options(options: &MetadataOptions) -> Value {
    Members::default()
        .maybe("http_tokens", options.http_tokens.as_deref())
        .maybe("http_endpoint", options.http_endpoint.as_deref())
        .maybe("hop_limit", options.http_put_response_hop_limit)
        .maybe("instance_metadata_tags", options.instance_metadata_tags.as_deref())
        .value()
}

fn interface(interface: &NetworkInterface) -> Value {
    let groups: Vec<&str> = interface.groups.iter().map(|group| group.as_str()).collect();
    Members::default()
        .set("id", interface.id.as_str())
        .set("device_index", interface.device_index)
        .set("groups", groups)
        .set("addresses", interface.addresses.clone())
        .set("elastic_ips", interface.address_associations.len())
        .maybe("source_dest_check", interface.source_dest_check)
        .maybe("delete_on_termination", interface.delete_on_termination)
        .value()
}

fn volume(volume: &Volume) -> Value {
    Members::default()
        .set("id", volume.id.as_str())
        .set("device", volume.device.as_str())
        .set("root", volume.root)
        .maybe("attached_at_ns", volume.attached_at.map(ns))
        .maybe("delete_on_termination", volume.delete_on_termination)
        .maybe("size_gib", volume.size_gib)
        .maybe("type", volume.volume_type.as_deref())
        .maybe("encrypted", volume.encrypted)
        .value()
}

fn target(target: &TargetMembership) -> Value {
    Members::default()
        .set("arn", target.target_group.as_str())
        .set("health", target.health.as_str())
        .maybe("port", target.port)
        .set("healthy_in_group", target.healthy_in_group)
        .set("healthy_in_zone", target.healthy_in_zone)
        .value()
}

fn asg(membership: &AsgMembership) -> Value {
    Members::default()
        .set("group", text(&membership.group))
        .maybe("lifecycle_state", membership.lifecycle_state.as_deref())
        .maybe("health", membership.health.as_deref())
        .maybe("min_size", membership.min_size)
        .maybe("desired", membership.desired)
        .maybe("max_size", membership.max_size)
        .maybe("in_service", membership.in_service)
        .value()
}

fn managed_node(node: &ManagedNode) -> Value {
    Members::default()
        .set("ping_status", node.ping_status.as_str())
        .maybe("last_ping_ns", node.last_ping.map(ns))
        .maybe("agent_version", node.agent_version.as_deref().map(text))
        .maybe("platform_name", node.platform_name.as_deref().map(text))
        .maybe("platform_version", node.platform_version.as_deref().map(text))
        .value()
}
