//! Stage 6: events -> people.
//!
//! Renderers are pure functions from values to text; delivery is the only I/O. Nothing is sent that was not
//! first committed to the outbox together with the finding that caused it.

pub mod destination;
pub mod scan_report;

pub use destination::{Destination, DestinationKind};
pub use scan_report::{ScanReport, ScanTotals};
