//! Commands that need no cloud and no state, through the same door as the program.

#[cfg(feature = "testing")]
mod anchoring;
#[cfg(feature = "testing")]
mod audited;
#[cfg(feature = "testing")]
mod buttons;
#[cfg(feature = "testing")]
mod delivery;
#[cfg(feature = "testing")]
mod exceptions;
#[cfg(feature = "testing")]
mod files;
#[cfg(feature = "testing")]
mod guide;
#[cfg(feature = "testing")]
mod metrics;
#[cfg(feature = "testing")]
mod operations;
mod policies;
#[cfg(feature = "testing")]
mod scans;
#[cfg(feature = "testing")]
pub(super) mod world;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::app::config::Config;
use crate::app::{AppError, Backend, Enforcing, Exit, run};
use crate::collect::CloudRead;
use crate::store::Store;

/// A world without anything: a command that reaches for it fails the test by its exit code.
struct Nothing;

#[async_trait]
impl Backend for Nothing {
    fn name(&self) -> &'static str {
        "cattleguard"
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn connect(&self, _: &Config) -> Result<Arc<dyn CloudRead>, AppError> {
        Err(AppError::new(Exit::Unavailable, "no cloud"))
    }

    async fn connect_enforcing(&self, _: &Config) -> Result<Enforcing, AppError> {
        Err(AppError::new(Exit::Unavailable, "no cloud"))
    }

    fn open_store(&self, _: &Config) -> Result<Arc<dyn Store>, AppError> {
        Err(AppError::new(Exit::Unavailable, "no state"))
    }
}

fn exit_of(config: &Path, args: &[&str]) -> i32 {
    let config = config.to_str().expect("a UTF-8 path");
    let all = ["cattleguard", "-q", "-C", config].iter().chain(args).map(Into::into).collect();
    run(Box::new(Nothing), all)
}

/// Runs a command with `-o FORMAT=FILE` and returns its exit code and what it wrote.
fn written(folder: &Path, config: &Path, format: &str, args: &[&str]) -> (i32, String) {
    let out = folder.join("out");
    let spec = format!("{format}={}", out.display());
    let exit = exit_of(config, &[&["-o", &spec], args].concat());
    (exit, std::fs::read_to_string(out).unwrap_or_default())
}

#[test]
fn init_writes_what_the_loader_accepts_and_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, policy) = (folder.path().join("new/cattleguard.toml"), folder.path().join("policy.json"));
    let init = ["init", "--account", "444455556666", "--region", "us-east-1", "--fleet", "shop", "--policy-out"];
    let init = [&init[..], &[policy.to_str().expect("a path")]].concat();
    assert_eq!(exit_of(&config, &init), 0);
    assert_eq!(exit_of(&config, &["config", "check"]), 0);
    let (exit, shown) = written(folder.path(), &config, "table", &["config", "show", "--origin"]);
    assert_eq!(exit, 0);
    assert!(shown.contains("fleet.shop.select.tags = { app = \"shop\" }  # "), "{shown}");
    assert!(shown.contains("account.444455556666.regions = [\"us-east-1\"]  # "), "{shown}");
    assert!(shown.contains("collect.lookback = \"24h\"  # default"), "{shown}");
    let policy: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(policy).expect("a policy")).expect("JSON");
    assert_eq!(policy["Statement"][0]["Condition"]["StringEquals"]["aws:RequestedRegion"][0], "us-east-1");
    let before = std::fs::read(&config).expect("a file");
    assert_eq!(exit_of(&config, &["init"]), i32::from(Exit::Failed.code()));
    assert_eq!(std::fs::read(&config).expect("a file"), before);
}

/// Every commented line of the template must be right as well: people uncomment them.
#[test]
fn the_template_is_right_when_everything_in_it_is_uncommented() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init"]), 0);
    let text = std::fs::read_to_string(&config).expect("a file");
    let setting = |line: &str| {
        let body = line.strip_prefix("# ")?;
        let is_setting = body.starts_with('[') || body.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        is_setting.then(|| body.to_owned())
    };
    let uncommented: Vec<String> = text.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned())).collect();
    std::fs::write(&config, uncommented.join("\n")).expect("written");
    let (exit, told) = written(folder.path(), &config, "table", &["config", "check"]);
    assert_eq!((exit, told.as_str()), (0, "ok\n"));
}

#[test]
fn init_refuses_arguments_that_make_no_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init", "--region", "Ireland"]), 64);
    assert_eq!(exit_of(&config, &["init", "--fleet", "a\"b"]), 64);
    assert!(!config.exists());
}

