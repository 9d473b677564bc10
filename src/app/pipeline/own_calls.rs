//! The journal's calls -> what collection needs to recognise them in the trail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::collect::trail::{ClassifyContext, OwnWindow};
use crate::remediate::{CURRENT, OwnCall, REPLACEMENT, REPLACEMENT_PRIMARY, WriteCall};
use crate::store::{Store, StoreError};
use crate::types::Place;

/// The clocks of this host and of AWS may differ by this.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// A call that is still open may be made, or repeated, for this long from now on.
const OPEN: SignedDuration = SignedDuration::from_mins(15);

/// Our own calls, as far as the trail is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// AWS's request ids.
    pub(super) ids: BTreeSet<String>,
    /// Calls whose answer may have been lost.
    pub(super) windows: Vec<OwnWindow>,
}

/// From when on the trail may be read by a scan that starts now.
pub(super) fn since(
    checkpoints: &BTreeMap<(Place, String), Timestamp>,
    lookback: Duration,
    overlap: Duration,
    now: Timestamp,
) -> Timestamp {
    let back = |time: Timestamp, by: Duration| {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        time.checked_sub(by).unwrap_or(Timestamp::MIN)
    };
    let oldest = checkpoints.values().min().copied().unwrap_or(now).min(back(now, lookback));
    back(back(oldest, overlap), SKEW.unsigned_abs())
}

/// What we called since a time, and as whom: each operation remembers who made its calls.
pub(in crate::app) fn context(
    store: &dyn Store,
    since: Timestamp,
    now: Timestamp,
) -> Result<ClassifyContext, StoreError> {
    let calls = store.own_calls(since)?;
    let Own { ids, windows } = own(&calls, now);
    let operations: BTreeSet<_> = calls.iter().map(|call| &call.operation).collect();
    let mut own_principals = BTreeSet::new();
    for operation in operations {
        own_principals.extend(store.operation(operation)?.and_then(|record| record.facts.principal));
    }
    Ok(ClassifyContext { own_principals, own_calls: ids, own_windows: windows })
}

/// What the journal says we called. A call that was answered is known by its id; one that was not, by its window.
pub(super) fn own(calls: &[OwnCall], now: Timestamp) -> Own {
    let mut own = Own::default();
    for OwnCall { operation: _, place, from, until, call, request_id } in calls {
        if let Some(id) = request_id {
            own.ids.insert(id.clone());
            continue;
        }
        let until = until.map_or_else(|| now.checked_add(OPEN), |until| until.checked_add(SKEW));
        own.windows.push(OwnWindow {
            place: recorded_at(place, call),
            event_name: call.event_name().to_owned(),
            resources: resources(call),
            from: from.checked_sub(SKEW).unwrap_or(Timestamp::MIN),
            until: until.unwrap_or(Timestamp::MAX),
        });
    }
    own
}

/// Where the trail records a call: IAM's in one region of the partition.
fn recorded_at(place: &Place, call: &WriteCall) -> Place {
    if !call.api().starts_with("iam:") {
        return place.clone();
    }
    let region = match place.region.as_str() {
        region if region.starts_with("cn-") => "cn-north-1",
        region if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    };
    Place::new(place.account.clone(), region)
}

