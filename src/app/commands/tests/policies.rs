//! `policy`, through the same door as the program.

use std::path::Path;

use serde_json::Value;

use super::{Nothing, exit_of, written};
use crate::app::run;

/// No configuration is at the default path of a test machine: these run without one.
fn without_config(folder: &Path, format: &str, args: &[&str]) -> (i32, String) {
    let out = folder.join("out");
    let _ = std::fs::remove_file(&out);
    let spec = format!("{format}={}", out.display());
    let all = ["cattleguard", "-q", "-o", &spec].iter().chain(args).map(Into::into).collect();
    let exit = run(Box::new(Nothing), all);
    (exit, std::fs::read_to_string(out).unwrap_or_default())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("a path").to_owned()
}

#[test]
fn the_shipped_pack_passes_its_tests_without_a_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let (exit, told) = without_config(folder.path(), "json", &["policy", "test", "--threshold", "100"]);
    assert_eq!(exit, 0, "{told}");
    let told = json(&told);
    assert!(told["summary"]["passed"].as_u64() > Some(10), "{told}");
    assert_eq!(told["summary"]["failed"], 0);
    let (exit, told) = without_config(folder.path(), "table", &["policy", "check"]);
    assert_eq!((exit, told.starts_with("ok: ")), (0, true), "{told}");
}

#[test]
fn a_failing_test_exits_1_and_a_missing_configuration_that_was_named_78() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = file(
        folder.path(),
        "p.rego",
        "package cattleguard.p\n\nworks := true\n\nbroken := false\n\nunused if {\n\tinput.x == 1\n\tinput.y == 2\n}\n",
    );
    let tests =
        "package cattleguard.p_test\n\nimport data.cattleguard.p\n\ntest_works if p.works\n\ntest_broken if p.broken\n";
    let tests = file(folder.path(), "p_test.rego", tests);
    let junit = folder.path().join("junit.xml");
    let args = ["policy", "test", &policy, &tests, "--junit", junit.to_str().expect("a path")];
    let (exit, told) = without_config(folder.path(), "json", &args);
    assert_eq!(exit, 1, "{told}");
    assert_eq!(json(&told)["summary"]["failed"], 1);
    let junit = std::fs::read_to_string(junit).expect("a file");
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    let only = ["policy", "test", &policy, &tests, "-r", "works$"];
    assert_eq!(without_config(folder.path(), "table", &only).0, 0);
    assert_eq!(without_config(folder.path(), "table", &[&only[..], &["--threshold", "100"]].concat()).0, 1);
    assert_eq!(without_config(folder.path(), "table", &["policy", "test", &tests, "-r", "("]).0, 64);
    assert_eq!(exit_of(&folder.path().join("none.toml"), &["policy", "test"]), 78);
}

#[test]
fn check_finds_what_would_fail_in_silence_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "package cattleguard.p\n\nviolation contains hit if {\n\tinput.instance.metadata.http_tokens == \"optional\"\n\
                \thit := {\"msg\": \"x\", \"controls\": [\"soc2-2017:CC99.9\"]}\n}\n";
    let policy = file(folder.path(), "p.rego", text);
    let (exit, told) = without_config(folder.path(), "json", &["policy", "check", &policy]);
    assert_eq!(exit, 78);
    let told = json(&told);
    assert_eq!(told["diagnostics"][0]["column"], 2, "under the first letter");
    let found: Vec<(u64, &str)> = told["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["line"].as_u64().unwrap_or(0), one["message"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].0, found[0].1.contains("input.instance.metadata")), (4, true));
    assert_eq!((found[1].0, found[1].1.contains("soc2-2017:CC99.9")), (5, true));
    let broken = file(folder.path(), "broken.rego", "package cattleguard.q\n\nx := := 1\n");
    let (exit, told) = without_config(folder.path(), "table", &["policy", "check", &broken]);
    assert_eq!(exit, 78);
    assert!(told.contains("broken.rego:3:") && told.contains("3 | x := := 1") && told.contains('^'), "{told}");
}

#[test]
fn check_finds_results_that_can_only_fail_and_calls_that_cannot_be_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "package cattleguard.p\n\nviolation contains hit if {\n\tcount(1, 2, 3)\n\tinput.instance.id\n\
                \thit := {\n\t\t\"msg\": \"x\",\n\t\t\"action\": \"replase\",\n\t\t\"controls\": [\"pci:nope\"],\n\t}\n}\n\ndeny := 7\n";
    let policy = file(folder.path(), "p.rego", text);
    let (exit, told) = without_config(folder.path(), "json", &["policy", "check", &policy]);
    let told = json(&told);
    let lines = told["diagnostics"].as_array().expect("a list").iter();
    let lines: Vec<u64> = lines.map(|one| one["line"].as_u64().unwrap_or(0)).collect();
    assert_eq!((exit, lines), (78, vec![4, 8, 9, 13]), "{told:#}");
}

#[test]
fn check_uses_the_configured_policies() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init"]), 0);
    file(folder.path(), "mine.rego", "package mine\n\ndeny contains \"x\" if input.scan.mode == \"observe\"\n");
    let text = std::fs::read_to_string(&config).expect("a file") + "\n[policy]\npaths = [\"mine.rego\"]\n";
    std::fs::write(&config, text).expect("written");
    let (exit, told) = written(folder.path(), &config, "table", &["policy", "check"]);
    assert_eq!(exit, 78);
    assert!(told.contains("never evaluated"), "{told}");
}

