//! The demo's configuration. Paths are those of the folder that it lies in.

/// Without alerts.
pub(super) const CONFIGURATION: &str = r#"mode = "replace"                        # a ceiling; a scan plans and alerts, `enforce` acts

[state]
url = "sqlite:state.db"

[enforcement]
kill_switch = { file = "stop" }

[[account]]
id = "000000000000"
regions = ["eu-central-1", "eu-west-1"]

[[account]]
id = "000000000001"
regions = ["eu-central-1", "eu-west-1"]

[[fleet]]
name = "web"
select = { tags = { app = "web" } }
golden = "web"
enforcement = "replace"
budget = { count = 1, percent = 5 }

[[fleet.windows]]
days = ["mon", "tue", "wed", "thu"]
from = "09:00"
to = "16:00"
zone = "Europe/Berlin"
"#;

/// Who is told.
pub(super) const NOTIFY: &str = r#"
[[notify]]
name = "slack"
kind = "slack"
url = { file = "slack-url" }
allow_private = true                    # the receiver is on loopback

[[notify]]
name = "siem"
kind = "webhook"
url = { file = "webhook-url" }
secrets = [{ file = "webhook-secret" }]
allow_private = true
"#;
