use super::*;
use crate::evaluate::{controls, shipped, shipped_tests};

fn source(name: &str, text: &str) -> PolicySource {
    PolicySource::new(name, text)
}

#[test]
fn the_shipped_policies_pass_their_tests_with_every_line_covered() {
    let report = run_tests(shipped(), shipped_tests(), Value::Null, &|_| true).unwrap();
    let bad: Vec<_> = report.results.iter().filter(|result| result.outcome != TestOutcome::Passed).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(report.results.len() > 20);
    assert_eq!(report.coverage.len(), shipped().len());
    for file in &report.coverage {
        assert!(!file.covered.is_empty(), "{} was not reached", file.file);
        assert_eq!(file.not_covered, BTreeSet::new(), "lines of {} that no test reaches", file.file);
    }
}

#[test]
fn every_control_the_shipped_policies_name_is_listed() {
    let listed: BTreeSet<String> = controls::controls().unwrap().into_iter().map(|control| control.id).collect();
    let named: BTreeSet<String> = shipped()
        .iter()
        .flat_map(|source| source.text.split('"').map(str::to_owned).collect::<Vec<_>>())
        .filter(|text| {
            ["pci-dss-4.0.1:", "nist-800-53r5:", "soc2-2017:", "hipaa:", "iso-27001-2022:"]
                .iter()
                .any(|framework| text.starts_with(framework))
        })
        .collect();
    assert!(named.len() > 10);
    assert_eq!(listed.len(), controls::controls().unwrap().len(), "an id is listed twice");
    assert_eq!(named.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn outcomes_filter_and_prints() {
    let code = "package cattleguard.a\n\nanswer := 42\n\nother(x) := 1 if {\n  x\n}\n";
    let tests = "package cattleguard.a_test\n\nimport data.cattleguard.a\n\ntest_right if {\n  print(\"seen\", a.answer)\n  a.answer == 42\n}\n\ntest_wrong if a.answer == 41\n\ntest_broken if to_number(\"x\") == 1\n\ntodo_test_later if a.answer == 0\n";
    let all =
        run_tests(vec![source("a.rego", code)], vec![source("a_test.rego", tests)], Value::Null, &|_| true).unwrap();
    let outcomes: Vec<_> = all.results.iter().map(|result| result.outcome).collect();
    assert_eq!(
        outcomes,
        [TestOutcome::Passed, TestOutcome::Failed, TestOutcome::Errored, TestOutcome::Skipped],
        "{all:#?}"
    );
    assert!(all.results[0].prints[0].contains("seen 42"), "{all:#?}");
    assert!(!all.passed());
    assert_eq!(all.coverage[0].not_covered, BTreeSet::from([5, 6]), "no test calls `other`");

    let one = run_tests(vec![source("a.rego", code)], vec![source("a_test.rego", tests)], Value::Null, &|name| {
        name.contains("right")
    })
    .unwrap();
    assert_eq!(one.results.len(), 1);
    assert!(one.passed());
}

#[test]
fn a_file_that_no_test_reaches_is_not_covered_at_all() {
    let report = run_tests(
        vec![
            source("a.rego", "package cattleguard.a\n\n# why\nx := 1\n"),
            source("b.rego", "package cattleguard.b\n\ny := 1\n"),
        ],
        vec![source("t_test.rego", "package t_test\n\ntest_a if data.cattleguard.a.x == 1\n")],
        Value::Null,
        &|_| true,
    )
    .unwrap();
    assert_eq!(report.coverage[0].percent(), 100.0);
    assert_eq!(report.coverage[1].percent(), 0.0);
}

fn alone(tests: &str) -> Vec<TestResult> {
    let text = format!("package cattleguard.a_test\n\n{tests}\n");
    let code = source("a.rego", "package cattleguard.a\n\nx := 1\n");
    run_tests(vec![code], vec![source("a_test.rego", &text)], Value::Null, &|_| true).unwrap().results
}

#[test]
fn a_test_that_fails_is_not_hidden_by_another_of_its_name() {
    let results = alone("test_x if 1 == 2\n\ntest_x if 1 == 1\n\ndefault test_y := false\n\ntest_y if 1 == 1");
    let [twin, defaulted] = results.as_slice() else { panic!("{results:#?}") };
    assert_eq!(twin.outcome, TestOutcome::Errored);
    assert!(
        twin.message.as_ref().unwrap().contains("2 rules have this name (a_test.rego:3, a_test.rego:5)"),
        "{twin:#?}"
    );
    assert_eq!(defaulted.outcome, TestOutcome::Passed);
}

#[test]
fn what_is_no_truth_says_what_it_is() {
    for (test, outcome, said) in [
        ("test_x := \"yes\"", TestOutcome::Failed, "its value is \"yes\", not true"),
        ("test_x[case] if some case in [\"a\"]", TestOutcome::Failed, "its value is an object"),
        ("test_x.y if true", TestOutcome::Errored, "more than one part"),
    ] {
        let results = alone(test);
        let [one] = results.as_slice() else { panic!("{results:#?}") };
        assert_eq!(one.outcome, outcome, "{one:#?}");
        assert!(one.message.as_ref().unwrap().contains(said), "{one:#?}");
    }
}
