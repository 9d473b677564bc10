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

/// One member of a zip.
fn member(zip: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
    text
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
    let servers = json["instances"].as_array().unwrap().len();
    // The rule about second factors is off, and no golden of the simulated account has a manifest of files.
    for unseen in ["pci-dss-4.0.1:8.4.2", "pci-dss-4.0.1:6.3.3", "pci-dss-4.0.1:11.5.2"] {
        let row = member("controls.csv").lines().find(|line| line.starts_with(unseen)).unwrap().to_owned();
        assert!(row.ends_with(&format!(",0,0,{servers},0")), "what nobody looks at has not passed: {row}");
    }
    let goldens: Value = serde_json::from_str(&member("goldens.json")).unwrap();
    assert!(!goldens["goldens"].as_array().unwrap().is_empty());
    let settings: Value = serde_json::from_str(&member("configuration.json")).unwrap();
    assert!(settings["settings"].as_array().unwrap().iter().any(|one| one["key"] == "mode"), "{settings:#}");
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

#[test]
fn evidence_claims_no_time_of_which_nothing_is_known() {
    let app = scanned();
    let now = app.fleet.clock.now();
    let before = |hours: i64| (now - jiff::SignedDuration::from_hours(hours)).to_string();
    let run = |args: &[&str]| report(&app, &[&["evidence"], args].concat());
    assert_eq!(run(&["--from", &before(91 * 24)]).0, FAILED, "retention is 90 days");
    assert_eq!(run(&["--from", &before(-1)]).0, USAGE, "still to come");
    assert_eq!(run(&["--from", &before(89 * 24), "--to", &before(80 * 24)]).0, FAILED, "no scan in it");
    app.minutes(60 * 30);
    let (code, zip) = run(&["--from", &before(48), "--to", &before(-100)]);
    assert_eq!(code, OK);
    let manifest: Value = serde_json::from_str(&member(&zip, "manifest.json")).unwrap();
    let about = &manifest["about"];
    assert_eq!(about["period"]["asked_until"], before(-100), "{about:#}");
    assert!(about["period"]["to"].as_str() < about["period"]["asked_until"].as_str(), "{about:#}");
    assert_eq!(about["stretches_without_scan"], 2, "{about:#}");
    let gaps = member(&zip, "coverage-gaps.csv");
    let blind: Vec<&str> = gaps.lines().filter(|line| line.starts_with("*,*,*,")).collect();
    assert!(blind[0].starts_with(&format!("*,*,*,{}", before(48))), "{gaps}");
    assert!(blind[1].contains("to the end of the period"), "{gaps}");
}

#[test]
fn evidence_tells_findings_as_they_stood_in_the_period() {
    let app = scanned();
    let (_, listed) = app.json(&["findings", "list"]);
    let code = listed["findings"][0]["code"].as_str().unwrap().to_owned();
    let end = app.fleet.clock.now().to_string();
    app.minutes(15);
    let why = ["--reason", "r", "--ticket", "T-1", "--approver", "dora", "--expires", "5d"];
    assert_eq!(app.run(&[&["exceptions", "add", "--code", &code], &why[..]].concat()), OK);
    app.minutes(15);
    app.scan();
    let statuses = |args: &[&str]| {
        let (code_of_exit, zip) = report(&app, &[&["evidence", "--from", "2026-11-01"], args].concat());
        assert_eq!(code_of_exit, OK);
        let csv = member(&zip, "findings.csv");
        let row = csv.lines().find(|line| line.split(',').nth(1) == Some(&code)).unwrap();
        let ocsf = member(&zip, "findings.ndjson");
        let told: Value = ocsf.lines().map(|line| serde_json::from_str(line).unwrap()).next().unwrap();
        let (status, export) = (row.split(',').nth(3).unwrap().to_owned(), row.rsplit(',').next().unwrap().to_owned());
        (status, export, told["status"].as_str().unwrap_or_default().to_owned())
    };
    let (status, export, _) = statuses(&["--to", &end]);
    assert_eq!((status.as_str(), export.as_str()), ("open", "waived"), "it was waived later");
    assert_eq!(statuses(&[]).0, "waived");
}

#[test]
fn the_digest_of_a_bundle_is_the_one_in_decisions_wherever_it_lies() {
    let policy = "[policy]\nbuiltin = false\nbundle = \"one/b.tar.gz\"\nrequire_signed = false\n";
    let app = Setup::new(small()).more(policy).start_unrecorded();
    for folder in ["own", "one", "two"] {
        std::fs::create_dir(app.path(folder)).unwrap();
    }
    app.write(
        "own/p.rego",
        "package cattleguard.test.own\n\nwarn contains {\"id\": \"O-1\", \"msg\": \"seen\"} if input.instance.id\n",
    );
    let at = |name: &str| app.path(name).to_str().unwrap().to_owned();
    let (code, built) =
        app.json(&["policy", "bundle", "build", &at("own"), "--revision", "r1", "--out", &at("one/b.tar.gz")]);
    assert_eq!(code, OK, "{built:#}");
    std::fs::copy(app.path("one/b.tar.gz"), app.path("two/b.tar.gz")).unwrap();
    app.settle();
    let digest_of_scan = || {
        app.scan();
        let (_, lines) = app.text("ndjson", &["audit", "export"]);
        let last = lines.lines().rfind(|line| line.contains("scan.commit")).unwrap();
        let entry: Value = serde_json::from_str(last).unwrap();
        entry["entry"]["details"]["decisions"]["policy_bundle"].as_str().unwrap().to_owned()
    };
    let one = digest_of_scan();
    assert_eq!(built["bundle_digest"], one.as_str());
    app.reconfigure(|text| text.replace("one/b.tar.gz", "two/b.tar.gz"));
    assert_eq!(digest_of_scan(), one, "the same bytes elsewhere");
    let (_, inspected) = app.json(&["policy", "bundle", "inspect", &at("two/b.tar.gz")]);
    assert_eq!(inspected["bundle_digest"], one.as_str());
    assert!(inspected["bundle_digest_with_shipped"].as_str().unwrap().starts_with("blake3:"));
}
