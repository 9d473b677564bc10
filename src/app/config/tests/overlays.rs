//! Precedence of flags over variables over the file over defaults, and where each value says it comes from.

use super::{ACCOUNT, FLEET, good, parsed, told_with};
use crate::app::config::{LogFormat, Override, Shown, to_text};
use crate::types::Enforcement;

fn origin_of(settings: &[Shown], key: &str) -> String {
    let found = settings.iter().find(|setting| setting.key == key).unwrap_or_else(|| panic!("{key} is not shown"));
    found.origin.to_string()
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let text = format!("[log]\nformat = \"json\"\n{ACCOUNT}{FLEET}");
    let flag = Override { path: vec!["log", "format"], value: "text".to_owned(), flag: "--log-format" };
    let variable = [("CATTLEGUARD__LOG__FORMAT", "journald")];
    let check = |text: &str, env: &[(&str, &str)], flags: &[Override], format, origin| {
        let (config, settings) = parsed(text, env, flags).expect("right");
        assert_eq!(config.log.format, format);
        assert_eq!(origin_of(&settings, "log.format"), origin);
    };
    check(&format!("{ACCOUNT}{FLEET}"), &[], &[], LogFormat::Text, "default");
    check(&text, &[], &[], LogFormat::Json, "cattleguard.toml:2");
    check(&text, &variable, &[], LogFormat::Journald, "env CATTLEGUARD__LOG__FORMAT");
    check(&text, &variable, &[flag], LogFormat::Text, "flag --log-format");
}

#[test]
fn variables_take_every_type() {
    let env = [
        ("CATTLEGUARD__MODE", "quarantine"),
        ("CATTLEGUARD__COLLECT__CONCURRENCY", "3"),
        ("CATTLEGUARD__COLLECT__LOAD_BALANCERS", "false"),
        ("CATTLEGUARD__COLLECT__LOOKBACK", "3d"),
        ("CATTLEGUARD__COLLECT__TRAIL", "[{ dir = \"/logs\" }]"),
        ("CATTLEGUARD__ACCOUNT__0__REGIONS", "us-east-1, us-west-2"),
        ("CATTLEGUARD__FLEET__WEB__BUDGET__PERCENT", "25"),
        ("CATTLEGUARD__FLEET__WEB__SELECT", "{ tags = { App = \"shop\" } }"),
    ];
    let (config, settings) = good("", &env);
    assert_eq!(config.mode, Enforcement::Quarantine);
    assert_eq!((config.collect.concurrency, config.collect.load_balancers), (3, false));
    assert_eq!(config.collect.lookback.as_secs(), 3 * 86_400);
    assert_eq!(config.accounts[0].regions.len(), 2);
    assert!((config.fleets[0].budget_percent - 25.0).abs() < f64::EPSILON);
    assert_eq!(config.fleets[0].select.tags["App"], "shop");
    assert_eq!(origin_of(&settings, "collect.trail"), "env CATTLEGUARD__COLLECT__TRAIL");
    assert_eq!(origin_of(&settings, "account.111122223333.id"), "cattleguard.toml:3");
}

#[test]
fn variables_alone_make_a_configuration() {
    let env = [
        ("CATTLEGUARD__ACCOUNT__0__ID", "111122223333"),
        ("CATTLEGUARD__ACCOUNT__0__REGIONS", "eu-west-1"),
        ("CATTLEGUARD__ACCOUNT__1__ID", "444455556666"),
        ("CATTLEGUARD__ACCOUNT__1__REGIONS", "eu-west-1"),
        ("CATTLEGUARD__FLEET__0__NAME", "web"),
        ("CATTLEGUARD__FLEET__0__GOLDEN", "web"),
        ("CATTLEGUARD__FLEET__0__SELECT__ASG", "web-*"),
    ];
    let (config, _) = parsed("", &env, &[]).expect("right");
    assert_eq!((config.accounts.len(), config.fleets.len()), (2, 1));
}

#[test]
fn accounts_and_dashed_names_are_addressed_by_name() {
    let text = format!("{ACCOUNT}{}", FLEET.replace("\"web\"\nsel", "\"web-eu.1\"\nsel"));
    let env = [
        ("CATTLEGUARD__FLEET__WEB_EU_1__ENFORCEMENT", "replace"),
        ("CATTLEGUARD__ACCOUNT__111122223333__ALIAS", "prod"),
    ];
    let (config, _) = parsed(&text, &env, &[]).expect("right");
    assert_eq!(config.fleets[0].enforcement, Enforcement::Replace);
    assert_eq!(config.accounts[0].alias.as_deref(), Some("prod"));
}

