//! What differs between two goldens: images, contract, packages.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::out::Out;
use super::parts::arrow;
use super::scan_json::pretty;
use crate::detect::registry::{SoftwareDifference, software_diff};
use crate::report::look::Look;
use crate::report::text::clean;
use crate::types::{Golden, LaunchContract, MetadataOptions};

/// Schema of the JSON form.
pub const DIFF_SCHEMA: &str = "cattleguard.dev/golden-diff/v1";

const CONTRACT: &str = "contract ";

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct DiffDoc {
    schema: &'static str,
    before: String,
    after: String,
    changes: Vec<Change>,
}

/// As JSON, `cattleguard.dev/golden-diff/v1`.
pub fn golden_diff_json(before: &Golden, after: &Golden) -> String {
    pretty(&DiffDoc {
        schema: DIFF_SCHEMA,
        before: before.reference().to_string(),
        after: after.reference().to_string(),
        changes: changes(before, after),
    })
}

/// As text, one line for each difference.
pub fn golden_diff_text(before: &Golden, after: &Golden, look: &Look) -> String {
    let mut out = Out::new(look);
    let title =
        format!("{} → {}", clean(&before.reference().to_string(), 80), clean(&after.reference().to_string(), 80));
    out.heading(&title);
    let changes = changes(before, after);
    if changes.is_empty() {
        out.wrapped(2, "equal: instances are held to the same things");
    }
    for Change { path, before, after } in changes {
        // A contract that does not name a thing leaves it unjudged, which is not the same as none.
        let missing = if path.starts_with(CONTRACT) { "not judged" } else { "" };
        let side = |value: &Option<String>| clean(value.as_deref().unwrap_or(missing), 200);
        out.wrapped(2, &format!("{}: {}", clean(&path, 160), arrow(&side(&before), &side(&after))));
    }
    out.finish()
}

fn changes(before: &Golden, after: &Golden) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&mut changes, "image ", images(before), images(after));
    let contract = |golden: &Golden| contract_lines(&golden.contract).into_iter().collect::<BTreeMap<_, _>>();
    compare(&mut changes, CONTRACT, contract(before), contract(after));
    let root = |digest: &Option<crate::types::Digest>| {
        digest.iter().map(|digest| ("root".to_owned(), digest.as_str().to_owned())).collect::<BTreeMap<_, _>>()
    };
    let (old, new) = (root(&before.baseline.manifest_root), root(&after.baseline.manifest_root));
    compare(&mut changes, "file manifest ", old, new);
    let software = software_diff(before, after).into_iter();
    changes.extend(software.map(|SoftwareDifference { subject, before, after }| Change {
        path: subject,
        before,
        after,
    }));
    changes
}

fn compare(changes: &mut Vec<Change>, prefix: &str, before: BTreeMap<String, String>, after: BTreeMap<String, String>) {
    let mut both: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    for (key, value) in before {
        both.entry(key).or_default().0 = Some(value);
    }
    for (key, value) in after {
        both.entry(key).or_default().1 = Some(value);
    }
    let differing = both.into_iter().filter(|(_, (before, after))| before != after);
    changes.extend(differing.map(|(key, (before, after))| Change { path: format!("{prefix}{key}"), before, after }));
}

fn images(golden: &Golden) -> BTreeMap<String, String> {
    let place = |image: &crate::types::GoldenImage| {
        let account = image.account.as_ref().map_or("any account", |account| account.as_str());
        (format!("{account}/{}", image.region), image.image.as_str().to_owned())
    };
    golden.images.iter().map(place).collect()
}

/// Each part of a contract as people read it; what is not judged is left out.
pub(super) fn contract_lines(contract: &LaunchContract) -> Vec<(String, String)> {
    let LaunchContract {
        security_groups,
        instance_profile,
        instance_types,
        metadata_options,
        user_data,
        volumes,
        source_dest_check,
        interfaces,
        key_name,
        tags,
    } = contract;
    let mut lines = Vec::new();
    let mut put = |field: &str, value: Option<String>| {
        if let Some(value) = value {
            lines.push((field.to_owned(), clean(&value, 400)));
        }
    };
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    for (place, groups) in security_groups {
        put(&format!("groups {}", clean(place, 30)), Some(list(groups)));
    }
    put("instance profile", instance_profile.clone().map(or_none));
    put("instance types", instance_types.as_ref().map(list));
    put("metadata options", metadata_options.as_ref().map(metadata));
    let user_data = user_data.as_ref().map(|digest| or_none(digest.as_ref().map(|digest| digest.as_str().to_owned())));
    put("user data", user_data);
    for volume in volumes.iter().flatten() {
        let size = volume.size_gib.map_or_else(|| "any size".to_owned(), |size| format!("{size} GiB"));
        let kind = volume.volume_type.as_deref().unwrap_or("any type");
        let encrypted = match volume.encrypted {
            None => "",
            Some(true) => ", encrypted",
            Some(false) => ", not encrypted",
        };
        put(&format!("volume {}", clean(&volume.device, 30)), Some(format!("{size} {kind}{encrypted}")));
    }
    put("source/dest check", source_dest_check.map(|on| if on { "on" } else { "off" }.to_owned()));
    put("interfaces", interfaces.map(|number| number.to_string()));
    put("key pair", key_name.clone().map(or_none));
    for (key, value) in tags {
        put(&format!("tag {}", clean(key, 60)), Some(value.clone()));
    }
    lines
}

fn or_none(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
}

fn metadata(options: &MetadataOptions) -> String {
    let MetadataOptions { http_tokens, http_endpoint, http_put_response_hop_limit, instance_metadata_tags } = options;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "any".to_owned());
    let hops = http_put_response_hop_limit.map_or_else(|| "any".to_owned(), |hops| hops.to_string());
    format!(
        "tokens {}, endpoint {}, hop limit {hops}, tags {}",
        text(http_tokens),
        text(http_endpoint),
        text(instance_metadata_tags)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::types::GoldenStatus;

    #[test]
    fn names_what_changed_and_stays_silent_on_the_rest() {
        let mut before = fixtures::golden("1", GoldenStatus::Deprecated);
        let mut after = fixtures::golden("2", GoldenStatus::Promoted);
        assert_eq!(changes(&before, &after), []);
        let rows = [("openssl", "3.0.1"), ("bash", "5.2"), ("gone", "1")];
        before.baseline.inventory.insert("AWS:Application".into(), fixtures::inventory(&rows));
        let rows = [("openssl", "3.0.2"), ("bash", "5.2"), ("ne\u{1b}[2Jw", "9")];
        after.baseline.inventory.insert("AWS:Application".into(), fixtures::inventory(&rows));
        after.images[0].image = "ami-0bbbbbbbbbbbbbbbb".into();
        after.contract.key_name = None;
        insta::assert_snapshot!(golden_diff_text(&before, &after, &Look::default()), @r"
        web@1 → web@2
          image any account/eu-west-1: ami-0aaaaaaaaaaaaaaaa → ami-0bbbbbbbbbbbbbbbb
          contract key pair: none → not judged
          AWS:Application gone: 1 → none
          AWS:Application openssl: 3.0.1 → 3.0.2
          AWS:Application new: none → 9
        ");
        let document: serde_json::Value = serde_json::from_str(&golden_diff_json(&before, &after)).unwrap();
        assert_eq!(document["changes"].as_array().unwrap().len(), 5);
    }
}
