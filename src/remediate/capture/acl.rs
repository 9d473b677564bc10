//! Free rule numbers in the network ACLs of an instance's subnets.

use std::collections::{BTreeMap, BTreeSet};

use crate::remediate::{AclDetail, AclEntry, InstanceDetail};

/// Entries that a network ACL may have in one direction, unless AWS has raised it (quota L-2AEEBF1A). It counts IPv4
/// and IPv6 apart; together they are never more than allowed.
const QUOTA: usize = 20;

/// Where the first entry goes in an ACL without entries: room is left on both sides.
const FIRST: i32 = 100;

/// Rule numbers for each address: one for traffic in, one for traffic out.
const PER_ADDRESS: usize = 2;

/// The subnets of the instance's interfaces, with the addresses in them.
fn addresses(detail: &InstanceDetail) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut subnets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for interface in &detail.interfaces {
        let all = interface.private_ips.iter().chain(&interface.ipv6).map(String::as_str);
        subnets.entry(&interface.subnet).or_default().extend(all);
    }
    subnets
}

/// For each subnet its ACL, and two numbers for each address in it, below every number in use, highest first. Subnets
/// that share an ACL get different numbers. Fewer numbers than needed mean that there are no more.
pub(in crate::remediate) fn numbers(
    detail: &InstanceDetail,
    acls: &BTreeMap<String, AclDetail>,
) -> BTreeMap<String, (String, Vec<i32>)> {
    let mut next: BTreeMap<&str, i32> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (subnet, addresses) in addresses(detail) {
        let Some(acl) = acls.get(subnet) else { continue };
        let start = next.entry(&acl.acl).or_insert_with(|| below(&acl.entries));
        let count = i32::try_from(addresses.len() * PER_ADDRESS).unwrap_or(i32::MAX);
        let numbers: Vec<i32> = (1..=*start).rev().take(usize::try_from(count).unwrap_or(usize::MAX)).collect();
        *start = start.saturating_sub(count);
        found.insert(subnet.to_owned(), (acl.acl.clone(), numbers));
    }
    found
}

/// What stands against denying every address in its subnet's ACL.
pub(in crate::remediate) fn problems(detail: &InstanceDetail, acls: &BTreeMap<String, AclDetail>) -> Vec<String> {
    let numbers = numbers(detail, acls);
    let mut problems = Vec::new();
    let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
    for (subnet, addresses) in addresses(detail) {
        let Some((acl, free)) = numbers.get(subnet) else {
            problems.push(format!("no network ACL of {subnet} was found"));
            continue;
        };
        if free.len() < addresses.len() * PER_ADDRESS {
            problems.push(format!("{acl} has no free rule numbers in front of its first rule"));
        }
        *needed.entry(acl).or_default() += addresses.len();
    }
    let details: BTreeMap<&str, &AclDetail> = acls.values().map(|acl| (acl.acl.as_str(), acl)).collect();
    for (acl, count) in needed {
        let entries = details.get(acl).map(|acl| acl.entries.as_slice()).unwrap_or_default();
        let inbound = entries.iter().filter(|entry| !entry.egress).count();
        let most = inbound.max(entries.len() - inbound);
        if most + count > QUOTA {
            problems.push(format!("{acl} has {most} of {QUOTA} entries in one direction and needs {count} more"));
        }
    }
    problems
}

/// The number under which one address can be denied now: the wanted one, unless somebody else has taken it since it was
/// chosen; then the highest before every entry. `None`: there is none.
pub(in crate::remediate) fn number(entries: &[AclEntry], wanted: i32, egress: bool, cidr: &str) -> Option<i32> {
    let taken = entries.iter().any(|entry| entry.rule == wanted && entry.egress == egress && !denies(entry, cidr));
    let number = if taken { below(entries) } else { wanted };
    (number > 0).then_some(number)
}

/// Whether an entry is one of ours for this address.
pub(in crate::remediate) fn denies(entry: &AclEntry, cidr: &str) -> bool {
    !entry.allow && entry.cidr == cidr
}

/// The highest number that comes before every entry.
fn below(entries: &[AclEntry]) -> i32 {
    entries.iter().map(|entry| entry.rule).min().unwrap_or(FIRST).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::samples;

    fn acl(rules: &[i32]) -> AclDetail {
        let entry = |rule: &i32| AclEntry { rule: *rule, egress: false, cidr: "0.0.0.0/0".to_owned(), allow: true };
        AclDetail { acl: "acl-1".to_owned(), entries: rules.iter().map(entry).collect() }
    }

    fn acls(rules: &[i32]) -> BTreeMap<String, AclDetail> {
        BTreeMap::from([("subnet-1".to_owned(), acl(rules))])
    }

    #[test]
    fn numbers_come_before_every_rule_in_use() {
        let detail = samples::detail("i-1");
        let found = numbers(&detail, &acls(&[100, 90, 32_000]));
        assert_eq!(found["subnet-1"], ("acl-1".to_owned(), vec![89, 88]));
        assert_eq!(problems(&detail, &acls(&[100, 90])), Vec::<String>::new());
        assert_eq!(numbers(&detail, &acls(&[]))["subnet-1"].1, [99, 98]);
    }

    #[test]
    fn a_number_that_was_taken_meanwhile_is_left_to_whoever_has_it() {
        let ours = AclEntry { rule: 99, egress: false, cidr: "10.0.0.1/32".to_owned(), allow: false };
        let mut entries = acl(&[100]).entries;
        assert_eq!(number(&entries, 99, false, "10.0.0.1/32"), Some(99));
        entries.push(ours.clone());
        assert_eq!(number(&entries, 99, false, "10.0.0.1/32"), Some(99), "it is ours already");
        assert_eq!(number(&entries, 99, true, "10.0.0.1/32"), Some(99), "the other direction counts by itself");
        assert_eq!(number(&entries, 99, false, "10.0.0.2/32"), Some(98));
        entries.push(AclEntry { allow: true, rule: 1, ..ours });
        assert_eq!(number(&entries, 99, false, "10.0.0.2/32"), None);
    }

    #[test]
    fn two_subnets_of_one_acl_share_no_number() {
        let mut detail = samples::detail("i-1");
        let mut second = samples::interface("eni-2", 1);
        second.subnet = "subnet-2".to_owned();
        second.private_ips = vec!["10.0.2.1".to_owned(), "10.0.2.2".to_owned()];
        detail.interfaces.push(second);
        let both = BTreeMap::from([("subnet-1".to_owned(), acl(&[10])), ("subnet-2".to_owned(), acl(&[10]))]);
        let found = numbers(&detail, &both);
        assert_eq!(found["subnet-1"].1, [9, 8]);
        assert_eq!(found["subnet-2"].1, [7, 6, 5, 4]);
    }

    #[test]
    fn no_room_in_front_no_room_at_all_and_no_acl_are_problems() {
        let detail = samples::detail("i-1");
        assert!(problems(&detail, &acls(&[2]))[0].contains("no free rule numbers"));
        let full: Vec<i32> = (100..120).collect();
        assert!(problems(&detail, &acls(&full))[0].contains("20 of 20"));
        assert!(problems(&detail, &acls(&full[1..])).is_empty());
        assert!(problems(&detail, &BTreeMap::new())[0].contains("no network ACL of subnet-1"));
    }
}
