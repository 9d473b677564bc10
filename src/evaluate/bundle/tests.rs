use serde_json::json;

use super::*;

fn compile(text: &str) -> Result<PolicySet, Vec<PolicyProblem>> {
    PolicySet::compile(vec![PolicySource::new("p.rego", text)], Value::Null)
}

fn problems(text: &str) -> Vec<PolicyProblem> {
    compile(text).map(|set| set.packages).unwrap_err()
}

#[test]
fn deciding_rules_are_found_and_others_are_not() {
    let sources = vec![
        PolicySource::new(
            "a.rego",
            "package cattleguard.a.one\n\nviolation contains \"x\" if input.x\nwarn_late contains \"y\" if input.y\nhelper := 1\ndenied := true\n",
        ),
        PolicySource::new("b.rego", "package cattleguard.a.one_test\n\ntest_x if true\ndeny contains \"no\" if true\n"),
        PolicySource::new("c.rego", "package other.thing\n\ndeny contains \"no\" if true\n"),
    ];
    let set = PolicySet::compile(sources, Value::Null).unwrap();
    let found: Vec<_> = set.packages().iter().map(|p| (p.name.as_str(), p.rules().collect::<Vec<_>>())).collect();
    assert_eq!(found, [("cattleguard.a.one", vec!["violation", "warn_late"])]);
}

#[test]
fn a_parse_error_names_its_line() {
    let found = problems("package cattleguard.a\n\ndeny contains x if {\n  x := := 1\n}\n");
    assert_eq!((found[0].file.as_str(), found[0].line), ("p.rego", 4));
    assert!(!found[0].message.contains('\n'), "{}", found[0].message);
}

#[test]
fn every_broken_file_is_reported_at_once() {
    let sources = vec![PolicySource::new("a.rego", "package"), PolicySource::new("b.rego", "package x\ny := [")];
    let files: Vec<_> = PolicySet::compile(sources, Value::Null).unwrap_err().into_iter().map(|p| p.file).collect();
    assert_eq!(files, ["a.rego", "b.rego"]);
}

#[test]
fn functions_that_can_call_themselves_are_refused() {
    let direct = problems("package cattleguard.a\n\nf(x) := f(x)\n\ndeny contains \"x\" if f(1)\n");
    assert!(direct[0].message.contains("data.cattleguard.a.f can call itself"), "{direct:?}");
    let through_rule = problems("package cattleguard.a\n\nf(x) := x + r\n\nr := f(1)\n");
    assert!(through_rule.iter().any(|p| p.message.contains("call itself")), "{through_rule:?}");
    let mutual = problems("package cattleguard.a\n\nf(x) := g(x)\n\ng(x) := f(x)\n");
    assert_eq!(mutual.len(), 2);
    let mocked = problems("package cattleguard.a\n\ng(x) := x\n\nf(x) := g(x)\n\nr if f(1) == 2 with g as f\n");
    assert!(mocked.iter().any(|p| p.message.contains("call itself")), "{mocked:?}");
}

#[test]
fn a_function_called_from_two_places_and_a_variable_named_like_a_rule_are_fine() {
    compile(
        "package cattleguard.a\n\nf(x) := x + 1\n\ng(f1) := f(f(f1))\n\nmsg(m) := y if { y := m }\n\ny := msg(1)\n",
    )
    .unwrap();
}

#[test]
fn unknown_and_refused_builtins_are_found_before_the_rule_runs() {
    let unknown =
        problems("package cattleguard.a\n\ndeny contains x if {\n  input.never\n  x := crypto.sha256(\"a\")\n}\n");
    assert_eq!(unknown[0].line, 5);
    assert!(unknown[0].message.contains("crypto.sha256"), "{unknown:?}");
    let clock = problems("package cattleguard.a\n\ndeny contains \"late\" if time.now_ns() > 5\n");
    assert!(clock[0].message.contains("input.scan.time_ns"), "{clock:?}");
}

#[test]
fn unsafe_variables_are_found_at_load() {
    let found = problems("package cattleguard.a\n\ndeny contains \"x\" if y > 1\n");
    assert_eq!(found[0].line, 3, "{found:?}");
}

#[test]
fn data_may_not_cover_a_package() {
    let source = || vec![PolicySource::new("p.rego", "package cattleguard.a.b\n\ndeny contains \"x\" if true\n")];
    for data in [json!({"cattleguard": {"a": {"b": {"deny": []}}}}), json!({"cattleguard": {"a": 1}})] {
        let found = PolicySet::compile(source(), data).unwrap_err();
        assert!(found[0].message.contains("data.cattleguard.a.b"), "{found:?}");
    }
    PolicySet::compile(source(), json!({"cattleguard": {"a": {"settings": 1}}, "owners": {}})).unwrap();
}

#[test]
fn deep_nesting_is_refused_without_parsing() {
    let text = format!("package cattleguard.a\nx := {}1{}\n", "[".repeat(30), "]".repeat(30));
    assert!(problems(&text)[0].message.contains("nest deeper"));
}

#[test]
fn a_chain_of_calls_has_a_limit() {
    let functions: String = (0..80).map(|n| format!("f{n}(x) := f{}(x)\n", n + 1)).collect();
    let found = problems(&format!("package cattleguard.a\n{functions}f80(x) := x\n"));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn the_digest_depends_on_names_texts_and_data_and_not_on_order() {
    let a = || PolicySource::new("a.rego", "package cattleguard.a\nx := 1\n");
    let b = || PolicySource::new("b.rego", "package cattleguard.b\nx := 1\n");
    let digest = |sources, data| PolicySet::compile(sources, data).unwrap().digest().to_owned();
    assert_eq!(digest(vec![a(), b()], Value::Null), digest(vec![b(), a()], json!({})));
    assert_ne!(digest(vec![a(), b()], Value::Null), digest(vec![a()], Value::Null));
    assert_ne!(digest(vec![a()], Value::Null), digest(vec![a()], json!({"k": 1})));
    // Where the files lie says nothing of what they are, also when it puts them into another order.
    let found = |path: &str, source: PolicySource| PolicySource::found(path, source.within, source.text);
    let elsewhere = vec![found("/z/a.rego", a()), found("/b.tgz:b.rego", b())];
    assert_eq!(digest(elsewhere, Value::Null), digest(vec![a(), b()], Value::Null));
}
