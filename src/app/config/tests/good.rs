//! Right configurations: defaults, the shipped example, and what becomes of secrets.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::{good, parsed};
use crate::app::config::{SecretRef, Way, to_json, to_text};
use crate::collect::TrailSource;
use crate::report::DestinationKind;
use crate::report::press::Act;
use crate::types::{Enforcement, Place, Severity};

const EXAMPLE: &str = include_str!("../../../../systemd/cattleguard.example.toml");

#[test]
fn a_minimal_configuration_gets_safe_defaults() {
    let (config, _) = good("", &[]);
    assert_eq!(config.mode, Enforcement::Observe);
    assert_eq!(config.places(), [Place::new("111122223333", "eu-west-1")]);
    assert_eq!(config.state.path.to_str(), Some("/var/lib/cattleguard/state.db"));
    assert_eq!(config.collect.trail, [TrailSource::Lookup]);
    assert_eq!(config.scan.fail_on, Severity::Low);
    assert!(config.policy.builtin && config.notify.is_empty());
    let fleet = &config.fleets[0];
    assert_eq!(fleet.enforcement, Enforcement::Observe);
    assert_eq!((fleet.budget_count, fleet.allow_min_one), (1, false));
    assert!(fleet.windows.is_empty(), "without a window nothing is replaced");
    assert!(fleet.expect_inventory, "missing inventory must not pass as clean");
}

#[test]
fn the_shipped_example_loads() {
    let (config, _) = parsed(EXAMPLE, &[], &[]).expect("the example is right");
    let fleet = &config.fleets[0];
    assert_eq!(fleet.windows[0].zone, "Europe/Berlin");
    assert_eq!(fleet.budget_cooldown, Duration::from_secs(1_800));
    assert!(matches!(config.notify[0].way, Way::SlackBot { .. }));
    let Way::SlackBot { buttons: Some(buttons), .. } = &config.notify[0].way else { panic!("buttons") };
    assert_eq!(buttons.people[1].may, [Act::Acknowledge]);
    let Way::Webhook { secrets, .. } = &config.notify[2].way else { panic!("a webhook") };
    assert_eq!(*secrets, [SecretRef::File("/etc/cattleguard/webhook.secret".into())]);
    assert_eq!(config.policy.paths[0].to_str(), Some("/etc/cattleguard/policies"), "relative to the file");
}

#[test]
fn state_paths_are_relative_to_the_file() {
    let (config, _) = good("[state]\nurl = \"sqlite:data/state.db\"", &[]);
    assert_eq!(config.state.path.to_str(), Some("/etc/cattleguard/data/state.db"));
    let (config, _) = good("[state]\nurl = \"sqlite:///srv/state.db\"", &[]);
    assert_eq!(config.state.path.to_str(), Some("/srv/state.db"));
}

const NOTIFY: &str = "[[notify]]\nname = \"siem\"\nkind = \"webhook\"\nurl = { env = \"SIEM_URL\" }\n\
                      secrets = [{ env = \"SIEM_NEW\" }, { env = \"SIEM_OLD\" }]\n";

#[test]
fn secrets_are_read_when_asked_for_and_shown_by_nobody() {
    let canary = "CANARY-9c2e";
    let env: Vec<(String, String)> = ["SIEM_URL", "SIEM_NEW", "SIEM_OLD"]
        .map(|name| (name.to_owned(), format!("https://siem.example/{canary}/{name}\n")))
        .to_vec();
    let (config, settings) = good(NOTIFY, &[("SIEM_URL", canary)]);
    let destination = config.notify[0].destination(&env).expect("every secret is there");
    let DestinationKind::Webhook { url, secrets } = &destination.kind else { panic!("a webhook") };
    assert_eq!(url.expose_secret(), format!("https://siem.example/{canary}/SIEM_URL"), "without the newline");
    assert_eq!(secrets.len(), 2);
    let shown = format!("{config:?}{settings:?}{destination:?}{}{}", to_text(&settings, true), to_json(&settings));
    assert!(!shown.contains(canary));
    assert!(shown.contains("{ env = \"SIEM_URL\" }"), "the reference is shown");
}

#[test]
fn a_secret_that_cannot_be_read_is_named_with_its_destination() {
    let (config, _) = good(NOTIFY, &[]);
    let why = config.notify[0].destination(&[]).expect_err("nothing is set");
    assert_eq!(why, "notify `siem`: `url`: environment variable SIEM_URL is not set");
    let empty = vec![("SIEM_URL".to_owned(), "\n".to_owned())];
    let why = config.notify[0].destination(&empty).expect_err("empty");
    assert_eq!(why, "notify `siem`: `url`: environment variable SIEM_URL is empty");
}

#[test]
fn credentials_and_files_are_read_from_where_systemd_puts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("slack-url"), "https://hooks.example/T\n").expect("written");
    let env = vec![("CREDENTIALS_DIRECTORY".to_owned(), folder.path().display().to_string())];
    let secret = SecretRef::Credential("slack-url".to_owned());
    assert_eq!(secret.read(&env).expect("a secret").expose_secret(), "https://hooks.example/T");
    assert!(secret.read(&[]).expect_err("no folder").contains("CREDENTIALS_DIRECTORY"));
    let file = SecretRef::File(folder.path().join("slack-url"));
    assert_eq!(file.read(&[]).expect("a secret").expose_secret(), "https://hooks.example/T");
    assert!(SecretRef::File(folder.path().join("missing")).read(&[]).is_err());
}
