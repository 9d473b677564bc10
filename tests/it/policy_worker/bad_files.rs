//! Policy files and inputs that cannot be read, through the built program.

use crate::harness::{CONFIG, FAILED, OK, Setup, TestApp, small};
use crate::processes::sim;

fn app() -> TestApp {
    let app = Setup::new(small()).more("[policy]\npaths = [\"own\"]").start_unrecorded();
    std::fs::create_dir(app.path("own")).unwrap();
    app
}

#[test]
fn a_file_that_is_not_utf_8_is_named_with_its_line() {
    let app = app();
    std::fs::write(app.path("own/latin.rego"), b"package cattleguard.own\n\n# caf\xe9\n").unwrap();
    let output = sim(&app, &["policy", "check"]);
    assert_eq!(output.code, CONFIG);
    assert!(output.stderr.contains("own/latin.rego:3: not UTF-8"), "{}", output.stderr);
}

#[test]
fn a_file_of_ten_megabytes_is_named_and_not_read() {
    let app = app();
    let text = format!("package cattleguard.own\n{}", "# comment\n".repeat(1024 * 1024));
    std::fs::write(app.path("own/long.rego"), text).unwrap();
    let output = sim(&app, &["scan"]);
    assert_eq!(output.code, CONFIG);
    assert!(output.stderr.contains("own/long.rego: larger than 1 MiB"), "{}", output.stderr);
}

#[test]
fn an_input_of_fifty_megabytes_is_named_and_not_evaluated() {
    let app = app();
    app.write("own/p.rego", "package cattleguard.own\n\nviolation contains \"x\" if input.instance.id\n");
    let input = app.write("input.json", &format!("{{\"a\": \"{}\"}}", "x".repeat(50 * 1024 * 1024)));
    let output = sim(&app, &["policy", "eval", "--input", input.to_str().unwrap()]);
    assert_eq!(output.code, FAILED);
    assert!(output.stderr.contains("input.json: larger than 16 MiB"), "{}", output.stderr);
    assert_eq!(output.stdout, "");
}

#[test]
fn a_scan_without_the_sandbox_decides_the_same() {
    let app = crate::processes::demo_world(Setup::new(small()));
    let with = sim(&app, &["scan", "-o", "json"]);
    app.reconfigure(|text| text + "\n[policy]\nsandbox = false\n");
    let without = sim(&app, &["scan", "-o", "json"]);
    let decisions = |text: &str| {
        let document: serde_json::Value = serde_json::from_str(text).expect("a document");
        let instances = document["instances"].as_array().expect("instances").clone();
        let decided = instances.into_iter().map(|one| {
            let mut decision = one["decision"].clone();
            // The input names the scan.
            decision["input_digest"].take();
            (one["id"].to_string(), decision)
        });
        decided.collect::<Vec<_>>()
    };
    assert!(with.code != OK && with.code < 4, "{}", with.stderr);
    assert_eq!(decisions(&with.stdout), decisions(&without.stdout));
    assert!(decisions(&with.stdout).iter().any(|(_, decision)| decision["action"] != "none"));
}
