//! `image-unrecorded`, `image-revoked`, `image-not-promoted`.

use serde_json::json;

use super::RuleContext;
use crate::detect::codes;
use crate::detect::drift::{Drift, RuleOutput};
use crate::types::{GoldenStatus, Severity, Source};

pub(super) fn check(context: &RuleContext<'_>, out: &mut RuleOutput) {
    let image = &context.instance.image;
    let name = context.snapshot.images.get(image).and_then(|image| image.name.clone());
    let drift = |code, severity, summary, expected, subject: String| Drift {
        code,
        subject,
        severity,
        summary,
        expected,
        actual: json!({ "image": image, "name": name }),
        source: Source::Ec2,
        aspect: None,
    };

    let Some(golden) = context.golden else {
        // Outside every fleet nobody has promised that this server is immutable: it is worth showing, not an alarm.
        let severity = if context.fleet.is_some() { Severity::Medium } else { Severity::Low };
        let expected = context.fleet.map_or(json!(null), |fleet| json!({ "golden_line": fleet.golden }));
        let hint = if context.goldens_known { "" } else { "; no golden is recorded yet for this line" };
        let summary = format!("runs from {image}, which no golden records{hint}");
        out.drifts.push(drift(codes::IMAGE_UNRECORDED, severity, summary, expected, "image".to_owned()));
        return;
    };

    if golden.status == GoldenStatus::Revoked {
        let why = golden.note.as_deref().unwrap_or("no reason was given");
        let summary = format!("runs {}, which was revoked: {why}", golden.reference());
        let expected = context.promoted.map_or(json!(null), |promoted| json!({ "golden": promoted.reference() }));
        out.drifts.push(drift(codes::IMAGE_REVOKED, Severity::Critical, summary, expected, "image".to_owned()));
        return;
    }
    if let Some(promoted) = context.promoted
        && promoted.reference() != golden.reference()
    {
        let summary = format!("runs {} while {} is promoted", golden.reference(), promoted.reference());
        // The subject names the promoted version: each promotion is a new finding, not an old one again.
        let subject = format!("promoted {}", promoted.reference());
        let expected = json!({ "golden": promoted.reference() });
        out.drifts.push(drift(codes::IMAGE_NOT_PROMOTED, Severity::Medium, summary, expected, subject));
    }
}
