//! Goldens: the list, and one in full.

use serde::Serialize;
use serde_json::Value;

use super::golden_diff::contract_lines;
use super::out::Out;
use super::parts::{count, time};
use super::scan_json::pretty;
use crate::report::look::{Look, Role};
use crate::report::text::clean;
use crate::types::{Golden, GoldenStatus};

/// Schema of the JSON forms.
pub const GOLDENS_SCHEMA: &str = "cattleguard.dev/goldens/v1";

#[derive(Serialize)]
struct GoldensDoc<'a> {
    schema: &'static str,
    goldens: Vec<GoldenDoc<'a>>,
}

#[derive(Serialize)]
struct GoldenDoc<'a> {
    reference: String,
    digest: String,
    #[serde(flatten)]
    golden: &'a Golden,
}

fn document(golden: &Golden) -> GoldenDoc<'_> {
    GoldenDoc { reference: golden.reference().to_string(), digest: golden.digest().as_str().to_owned(), golden }
}

/// All of them as JSON, each with its reference and digest.
pub fn goldens_json(goldens: &[Golden]) -> String {
    pretty(&GoldensDoc { schema: GOLDENS_SCHEMA, goldens: goldens.iter().map(document).collect() })
}

/// The list as a value, as it stands in reports.
pub(super) fn goldens_value(goldens: &[Golden]) -> Value {
    goldens.iter().map(|golden| serde_json::to_value(document(golden)).unwrap_or_default()).collect()
}

/// One as JSON.
pub fn golden_json(golden: &Golden) -> String {
    let mut value = serde_json::to_value(document(golden)).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.insert("schema".to_owned(), Value::from(GOLDENS_SCHEMA));
    }
    pretty(&value)
}

/// The list as a table.
pub fn goldens_table(goldens: &[Golden], look: &Look) -> String {
    let mut out = Out::new(look);
    let rows: Vec<_> = goldens.iter().map(|golden| row(golden, look)).collect();
    if !rows.is_empty() {
        out.table(&["GOLDEN", "STATUS", "IMAGES", "RECORDED", "DIGEST", "BY"], rows);
    }
    out.line(0, &count(goldens.len() as u64, "golden"));
    out.finish()
}

fn row(golden: &Golden, look: &Look) -> Vec<String> {
    vec![
        clean(&golden.reference().to_string(), 80),
        status(golden.status, look),
        golden.images.len().to_string(),
        time(golden.recorded_at),
        short_digest(golden),
        clean(&golden.recorded_by, 120),
    ]
}

fn status(status: GoldenStatus, look: &Look) -> String {
    let role = match status {
        GoldenStatus::Promoted => Role::Good,
        GoldenStatus::Recorded | GoldenStatus::Deprecated => Role::Dim,
        GoldenStatus::Revoked => Role::Bad,
    };
    look.paint(role, status.as_str())
}

fn short_digest(golden: &Golden) -> String {
    golden.digest().as_str().chars().take(19).collect()
}

/// One in full.
pub fn golden_text(golden: &Golden, look: &Look) -> String {
    let Golden {
        line: _,
        version: _,
        status: state,
        images,
        contract,
        baseline,
        reference_instance,
        recorded_by,
        recorded_at,
        promoted_at,
        note,
    } = golden;
    let mut out = Out::new(look);
    let name = look.paint(Role::Heading, &clean(&golden.reference().to_string(), 80));
    out.line(0, &format!("{name} · {}", status(*state, look)));
    out.labelled(2, "digest    ", golden.digest().as_str());
    out.labelled(2, "recorded  ", &format!("{} by {}", time(*recorded_at), clean(recorded_by, 200)));
    if let Some(at) = promoted_at {
        out.labelled(2, "promoted  ", &time(*at));
    }
    if let Some(note) = note {
        out.labelled(2, "note      ", &clean(note, 300));
    }
    if let Some(instance) = reference_instance {
        out.labelled(2, "from      ", &clean(instance.as_str(), 40));
    }
    for image in images {
        let account = image.account.as_ref().map_or("any account", |account| account.as_str());
        let place = format!(
            "{} in {}/{}",
            clean(image.image.as_str(), 40),
            clean(account, 20),
            clean(image.region.as_str(), 30)
        );
        out.labelled(2, "image     ", &place);
    }
    out.heading("Launch contract");
    for (field, value) in contract_lines(contract) {
        out.labelled(2, &format!("{field:<17} "), &value);
    }
    out.heading("Baseline");
    let root = baseline.manifest_root.as_ref().map_or("not recorded", |root| root.as_str());
    out.labelled(2, &format!("{:<18}", "file manifest"), &clean(root, 100));
    for (kind, item) in &baseline.inventory {
        let at = item.captured_at.map_or_else(|| "at an unknown time".to_owned(), time);
        let rows = count(item.entries.len() as u64, "row");
        out.labelled(2, &format!("{:<18}", clean(kind.as_str(), 60)), &format!("{rows}, captured {at}"));
    }
    if baseline.inventory.is_empty() {
        out.labelled(2, &format!("{:<18}", "inventory"), "not recorded: software is not judged");
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn list_and_show() {
        let mut golden = fixtures::golden("2026.11.1", GoldenStatus::Promoted);
        golden.recorded_by = "arn:aws:iam::111122223333:user/ba\u{1b}[31mker".to_owned();
        golden.baseline.inventory.insert("AWS:Application".into(), fixtures::inventory(&[("openssl", "3.0.1")]));
        let text = golden_text(&golden, &Look::default());
        insta::assert_snapshot!(text, @r"
        web@2026.11.1 · promoted
          digest    blake3:705ca971392bfecf42282df6652077b422845c33169585d8adb03da42485023f
          recorded  2026-11-22 10:00:00Z by arn:aws:iam::111122223333:user/baker
          promoted  2026-11-22 11:46:40Z
          from      i-0ref
          image     ami-0aaaaaaaaaaaaaaaa in any account/eu-west-1

        Launch contract
          instance profile  web
          source/dest check on
          key pair          none

        Baseline
          file manifest     not recorded
          AWS:Application   1 row, captured at an unknown time
        ");
        let table = goldens_table(&[golden.clone()], &Look::default());
        assert!(table.contains("web@2026.11.1  promoted"), "{table}");
        let document: Value = serde_json::from_str(&golden_json(&golden)).unwrap();
        assert_eq!(document["reference"], "web@2026.11.1");
        assert_eq!(document["digest"], golden.digest().as_str());
        let list: Value = serde_json::from_str(&goldens_json(&[golden])).unwrap();
        assert_eq!(list["goldens"][0]["status"], "promoted");
    }
}
