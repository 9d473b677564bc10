//! What the process that evaluates policies says of an input: whatever it is, it ends in one result for each policy or in
//! an error; what is kept is bounded; and a warning never asks for more than an alert.
#![no_main]

use std::sync::OnceLock;

use cattleguard::evaluate::{Answered, PolicyPackage, PolicySet, PolicySource};
use cattleguard::types::{Action, PolicyOutcome};

/// Longest message, with the mark that it was cut.
const MESSAGE: usize = 1_001;
/// Longest id of a rule, a control or a finding.
const ID: usize = 200;
/// 30 days.
const GRACE_S: u64 = 30 * 24 * 3_600;

fn packages() -> &'static [PolicyPackage] {
    static SET: OnceLock<PolicySet> = OnceLock::new();
    SET.get_or_init(|| {
        let one = "package cattleguard.a\n\nviolation contains \"x\" if input.x\n\nwarn contains \"y\" if input.y\n";
        let two = "package cattleguard.b\n\ndeny contains \"z\" if input.z\n";
        let sources = vec![PolicySource::new("a.rego", one), PolicySource::new("b.rego", two)];
        PolicySet::compile(sources, serde_json::Value::Null).expect("it compiles")
    })
    .packages()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let packages: Vec<&PolicyPackage> = packages().iter().collect();
    let Ok(answered) = Answered::read(&packages, bytes) else { return };
    assert_eq!(answered.policies.len(), packages.len());
    for policy in &answered.policies {
        assert_eq!(policy.error.is_some(), policy.outcome == PolicyOutcome::Error);
        assert!(policy.outcome != PolicyOutcome::Pass || policy.hits.is_empty());
        for hit in &policy.hits {
            assert!(hit.kind != "warn" || hit.action <= Action::Alert);
            assert!(!hit.msg.trim().is_empty() && hit.msg.chars().count() <= MESSAGE);
            assert!(hit.id.chars().count() <= ID && hit.grace_s <= GRACE_S);
            assert!(hit.controls.iter().all(|id| id.chars().count() <= ID) && hit.controls.is_sorted());
        }
    }
});
