//! Renderers: pure functions from plain values to text.
//!
//! For people: tables, explanations, Slack, Teams, PagerDuty, e-mail. For programs: JSON, NDJSON, CloudEvents.

mod alike;
pub mod email;
pub mod events;
pub mod explain;
pub mod findings_json;
pub mod findings_table;
pub mod golden_diff;
pub mod goldens;
pub mod hub;
mod instance;
pub mod instance_json;
mod mrkdwn;
pub mod operation_doc;
pub(crate) mod operation_words;
pub mod operations;
mod out;
pub mod pagerduty;
pub(crate) mod parts;
pub mod pets;
pub mod plan;
mod plan_file;
pub mod scan_doc;
pub mod scan_json;
pub mod scan_ndjson;
pub mod scan_table;
pub mod slack;
pub(crate) mod story;
pub mod teams;
pub mod timeline;
mod trail;
pub mod webhook;

pub use email::email;
pub use events::events_table;
pub use explain::{explain_finding, explain_instance};
pub use findings_json::findings_json;
pub use findings_table::findings_table;
pub use golden_diff::{golden_diff_json, golden_diff_text};
pub use goldens::{golden_json, golden_text, goldens_json, goldens_table};
pub use instance_json::instance_json;
pub use operation_doc::{operation_json, operations_json};
pub use operations::{operation_text, operations_table};
pub use pagerduty::pagerduty_event;
pub use pets::{pets_json, pets_text};
pub use plan::{plan_json, plan_text};
pub use plan_file::plan_from_json;
pub use scan_json::scan_json;
pub use scan_ndjson::scan_ndjson;
pub use scan_table::scan_table;
pub use slack::{slack_message, slack_root};
pub use teams::teams_message;
pub use timeline::{Timeline, timeline_json, timeline_text};
pub use webhook::cloud_event;