#[cfg(feature = "testing")]
#[test]
fn eval_says_what_each_policy_says_and_why() {
    use crate::store::Scans as _;
    let world = super::world::World::new("");
    world.record(&[]);
    let member = world.fleet.instances()[0].clone();
    let alice = crate::testing::SimActor::person("Alice Example");
    world.fleet.cloud.start_session(&alice, &member).expect("a session");
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(world.run(&["scan"]), 1);
    let stored = world.store().inputs_since(jiff::Timestamp::MIN).expect("inputs");
    let folder = tempfile::tempdir().expect("a folder");
    let input = file(folder.path(), "input.json", &stored[0].input.to_string());
    let args = ["policy", "eval", "--input", &input, "--why"];
    let (exit, told) = without_config(folder.path(), "json", &args);
    assert_eq!(exit, 1, "{told}");
    let told = json(&told);
    assert_eq!(told["asked"], "replace");
    let rules = told["rules"].as_array().expect("rules");
    assert!(rules.iter().any(|rule| rule["fired"] == true) && rules.iter().any(|rule| rule["fired"] == false));
    let (_, text) = without_config(folder.path(), "table", &args);
    assert!(text.contains("violation cattleguard.host.in_place_modification"), "{text}");
    assert!(text.contains("did not fire: nothing got past line"), "{text}");
}

#[test]
fn eval_refuses_what_is_not_an_input_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = file(folder.path(), "input.json", "{\"instance\": 3}");
    assert_eq!(without_config(folder.path(), "table", &["policy", "eval", "--input", &input]).0, 2);
    let input = file(folder.path(), "input.json", "{");
    assert_eq!(without_config(folder.path(), "table", &["policy", "eval", "--input", &input]).0, 2);
}

#[test]
fn a_new_policy_passes_its_own_tests_and_the_strict_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().display().to_string();
    let new = |name: &str| without_config(folder.path(), "table", &["policy", "new", name, "--dir", &dir]).0;
    assert_eq!((new("acme.owners"), new("bill")), (0, 0));
    for name in ["owners", "bill"] {
        let path = folder.path().join(name).display().to_string();
        let test = ["policy", "test", &path, "--threshold", "100"];
        let (exit, told) = without_config(folder.path(), "table", &test);
        assert_eq!(exit, 0, "{told}");
        let (exit, told) = without_config(folder.path(), "table", &["policy", "check", "--strict", &path]);
        assert_eq!(exit, 0, "{told}");
    }
    assert_eq!(new("acme.owners"), 2, "nothing is overwritten");
    assert_eq!(new("../evil"), 64);
}

#[test]
fn strict_finds_what_nothing_uses_and_no_test_reaches() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "package cattleguard.p\n\nimport data.cattleguard.lib.findings\n\ndeny contains \"x\" if input.scan.id == \"a\"\n";
    let policy = file(folder.path(), "p.rego", text);
    assert_eq!(without_config(folder.path(), "table", &["policy", "check", &policy]).0, 0);
    let (exit, told) = without_config(folder.path(), "table", &["policy", "check", "--strict", &policy]);
    assert_eq!(exit, 78);
    assert!(told.contains("the import `findings` is not used") && told.contains("no test reaches this file"), "{told}");
    let (exit, told) = without_config(folder.path(), "json", &["policy", "check", "--strict"]);
    assert_eq!(exit, 0, "the shipped pack: {told}");
}

#[test]
fn data_is_read_from_folders_and_flags_and_never_replaces_a_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "package cattleguard.p\n\ndeny contains \"x\" if data.limits.most < data.more.least\n";
    let policy = file(folder.path(), "p.rego", text);
    let dir = policy.trim_end_matches("/p.rego").to_owned();
    file(
        folder.path(),
        "p_test.rego",
        "package cattleguard.p_test\n\ntest_it if count(data.cattleguard.p.deny) == 1\n",
    );
    file(folder.path(), "data.json", "{\"limits\": {\"most\": 1}}");
    let more = file(folder.path(), "more.json", "{\"more\": {\"least\": 2}}");
    assert_eq!(without_config(folder.path(), "tap", &["policy", "test", &dir, "--data", &more]).0, 0);
    assert_eq!(
        without_config(folder.path(), "table", &["policy", "test", &dir]).0,
        1,
        "without it the rule is undefined"
    );
    for over in ["{\"cattleguard\": {\"p\": {\"deny\": []}}}", "{\"cattleguard\": {\"p\": 1}}", "{\"cattleguard\": []}"]
    {
        let over = file(folder.path(), "over.json", over);
        let (exit, told) = without_config(folder.path(), "table", &["policy", "check", &policy, "--data", &over]);
        assert_eq!(exit, 78, "{told}");
        assert!(told.contains("would replace the rules of this package"), "{told}");
    }
}

#[test]
fn test_results_are_printed_in_the_forms_of_ci() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "package cattleguard.p_test\n\ntest_good if true\n\ntest_bad if {\n\tprint(\"seen\", 7)\n\tfalse\n}\n\ntodo_test_later if false\n";
    let policy = file(folder.path(), "p.rego", "package cattleguard.p\n\nx := 1\n");
    let tests = file(folder.path(), "p_test.rego", text);
    let (exit, tap) = without_config(folder.path(), "tap", &["policy", "test", &policy, &tests]);
    assert_eq!(exit, 1);
    assert!(
        tap.starts_with("TAP version 14\n1..3\n") && tap.contains("not ok 2 - ") && tap.contains("seen 7"),
        "{tap}"
    );
    assert!(tap.contains("# SKIP"), "{tap}");
    let (_, junit) = without_config(folder.path(), "junit", &["policy", "test", &policy, &tests]);
    assert!(junit.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""), "{junit}");
    assert_eq!(without_config(folder.path(), "tap", &["policy", "check", &policy]).0, 64);
}