#[test]
fn variables_that_set_nothing_are_errors() {
    let text = format!("{ACCOUNT}{FLEET}");
    let env = [
        ("CATTLEGUARD__STAT__URL", "sqlite:/x"),
        ("CATTLEGUARD__LOG__FORMT", "json"),
        ("CATTLEGUARD__FLEET__7__ENFORCEMENT", "observe"),
        ("CATTLEGUARD__MODE__X", "observe"),
        ("CATTLEGUARD__", "observe"),
        ("CATTLEGUARD__COLLECT__CONCURRENCY", "many"),
        ("CATTLEGUARD_CONFIG", "of no concern"),
    ];
    insta::assert_snapshot!(told_with(&text, &env), @r#"
    error[unknown-variable]: `CATTLEGUARD__` names no key
     --> environment variable CATTLEGUARD__
     = help: variables are spelled CATTLEGUARD__SECTION__KEY, with two underscores between the parts

    error[bad-value]: `collect.concurrency`: `many` is not a whole number
     --> environment variable CATTLEGUARD__COLLECT__CONCURRENCY

    error[unknown-variable]: there is no fleet `7`
     --> environment variable CATTLEGUARD__FLEET__7__ENFORCEMENT
     = help: entries are numbered from 0; there are 1, so 1 would add one

    error[unknown-variable]: `CATTLEGUARD__LOG__FORMT` sets nothing: there is no key `formt`
     --> environment variable CATTLEGUARD__LOG__FORMT
     = did you mean `CATTLEGUARD__LOG__FORMAT`?

    error[wrong-type]: `mode`: expected observe, quarantine or replace, found a table
     --> environment variable CATTLEGUARD__MODE__X

    error[unknown-variable]: `CATTLEGUARD__STAT__URL` sets nothing: there is no key `stat`
     --> environment variable CATTLEGUARD__STAT__URL
     = did you mean `CATTLEGUARD__STATE__URL`?

    6 errors
    "#);
}

#[test]
fn every_setting_is_shown_with_its_origin() {
    let (_, settings) = good("", &[]);
    insta::assert_snapshot!(to_text(&settings, true), @r#"
    mode = "observe"  # default
    state.url = "sqlite:/var/lib/cattleguard/state.db"  # default
    state.retention = "90d"  # default
    account.111122223333.id = "111122223333"  # cattleguard.toml:3
    account.111122223333.alias = none  # default
    account.111122223333.regions = ["eu-west-1"]  # cattleguard.toml:4
    account.111122223333.role = none  # default
    account.111122223333.external_id = none  # default
    account.111122223333.source_identity = none  # default
    account.111122223333.enforce_role = none  # default
    fleet.web.name = "web"  # cattleguard.toml:6
    fleet.web.select.tags = { app = "web" }  # cattleguard.toml:7
    fleet.web.select.asg = none  # default
    fleet.web.select.accounts = []  # default
    fleet.web.golden = "web"  # cattleguard.toml:8
    fleet.web.enforcement = "observe"  # default
    fleet.web.budget.count = 1  # default
    fleet.web.budget.percent = 10  # default
    fleet.web.budget.allow_min_one = false  # default
    fleet.web.budget.cooldown = "30m"  # default
    fleet.web.mass_drift.at_least = 3  # default
    fleet.web.mass_drift.percent = 10  # default
    fleet.web.one_zone_at_a_time = true  # default
    fleet.web.min_healthy = 1  # default
    fleet.web.approval = false  # default
    fleet.web.inventory_max_age = "24h"  # default
    fleet.web.expect_inventory = true  # default
    fleet.web.expect_agent = false  # default
    fleet.web.sanctioned_principals = []  # default
    fleet.web.cut = "idle"  # default
    fleet.web.identity = "session"  # default
    fleet.web.replace = "launch"  # default
    fleet.web.move = []  # default
    fleet.web.alarms = []  # default
    fleet.web.bake = none  # default
    fleet.web.retain = none  # default
    fleet.web.user_data_file = none  # default
    enforcement.max_age = "6h"  # default
    enforcement.retain = "7d"  # default
    enforcement.bake = "5m"  # default
    enforcement.poll = "5s"  # default
    enforcement.isolation_group = "cattleguard-isolate"  # default
    enforcement.open_group = "cattleguard-open"  # default
    enforcement.quarantine_profile = "cattleguard-quarantine"  # default
    enforcement.evidence = none  # default
    enforcement.kill_switch.file = "/run/cattleguard/stop"  # default
    enforcement.kill_switch.parameter = none  # default
    enforcement.approval_ttl = "24h"  # default
    enforcement.two_person = false  # default
    enforcement.concurrency = 4  # default
    collect.trail = ["lookup"]  # default
    collect.inventory_types = ["AWS:Application", "AWS:Service"]  # default
    collect.lookback = "24h"  # default
    collect.overlap = "30m"  # default
    collect.concurrency = 8  # default
    collect.load_balancers = true  # default
    policy.paths = []  # default
    policy.data = []  # default
    policy.builtin = true  # default
    policy.bundle = none  # default
    policy.trusted_keys = []  # default
    policy.require_signed = true  # default
    policy.sandbox = true  # default
    policy.mask = []  # default
    exceptions.max_duration = "90d"  # default
    exceptions.warn_before = "7d"  # default
    exceptions.other_approver = false  # default
    scan.fail_on = "low"  # default
    alerts.group_wait = "30s"  # default
    alerts.update_interval = "5m"  # default
    alerts.repeat_interval = "4h"  # default
    alerts.storm_groups = 20  # default
    alerts.flap_changes = 3  # default
    alerts.flap_window = "30m"  # default
    schedule.cron = "*/15 * * * *"  # default
    schedule.zone = "UTC"  # default
    schedule.on_start = true  # default
    audit.anchor.bucket = none  # default
    audit.anchor.prefix = "cattleguard/"  # default
    audit.anchor.account = none  # default
    audit.anchor.region = none  # default
    audit.anchor.role = none  # default
    audit.anchor.external_id = none  # default
    audit.anchor.retain = "365d"  # default
    audit.anchor.mode = "governance"  # default
    report.signing_key = none  # default
    log.format = "text"  # default
    log.level = "warn"  # default
    "#);
}
