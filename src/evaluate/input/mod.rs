//! The input document `cattleguard.dev/input/v1`: one instance in one scan, as policies see it.
//!
//! Rules: times are integer nanoseconds since 1970; what is unknown is absent, never null or zero; lists are
//! sorted and bounded, with a `truncated` flag beside them; no secret is in it (user data is a digest). The
//! JSON Schema in `policies/input.schema.json` describes every path and is closed.

mod context;
mod drift;
mod instance;
mod members;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::InputFacts;
use crate::types::{Golden, GoldenRef};
use members::Members;

/// The document's schema id.
pub const INPUT_SCHEMA: &str = "cattleguard.dev/input/v1";

/// Most entries of one list, and most tags.
const MAX_LIST: usize = 100;

/// Most findings: the most severe are kept.
const MAX_FINDINGS: usize = 200;

/// Longest text, in characters.
const MAX_TEXT: usize = 2_000;

/// Builds the input document of one instance.
pub fn build_input(facts: &InputFacts<'_>) -> Value {
    InputBuilder::default().build(facts)
}

/// Builds documents; remembers the digests of goldens, whose baselines are long.
#[derive(Default)]
pub struct InputBuilder {
    digests: BTreeMap<GoldenRef, String>,
}

impl InputBuilder {
    /// Builds one.
    pub fn build(&mut self, facts: &InputFacts<'_>) -> Value {
        let golden = facts.golden.map(|golden| context::golden(golden, self.digest(golden), facts.now));
        Members::default()
            .set("schema", INPUT_SCHEMA)
            .set(
                "scan",
                json!({"id": facts.scan.as_str(), "time_ns": members::ns(facts.now), "mode": facts.mode.as_str()}),
            )
            .set("account", context::account(facts.instance))
            .set("instance", instance::instance(facts.instance, facts.now))
            .maybe("golden", golden)
            .maybe("fleet", facts.fleet.map(context::fleet))
            .set("observation", context::observation(facts))
            .set("drift", drift::drift(facts))
            .set("history", context::history(facts))
            .set("exceptions", context::exceptions(facts))
            .value()
    }

    fn digest(&mut self, golden: &Golden) -> &str {
        self.digests.entry(golden.reference()).or_insert_with(|| golden.digest().as_str().to_owned())
    }
}

#[cfg(test)]
pub(super) mod tests;
