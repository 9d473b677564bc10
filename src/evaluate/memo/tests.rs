use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::evaluate::input::tests::{facts, finding, fleet, golden, instance};
use crate::evaluate::{Answer, Evaluator, PolicySet, PolicySource, build_input, canonical_json, shipped};
use crate::types::{Finding, InstanceId, ScanId, Severity};

/// Reads in every way that the memo has to see through.
const OWN: &str = r#"package cattleguard.t.own

import input.instance as server
import input.fleet

default quiet := false

quiet if input.observation.complete

named := server.tags.env

look(doc) := doc.scan.mode

deny contains msg if {
	some finding in input.drift.findings
	finding.severity == "high"
	msg := sprintf("%s of %s", [finding.code, input.instance.id])
}

deny contains "not complete" if not quiet

deny contains named if named != "prod"

violation contains msg if {
	fleet.name != "web"
	msg := look(input)
}

warn contains msg if {
	some key in ["a", "b"]
	msg := input.instance.tags[key]
}

warn contains "many" if {
	count({volume.id | some volume in input.instance.volumes; volume.encrypted}) > 1
	every volume in input.instance.volumes {
		volume.encrypted
	}
}
"#;

fn inputs() -> Vec<Value> {
    let (scan, instance, golden, fleet) = (ScanId::new("s-1"), instance(), golden(), fleet());
    let findings = [
        finding("config-user-data", Severity::Critical),
        finding("file-changed", Severity::High),
        finding("blind-inventory-stale", Severity::Medium),
        finding("image-not-promoted", Severity::Info),
    ];
    let all: Vec<&Finding> = findings.iter().collect();
    [&all[..0], &all[..1], &all[..]].map(|some| build_input(&facts(&scan, &instance, &golden, &fleet, some))).into()
}

fn sets() -> Vec<PolicySet> {
    let data = json!({"parameters": {
        "attribution": {"all": {"break_glass": ["*"], "services": ["autoscaling.amazonaws.com"], "require_mfa": true}},
        "golden_image": {"fleets": {"web": {"max_age_days": 1}}},
        "change_windows": {"all": {"freezes": [
            {"name": "f", "from": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}]}},
    }});
    let own = PolicySource::new("own.rego", OWN);
    vec![
        PolicySet::compile(shipped(), Value::Null).unwrap(),
        PolicySet::compile(shipped(), data).unwrap(),
        PolicySet::compile(vec![own], Value::Null).unwrap(),
    ]
}

/// Everything in a document that can be changed, by its JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, member)| places(member, &format!("{at}/{key}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// Values that rules look for, and some that they do not expect.
fn values() -> [Value; 14] {
    [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(99_999_999),
        json!("prod"),
        json!("waived"),
        json!("info"),
        json!("high"),
        json!("root"),
        json!("instance"),
        json!("i-0aa11bb22cc33dd44"),
        json!([]),
        json!({}),
    ]
}

fn changed(mut input: Value, place: usize, what: usize) -> Value {
    let mut all = Vec::new();
    places(&input, "", &mut all);
    let values = values();
    // One more than there are values: the member goes.
    let (at, what) = (&all[1 + place % (all.len() - 1)], what % (values.len() + 1));
    match values.get(what) {
        Some(value) => *input.pointer_mut(at).unwrap() = value.clone(),
        None => {
            let (parent, key) = at.rsplit_once('/').unwrap();
            if let Some(members) = input.pointer_mut(parent).and_then(Value::as_object_mut) {
                members.remove(key);
            }
        }
    }
    input
}

