//! The account's own log in words.

use crate::report::render::parts::time;
use crate::report::text::{clean, wrap};
use crate::testing::{AccountEntry, By, Change};
use crate::types::{InstanceId, OperationId};

/// As other commands wrap where there is no terminal.
const WIDTH: usize = 100;
/// Room for time and instance.
const INDENT: usize = 43;

/// The operation for which the enforcer made this change.
pub(in crate::app) fn operation_of(entry: &AccountEntry) -> Option<&OperationId> {
    match &entry.by {
        By::Enforcer(operation) => Some(operation),
        By::Person(_) | By::AutoScaling | By::World => None,
    }
}

/// Whether a server was launched.
pub(in crate::app) fn is_launch(entry: &AccountEntry) -> bool {
    matches!(entry.change, Change::Launched { .. })
}

/// Whether the enforcer launched a server.
pub(in crate::app) fn is_replacement(entry: &AccountEntry) -> bool {
    is_launch(entry) && operation_of(entry).is_some()
}

/// One change, in as many lines as it takes.
pub(super) fn lines(entry: &AccountEntry) -> String {
    let by = match &entry.by {
        By::Enforcer(operation) => format!("cattleguard {operation}"),
        By::Person(name) => clean(name, 80),
        By::AutoScaling => "Auto Scaling".to_owned(),
        By::World => "itself".to_owned(),
    };
    let what = format!("{} (by {by})", clean(&change(&entry.change), 200));
    let mut text = String::new();
    for (index, line) in wrap(&what, WIDTH - INDENT).iter().enumerate() {
        match index {
            0 => text.push_str(&format!("{}  {:<19}  {line}\n", time(entry.at), entry.instance.as_str())),
            _ => text.push_str(&format!("{:INDENT$}{line}\n", "")),
        }
    }
    text
}

fn change(change: &Change) -> String {
    let some = |id: &Option<InstanceId>| id.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    match change {
        Change::Launched { image, token: _, tags: _, group } => {
            let group = group.as_ref().map_or(String::new(), |group| format!(" in group {group}"));
            format!("launched from {image}{group}")
        }
        Change::Stopping => "stopped".to_owned(),
        Change::Starting => "started".to_owned(),
        Change::Terminating => "terminated".to_owned(),
        Change::Regrouped { interface, from: _, to, cut } => {
            let cut = if *cut { ", which cuts it off" } else { "" };
            format!("{interface} gets {}{cut}", to.join(", "))
        }
        Change::Registered { group, target, port } => format!("{target}:{port} registered in {}", name(group)),
        Change::Deregistered { group, target } => format!("{target} deregistered from {}", name(group)),
        Change::Standby { group } => format!("standby in group {group}"),
        Change::InService { group } => format!("in service in group {group}"),
        Change::LeftGroup { group } => format!("left group {group}"),
        Change::Desired { group, from, to } => format!("desired capacity of {group} {from} → {to}"),
        Change::Address { allocation, from, to } => format!("{allocation} moves from {} to {}", some(from), some(to)),
        Change::Attached { what } => format!("{what} attached"),
        Change::Detached { what } => format!("{what} detached"),
        Change::Set { what, to } => format!("{what} set to {to}"),
        Change::RootReplaced { image } => match image {
            Some(image) => format!("root volume replaced from {image}"),
            None => "root volume put back".to_owned(),
        },
        Change::Drifted { how } => format!("drifted: {how}"),
    }
}

/// The name inside a target group's ARN.
fn name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}
