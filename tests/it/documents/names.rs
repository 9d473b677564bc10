//! Names that others build upon are in the documents: metrics, types of events, gates.

use std::collections::BTreeSet;

use cattleguard::types::Gate;

const METRICS: &[&str] = &[
    include_str!("../../../src/app/metrics/counters.rs"),
    include_str!("../../../src/app/metrics/of_scan.rs"),
    include_str!("../../../src/app/metrics/of_state.rs"),
];

fn operations() -> &'static str {
    include_str!("../../../docs/OPERATIONS.md")
}

/// Text literals of a source that begin so.
fn literals(source: &'static str, beginning: &str) -> BTreeSet<&'static str> {
    source.split('"').filter(|text| text.starts_with(beginning) && !text.contains(char::is_whitespace)).collect()
}

#[test]
fn every_metric_is_documented_and_there() {
    let there: BTreeSet<&str> = METRICS.iter().flat_map(|source| literals(source, "cattleguard_")).collect();
    assert!(there.len() > 15, "{there:?}");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let told: BTreeSet<&str> =
        operations().split(|c: char| !is_name(c)).filter(|word| word.starts_with("cattleguard_")).collect();
    assert_eq!(there, told);
}

#[test]
fn every_type_of_event_is_documented_and_there() {
    const BEGINNING: &str = "io.cattleguard.";
    let there: BTreeSet<&str> = literals(include_str!("../../../src/report/render/webhook.rs"), BEGINNING)
        .into_iter()
        .filter_map(|name| name.strip_prefix(BEGINNING))
        .collect();
    assert!(there.len() > 20, "{there:?}");
    let told: BTreeSet<&str> =
        operations().split('`').filter(|span| span.ends_with(".v1") && !span.starts_with("io.")).collect();
    assert_eq!(there, told);
}

#[test]
fn every_gate_is_documented_in_the_order_in_which_it_is_asked() {
    let section = operations().split("### The fifteen gates").nth(1).and_then(|rest| rest.split("\n### ").next());
    let rows = section.expect("a section").lines().filter_map(|line| line.strip_prefix("| `"));
    let told: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    assert_eq!(told, Gate::ALL.map(Gate::as_str));
}
