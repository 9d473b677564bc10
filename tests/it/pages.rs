//! The pages in headless Chromium; see `tests/pages/pages.mjs`.

use std::path::Path;
use std::process::Command;

use cattleguard::store::{ContentMarks, Findings as _, Leases as _, ScanCommit, Scans as _, SqliteStore, TrailMarks};
use cattleguard::types::{ScanId, Severity, Verdict};
use jiff::Timestamp;

use crate::harness::{OK, Setup, TestApp, small};
use crate::processes::{Server, TOKEN, demo_world};

const SERVERS: usize = 10_000;
const FINDINGS: usize = 5_000;
const NASTY: &str = "</script><script>window.pwned=1</script><img src=x onerror=\"window.pwned=1\">";

fn page(app: &TestApp, name: &str) -> String {
    let path = app.path(name);
    assert_eq!(app.run(&["-o", path.to_str().unwrap(), "report", "html"]), OK);
    path.to_str().unwrap().to_owned()
}

/// Ten thousand servers like one of this world, every second with a finding like one of its findings.
fn grow(app: &TestApp) {
    let store = SqliteStore::open(&app.path("state.db")).expect("the state");
    let results = store.instance_results().expect("results");
    let drifted = results.iter().find(|result| result.verdict == Verdict::Drifted).expect("a drifted one");
    let clean = results.iter().find(|result| result.verdict == Verdict::Clean).expect("a clean one");
    let sample = store.findings(false).expect("findings").into_iter().find(|one| one.instance == drifted.instance.id);
    let (sample, plan) = (sample.expect("a finding"), store.last_plan().expect("plans").expect("a plan"));
    let (mut instances, mut findings) = (Vec::new(), Vec::new());
    for index in 0..SERVERS {
        let bad = index < FINDINGS;
        let mut result = if bad { drifted.clone() } else { clean.clone() };
        result.instance.id = format!("i-{index:017x}").into();
        result.instance.region = ["eu-west-1", "eu-central-1", "us-east-1", "ap-south-1"][index % 4].into();
        result.fleet = Some(["web", "api", "batch", "edge", "data"][index % 5].into());
        if index % 50 == 0 {
            result.instance.tags.insert("Name".to_owned(), NASTY.to_owned());
        }
        if index % 97 == 0 {
            result.verdict = Verdict::Unjudged;
        }
        result.findings.clear();
        if bad {
            let mut finding = sample.clone();
            finding.id = format!("f-{index:016x}").into();
            finding.instance = result.instance.id.clone();
            finding.fleet = result.fleet.clone();
            finding.severity = Severity::ALL[index % 5];
            finding.summary =
                format!("package number {index} was changed in place {}", if index % 99 == 0 { NASTY } else { "" });
            result.findings.push(finding.id.clone());
            findings.push(finding);
        }
        instances.push(result);
    }
    let last = store.last_scan().expect("readable").expect("a scan");
    let now: Timestamp = last.finished_at;
    let lease = store.acquire("scan", "test", now, 60).expect("a lease");
    let commit = ScanCommit {
        scan_id: ScanId::new("large"),
        started_at: now,
        finished_at: now,
        exit_code: 3,
        coverage: last.coverage,
        instances,
        findings,
        events: Vec::new(),
        checkpoints: Vec::new(),
        marks: TrailMarks::default(),
        contents: ContentMarks::default(),
        links: Vec::new(),
        user_data: Vec::new(),
        plan,
        notices: Vec::new(),
        inputs: Vec::new(),
        circumstances: Vec::new(),
    };
    store.commit_scan(&lease, &commit).expect("committed");
    store.release(&lease).expect("released");
}

/// Leaves the large state for `benches/report.py` where `CATTLEGUARD_PAGES_KEEP` names a folder.
fn keep(app: &TestApp) {
    let Some(folder) = std::env::var_os("CATTLEGUARD_PAGES_KEEP") else { return };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder");
    // The state's writers are gone: everything is in the file.
    std::fs::copy(app.path("state.db"), folder.join("state.db")).expect("copied");
    let text = std::fs::read_to_string(app.path("cattleguard.toml")).expect("the configuration");
    let (old, new) = (app.path("state.db"), folder.join("state.db"));
    let text = text.replace(&old.display().to_string(), &new.display().to_string());
    std::fs::write(folder.join("cattleguard.toml"), text).expect("written");
}

/// Whether there is no browser, and that is known.
fn skipped() -> bool {
    std::env::var_os("CATTLEGUARD_PAGES").is_some_and(|value| value == "skip")
}

/// The README's picture of a thread can be made again, and the problem goes all its way in it.
#[test]
fn the_thread_of_a_problem_can_be_drawn() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("thread.png");
    let drawn = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/thread.sh"))
        .arg(&picture)
        .env("CATTLEGUARD_SIM", env!("CARGO_BIN_EXE_cattleguard-sim"))
        .output()
        .expect("bash");
    let told = String::from_utf8_lossy(&drawn.stderr);
    assert!(drawn.status.success(), "{told}");
    assert!(told.contains("states: New, Acknowledged, Replacing, Replaced"), "{told}");
    let bytes = std::fs::read(picture).expect("a picture");
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() < 200 * 1024, "{} bytes", bytes.len());
}

#[test]
fn pages_work_in_a_browser() {
    if skipped() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let setup = Command::new(folder.join("setup.sh")).output().expect("bash");
    assert!(
        setup.status.success(),
        "scripts/prerequisites.sh installs node, npm and chromium; CATTLEGUARD_PAGES=skip leaves this test out\n{}",
        String::from_utf8_lossy(&setup.stderr)
    );
    let modules = String::from_utf8(setup.stdout).expect("UTF-8").trim().to_owned();
    let app = demo_world(Setup::new(small()));
    app.scan();
    let report = page(&app, "report.html");
    let big = demo_world(Setup::new(small()));
    big.scan();
    grow(&big);
    let large = page(&big, "large.html");
    keep(&big);
    let server = Server::start(&app, &[]);
    let given = serde_json::json!({
        "report": report, "large": large, "serve": format!("http://{}", server.address), "token": TOKEN,
        "shots": std::env::var("CATTLEGUARD_SHOTS").ok(),
    });
    let driven = Command::new("node").arg(folder.join("pages.mjs")).arg(&modules).arg(given.to_string()).output();
    let driven = driven.expect("node");
    print!("{}", String::from_utf8_lossy(&driven.stdout));
    assert!(driven.status.success(), "{}", String::from_utf8_lossy(&driven.stderr));
}
