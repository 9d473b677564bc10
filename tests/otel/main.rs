//! What a collector receives of a scan, over OTLP/HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what is not there fails the test, which is what these say"
)]

mod collector;

use std::collections::BTreeMap;
use std::process::{Command, Output};

use collector::{Collector, Manner};

/// A scan of the simulated accounts.
fn scan(variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    let text = "[[account]]\nid = \"000000000000\"\nregions = [\"eu-west-1\"]\n\n[[fleet]]\nname = \"web\"\ngolden = \"web\"\n\
                select = { tags = { app = \"web\" } }\n\n[state]\nurl = \"sqlite:state.db\"\n";
    std::fs::write(&config, text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"));
    command.args(["--progress", "never", "scan", "-o", "json", "-C"]).arg(config).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(variables.iter().copied()).output().expect("the program starts")
}

#[test]
fn a_scan_is_one_trace_of_its_stages_places_and_calls() {
    let collector = Collector::start(Manner::Takes);
    let done = scan(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url), ("OTEL_SERVICE_NAME", "web-guard")]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code().is_some_and(|code| code <= 4), "{told}");
    let received = collector.received();
    assert!(received.services.iter().all(|name| name == "web-guard"), "{:?}", received.services);
    let spans = received.spans;
    let by_id: BTreeMap<_, _> = spans.iter().map(|span| (span.span_id.clone(), span)).collect();
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name}: {told}"));
    let parent = |name: &str| by_id.get(&named(name).parent_span_id).map(|span| span.name.as_str());
    let scan = named("scan");
    assert!(scan.parent_span_id.is_empty());
    assert!(scan.attributes.iter().any(|one| one.key == "scan.id"));
    for stage in ["load", "collect", "detect", "evaluate", "plan", "report", "commit"] {
        assert_eq!(parent(stage), Some("scan"), "{stage}");
        let stage = named(stage);
        assert!(stage.start_time_unix_nano >= scan.start_time_unix_nano, "{stage:?}");
        assert!(stage.end_time_unix_nano <= scan.end_time_unix_nano, "{stage:?}");
        assert_eq!(stage.trace_id, scan.trace_id);
    }
    assert_eq!(parent("trail"), Some("collect"));
    assert_eq!(parent("000000000000/eu-west-1"), Some("collect"));
    assert_eq!(parent("ec2:DescribeVolumes"), Some("000000000000/eu-west-1"));
    let call = named("ec2:DescribeVolumes");
    assert!(call.attributes.iter().any(|one| one.key == "cloud.region"), "{call:?}");
}

#[test]
fn without_an_endpoint_nothing_is_sent() {
    let collector = Collector::start(Manner::Takes);
    let disabled = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()), ("OTEL_SDK_DISABLED", "true")];
    for variables in [&[][..], &disabled[..]] {
        assert!(scan(variables).status.code().is_some_and(|code| code <= 4));
    }
    assert!(collector.received().spans.is_empty());
}

#[test]
fn a_collector_that_is_dead_is_told_once_and_changes_nothing() {
    let well = scan(&[]);
    for manner in [Manner::Refuses, Manner::Hangs] {
        let collector = Collector::start(manner);
        // The whole world takes part in the answer, so two scans of it say the same but for ids and times.
        let done = scan(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url), ("OTEL_BSP_SCHEDULE_DELAY", "5")]);
        assert_eq!(done.status.code(), well.status.code());
        let told = String::from_utf8_lossy(&done.stderr);
        let times = told.matches("does not take traces").count();
        assert!(times <= 1, "{told}");
        assert!(manner == Manner::Hangs || times == 1, "{told}");
        assert!(!done.stdout.is_empty());
    }
}
