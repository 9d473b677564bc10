//! Reports out of the state: pages, lists, and evidence that proves itself.

use std::process::Command;

use serde_json::Value;

use crate::harness::{FAILED, OK, Setup, TestApp, USAGE, small};
use crate::processes::demo_world;

fn scanned() -> TestApp {
    let app = demo_world(Setup::new(small()));
    app.scan();
    app.minutes(15);
    app.scan();
    app
}

/// Runs a report and returns what it wrote.
fn report(app: &TestApp, args: &[&str]) -> (i32, Vec<u8>) {
    let path = app.path("report.out");
    let _ = std::fs::remove_file(&path);
    let code = app.run(&[&["-o", path.to_str().unwrap(), "report"], args].concat());
    (code, std::fs::read(&path).unwrap_or_default())
}

fn text(app: &TestApp, args: &[&str]) -> String {
    let (code, bytes) = report(app, args);
    assert_eq!(code, OK, "{args:?}");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn lists_agree_with_the_scan() {
    let app = scanned();
    let (_, listed) = app.json(&["findings", "list"]);
    let findings = listed["findings"].as_array().unwrap().len();
    let json: Value = serde_json::from_str(&text(&app, &["json"])).unwrap();
    assert_eq!(json["schema"], "cattleguard.dev/report/v1");
    assert_eq!(json["findings"].as_array().unwrap().len(), findings);
    let lines = text(&app, &["ndjson"]);
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.iter().filter(|record| record["type"] == "finding").count(), findings);
    assert_eq!(records.last().unwrap()["type"], "summary");
    assert_eq!(records.last().unwrap()["drifted"], json["summary"]["drifted"]);
    let csv = text(&app, &["csv"]);
    assert_eq!(csv.matches("\r\n").count(), findings + 1);
    let instances = json["instances"].as_array().unwrap().len();
    assert_eq!(text(&app, &["csv", "--table", "instances"]).matches("\r\n").count(), instances + 1);
    let sarif: Value = serde_json::from_str(&text(&app, &["sarif"])).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), findings);
    let ocsf = text(&app, &["ocsf", "--class", "detection"]);
    assert_eq!(ocsf.lines().count(), findings);
    assert!(text(&app, &["csv", "--fleet", "web"]).lines().count() > 1);
    assert_eq!(report(&app, &["csv", "--fleet", "nobody"]).0, USAGE);
}

#[test]
fn a_page_holds_everything_and_asks_for_nothing() {
    let app = scanned();
    let page = text(&app, &["html"]);
    for words in ["Needs attention", "dave@example.com", "SSH key push", "config-user-data", "web@1"] {
        assert!(page.contains(words), "{words}");
    }
    for fetching in ["http://", "https://", " src=", "@import", "url(h"] {
        assert!(!page.contains(fetching), "{fetching}");
    }
    // `-o FILE` is for reports; a format of other commands is not one of theirs.
    assert_eq!(app.run(&["-o", "json=x.json", "report", "html"]), USAGE);
    assert_eq!(app.run(&["-o", "x.html", "findings", "list"]), USAGE);
}

#[test]
fn nothing_scanned_is_said() {
    let app = Setup::new(small()).start();
    for args in [&["html"][..], &["csv"], &["evidence", "--from", "2026-01-01"]] {
        assert_eq!(report(&app, args).0, FAILED, "{args:?}");
    }
}

