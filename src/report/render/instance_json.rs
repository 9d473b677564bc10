//! One instance explained, as JSON: its result, its findings in full, and every gate's answer.

use serde::Serialize;

use super::operation_doc::HeadDoc;
use super::scan_doc::{FindingDoc, InstanceDoc};
use super::scan_json::pretty;
use crate::report::view::View;
use crate::store::InstanceResult;
use crate::types::{Decision, Held, InstanceId, Operation};

/// Schema of the document.
pub const EXPLAIN_SCHEMA: &str = "cattleguard.dev/explain/v1";

#[derive(Serialize)]
struct ExplainDoc<'a> {
    schema: &'static str,
    instance: InstanceDoc<'a>,
    decision: Option<&'a Decision>,
    findings: Vec<FindingDoc<'a>>,
    operation: Option<&'a Operation>,
    held: Option<&'a Held>,
    operations: Vec<HeadDoc<'a>>,
    replaces: Vec<&'a InstanceId>,
    replaced_by: Vec<&'a InstanceId>,
}

/// The document. `view` holds the instance's findings and the plan.
pub fn instance_json<'a>(result: &'a InstanceResult, view: &View<'a>) -> String {
    let id = &result.instance.id;
    pretty(&ExplainDoc {
        schema: EXPLAIN_SCHEMA,
        instance: InstanceDoc::from(result),
        decision: result.decision.as_ref(),
        findings: view.findings(id).iter().map(|finding| FindingDoc::from(*finding)).collect(),
        operation: view.operation(id),
        held: view.held(id),
        operations: view.past(id).into_iter().map(HeadDoc::from).collect(),
        replaces: view.ancestors(id),
        replaced_by: view.descendants(id),
    })
}
