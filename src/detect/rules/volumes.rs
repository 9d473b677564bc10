//! `config-volumes`: the same devices, with the size, type and encryption that the contract sets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{Aspect, Severity, Source, Volume, VolumeContract};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let Some(contract) = context.golden.and_then(|golden| golden.contract.volumes.as_ref()) else { return };
    let expected: BTreeMap<&str, &VolumeContract> =
        contract.iter().map(|volume| (volume.device.as_str(), volume)).collect();
    let actual: BTreeMap<&str, &Volume> =
        context.instance.volumes.iter().map(|volume| (volume.device.as_str(), volume)).collect();
    let devices: BTreeSet<&str> = expected.keys().chain(actual.keys()).copied().collect();
    for device in devices {
        let (summary, severity) = match (expected.get(device), actual.get(device)) {
            (Some(should), Some(is)) => match difference(should, is) {
                Some(words) => (format!("volume {device} differs: {words}"), Severity::Medium),
                None => continue,
            },
            (Some(_), None) => (format!("volume {device} is not attached"), Severity::High),
            (None, Some(is)) => {
                (format!("volume {} is attached at {device}, nothing should be", is.id), Severity::High)
            }
            (None, None) => continue,
        };
        out.drifts.push(Drift {
            code: codes::CONFIG_VOLUMES,
            subject: device.to_owned(),
            severity,
            summary,
            expected: expected.get(device).map_or(Value::Null, |volume| json!(volume)),
            actual: actual.get(device).map_or(Value::Null, |volume| shown(volume)),
            source: Source::Ec2,
            aspect: Some(Aspect::Volumes),
        });
    }
}

fn shown(volume: &Volume) -> Value {
    json!({
        "id": volume.id, "device": volume.device, "size_gib": volume.size_gib,
        "volume_type": volume.volume_type, "encrypted": volume.encrypted,
    })
}

/// Compares what both sides know. An unread size or type is not a difference.
fn difference(should: &VolumeContract, is: &Volume) -> Option<String> {
    let mut words = Vec::new();
    if let (Some(should), Some(is)) = (should.size_gib, is.size_gib)
        && should != is
    {
        words.push(format!("size is {is} GiB, should be {should} GiB"));
    }
    if let (Some(should), Some(is)) = (&should.volume_type, &is.volume_type)
        && should != is
    {
        words.push(format!("type is {is}, should be {should}"));
    }
    if let (Some(should), Some(is)) = (should.encrypted, is.encrypted)
        && should != is
    {
        words.push(if is { "is encrypted".to_owned() } else { "is not encrypted".to_owned() });
    }
    (!words.is_empty()).then(|| words.join(", "))
}
