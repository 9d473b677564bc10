//! Security groups and network ACLs.

use aws_sdk_ec2::types as sdk;

use crate::aws::clients::PlaceClients;
use crate::aws::ec2::filter;
use crate::aws::throttle::Family;
use crate::collect::ReadError;
use crate::remediate::{AclDetail, AclEntry, SecurityGroupDetail};

const DESCRIBE_GROUPS: &str = "ec2:DescribeSecurityGroups";
const DESCRIBE_ACLS: &str = "ec2:DescribeNetworkAcls";

/// Every protocol.
const ALL_PROTOCOLS: &str = "-1";

/// The entry that denies what no other entry names; no entry of ours can have a higher number ("Network ACL
/// rules", VPC user guide: rules go up to 32766).
const LAST_RULE: i32 = 32_766;

/// A security group of a VPC by its name.
pub(in crate::aws) async fn security_group(
    clients: &PlaceClients,
    vpc: &str,
    name: &str,
) -> Result<Option<SecurityGroupDetail>, ReadError> {
    let request =
        clients.ec2.describe_security_groups().filters(filter("vpc-id", [vpc])).filters(filter("group-name", [name]));
    let answer = clients.call(Family::Ec2, DESCRIBE_GROUPS, request.send()).await?;
    Ok(answer.security_groups.unwrap_or_default().into_iter().find_map(group))
}

fn group(found: sdk::SecurityGroup) -> Option<SecurityGroupDetail> {
    let ingress = found.ip_permissions.unwrap_or_default();
    let egress = found.ip_permissions_egress.unwrap_or_default();
    Some(SecurityGroupDetail {
        id: found.group_id?.into(),
        name: found.group_name.unwrap_or_default(),
        open: is_open(&ingress) && is_open(&egress),
        ingress: rules(&ingress),
        egress: rules(&egress),
    })
}

/// Rules as the console counts them: one for each peer. A permission without peers lets nothing through, and is
/// counted all the same, because it should not be there.
fn rules(permissions: &[sdk::IpPermission]) -> usize {
    let peers = |one: &sdk::IpPermission| {
        one.ip_ranges().len() + one.ipv6_ranges().len() + one.prefix_list_ids().len() + one.user_id_group_pairs().len()
    };
    permissions.iter().map(|one| peers(one).max(1)).sum()
}

fn is_open(permissions: &[sdk::IpPermission]) -> bool {
    let all = || permissions.iter().filter(|one| one.ip_protocol() == Some(ALL_PROTOCOLS));
    let four = all().flat_map(|one| one.ip_ranges()).any(|range| range.cidr_ip() == Some("0.0.0.0/0"));
    let six = all().flat_map(|one| one.ipv6_ranges()).any(|range| range.cidr_ipv6() == Some("::/0"));
    four && six
}

/// The network ACL of a subnet.
pub(in crate::aws) async fn subnet_acl(clients: &PlaceClients, subnet: &str) -> Result<Option<AclDetail>, ReadError> {
    let request = clients.ec2.describe_network_acls().filters(filter("association.subnet-id", [subnet]));
    let answer = clients.call(Family::Ec2, DESCRIBE_ACLS, request.send()).await?;
    let found = answer.network_acls.unwrap_or_default().into_iter().next();
    Ok(found.and_then(|found| {
        let entries = found.entries.unwrap_or_default().into_iter().filter_map(entry).collect();
        Some(AclDetail { acl: found.network_acl_id?, entries })
    }))
}

fn entry(found: sdk::NetworkAclEntry) -> Option<AclEntry> {
    let rule = found.rule_number.filter(|rule| *rule <= LAST_RULE)?;
    Some(AclEntry {
        rule,
        egress: found.egress.unwrap_or(false),
        cidr: found.cidr_block.or(found.ipv6_cidr_block)?,
        allow: found.rule_action == Some(sdk::RuleAction::Allow),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(protocol: &str, four: &[&str], six: &[&str]) -> sdk::IpPermission {
        let four = four.iter().map(|cidr| sdk::IpRange::builder().cidr_ip(*cidr).build()).collect();
        let six = six.iter().map(|cidr| sdk::Ipv6Range::builder().cidr_ipv6(*cidr).build()).collect();
        sdk::IpPermission::builder().ip_protocol(protocol).set_ip_ranges(Some(four)).set_ipv6_ranges(Some(six)).build()
    }

    #[test]
    fn open_means_both_ways_and_both_families() {
        let all = || vec![permission("-1", &["0.0.0.0/0"], &["::/0"])];
        let named = |ingress, egress| {
            let found = sdk::SecurityGroup::builder().group_id("sg-1").set_ip_permissions(Some(ingress));
            group(found.set_ip_permissions_egress(Some(egress)).build()).unwrap()
        };
        let open = named(all(), all());
        assert!(open.open);
        assert_eq!((open.ingress, open.egress), (2, 2));
        assert!(!named(vec![permission("-1", &["0.0.0.0/0"], &[])], all()).open, "IPv6 stays tracked");
        assert!(!named(all(), vec![permission("tcp", &["0.0.0.0/0"], &["::/0"])]).open);
        let closed = named(Vec::new(), Vec::new());
        assert_eq!((closed.ingress, closed.egress, closed.open), (0, 0, false));
    }

    #[test]
    fn the_last_entry_of_an_acl_is_no_entry_of_anybody() {
        let made = |rule| {
            sdk::NetworkAclEntry::builder().rule_number(rule).cidr_block("0.0.0.0/0").rule_action(sdk::RuleAction::Deny)
        };
        assert!(entry(made(32_767).build()).is_none());
        assert!(!entry(made(100).egress(true).build()).unwrap().allow);
    }
}
