//! A plan as `plan -o json` wrote it, read again.

use jiff::Timestamp;
use serde::Deserialize;

use super::plan::PLAN_SCHEMA;
use crate::report::text::clean;
use crate::types::{FleetName, Held, Operation, Plan, PlanHash};

/// The document, as far as executing it needs. Fields may be added to it.
#[derive(Deserialize)]
struct Document {
    hash: PlanHash,
    #[serde(default)]
    approval: Option<PlanHash>,
    created_at: Timestamp,
    operations: Vec<Operation>,
    held: Vec<Held>,
    frozen: Vec<Frozen>,
}

#[derive(Deserialize)]
struct Frozen {
    fleet: FleetName,
    reason: String,
}

/// Reads `cattleguard.dev/plan/v1`. Whether the plan holds is another question.
///
/// # Errors
/// What is wrong with the text, with line and column.
pub fn plan_from_json(text: &str) -> Result<Plan, String> {
    // Asked for alone, so that another document is named as such and not by the first field that it lacks.
    #[derive(Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match head.schema.as_deref() {
        Some(PLAN_SCHEMA) => {}
        Some(other) => return Err(format!("its schema is {}, not {PLAN_SCHEMA}", clean(other, 80))),
        None => return Err(format!("it names no schema; {PLAN_SCHEMA} is expected")),
    }
    let Document { hash, approval, created_at, operations, held, frozen } =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let frozen = frozen.into_iter().map(|Frozen { fleet, reason }| (fleet, reason)).collect();
    Ok(Plan { hash, approval, created_at, operations, held, frozen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::report::render::plan_json;

    #[test]
    fn what_was_written_is_read_again_whole() {
        let mut plan = fixtures::plan();
        plan.operations.push(fixtures::operation("i-0aa"));
        plan.held.push(fixtures::held("i-0bb"));
        plan.frozen.push(("api".into(), "12 of 40 instances drifted".to_owned()));
        assert_eq!(plan_from_json(&plan_json(&plan)), Ok(plan));
    }

    #[test]
    fn another_document_is_named() {
        let other = plan_from_json(r#"{"schema":"cattleguard.dev/scan/v1"}"#).unwrap_err();
        assert!(other.contains("cattleguard.dev/scan/v1, not cattleguard.dev/plan/v1"), "{other}");
        assert!(plan_from_json("{}").unwrap_err().contains("no schema"));
        let cut = plan_json(&fixtures::plan());
        assert!(plan_from_json(&cut[..cut.len() / 2]).unwrap_err().contains("line"));
    }
}
