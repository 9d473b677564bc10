//! Secrets in the wrong place are refused, and nothing that is printed shows them.

use super::{ACCOUNT, FLEET, parsed, told, told_of, told_with};
use crate::app::diag::to_json;

const CANARY: &str = "CANARY0123456789";

#[test]
fn a_secret_in_plain_text_is_masked() {
    let text =
        "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = \"https://hooks.slack.com/services/CANARY0123456789\"";
    insta::assert_snapshot!(told_of(text), @r#"
    error[plain-secret]: `notify.ops.url`: a secret must not be written here in plain text
      --> cattleguard.toml:4:7
      |
    4 | url = ***************************************************
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: refer to it: { file = "/path" }, { credential = "name" } or { env = "NAME" }
    "#);
}

#[test]
fn a_secret_reference_of_an_unknown_kind() {
    let text = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { vault = \"slack\" }";
    insta::assert_snapshot!(told_of(text), @r#"
    error[unknown-key]: `notify.ops.url`: unknown kind of secret `vault`
      --> cattleguard.toml:4:7
      |
    4 | url = { vault = "slack" }
      |       ^^^^^^^^^^^^^^^^^^^
      = help: refer to it: { file = "/path" }, { credential = "name" } or { env = "NAME" }
    "#);
}

#[test]
fn a_secret_reference_to_two_places() {
    let text = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { env = \"A\", file = \"/b\" }";
    insta::assert_snapshot!(told_of(text), @r#"
    error[bad-value]: `notify.ops.url`: a secret reference has exactly one of file, credential, env
      --> cattleguard.toml:4:7
      |
    4 | url = { env = "A", file = "/b" }
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: refer to it: { file = "/path" }, { credential = "name" } or { env = "NAME" }
    "#);
}

#[test]
fn a_webhook_without_a_signature() {
    let text = "[[notify]]\nname = \"siem\"\nkind = \"webhook\"\nurl = { env = \"URL\" }";
    insta::assert_snapshot!(told_of(text), @r#"
    error[missing-key]: a webhook needs `secrets`: without a signature anybody can forge alerts
      --> cattleguard.toml:1:1
      |
    1 | [[notify]]
      | ^^^^^^^^^^
      = help: secrets = [{ file = "/etc/cattleguard/webhook.secret" }], whsec_ and base64
    "#);
}

#[test]
fn a_webhook_with_a_list_of_no_secrets() {
    let text = "[[notify]]\nname = \"siem\"\nkind = \"webhook\"\nurl = { env = \"URL\" }\nsecrets = []";
    insta::assert_snapshot!(told_of(text), @r#"
    error[missing-key]: a webhook needs `secrets`: without a signature anybody can forge alerts
      --> cattleguard.toml:5:11
      |
    5 | secrets = []
      |           ^^
      = help: secrets = [{ file = "/etc/cattleguard/webhook.secret" }], whsec_ and base64
    "#);
}

#[test]
fn two_destinations_of_one_name() {
    let one = "[[notify]]\nname = \"ops\"\nkind = \"slack\"\nurl = { credential = \"slack\" }\n";
    insta::assert_snapshot!(told_of(&format!("{one}{one}")), @r#"
    error[duplicate]: notify `ops` is defined twice
      --> cattleguard.toml:6:8
      |
    6 | name = "ops"
      |        ^^^^^ first defined in line 2
    "#);
}

#[test]
fn a_secret_in_a_variable_is_refused_without_its_value() {
    let text = format!("{ACCOUNT}{FLEET}[[notify]]\nname = \"ops\"\nkind = \"slack\"\n");
    let url = "https://hooks.slack.com/services/CANARY0123456789";
    insta::assert_snapshot!(told_with(&text, &[("CATTLEGUARD__NOTIFY__OPS__URL", url)]), @r#"
    error[plain-secret]: `notify.ops.url`: a secret must not be written here in plain text
     --> environment variable CATTLEGUARD__NOTIFY__OPS__URL
     = help: refer to it: { file = "/path" }, { credential = "name" } or { env = "NAME" }
    "#);
}

/// Wherever somebody pastes a secret, no diagnostic may repeat it: they end up in logs and tickets.
#[test]
fn no_diagnostic_shows_a_secret_wherever_it_was_put() {
    let places = [
        "[[notify]]\nname = \"a\"\nkind = \"slack\"\nurl = \"https://h.example/@\"",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = { env = \"U\" }\nsecrets = \"whsec_@\"",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = { env = \"U\" }\nsecrets = [\"@\", \"@\"]",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = { env = \"U\" }\nsecret = \"@\"",
        "notify = [{ name = \"a\", kind = \"slak\", url = \"https://h.example/@\", bogus = 1 }]",
        "[[notify]]\nname = \"a\"\nkind = \"slack\"\ninteractive = \"socket\"\napp_token = \"xapp-@\"",
        "[[notify]]\nname = \"a\"\nkind = \"slack\"\nsigning_secret = \"@\"",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = { env = \"U\" }\napp_token = [\"@\"]",
        "[[notifi]]\nurl = \"https://h.example/@\"",
        "notifi = [{ url = \"https://h.example/@\", token = \"@\" }]",
        "[slack]\ntoken = \"xoxb-@\"",
        "slack = { token = \"@\" }",
        "[[notify]]\nname = \"a\"\nkind = \"slack\"\nurl = \"https://hooks.slack.com/@",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nsecrets = [\"whsec_@]",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nsecrets = \"\"\"\nwhsec_@\n\"\"\"",
        "[[notify]]\nname = \"a\"\nkind = \"slack\"\nurl = https://h.example/@",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = { env = \"https://h.example/@\" }\nsecrets = []",
        "[[notify]]\nname = \"a\"\nkind = \"webhook\"\nurl = { credential = \"https://h.example/@\" }\nsecrets = []",
    ];
    for place in places {
        let text = format!("{}\n{ACCOUNT}{FLEET}", place.replace('@', CANARY));
        let shown = told(&text);
        assert_ne!(shown, "ok", "{place}");
        assert!(!shown.contains(CANARY), "{place}\n{shown}");
        let diags = parsed(&text, &[], &[]).expect_err("diagnostics");
        assert!(!to_json(&diags).to_string().contains(CANARY), "{place}");
        assert!(!format!("{diags:?}").contains(CANARY), "{place}");
    }
}