fn key(app: &TestApp) -> (String, String) {
    let private = app.write("evidence.key", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIE0alhrnalgXk2nGWGCqVrkis80g6RoPfojQ3ag78of8\n-----END PRIVATE KEY-----\n");
    let public = app.write("evidence.pub", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAhszEGUg2bqaHp9mrqqDpIOmg+1RH7IRCMIGIjWFxlEI=\n-----END PUBLIC KEY-----\n");
    (private.to_str().unwrap().to_owned(), public.to_str().unwrap().to_owned())
}

#[test]
fn evidence_is_verified_without_state_and_a_flipped_bit_is_found() {
    let app = scanned();
    let (private, public) = key(&app);
    let (code, bytes) =
        report(&app, &["evidence", "--from", "2026-11-01", "--framework", "pci-dss-4.0.1", "--key", &private]);
    assert_eq!(code, OK);
    let file = app.path("evidence.zip");
    std::fs::write(&file, &bytes).unwrap();
    let path = file.to_str().unwrap();
    let verify = |args: &[&str]| app.json(&[&["audit", "verify"], args].concat());
    let (code, answer) = verify(&[path, "--public-key", &public]);
    assert_eq!((code, &answer["ok"], &answer["trusted"]), (OK, &Value::from(true), &Value::from(true)), "{answer}");
    assert_eq!(answer["about"]["scans"], 2);
    // Neither configuration nor state is looked at.
    let elsewhere = tempfile::tempdir().unwrap();
    let alone = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"))
        .env_clear()
        .current_dir(elsewhere.path())
        .args(["audit", "verify", path])
        .output()
        .unwrap();
    assert_eq!(alone.status.code(), Some(OK), "{}", String::from_utf8_lossy(&alone.stderr));
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&file, &changed).unwrap();
        assert_eq!(verify(&[path]).0, FAILED, "byte {at}");
    }
    let (code, unsigned) = report(&app, &["evidence", "--from", "2026-11-01"]);
    assert_eq!(code, OK);
    std::fs::write(&file, &unsigned).unwrap();
    assert_eq!(verify(&[path]).0, OK);
    assert_eq!(verify(&[path, "--public-key", &public]).0, FAILED, "nobody signed it");
}

#[test]
fn evidence_names_the_whole_population_and_every_control() {
    let app = scanned();
    let (code, bytes) = report(&app, &["evidence", "--from", "2026-11-01", "--framework", "pci-dss-4.0.1"]);
    assert_eq!(code, OK);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut member = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    let json: Value = serde_json::from_str(&text(&app, &["json"])).unwrap();
    let population = member("population.csv");
    for instance in json["instances"].as_array().unwrap() {
        assert!(population.contains(instance["id"].as_str().unwrap()));
    }
    let drifted = json["instances"].as_array().unwrap().iter().find(|one| one["verdict"] == "drifted").unwrap();
    let decided = member("decisions.ndjson");
    let decided: Vec<Value> = decided.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(decided.iter().all(|record| record["schema"] == "cattleguard.dev/decision/v1"), "{decided:#?}");
    assert!(decided.iter().any(|record| record["instance"] == drifted["id"]), "{decided:#?}");
    assert!(member("controls.csv").lines().skip(1).all(|line| line.starts_with("pci-dss-4.0.1:")));
    assert!(member("policies/in_place_modification/policy.rego").contains("package cattleguard"));
    assert!(member("audit-log.ndjson").contains("\"action\":\"scan.commit\""));
    assert!(member("scans.csv").lines().count() == 3);
    let manifest: Value = serde_json::from_str(&member("manifest.json")).unwrap();
    assert_eq!(manifest["about"]["framework"], "pci-dss-4.0.1");
    let (code, _) = report(&app, &["evidence", "--from", "2026-11-01", "--framework", "pci-dss-3"]);
    assert_eq!(code, USAGE);
    let (code, _) = report(&app, &["evidence", "--from", "2020-01-01", "--to", "2020-02-01"]);
    assert_eq!(code, FAILED, "no scan is kept of it");
}

#[test]
fn the_audit_log_holds_configuration_and_decisions() {
    let app = scanned();
    let entries = |app: &TestApp| -> Vec<Value> {
        let (code, lines) = app.text("ndjson", &["audit", "export"]);
        assert_eq!(code, OK);
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["entry"].clone()).collect()
    };
    let count = |action: &str| entries(&app).iter().filter(|entry| entry["action"] == action).count();
    assert_eq!(count("config.change"), 1, "the same configuration is noted once");
    app.reconfigure(|text| format!("{text}\n[scan]\nfail_on = \"high\"\n"));
    app.scan();
    assert_eq!(count("config.change"), 2);
    let all = entries(&app);
    let change = all.iter().rfind(|entry| entry["action"] == "config.change").unwrap();
    assert_eq!(change["details"]["settings"]["scan.fail_on"], "high");
    let scan = all.iter().rfind(|entry| entry["action"] == "scan.commit").unwrap();
    let decisions = &scan["details"]["decisions"];
    assert!(decisions["actions"]["alert"].as_u64().unwrap() > 0, "{decisions}");
    assert!(decisions["policy_bundle"].as_str().unwrap().starts_with("blake3:"));
    assert_eq!(app.run(&["audit", "verify"]), OK);
}
