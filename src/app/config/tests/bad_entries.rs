//! Wrong accounts and fleets, and entries that do not fit together.

use super::{ACCOUNT, FLEET, told, told_of, told_of_fleet};
use crate::app::config::{LoadRequest, load};

#[test]
fn an_account_id_that_is_not_12_digits() {
    insta::assert_snapshot!(told(&format!("[[account]]\nid = \"11112222333\"\nregions = [\"eu-west-1\"]\n{FLEET}")), @r#"
    error[bad-value]: `account.11112222333.id`: `11112222333` is not an account id: 12 digits
      --> cattleguard.toml:2:6
      |
    2 | id = "11112222333"
      |      ^^^^^^^^^^^^^
    "#);
}

#[test]
fn an_account_id_without_quotes() {
    insta::assert_snapshot!(told(&format!("[[account]]\nid = 011122223333\nregions = [\"eu-west-1\"]\n{FLEET}")), @r#"
    error[syntax]: unexpected leading zero, expected nothing
      --> cattleguard.toml:2:6
      |
    2 | id = 011122223333
      |      ^
    "#);
}

#[test]
fn an_account_id_as_a_number() {
    insta::assert_snapshot!(told(&format!("[[account]]\nid = 111122223333\nregions = [\"eu-west-1\"]\n{FLEET}")), @r#"
    error[wrong-type]: `account[0].id`: expected a string, found an integer
      --> cattleguard.toml:2:6
      |
    2 | id = 111122223333
      |      ^^^^^^^^^^^^
      = help: write it in quotes: "111122223333"
    "#);
}

#[test]
fn regions_that_do_not_exist() {
    insta::assert_snapshot!(told(&format!("[[account]]\nid = \"111122223333\"\nregions = [\"eu-west1\", \"Ireland\"]\n{FLEET}")), @r#"
    error[bad-value]: `account.111122223333.regions`: `eu-west1` is not a region
      --> cattleguard.toml:3:12
      |
    3 | regions = ["eu-west1", "Ireland"]
      |            ^^^^^^^^^^ did you mean `eu-west-1`?

    error[bad-value]: `account.111122223333.regions`: `Ireland` is not a region
      --> cattleguard.toml:3:24
      |
    3 | regions = ["eu-west1", "Ireland"]
      |                        ^^^^^^^^^
      = help: regions look like eu-west-1

    2 errors
    "#);
}

#[test]
fn a_region_listed_twice() {
    insta::assert_snapshot!(told(&format!("[[account]]\nid = \"111122223333\"\nregions = [\"eu-west-1\", \"eu-west-1\"]\n{FLEET}")), @r#"
    error[duplicate]: region `eu-west-1` is listed twice
      --> cattleguard.toml:3:11
      |
    3 | regions = ["eu-west-1", "eu-west-1"]
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn an_account_defined_twice() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}{ACCOUNT}{FLEET}")), @r#"
    error[duplicate]: account `111122223333` is defined twice
      --> cattleguard.toml:5:6
      |
    5 | id = "111122223333"
      |      ^^^^^^^^^^^^^^ first defined in line 2
    "#);
}

#[test]
fn a_fleet_defined_twice() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}{FLEET}{FLEET}")), @r#"
    error[duplicate]: fleet `web` is defined twice
      --> cattleguard.toml:9:8
      |
    9 | name = "web"
      |        ^^^^^ first defined in line 5
    "#);
}

#[test]
fn an_account_without_regions() {
    insta::assert_snapshot!(told(&format!("[[account]]\nid = \"111122223333\"\n{FLEET}")), @r#"
    error[missing-key]: `account.111122223333` needs `regions` (array of regions)
      --> cattleguard.toml:1:1
      |
    1 | [[account]]
      | ^^^^^^^^^^^
    "#);
}

#[test]
fn a_role_of_another_account() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}role = \"arn:aws:iam::444455556666:role/reader\"\n{FLEET}")), @r#"
    error[bad-value]: `role`: the role is not in account 111122223333
      --> cattleguard.toml:4:8
      |
    4 | role = "arn:aws:iam::444455556666:role/reader"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: the ARN holds the account id: arn:aws:iam::ACCOUNT:role/NAME
    "#);
}

#[test]
fn a_role_that_is_every_role() {
    for name in ["*", "read-?", "${web}", "x\\\"y", "path/"] {
        let told = told(&format!("{ACCOUNT}role = \"arn:aws:iam::111122223333:role/{name}\"\n{FLEET}"));
        assert!(told.contains("is not a role ARN"), "{name}: {told}");
    }
}

