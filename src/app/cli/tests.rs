//! The command line: what parses into what, and how wrong usage ends.

mod documented;

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser as _;

use super::{Cli, Command, command, exit_of};
use crate::app::cli::config::ConfigCommand;
use crate::app::cli::exceptions::ExceptionsCommand;
use crate::app::cli::findings::FindingsCommand;
use crate::app::cli::golden::GoldenCommand;
use crate::app::exit::Exit;
use crate::app::output::Format;
use crate::types::Severity;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("cattleguard").chain(line.split_whitespace()))
}

#[test]
fn the_model_is_consistent() {
    command("cattleguard").debug_assert();
}

#[test]
fn every_command_of_the_contract_parses() {
    let lines = [
        "init --account 111122223333 --region eu-west-1 --region eu-west-2 --fleet web --tag app=web",
        "golden record web --ami ami-0123 --version 2026.11.1 --reference-instance i-0123",
        "golden record web --ami ami-0123 --root blake3:00 --promote",
        "golden list",
        "golden show web@1",
        "golden diff web@1 web@2",
        "golden promote web@2",
        "golden deprecate web@1 --reason old",
        "golden revoke web@1",
        "golden export",
        "golden import goldens.json",
        "scan --fleet web --account 111122223333 --region eu-west-1 --since 6h --fail-on high",
        "daemon",
        "ingest a.json.gz logs -o ndjson",
        "trail verify logs --since 7d --public-keys keys.json --public-keys more.json -o ndjson",
        "trail verify",
        "ingest - --store --threads 2",
        "findings list --all --severity high --code event-*",
        "findings show f-0123456789abcdef",
        "findings ack f-0123456789abcdef",
        "findings reopen f-0123456789abcdef",
        "silences add --fleet web --reason patching --until 2h",
        "silences list --all",
        "silences revoke s-0123",
        "notify routes --fleet web --code event-* --severity low --account 111122223333",
        "notify routes f-0123456789abcdef",
        "decisions list --since 7d --instance i-0123 --errors",
        "decisions show d-0123456789abcdef --with-input",
        "decisions export --since 90d --with-input -o ndjson=decisions.ndjson",
        "decisions replay d-0123456789abcdef",
        "explain i-0123",
        "timeline i-0123",
        "pets",
        "plan -o json=plan.json",
        "scan --enforce",
        "enforce",
        "enforce --plan plan.json",
        "approve blake3:0011223344556677",
        "quarantine i-0123 --override incident --dry-run",
        "replace i-0123",
        "release i-0123 --override incident",
        "operations list --all",
        "operations show op-0190",
        "operations resume op-0190",
        "operations rollback op-0190",
        "exceptions add --fleet web --reason r --ticket T-1 --approver a --expires 7d",
        "exceptions list --all",
        "exceptions revoke x-0123",
        "pause --reason freeze",
        "pause --fleet web --reason freeze",
        "resume",
        "policy test policies -r severity --threshold 100 --junit out.xml",
        "policy check",
        "policy eval --input in.json --why",
        "policy replay --bundle new --bundle more.rego --since 7d --with-shipped",
        "notify test",
        "notify test slack siem",
        "notify status",
        "audit verify",
        "audit verify --head 3:0000000000000000000000000000000000000000000000000000000000000000",
        "audit export",
        "config check --secrets",
        "config show --origin -o json",
        "iam-policy --part trust --trusted-account 111122223333",
        "iam-policy --enforce --instance-role arn:aws:iam::111122223333:role/web",
        "completion bash",
        "man",
        "doctor --problems",
        "store stats",
        "store backup /backup/state.db",
        "store prune --dry-run",
    ];
    for line in lines {
        if let Err(error) = parse(line) {
            panic!("{line}\n{error}");
        }
    }
}

