//! Who did it: named where a call explains a change, and never guessed.

use cattleguard::collect::CloudRead as _;
use cattleguard::testing::SimFleet;
use cattleguard::types::{InventoryEntry, InventoryType};

use crate::harness::{FINDINGS, PARTIAL, Setup, TestApp, alice, carol, small};

#[test]
fn an_upgrade_during_a_session_is_attributed_to_the_person_in_the_session() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    app.minutes(60);
    let id = app.server(0);
    let session = app.cloud().start_session(&alice(), &id).unwrap();
    app.minutes(4);
    app.cloud().upgrade_package(&id, "openssl-libs", "3.2.9").unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS);
    let finding = scan.finding(&id, "software-package-changed");
    let by = &finding["attribution"][0];
    assert_eq!((&by["display"], &by["event_name"]), (&"alice@example.com".into(), &"StartSession".into()));
    assert_eq!(by["execution"], session.as_str(), "the session can be looked up");
    assert_eq!(by["mfa"], true);
    assert!(finding.to_string().contains("3.2.2") && finding.to_string().contains("3.2.9"), "{finding:#}");
}

#[test]
fn a_package_that_changed_without_any_call_is_attributed_to_nobody() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    let (changed, added, removed) = (app.server(0), app.server(1), app.server(2));
    // Somebody was on another server at that time, and had been on this one long before.
    app.cloud().start_session(&carol(), &changed).unwrap();
    app.settle();
    app.scan();
    app.minutes(180);
    app.cloud().start_session(&alice(), &app.member(0)).unwrap();
    app.cloud().upgrade_package(&added, "nginx", "9.9.9").unwrap();
    app.cloud().install_package(&added, "netcat", "1.0").unwrap();
    app.cloud().remove_package(&removed, "sudo").unwrap();
    app.settle();
    let scan = app.scan();
    for (id, code) in [
        (&added, "software-package-changed"),
        (&added, "software-package-added"),
        (&removed, "software-package-removed"),
    ] {
        assert_eq!(scan.finding(id, code)["attribution"], serde_json::json!([]), "{code}");
    }
    let (code, text) = app.text("table", &["explain", removed.as_str()]);
    assert_eq!(code, 0);
    assert!(text.contains("none"), "it is said that nobody is known:\n{text}");
}

#[test]
fn a_call_before_the_last_clean_scan_explains_nothing_new() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    app.minutes(60);
    app.settle();
    assert!(app.scan().all_clean());
    app.minutes(120);
    app.cloud().upgrade_package(&id, "nginx", "9.9.9").unwrap();
    app.settle();
    app.scan();
    // The session comes after the change was seen.
    app.minutes(60);
    app.cloud().start_session(&alice(), &id).unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.finding(&id, "software-package-changed")["attribution"], serde_json::json!([]));
    assert!(scan.codes(&id).contains("event-interactive-session"), "which is told by itself");
}

#[test]
fn many_packages_are_one_finding_that_lists_them() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    for package in ["openssl", "openssl-libs", "nginx", "nginx-core", "glibc", "curl-minimal"] {
        app.cloud().upgrade_package(&id, package, "99.1").unwrap();
    }
    app.settle();
    let scan = app.scan();
    let findings: Vec<_> = scan.findings_of(id.as_str()).collect();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    for package in ["openssl-libs", "curl-minimal"] {
        assert!(findings[0].to_string().contains(package), "{:#}", findings[0]);
    }
}

