//! The text of a first configuration.

use crate::app::cli::init::InitArgs;
use crate::app::config::toml_literal;

/// The example account of the AWS documentation.
const EXAMPLE_ACCOUNT: &str = "111122223333";
const EXAMPLE_REGION: &str = "eu-west-1";

/// Fills the arguments in. What they hold is quoted, not checked: the loader checks the result.
pub(super) fn render(args: &InitArgs) -> String {
    let InitArgs { account, region, fleet, tag, state, policy_out: _ } = args;
    let account = account.as_ref().map_or(EXAMPLE_ACCOUNT, |account| account.as_str());
    let regions: Vec<&str> =
        if region.is_empty() { vec![EXAMPLE_REGION] } else { region.iter().map(String::as_str).collect() };
    let tags: Vec<(String, String)> =
        if tag.is_empty() { vec![("app".to_owned(), fleet.clone())] } else { tag.clone() };
    let tags: serde_json::Map<_, _> = tags.into_iter().map(|(key, value)| (key, value.into())).collect();
    let state = state.as_ref().map_or_else(|| "/var/lib/cattleguard/state.db".to_owned(), |p| p.display().to_string());
    TEMPLATE
        .replace("@STATE@", &quote(&format!("sqlite:{state}")))
        .replace("@ACCOUNT@", &quote(account))
        .replace("@REGIONS@", &toml_literal(&regions.into()))
        .replace("@FLEET@", &quote(fleet))
        .replace("@TAGS@", &toml_literal(&tags.into()))
}

fn quote(text: &str) -> String {
    toml_literal(&text.into())
}

const TEMPLATE: &str = r#"# Cattleguard configuration. Commented lines show defaults or examples.
# Check it with `cattleguard config check`; see all that is in force with `cattleguard config show --origin`.

# A ceiling for all fleets: observe | quarantine | replace.
mode = "observe"

[state]
url = @STATE@
# retention = "90d"

[[account]]
id = @ACCOUNT@
regions = @REGIONS@
# alias = "production"
# A role to assume for reading. Without one the ambient credentials are used.
# role = "arn:aws:iam::111122223333:role/cattleguard-read"
# external_id = "6f1c2f0e-8f0b-4a55-9d3c-1d2b7a4e9c10"
# source_identity = "cattleguard"
# A role of its own for enforcement: `cattleguard iam-policy --enforce` prints what it needs.
# enforce_role = "arn:aws:iam::111122223333:role/cattleguard-enforce"

[[fleet]]
name = @FLEET@
# Instances with all these tags belong to the fleet. A value may end in `*`.
select = { tags = @TAGS@ }
# The golden line they are launched from: `cattleguard golden record` records its versions.
golden = @FLEET@
# What may be done about drift, at most: observe | quarantine | replace.
enforcement = "observe"
# Whether SSM inventory and agent reports are expected; what is expected and missing makes an instance unjudged.
# expect_inventory = true
# inventory_max_age = "24h"
# expect_agent = false
# When plans may be carried out. Without a window nothing is replaced, and only critical drift is contained.
# windows = [{ days = ["tue", "wed", "thu"], from = "09:00", to = "16:00", zone = "Europe/Berlin" }]
# budget = { count = 1, percent = 10, allow_min_one = false, cooldown = "30m" }
# one_zone_at_a_time = true
# mass_drift = { at_least = 3, percent = 10 }
# Whether a person must approve each plan: `cattleguard approve`.
# approval = false
# How a quarantine cuts the network (idle | convert | nacl | stop) and credentials (none | profile | session | role).
# cut = "idle"
# identity = "session"
# What of an old instance may move to its replacement: addresses, private-ips, interfaces, volumes.
# move = []
# CloudWatch alarms that hold enforcement while they fire.
# alarms = []

# How quarantining and replacing are done. A replaced instance is kept, isolated and stopped, for `retain`.
# [enforcement]
# retain = "7d"
# bake = "5m"
# isolation_group = "cattleguard-isolate"
# quarantine_profile = "cattleguard-quarantine"
# two_person = false
# Nothing is changed while the file exists, nor unless the SSM parameter says `run`.
# kill_switch = { file = "/run/cattleguard/stop", parameter = "/cattleguard/stop" }

# Where change events are read: CloudTrail's event history, a trail's bucket, a queue that is told of its log files,
# or log files on disk.
# [collect]
# trail = ["lookup", { s3 = "my-trail-bucket" }]
# lookback = "24h"

# Own policies beside the shipped ones.
# [policy]
# paths = ["/etc/cattleguard/policies"]

# Who is told. Secrets are never written here: { file = }, { credential = } for systemd, { env = }.
# [[notify]]
# name = "ops"
# kind = "slack"
# token = { credential = "slack-token" }     # or url = { … } of an incoming webhook, without threads
# channel = "C0123456789"
# interactive = "socket"                     # buttons; the daemon connects to Slack
# app_token = { credential = "slack-app-token" }
# people = [{ user = "U0123456789", author = "erin", may = ["acknowledge", "approve", "pause"] }]
# min_severity = "medium"

# [[notify]]
# name = "siem"
# kind = "webhook"
# url = { env = "SIEM_URL" }
# secrets = [{ file = "/etc/cattleguard/webhook.secret" }]

# When the daemon scans.
# [schedule]
# cron = "*/15 * * * *"
# zone = "UTC"
"#;