#[test]
fn a_missing_or_wrong_configuration_exits_78() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    for command in [&["config", "check"][..], &["config", "show"], &["iam-policy"], &["exceptions", "list"]] {
        assert_eq!(exit_of(&config, command), 78, "{command:?}");
    }
    std::fs::write(&config, "mode = 3\n[[acount]]\n").expect("written");
    let (exit, told) = written(folder.path(), &config, "json", &["config", "check"]);
    assert_eq!(exit, 78);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let codes: Vec<_> = told["diagnostics"].as_array().expect("a list").iter().map(|diag| &diag["code"]).collect();
    assert_eq!(codes, ["missing-key", "missing-key", "wrong-type", "unknown-key"]);
    assert_eq!((&told["ok"], &told["diagnostics"][3]["line"]), (&false.into(), &2.into()));
}

#[test]
fn secrets_are_checked_on_demand_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init"]), 0);
    let notify = "\n[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { file = \"missing\" }\n";
    let text = std::fs::read_to_string(&config).expect("a file") + notify;
    std::fs::write(&config, text).expect("written");
    assert_eq!(exit_of(&config, &["config", "check"]), 0);
    let (exit, told) = written(folder.path(), &config, "table", &["config", "check", "--secrets"]);
    assert_eq!(exit, 78);
    assert!(told.contains("notify `ops`: `url`:"), "{told}");
}

#[test]
fn secrets_that_others_can_get_at_are_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init"]), 0);
    let more = "\n[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { file = \"url\" }\n\n[report]\nsigning_key = { file = \"key\" }\n";
    let text = std::fs::read_to_string(&config).expect("a file") + more;
    std::fs::write(&config, text).expect("written");
    let secret = |name: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, "https://hooks.slack.com/services/T0/B0/x").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    secret("key", 0o600);
    for (mode, said) in [
        (0o600, ""),
        (0o640, ""),
        (0o644, "everybody on this host may read it"),
        (0o620, "others than its owner may write it"),
    ] {
        secret("url", mode);
        let (exit, told) = written(folder.path(), &config, "table", &["config", "check", "--secrets"]);
        assert_eq!(exit, if said.is_empty() { 0 } else { 78 }, "{mode:o}: {told}");
        assert!(told.contains(said) && (said.is_empty() || told.contains("notify `ops`: `url`")), "{mode:o}: {told}");
    }
    secret("url", 0o600);
    secret("key", 0o604);
    let (exit, told) = written(folder.path(), &config, "table", &["config", "check", "--secrets"]);
    assert_eq!((exit, told.contains("`report.signing_key`")), (78, true), "{told}");
}

#[test]
fn parameters_that_no_pack_takes_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init"]), 0);
    let text = std::fs::read_to_string(&config).expect("a file") + "\n[policy]\ndata = [\"parameters.json\"]\n";
    std::fs::write(&config, text).expect("written");
    let wrong =
        "{\"parameters\": {\"attribution\": {\"all\": {\"break_glass\": \"notalist\"}, \"fleets\": {\"nobody\": {}}}}}";
    for (given, said) in
        [("{\"parameters\": {\"attribution\": {\"all\": {\"break_glass\": []}}}}", ""), (wrong, "not of type array")]
    {
        std::fs::write(folder.path().join("parameters.json"), given).expect("written");
        for command in [&["config", "check"][..], &["policy", "check"]] {
            let (exit, told) = written(folder.path(), &config, "table", command);
            assert_eq!(exit, if said.is_empty() { 0 } else { 78 }, "{command:?}: {told}");
            assert!(told.contains(said), "{command:?}: {told}");
        }
    }
    let (_, told) = written(folder.path(), &config, "table", &["config", "check"]);
    assert!(told.contains("data.parameters.attribution.fleets.nobody"), "{told}");
}

#[test]
fn formats_that_a_command_cannot_print_are_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["-o", "ndjson", "config", "check"]), 64);
}

#[test]
fn a_state_that_is_down_exits_69() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cattleguard.toml");
    assert_eq!(exit_of(&config, &["init"]), 0);
    assert_eq!(exit_of(&config, &["pause", "--reason", "freeze"]), 69);
    assert_eq!(exit_of(&config, &["pause", "--reason", "freeze", "--fleet", "wbe"]), 64, "known before it is opened");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man");
    let dir = pages.to_str().expect("a path");
    assert_eq!(exit_of(folder.path(), &["man", "--dir", dir]), 0);
    for page in ["cattleguard.1", "cattleguard-scan.1", "cattleguard-golden-record.1"] {
        assert!(pages.join(page).is_file(), "{page}");
    }
}
