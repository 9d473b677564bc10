//! Stage 6: events -> people.
//!
//! Renderers are pure functions from values to text; delivery is the only I/O. Nothing is sent that was not
//! first committed to the outbox together with the finding that caused it.

pub mod anchor;
pub mod backoff;
mod bucket;
mod dead_letter;
pub mod deliver;
pub mod destination;
pub mod door;
pub mod draft;
pub mod evidence;
#[cfg(test)]
mod fixtures;
pub mod listing;
pub mod look;
#[cfg(test)]
mod memory_outbox;
pub mod notice;
pub mod page;
pub mod pets;
pub mod press;
pub mod pump;
mod pump_batch;
pub mod render;
pub mod scan_report;
pub mod sign;
pub mod text;
pub mod view;

pub use deliver::CloudPublish;
pub use destination::{Audience, Destination, DestinationKind, EmailSettings, Filter, MailTls, Quiet, Subject};
pub use draft::{
    NoticeHistory, NotifySettings, OperationNews, OutboxHistory, Waivers, approval_notices, approved_notices,
    draft_notices, draft_single, exception_notices, lapsed_notices, needs_approval, operation_notice,
    overtaken_notices, person_notices, waits_for_approval,
};
pub use look::{Look, Style};
pub use notice::{Notice, NoticeKind};
pub use pump::{Pump, PumpSummary, pump};
pub use scan_report::{ScanReport, ScanTotals};
pub use view::View;