#[test]
fn a_file_without_an_end_is_not_read_to_it() {
    let request = LoadRequest { path: "/dev/zero".into(), env: Vec::new(), flags: Vec::new() };
    let told = load(&request).expect_err("refused");
    assert!(format!("{told:?}").contains("too many for a configuration file"), "{told:?}");
}

#[test]
fn a_role_that_is_no_arn() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}role = \"reader\"\nexternal_id = \"x\"\n{FLEET}")), @r#"
    error[bad-value]: `account.111122223333.role`: `reader` is not a role ARN
      --> cattleguard.toml:4:8
      |
    4 | role = "reader"
      |        ^^^^^^^^
      = help: role ARNs look like arn:aws:iam::111122223333:role/cattleguard-read

    error[bad-value]: `account.111122223333.external_id`: an external id has 2 to 1224 letters, digits and _+=,.@:/-
      --> cattleguard.toml:5:15
      |
    5 | external_id = "x"
      |               ^^^

    2 errors
    "#);
}

#[test]
fn an_external_id_without_a_role() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}external_id = \"an-external-id\"\n{FLEET}")), @r#"
    error[bad-value]: `external_id` has no effect without `role`
      --> cattleguard.toml:4:15
      |
    4 | external_id = "an-external-id"
      |               ^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_fleet_that_selects_nothing() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}[[fleet]]\nname = \"web\"\ngolden = \"web\"\nselect = {{}}\n")), @r#"
    error[empty-selector]: the fleet selects nothing: `select` needs `tags` or `asg`
      --> cattleguard.toml:7:1
      |
    7 | select = {}
      | ^^^^^^
      = help: for example select = { tags = { app = "web" } }
    "#);
}

#[test]
fn a_fleet_without_a_name_and_golden() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}[[fleet]]\nselect = {{ asg = \"web-*\" }}\n")), @r#"
    error[missing-key]: `fleet[0]` needs `name` (name)
      --> cattleguard.toml:4:1
      |
    4 | [[fleet]]
      | ^^^^^^^^^

    error[missing-key]: `fleet[0]` needs `golden` (name)
      --> cattleguard.toml:4:1
      |
    4 | [[fleet]]
      | ^^^^^^^^^

    2 errors
    "#);
}

#[test]
fn a_fleet_that_names_one_version() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}[[fleet]]\nname = \"web\"\nselect = {{ asg = \"web\" }}\ngolden = \"web@2026.11.1\"\n")), @r#"
    error[bad-value]: `fleet.web.golden`: a fleet follows a golden line, not one version
      --> cattleguard.toml:7:10
      |
    7 | golden = "web@2026.11.1"
      |          ^^^^^^^^^^^^^^^ did you mean `web`?
      = help: the version that instances should run is chosen with `cattleguard golden promote`
    "#);
}

#[test]
fn a_fleet_name_with_spaces() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}[[fleet]]\nname = \"my web\"\nselect = {{ asg = \"web\" }}\ngolden = \"web\"\n")), @r#"
    error[bad-value]: `fleet.my web.name`: `my web` is not a name
      --> cattleguard.toml:5:8
      |
    5 | name = "my web"
      |        ^^^^^^^^
      = help: up to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit
    "#);
}

