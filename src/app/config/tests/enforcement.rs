//! `[enforcement]`, and the keys of a fleet that override it.

use std::time::Duration;

use super::{ACCOUNT, FLEET, good, parsed, told_of, told_of_fleet};
use crate::app::config::Config;
use crate::remediate::{CutMode, IdentityCut, Method, Moves, Settings};
use crate::types::FleetName;

fn with_fleet(keys: &str, fragment: &str) -> Config {
    parsed(&format!("{ACCOUNT}{FLEET}{keys}\n{fragment}\n"), &[], &[]).expect("right").0
}

#[test]
fn a_minimal_configuration_has_the_settings_of_the_remediate_stage() {
    let (config, _) = good("", &[]);
    assert_eq!(config.settings_for(&FleetName::new("web")), Settings::default());
    assert_eq!(config.evidence_folder().to_str(), Some("/var/lib/cattleguard/evidence"));
    assert_eq!(config.approvals_needed(), 1);
    let kill_switch = &config.enforcement.kill_switch;
    assert_eq!((kill_switch.file.to_str(), &kill_switch.parameter), (Some("/run/cattleguard/stop"), &None));
}

#[test]
fn a_fleet_overrides_what_holds_for_all() {
    let keys = "cut = \"nacl\"\nidentity = \"none\"\nreplace = \"launch\"\nmove = [\"addresses\", \"volumes\"]\n\
                alarms = [\"web-5xx\"]\nbake = \"10m\"\nexpect_inventory = false\nuser_data_file = \"web.sh\"\n";
    let all = "[enforcement]\nbake = \"1m\"\nretain = \"30d\"\nmax_age = \"2h\"\nquarantine_profile = \"\"\n\
               poll = \"10s\"\nisolation_group = \"shut\"\nevidence = \"kept\"\ntwo_person = true\n";
    let config = with_fleet(keys, all);
    let expected = Settings {
        cut: CutMode::Nacl,
        identity: IdentityCut::None,
        isolation_group: "shut".to_owned(),
        quarantine_profile: None,
        method: Method::Launch,
        moves: Moves { addresses: true, volumes: true, ..Moves::default() },
        bake_s: 600,
        retain_s: 30 * 86_400,
        poll_s: 10,
        expect_inventory: false,
        alarms: vec!["web-5xx".to_owned()],
        max_age_s: 7_200,
        ..Settings::default()
    };
    assert_eq!(config.settings_for(&FleetName::new("web")), expected);
    assert_eq!(config.evidence_folder().to_str(), Some("/etc/cattleguard/kept"));
    assert_eq!(config.approvals_needed(), 2);
    let own = &config.fleet_enforcement[&FleetName::new("web")];
    assert_eq!(own.user_data_file.as_deref().and_then(|path| path.to_str()), Some("/etc/cattleguard/web.sh"));
    assert_eq!(config.enforcement.approval_ttl, Duration::from_secs(86_400));
    let in_place = with_fleet("replace = \"root-volume\"", "");
    assert_eq!(in_place.settings_for(&FleetName::new("web")).method, Method::RootVolume);
}

