//! The golden registry's rules: recording, comparing and the life of a version. Pure; the store keeps the result.

mod contract;
mod diff;
mod record;
mod status;

pub use contract::{ContractPart, contract_of};
pub use diff::{SoftwareDifference, software_diff};
pub use record::{RecordRefusal, RecordRequest, Reference, record};
pub use status::{StatusRefusal, deprecate, promote, revoke};