#[test]
fn wrong_usage_exits_64_and_help_exits_0() {
    let wrong = [
        "",
        "scna",
        "scan --bogus",
        "scan --fail-on dire",
        "scan --since tomorrow",
        "scan --account 123",
        "golden show web",
        "-o yaml scan",
        "-q -v scan",
        "exceptions add --reason r --ticket T --approver a --expires 7d",
        "exceptions add --fleet web --ticket T --approver a --expires 7d",
        "pause",
        "approve",
        "quarantine",
        "operations show",
        "audit verify --head 3",
        "golden record web --ami ami-0 --manifest f --root r",
    ];
    for line in wrong {
        let error = parse(line).expect_err(line);
        assert_eq!(exit_of(error.kind()), Exit::Usage, "{line}");
    }
    for line in ["--help", "-h", "--version", "-V", "scan --help", "golden record -h"] {
        let shown = parse(line).expect_err(line);
        assert_eq!(exit_of(shown.kind()), Exit::Ok, "{line}");
    }
}

#[test]
fn global_flags_are_taken_before_and_after_the_command() {
    for line in ["-C a.toml -o json -vv scan", "scan -C a.toml -o json -vv", "-C a.toml scan -o json -vv"] {
        let cli = parse(line).expect(line);
        assert_eq!(cli.global.config.as_deref().and_then(|path| path.to_str()), Some("a.toml"), "{line}");
        assert_eq!((cli.global.output[0].format, cli.global.verbose), (Format::Json, 2), "{line}");
    }
    let cli = parse("-o table -o json=scan.json scan").expect("two outputs");
    assert_eq!(cli.global.output.len(), 2);
}

#[test]
fn values_arrive_typed() {
    let Command::Scan(scan) = parse("scan --since 36h --fail-on critical").expect("a scan").command else {
        panic!("a scan");
    };
    assert_eq!(scan.since, Some(Duration::from_secs(36 * 3_600)));
    assert_eq!(scan.fail_on, Some(Severity::Critical));
    assert_eq!(scan.overrides()[0].flag, "--fail-on");
    let parsed = parse("golden diff web@1 web@2").expect("a diff").command;
    let Command::Golden(GoldenCommand::Diff(diff)) = parsed else { panic!("a diff") };
    assert_eq!((diff.from.to_string(), diff.to.to_string()), ("web@1".to_owned(), "web@2".to_owned()));
    let parsed = parse("findings list --severity low").expect("a list").command;
    assert!(matches!(parsed, Command::Findings(FindingsCommand::List(list)) if list.severity == Some(Severity::Low)));
    assert!(matches!(parse("config check").expect("a check").command, Command::Config(ConfigCommand::Check(_))));
    let parsed = parse("exceptions list").expect("a list").command;
    assert!(matches!(parsed, Command::Exceptions(ExceptionsCommand::List(list)) if !list.all));
}

#[test]
fn parsing_reports_the_exit() {
    let args = |line: &str| -> Vec<OsString> { line.split_whitespace().map(OsString::from).collect() };
    assert_eq!(super::parse("cattleguard", args("cattleguard --version")).err(), Some(Exit::Ok));
    assert_eq!(super::parse("cattleguard", args("cattleguard frobnicate")).err(), Some(Exit::Usage));
    assert!(super::parse("cattleguard", args("cattleguard pets")).is_ok());
}

/// A flag that is renamed here must not break the installed units.
#[test]
fn the_shipped_units_call_commands_that_exist() {
    let units = [
        include_str!("../../../systemd/cattleguard.service"),
        include_str!("../../../systemd/cattleguard-scan.service"),
        include_str!("../../../systemd/cattleguard-serve.service"),
    ];
    let lines: Vec<&str> = units
        .iter()
        .flat_map(|unit| unit.lines())
        .filter(|line| line.starts_with("Exec"))
        .filter_map(|line| line.split_once("/usr/bin/cattleguard "))
        .map(|(_, args)| args)
        .collect();
    assert_eq!(lines.len(), 5);
    for line in lines {
        assert!(parse(line).is_ok(), "{line}");
    }
}