#[test]
fn words_that_do_not_exist() {
    insta::assert_snapshot!(told_of_fleet("cut = \"nacls\"\nidentity = \"all\"\nreplace = \"root\"\nmove = [\"adresses\"]"), @r#"
    error[bad-value]: `fleet.web.cut`: `nacls` is not one of idle, convert, nacl, stop
      --> cattleguard.toml:8:7
      |
    8 | cut = "nacls"
      |       ^^^^^^^ did you mean `nacl`?

    error[bad-value]: `fleet.web.identity`: `all` is not one of none, profile, session, role
      --> cattleguard.toml:9:12
      |
    9 | identity = "all"
      |            ^^^^^

    error[bad-value]: `fleet.web.replace`: `root` is not one of launch, root-volume
       --> cattleguard.toml:10:11
       |
    10 | replace = "root"
       |           ^^^^^^

    error[bad-value]: `fleet.web.move`: `adresses` is not one of addresses, private-ips, interfaces, volumes
       --> cattleguard.toml:11:9
       |
    11 | move = ["adresses"]
       |         ^^^^^^^^^^ did you mean `addresses`?

    4 errors
    "#);
}

#[test]
fn settings_that_do_not_fit_together() {
    insta::assert_snapshot!(told_of_fleet("replace = \"root-volume\"\nmove = [\"volumes\"]\nbake = \"6h\""), @r#"
    error[bad-value]: `move` has no effect with replace = "root-volume"
      --> cattleguard.toml:9:8
      |
    9 | move = ["volumes"]
      |        ^^^^^^^^^^^
      = help: the instance stays, and keeps its addresses, interfaces and volumes

    error[bad-value]: fleet `web`: `bake` is not shorter than `enforcement.max_age`
       --> cattleguard.toml:10:8
       |
    10 | bake = "6h"
       |        ^^^^
       = help: every replacement would be left to a person before it had baked

    2 errors
    "#);
}

#[test]
fn groups_profiles_and_parameters_that_cannot_exist() {
    let text = "[enforcement]\nisolation_group = \"sg-0123\"\nquarantine_profile = \"arn:aws:iam::1:instance-profile/q\"\n\
                concurrency = 0\nmax_age = \"0s\"\npoll = \"2m\"\nkill_switch = { parameter = \"stop it\", files = \"x\" }\n";
    insta::assert_snapshot!(told_of(text), @r#"
    error[bad-value]: `enforcement.isolation_group`: `sg-0123` is an id or looks like one
      --> cattleguard.toml:2:19
      |
    2 | isolation_group = "sg-0123"
      |                   ^^^^^^^^^
      = help: name the group: one of this name must exist in every VPC

    error[bad-value]: `enforcement.quarantine_profile`: `arn:aws:iam::1:instance-profile/q` is not the name of a profile
      --> cattleguard.toml:3:22
      |
    3 | quarantine_profile = "arn:aws:iam::1:instance-profile/q"
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: up to 128 letters, digits and +=,.@_-, without a path; "" for no profile at all

    error[bad-value]: `enforcement.concurrency`: must be 1 to 64
      --> cattleguard.toml:4:15
      |
    4 | concurrency = 0
      |               ^

    error[bad-value]: `enforcement.max_age`: must be longer than 0s
      --> cattleguard.toml:5:11
      |
    5 | max_age = "0s"
      |           ^^^^

    error[bad-value]: `enforcement.poll`: must be 1s to 20s
      --> cattleguard.toml:6:8
      |
    6 | poll = "2m"
      |        ^^^^

    error[bad-value]: `enforcement.kill_switch.parameter`: `stop it` is not the name of a parameter
      --> cattleguard.toml:7:29
      |
    7 | kill_switch = { parameter = "stop it", files = "x" }
      |                             ^^^^^^^^^
      = help: letters, digits and /._-, e.g. /cattleguard/stop

    error[unknown-key]: unknown key `files` in `enforcement.kill_switch`
      --> cattleguard.toml:7:40
      |
    7 | kill_switch = { parameter = "stop it", files = "x" }
      |                                        ^^^^^ did you mean `file`?

    7 errors
    "#);
    insta::assert_snapshot!(told_of("[enforcement]\nbake = \"2h\"\nmax_age = \"1h\""), @r#"
    error[bad-value]: `enforcement.bake`: must be shorter than `enforcement.max_age`
      --> cattleguard.toml:2:8
      |
    2 | bake = "2h"
      |        ^^^^
      = help: every replacement would be left to a person before it had baked
    "#);
    insta::assert_snapshot!(told_of("[enforcement]\nisolation_group = \"same\"\nopen_group = \"same\""), @r#"
    error[bad-value]: `enforcement.open_group`: the group that lets everything through cannot be the isolating one
      --> cattleguard.toml:3:14
      |
    3 | open_group = "same"
      |              ^^^^^^
    "#);
}