#[test]
fn a_fleet_in_an_account_nobody_reads() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}[[fleet]]\nname = \"web\"\nselect = {{ asg = \"web\", accounts = [\"444455556666\"] }}\ngolden = \"web\"\n")), @r#"
    error[bad-value]: fleet `web` selects account 444455556666, which no [[account]] has
      --> cattleguard.toml:6:36
      |
    6 | select = { asg = "web", accounts = ["444455556666"] }
      |                                    ^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_star_in_the_middle() {
    insta::assert_snapshot!(told(&format!("{ACCOUNT}[[fleet]]\nname = \"web\"\nselect = {{ tags = {{ app = \"w*b\" }} }}\ngolden = \"web\"\n")), @r#"
    error[bad-value]: `tags.app`: `*` may stand at the end only
      --> cattleguard.toml:6:19
      |
    6 | select = { tags = { app = "w*b" } }
      |                   ^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn everybody_sanctioned() {
    insta::assert_snapshot!(told_of_fleet("sanctioned_principals = [\"*\"]"), @r#"
    error[bad-value]: `sanctioned_principals`: `*` does not name an account: it would stand for everybody
      --> cattleguard.toml:8:25
      |
    8 | sanctioned_principals = ["*"]
      |                         ^^^^^
      = help: name the principals: arn:aws:iam::111122223333:role/patching*
    "#);
}

#[test]
fn a_share_beyond_all() {
    insta::assert_snapshot!(told_of_fleet("budget = { percent = 110 }\nmass_drift = { percent = \"10%\" }"), @r#"
    error[bad-value]: `fleet.web.budget.percent`: 110 is not between 0 and 100
      --> cattleguard.toml:8:22
      |
    8 | budget = { percent = 110 }
      |                      ^^^

    error[wrong-type]: `fleet.web.mass_drift.percent`: expected a number, found a string
      --> cattleguard.toml:9:26
      |
    9 | mass_drift = { percent = "10%" }
      |                          ^^^^^
      = help: write 10

    2 errors
    "#);
}

#[test]
fn a_negative_count() {
    insta::assert_snapshot!(told_of_fleet("budget = { count = -1 }"), @r#"
    error[bad-value]: `fleet.web.budget.count`: -1 is not between 0 and 4294967295
      --> cattleguard.toml:8:20
      |
    8 | budget = { count = -1 }
      |                    ^^
    "#);
}

#[test]
fn windows_that_make_no_sense() {
    insta::assert_snapshot!(told_of_fleet("windows = [{ days = [\"monday\"], from = \"9:00\", to = \"25:00\", zone = \"Mars/Base\" }, { from = \"01:00\", to = \"01:00\" }]"), @r#"
    error[bad-value]: `fleet.web.windows[0].days`: `monday` is not one of mon, tue, wed, thu, fri, sat, sun
      --> cattleguard.toml:8:22
      |
    8 | windows = [{ days = ["monday"], from = "9:00", to = "25:00", zone = "Mars/Base" }, { from = "01:00", to = "01:00" }]
      |                      ^^^^^^^^

    error[bad-value]: `fleet.web.windows[0].from`: `9:00` is not a time of day
      --> cattleguard.toml:8:40
      |
    8 | windows = [{ days = ["monday"], from = "9:00", to = "25:00", zone = "Mars/Base" }, { from = "01:00", to = "01:00" }]
      |                                        ^^^^^^
      = help: write HH:MM, e.g. 02:30

    error[bad-value]: `fleet.web.windows[0].to`: `25:00` is not a time of day
      --> cattleguard.toml:8:53
      |
    8 | windows = [{ days = ["monday"], from = "9:00", to = "25:00", zone = "Mars/Base" }, { from = "01:00", to = "01:00" }]
      |                                                     ^^^^^^^
      = help: write HH:MM, e.g. 02:30

    error[bad-timezone]: `fleet.web.windows[0].zone`: `Mars/Base` is not a time zone
      --> cattleguard.toml:8:69
      |
    8 | windows = [{ days = ["monday"], from = "9:00", to = "25:00", zone = "Mars/Base" }, { from = "01:00", to = "01:00" }]
      |                                                                     ^^^^^^^^^^^
      = help: write an IANA name, e.g. Europe/Berlin or UTC

    error[bad-value]: `from` and `to` are equal: the window is never open
      --> cattleguard.toml:8:107
      |
    8 | windows = [{ days = ["monday"], from = "9:00", to = "25:00", zone = "Mars/Base" }, { from = "01:00", to = "01:00" }]
      |                                                                                                           ^^^^^^^
      = help: for a whole day write 00:00 to 24:00

    5 errors
    "#);
}

#[test]
fn a_window_that_is_no_table() {
    insta::assert_snapshot!(told_of_fleet("windows = [\"always\"]"), @r#"
    error[wrong-type]: `fleet.web.windows[0]`: expected a table, found a string
      --> cattleguard.toml:8:12
      |
    8 | windows = ["always"]
      |            ^^^^^^^^
    "#);
}

#[test]
fn a_nested_key_that_does_not_exist() {
    insta::assert_snapshot!(told_of_fleet("budget = { counts = 2 }\nenforcment = \"observe\""), @r#"
    error[unknown-key]: unknown key `counts` in `fleet.web.budget`
      --> cattleguard.toml:8:12
      |
    8 | budget = { counts = 2 }
      |            ^^^^^^ did you mean `count`?

    error[unknown-key]: unknown key `enforcment` in `fleet.web`
      --> cattleguard.toml:9:1
      |
    9 | enforcment = "observe"
      | ^^^^^^^^^^ did you mean `enforcement`?

    2 errors
    "#);
}

#[test]
fn a_notice_for_a_fleet_that_does_not_exist() {
    insta::assert_snapshot!(told_of_fleet("[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { env = \"SLACK_URL\" }\nfleets = [\"wbe\"]"), @r#"
    error[bad-value]: notify `ops` names fleet `wbe`, which does not exist
       --> cattleguard.toml:12:10
       |
    12 | fleets = ["wbe"]
       |          ^^^^^^^ did you mean `web`?
    "#);
}

const BOT: &str = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\ntoken = { env = \"T\" }\nchannel = \"C0123456789\"\n";

#[test]
fn buttons_without_what_they_need() {
    insta::assert_snapshot!(told_of(&format!("{BOT}interactive = \"socket\"\nsigning_secret = {{ env = \"S\" }}")), @r#"
    error[missing-key]: `notify.ops` needs `app_token` (secret reference)
      --> cattleguard.toml:1:1
      |
    1 | [[notify]]
      | ^^^^^^^^^^

    error[bad-value]: `signing_secret` has no effect for interactive = "socket"
      --> cattleguard.toml:7:18
      |
    7 | signing_secret = { env = "S" }
      |                  ^^^^^^^^^^^^^

    2 errors
    "#);
    insta::assert_snapshot!(told_of(&format!("{BOT}people = []\napp_token = {{ env = \"S\" }}")), @r#"
    error[bad-value]: `people` has no effect without `interactive`
      --> cattleguard.toml:6:10
      |
    6 | people = []
      |          ^^
      = help: interactive = "socket" or interactive = "endpoint"

    error[bad-value]: `app_token` has no effect without `interactive`
      --> cattleguard.toml:7:13
      |
    7 | app_token = { env = "S" }
      |             ^^^^^^^^^^^^^
      = help: interactive = "socket" or interactive = "endpoint"

    2 errors
    "#);
    insta::assert_snapshot!(told_of(&format!("{BOT}interactive = \"sockets\"\napp_token = {{ env = \"S\" }}")), @r#"
    error[bad-value]: `notify.ops.interactive`: `sockets` is not one of socket, endpoint
      --> cattleguard.toml:6:15
      |
    6 | interactive = "sockets"
      |               ^^^^^^^^^ did you mean `socket`?
    "#);
    let hook = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { env = \"U\" }\ninteractive = \"endpoint\"\nsigning_secret = { env = \"S\" }";
    insta::assert_snapshot!(told_of(hook), @r#"
    error[bad-value]: `interactive` wants `token` and `channel`: an incoming webhook cannot have buttons
      --> cattleguard.toml:5:15
      |
    5 | interactive = "endpoint"
      |               ^^^^^^^^^^
    "#);
}

#[test]
fn people_who_press_buttons_are_named_by_their_ids() {
    let people = |people: &str| {
        told_of(&format!("{BOT}interactive = \"endpoint\"\nsigning_secret = {{ env = \"S\" }}\npeople = [{people}]"))
    };
    insta::assert_snapshot!(people("{ user = \"@erin\", author = \"erin smith\", may = [\"ack\"] }"), @r#"
    error[bad-value]: `notify.ops.people.@erin.user`: `@erin` is not a Slack user id
      --> cattleguard.toml:8:20
      |
    8 | people = [{ user = "@erin", author = "erin smith", may = ["ack"] }]
      |                    ^^^^^^^
      = help: the id stands under "Copy member ID" in the person's profile: U0123456789

    error[bad-value]: `notify.ops.people.@erin.author`: `erin smith` is not an author
      --> cattleguard.toml:8:38
      |
    8 | people = [{ user = "@erin", author = "erin smith", may = ["ack"] }]
      |                                      ^^^^^^^^^^^^
      = help: erin, erin@bastion or the ARN of a role

    error[bad-value]: `notify.ops.people.@erin.may`: `ack` is not one of acknowledge, approve, pause
      --> cattleguard.toml:8:59
      |
    8 | people = [{ user = "@erin", author = "erin smith", may = ["ack"] }]
      |                                                           ^^^^^

    3 errors
    "#);
    insta::assert_snapshot!(people("{ user = \"U0123\", author = \"erin\", may = [] }, { user = \"U0123\", author = \"frank\" }"), @r#"
    error[duplicate]: user `U0123` is listed twice
      --> cattleguard.toml:8:10
      |
    8 | people = [{ user = "U0123", author = "erin", may = [] }, { user = "U0123", author = "frank" }]
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[bad-value]: `may`: whoever may press nothing need not be listed
      --> cattleguard.toml:8:52
      |
    8 | people = [{ user = "U0123", author = "erin", may = [] }, { user = "U0123", author = "frank" }]
      |                                                    ^^
      = help: may = ["acknowledge", "approve", "pause"]

    error[missing-key]: `notify.ops.people.U0123` needs `may` (array of buttons)
      --> cattleguard.toml:8:58
      |
    8 | people = [{ user = "U0123", author = "erin", may = [] }, { user = "U0123", author = "frank" }]
      |                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    3 errors
    "#);
}