fn said(answer: Answer) -> Vec<RuleAnswer> {
    answer.rules
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever inputs come in whatever order: what the memo says is what the rules say.
    #[test]
    fn the_memo_says_what_the_rules_say(
        set in 0..3_usize,
        steps in proptest::collection::vec((0..3_usize, 0..400_usize, 0..15_usize, 0..400_usize, 0..15_usize), 12..24),
    ) {
        let sets = sets();
        let bases = inputs();
        let (mut fast, mut plain) = (Evaluator::fast(&sets[set]), Evaluator::together(&sets[set]));
        for (base, one, what, other, value) in steps {
            for input in [
                bases[base].clone(),
                changed(bases[base].clone(), one, what),
                changed(changed(bases[base].clone(), one, what), other, value),
            ] {
                let text = canonical_json(&input);
                prop_assert_eq!(said(fast.answer(&text, None)), said(plain.answer(&text, None)), "{}", text);
            }
        }
    }
}

/// Every place of an input, changed alone: the memo sees what rules see.
#[test]
fn no_part_that_a_rule_reads_is_overlooked() {
    for set in sets() {
        let (mut fast, mut plain) = (Evaluator::fast(&set), Evaluator::together(&set));
        for base in inputs() {
            let mut all = Vec::new();
            places(&base, "", &mut all);
            for place in 0..all.len() - 1 {
                // Each place has something else put there: all combinations would take minutes.
                let text = canonical_json(&changed(base.clone(), place, place % 15));
                assert_eq!(said(fast.answer(&text, None)), said(plain.answer(&text, None)), "{text}");
            }
        }
    }
}

fn hits(evaluator: &Evaluator<'_>) -> u32 {
    evaluator.memo.as_ref().unwrap().0.shapes.iter().map(|shape| shape.hits).sum()
}

#[test]
fn instances_that_differ_in_what_nobody_reads_are_evaluated_once() {
    let sets = sets();
    let (scan, golden, fleet) = (ScanId::new("s-1"), golden(), fleet());
    let mut clean = Vec::new();
    for number in 0..50 {
        let mut server = instance();
        server.id = InstanceId::new(format!("i-{number:017x}"));
        clean.push(canonical_json(&build_input(&facts(&scan, &server, &golden, &fleet, &[]))));
    }
    // The second one's parameters find every golden too old, and say so of each server.
    for set in [&sets[0], &sets[2]] {
        let mut fast = Evaluator::fast(set);
        for text in &clean {
            fast.answer(text, None);
        }
        assert!(hits(&fast) >= 45, "{}", hits(&fast));
    }
    let mut fast = Evaluator::fast(&sets[0]);
    let drifted = finding("config-user-data", Severity::Critical);
    for number in 0..50 {
        let mut server = instance();
        server.id = InstanceId::new(format!("i-{number:017x}"));
        fast.answer(&canonical_json(&build_input(&facts(&scan, &server, &golden, &fleet, &[&drifted]))), None);
    }
    assert_eq!(hits(&fast), 0, "messages name the instance");
}

#[test]
fn what_fails_is_not_kept() {
    let text = "package cattleguard.t.p\n\ndeny contains \"x\" if to_number(input.scan.mode) > 1\n";
    let fails = PolicySet::compile(vec![PolicySource::new("p.rego", text)], Value::Null).unwrap();
    let mut fast = Evaluator::fast(&fails);
    for _ in 0..3 {
        let answer = fast.answer(r#"{"scan":{"mode":"a"}}"#, None);
        assert!(matches!(answer.rules.as_slice(), [RuleAnswer::Error(_)]), "{answer:?}");
    }
    assert!(fast.memo.as_ref().unwrap().0.shapes.is_empty());
}

#[test]
fn a_memo_stays_small() {
    let set = &sets()[2];
    let mut fast = Evaluator::fast(set);
    for number in 0..600 {
        let input = json!({"observation": {"complete": true}, "instance": {"tags": {"env": format!("e{number}")}}});
        fast.answer(&canonical_json(&input), None);
    }
    let memo = &fast.memo.as_ref().unwrap().0;
    assert!(memo.shapes.len() <= MAX_SHAPES && memo.held <= MAX_HELD);
    assert!(memo.shapes.iter().all(|shape| shape.answers.len() <= 64), "in the end hardly any is watched");
}