/// The ids by which a request names what it is about: those that tell it from a call on something else. Groups and
/// roles that several instances share are left out where the request names the instance as well.
fn resources(call: &WriteCall) -> BTreeSet<String> {
    let mut ids: Vec<&str> = match call {
        WriteCall::CreateTags { resources, .. } | WriteCall::DeleteTags { resources, .. } => {
            resources.iter().map(String::as_str).collect()
        }
        WriteCall::SetTerminationProtection { instance, .. }
        | WriteCall::SetSourceDestCheck { instance, .. }
        | WriteCall::SetShutdownBehavior { instance, .. }
        | WriteCall::SetVolumesDeletion { instance, .. }
        | WriteCall::CreateSnapshots { instance, .. }
        | WriteCall::AssociateProfile { instance, .. }
        | WriteCall::SetMetadataOptions { instance, .. }
        | WriteCall::Stop { instance }
        | WriteCall::Start { instance }
        | WriteCall::Terminate { instance }
        | WriteCall::ReplaceRootVolume { instance, .. }
        | WriteCall::EnterStandby { instance, .. }
        | WriteCall::ExitStandby { instance, .. }
        | WriteCall::SetScaleInProtection { instance, .. }
        | WriteCall::DetachFromGroup { instance, .. }
        | WriteCall::AttachToGroup { instance, .. }
        | WriteCall::RefreshInventory { instance } => vec![instance.as_str()],
        WriteCall::SetInterfaceDeletion { interface, .. }
        | WriteCall::SetInterfaceGroups { interface, .. }
        | WriteCall::SetTracking { interface, .. }
        | WriteCall::AssignPrivateIps { interface, .. } => vec![interface.as_str()],
        WriteCall::AssociateAddress { allocation, interface, .. } => vec![allocation, interface.as_str()],
        WriteCall::DisassociateAddress { association } => vec![association],
        WriteCall::DenyInAcl { acl, .. } | WriteCall::RemoveFromAcl { acl, .. } => vec![acl],
        WriteCall::DetachInterface { attachment, interface } => vec![attachment, interface.as_str()],
        WriteCall::AttachInterface { interface, instance, .. } => vec![interface.as_str(), instance.as_str()],
        WriteCall::DetachVolume { volume, instance } | WriteCall::AttachVolume { volume, instance, .. } => {
            vec![volume.as_str(), instance.as_str()]
        }
        WriteCall::ReplaceProfile { instance, association, .. }
        | WriteCall::DisassociateProfile { instance, association } => vec![instance.as_str(), association],
        WriteCall::Launch(request) => vec![&request.token],
        WriteCall::RegisterTarget { target, .. } | WriteCall::DeregisterTarget { target, .. } => vec![target],
        WriteCall::LaunchInGroup { group, token, .. } => vec![group, token],
        WriteCall::SetDesiredCapacity { group, .. } => vec![group],
        WriteCall::PutRolePolicy { policy, .. } | WriteCall::DeleteRolePolicy { policy, .. } => vec![policy],
    };
    // A stand-in that was never resolved names nothing.
    ids.retain(|id| !id.is_empty() && ![REPLACEMENT, REPLACEMENT_PRIMARY, CURRENT].contains(id));
    ids.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediate::sample::{at, place};

    fn call(from: i64, until: Option<i64>, request_id: Option<&str>) -> OwnCall {
        OwnCall {
            operation: "op-1".into(),
            place: place(),
            from: at(from),
            until: until.map(at),
            call: WriteCall::Stop { instance: "i-1".into() },
            request_id: request_id.map(str::to_owned),
        }
    }

    #[test]
    fn an_answered_call_is_known_by_its_id_and_a_lost_one_by_its_window() {
        let own = own(&[call(0, Some(5), Some("req-1")), call(100, Some(160), None), call(200, None, None)], at(300));
        assert_eq!(own.ids, ["req-1".to_owned()].into());
        let told: Vec<(&str, Timestamp, Timestamp)> =
            own.windows.iter().map(|window| (window.event_name.as_str(), window.from, window.until)).collect();
        assert_eq!(told, [("StopInstances", at(40), at(220)), ("StopInstances", at(140), at(1_200))]);
        assert_eq!(own.windows[0].resources, ["i-1".to_owned()].into());
    }

    #[test]
    fn calls_of_iam_are_looked_for_where_the_trail_has_them() {
        let deny = WriteCall::DeleteRolePolicy { role: "web".to_owned(), policy: "cattleguard-op-1".to_owned() };
        let own = own(&[OwnCall { call: deny, ..call(0, None, None) }], at(0));
        assert_eq!(own.windows[0].place, Place::new(place().account, "us-east-1"));
        assert_eq!(own.windows[0].resources, ["cattleguard-op-1".to_owned()].into(), "the role is others' as well");
    }

    #[test]
    fn stand_ins_name_nothing() {
        let attach = WriteCall::AttachInterface {
            interface: "eni-1".into(),
            instance: crate::remediate::replacement(),
            device_index: 1,
        };
        assert_eq!(resources(&attach), ["eni-1".to_owned()].into());
        let current = WriteCall::DisassociateAddress { association: CURRENT.to_owned() };
        assert!(resources(&current).is_empty());
    }

    #[test]
    fn the_journal_is_read_as_far_back_as_the_trail() {
        let hour = Duration::from_secs(3_600);
        let none = BTreeMap::new();
        assert_eq!(since(&none, hour * 24, hour, at(0)), at(-25 * 3_600 - 60));
        let old = BTreeMap::from([((place(), "lookup".to_owned()), at(-100 * 3_600))]);
        assert_eq!(since(&old, hour * 24, hour, at(0)), at(-101 * 3_600 - 60));
    }
}