#[test]
fn a_failed_critical_attempt_is_kept_as_an_attempt() {
    let app = Setup::new(small()).start();
    let id = app.server(0);
    let (cloud, who) = (app.cloud(), carol());
    cloud.failed_call(&who, &id, "ssm", "SendCommand", "AccessDeniedException").unwrap();
    cloud.failed_call(&who, &id, "ec2-instance-connect", "SendSerialConsoleSSHPublicKey", "AccessDenied").unwrap();
    app.settle();
    let scan = app.scan();
    assert_ne!(scan.code, PARTIAL);
    let attempts: Vec<_> = scan.findings_of(id.as_str()).collect();
    assert_eq!(attempts.len(), 2, "an attempt on a server is told: {attempts:#?}");
    for attempt in attempts {
        assert_eq!(attempt["actual"]["succeeded"], false, "{attempt:#}");
        assert!(attempt["summary"].as_str().unwrap().contains("tried and failed"), "{attempt:#}");
        assert!(["low", "medium"].contains(&attempt["severity"].as_str().unwrap()), "nothing was changed");
    }
    assert!(scan.operations().is_empty());
}

#[test]
fn a_server_does_not_escape_by_losing_the_tag_of_its_fleet() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    let id = app.server(0);
    app.cloud().start_session(&carol(), &id).unwrap();
    app.cloud().delete_tags(&carol(), &id, &["app"]).unwrap();
    app.cloud().upgrade_package(&id, "nginx", "9.9").unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!((scan.code, scan.verdict(&id)), (FINDINGS, "drifted"));
    assert_eq!(scan.finding(&id, "event-tags-changed")["attribution"][0]["display"], "carol");
    assert!(scan.codes(&id).contains("event-interactive-session"));
    assert!(scan.codes(&id).contains("software-package-changed"), "it is still compared with its golden");
}

#[test]
fn an_inventory_report_that_the_server_did_not_make_is_found() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    let (id, kind) = (app.server(0), InventoryType::new("AWS:Application"));
    app.cloud().upgrade_package(&id, "nginx", "9.9").unwrap();
    app.settle();
    let report = app.scan();
    assert!(report.codes(&id).contains("software-package-changed"));
    // Carol overwrites the report with that of a clean server.
    let rows = rows_of(&app, &kind);
    app.cloud().put_inventory(&carol(), &id, &kind, rows).unwrap();
    app.minutes(15);
    let scan = app.scan();
    let told = scan.findings_of(id.as_str()).any(|finding| finding.to_string().contains("PutInventory"));
    assert!(told, "{:?}", scan.codes(&id));
    assert!(
        scan.codes(&id).contains("software-package-changed"),
        "what is forged proves nothing: {scan:?}",
        scan = scan.doc
    );
    let reasons = scan.instance(&id)["reasons"].to_string();
    assert!(reasons.contains("was reported by somebody else"), "{reasons}");
    // Its agent goes on reporting what there is.
    for _ in 0..4 {
        app.minutes(30);
        app.settle();
    }
    let later = app.scan();
    assert!(later.codes(&id).contains("software-package-changed"));
    assert!(!later.instance(&id)["reasons"].to_string().contains("somebody else"));
}

/// The rows that a clean server reports.
fn rows_of(app: &TestApp, kind: &InventoryType) -> Vec<InventoryEntry> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clean = app.server(1);
    let mut rows = Vec::new();
    let mut next = None;
    loop {
        let page = runtime.block_on(app.cloud().inventory_entries(&app.place(), &clean, kind, next)).unwrap();
        rows.extend(page.items.into_iter().flat_map(|record| record.entries));
        next = page.next;
        if next.is_none() {
            return rows;
        }
    }
}

#[test]
fn a_rule_of_a_shared_security_group_is_found_on_the_servers_behind_it() {
    let app = Setup::new(small()).start();
    assert!(app.scan().all_clean());
    let group = SimFleet::security_group(&app.place().region, "web");
    app.cloud().authorize_security_group_ingress(&carol(), &app.place(), &group, 22, "0.0.0.0/0").unwrap();
    app.settle();
    let scan = app.scan();
    assert_eq!(scan.code, FINDINGS, "{:#}", scan.doc["findings"]);
    let finding = scan.finding(&app.server(0), "event-security-group-rules-changed");
    assert_eq!(finding["attribution"][0]["display"], "carol");
}
