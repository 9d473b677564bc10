//! Wrong keys, types and values of the single sections.

use super::{told, told_of};

#[test]
fn an_unknown_key_names_the_nearest_one() {
    insta::assert_snapshot!(told_of(r#"[state]
retentoin = "30d""#), @r#"
    error[unknown-key]: unknown key `retentoin` in `state`
      --> cattleguard.toml:2:1
      |
    2 | retentoin = "30d"
      | ^^^^^^^^^ did you mean `retention`?
    "#);
}

#[test]
fn an_unknown_section_names_the_nearest_one() {
    insta::assert_snapshot!(told_of("[colect]\nlookback = \"24h\""), @r#"
    error[unknown-key]: unknown key `colect`
      --> cattleguard.toml:1:2
      |
    1 | [colect]
      |  ^^^^^^ did you mean `collect`?
    "#);
}

#[test]
fn an_unknown_key_far_from_all_lists_the_valid_ones() {
    insta::assert_snapshot!(told_of("[state]\nbackend = \"postgres\""), @r#"
    error[unknown-key]: unknown key `backend` in `state`
      --> cattleguard.toml:2:1
      |
    2 | backend = "postgres"
      | ^^^^^^^
      = help: valid keys here: url, retention
    "#);
}

#[test]
fn a_string_where_a_boolean_belongs() {
    insta::assert_snapshot!(told_of("[collect]\nload_balancers = \"yes\""), @r#"
    error[wrong-type]: `collect.load_balancers`: expected a boolean, found a string
      --> cattleguard.toml:2:18
      |
    2 | load_balancers = "yes"
      |                  ^^^^^
    "#);
}

#[test]
fn a_number_where_a_string_belongs() {
    insta::assert_snapshot!(told_of("[state]\nurl = 7"), @r#"
    error[wrong-type]: `state.url`: expected a string, found an integer
      --> cattleguard.toml:2:7
      |
    2 | url = 7
      |       ^
    "#);
}

#[test]
fn a_table_where_a_list_belongs() {
    insta::assert_snapshot!(told("[account]\nid = \"111122223333\"\n[fleet]\nname = \"web\""), @r#"
    error[wrong-type]: `account`: expected an array of tables, found a table
      --> cattleguard.toml:1:2
      |
    1 | [account]
      |  ^^^^^^^
      = help: write each entry under [[account]]

    error[wrong-type]: `fleet`: expected an array of tables, found a table
      --> cattleguard.toml:3:2
      |
    3 | [fleet]
      |  ^^^^^
      = help: write each entry under [[fleet]]

    2 errors
    "#);
}

#[test]
fn a_list_where_a_table_belongs() {
    insta::assert_snapshot!(told_of("[[state]]\nurl = \"sqlite:/tmp/a.db\""), @r#"
    error[wrong-type]: `state`: expected a table, found an array
      --> cattleguard.toml:1:1
      |
    1 | [[state]]
      | ^^^^^^^^^
      = help: write it as [state]
    "#);
}

#[test]
fn a_word_of_a_closed_list() {
    insta::assert_snapshot!(told_of("mode = \"obsrve\""), @r#"
    error[bad-value]: `mode`: `obsrve` is not one of observe, quarantine, replace
      --> cattleguard.toml:1:8
      |
    1 | mode = "obsrve"
      |        ^^^^^^^^ did you mean `observe`?
    "#);
}

#[test]
fn a_duration_without_a_unit() {
    insta::assert_snapshot!(told_of("[collect]\nlookback = 24"), @r#"
    error[wrong-type]: `collect.lookback`: expected a duration in quotes, found an integer
      --> cattleguard.toml:2:12
      |
    2 | lookback = 24
      |            ^^
      = help: a unit is needed: "24s", "24m", "24h" or "24d"
    "#);
}

#[test]
fn a_duration_with_a_wrong_unit() {
    insta::assert_snapshot!(told_of("[collect]\nlookback = \"24 hours\""), @r#"
    error[bad-duration]: `collect.lookback`: `24 hours`: write a number and a unit: 30s, 15m, 24h, 7d or 2w
      --> cattleguard.toml:2:12
      |
    2 | lookback = "24 hours"
      |            ^^^^^^^^^^
    "#);
}

#[test]
fn a_cron_pattern_out_of_range() {
    insta::assert_snapshot!(told_of("[schedule]\ncron = \"61 * * * *\""), @r#"
    error[bad-cron]: `schedule.cron`: `61 * * * *` is not a cron pattern: Component error: Number out of bounds.
      --> cattleguard.toml:2:8
      |
    2 | cron = "61 * * * *"
      |        ^^^^^^^^^^^^
      = help: minute, hour, day of month, month, day of week, e.g. "*/15 * * * *"
    "#);
}

#[test]
fn a_cron_pattern_of_words() {
    insta::assert_snapshot!(told_of("[schedule]\ncron = \"every day\""), @r#"
    error[bad-cron]: `schedule.cron`: `every day` is not a cron pattern: Invalid pattern: Pattern must have between 5 and 7 fields.
      --> cattleguard.toml:2:8
      |
    2 | cron = "every day"
      |        ^^^^^^^^^^^
      = help: minute, hour, day of month, month, day of week, e.g. "*/15 * * * *"
    "#);
}

#[test]
fn a_time_zone_that_is_misspelled() {
    insta::assert_snapshot!(told_of("[schedule]\nzone = \"Europe/Berln\""), @r#"
    error[bad-timezone]: `schedule.zone`: `Europe/Berln` is not a time zone
      --> cattleguard.toml:2:8
      |
    2 | zone = "Europe/Berln"
      |        ^^^^^^^^^^^^^^ did you mean `Europe/Berlin`?
    "#);
}

#[test]
fn a_lookback_beyond_what_cloudtrail_keeps() {
    insta::assert_snapshot!(told_of("[collect]\nlookback = \"120d\""), @r#"
    error[bad-value]: `collect.lookback`: more than 90d
      --> cattleguard.toml:2:12
      |
    2 | lookback = "120d"
      |            ^^^^^^
      = help: CloudTrail's event history keeps 90 days
    "#);
}

#[test]
fn an_overlap_longer_than_the_lookback() {
    insta::assert_snapshot!(told_of("[collect]\nlookback = \"1h\"\noverlap = \"2h\""), @r#"
    error[bad-value]: `collect.overlap`: must not be longer than `lookback`
      --> cattleguard.toml:3:11
      |
    3 | overlap = "2h"
      |           ^^^^
    "#);
}

#[test]
fn no_trail_source_at_all() {
    insta::assert_snapshot!(told_of("[collect]\ntrail = []"), @r#"
    error[bad-value]: `collect.trail`: without a source nobody can be named as the author of a change
      --> cattleguard.toml:2:9
      |
    2 | trail = []
      |         ^^
      = help: use ["lookup"], or name a bucket, a queue or a folder of log files
    "#);
}

#[test]
fn a_trail_source_that_does_not_exist() {
    insta::assert_snapshot!(told_of("[collect]\ntrail = [\"lookup\", { s4 = \"bucket\" }]"), @r#"
    error[unknown-key]: unknown key `s4` in `collect.trail[1]`
      --> cattleguard.toml:2:22
      |
    2 | trail = ["lookup", { s4 = "bucket" }]
      |                      ^^ did you mean `s3`?
    "#);
}

#[test]
fn no_concurrency() {
    insta::assert_snapshot!(told_of("[collect]\nconcurrency = 0"), @r#"
    error[bad-value]: `collect.concurrency`: 0 is not between 1 and 256
      --> cattleguard.toml:2:15
      |
    2 | concurrency = 0
      |               ^
    "#);
}

#[test]
fn an_inventory_type_of_nobody() {
    insta::assert_snapshot!(told_of("[collect]\ninventory_types = [\"Application\"]"), @r#"
    error[bad-value]: `collect.inventory_types`: `Application` is not an inventory type
      --> cattleguard.toml:2:20
      |
    2 | inventory_types = ["Application"]
      |                    ^^^^^^^^^^^^^
      = help: inventory types look like AWS:Application or Custom:RackInformation
    "#);
}

#[test]
fn no_policy_at_all() {
    insta::assert_snapshot!(told_of("[policy]\nbuiltin = false"), @r#"
    error[bad-value]: `policy.builtin`: no policy at all would pass everything
      --> cattleguard.toml:2:11
      |
    2 | builtin = false
      |           ^^^^^
      = help: give `paths` or a `bundle`, or leave the shipped pack on
    "#);
}

#[test]
fn a_signed_bundle_stands_alone_and_names_its_keys() {
    let told = told_of("[policy]\nbundle = \"b.tar.gz\"\npaths = [\"own\"]\ndata = [\"p.json\"]");
    for part in ["no key is trusted", "`policy.paths`: what stands beside", "`policy.data`: what stands beside"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let unsigned = "[policy]\nbundle = \"b.tar.gz\"\npaths = [\"own\"]\nrequire_signed = false";
    let (config, _) = super::good(unsigned, &[]);
    assert!(!config.policy.require_signed && config.policy.bundle.is_some());
    assert!(told_of("[policy]\ntrusted_keys = [\"a.pub\"]").contains("no effect without `bundle`"));
}

#[test]
fn exceptions_that_never_end() {
    assert!(told_of("[exceptions]\nmax_duration = \"400d\"").contains("between a day and a year"));
}

#[test]
fn a_state_that_is_not_sqlite() {
    insta::assert_snapshot!(told_of("[state]\nurl = \"postgres://db/cattleguard\""), @r#"
    error[bad-value]: `state.url`: only sqlite:PATH is supported
      --> cattleguard.toml:2:7
      |
    2 | url = "postgres://db/cattleguard"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: for example sqlite:/var/lib/cattleguard/state.db
    "#);
}

#[test]
fn a_repeat_before_the_update() {
    insta::assert_snapshot!(told_of("[alerts]\nrepeat_interval = \"1m\""), @r#"
    error[bad-value]: `alerts.repeat_interval`: must not be shorter than `update_interval`
      --> cattleguard.toml:2:19
      |
    2 | repeat_interval = "1m"
      |                   ^^^^
    "#);
}

#[test]
fn a_number_too_big_for_any_key() {
    insta::assert_snapshot!(told_of("[collect]\nconcurrency = 99999999999999999999"), @r#"
    error[bad-value]: `collect.concurrency`: the number is not between 0 and 4294967295
      --> cattleguard.toml:2:15
      |
    2 | concurrency = 99999999999999999999
      |               ^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_syntax_error_is_reported_with_what_else_is_wrong() {
    insta::assert_snapshot!(told_of("[state]\nurl = \nretentoin = \"1d\"\n[log]\nformat = \"xml\""), @r#"
    error[syntax]: string values must be quoted, expected literal string
      --> cattleguard.toml:2:7
      |
    2 | url = 
      |       ^

    error[unknown-key]: unknown key `retentoin` in `state`
      --> cattleguard.toml:3:1
      |
    3 | retentoin = "1d"
      | ^^^^^^^^^ did you mean `retention`?

    error[bad-value]: `log.format`: `xml` is not one of text, json, journald
      --> cattleguard.toml:5:10
      |
    5 | format = "xml"
      |          ^^^^^

    3 errors
    "#);
}

#[test]
fn a_key_given_twice() {
    insta::assert_snapshot!(told_of("[log]\nformat = \"json\"\nformat = \"text\""), @r#"
    error[syntax]: duplicate key
      --> cattleguard.toml:3:1
      |
    3 | format = "text"
      | ^^^^^^
    "#);
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(told(""), @r#"
    error[missing-key]: the configuration needs at least one [[account]]
     --> cattleguard.toml
     = help: `cattleguard init` writes an example

    error[missing-key]: the configuration needs at least one [[fleet]]
     --> cattleguard.toml
     = help: `cattleguard init` writes an example

    2 errors
    "#);
}

#[test]
fn control_characters_are_defused() {
    insta::assert_snapshot!(told_of("[log]\nformat = \"\\u001b[2J\"\n\"evil\\u001b[2J\" = 1"), @r#"
    error[bad-value]: `log.format`: `\u{1b}[2J` is not one of text, json, journald
      --> cattleguard.toml:2:10
      |
    2 | format = "\u001b[2J"
      |          ^^^^^^^^^^^

    error[unknown-key]: unknown key `evil\u{1b}[2J` in `log`
      --> cattleguard.toml:3:1
      |
    3 | "evil\u001b[2J" = 1
      | ^^^^^^^^^^^^^^^
      = help: valid keys here: format, level

    2 errors
    "#);
}
