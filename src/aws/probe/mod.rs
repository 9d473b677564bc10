//! The reads of [`CloudProbe`](crate::remediate::CloudProbe). One file is one family.

pub(super) mod alarms;
pub(super) mod evidence;
pub(super) mod group;
pub(super) mod instance;
pub(super) mod instance_parts;
pub(super) mod inventory;
pub(super) mod network;
pub(super) mod parameter;
pub(super) mod permissions;
pub(super) mod role;
pub(super) mod status;
pub(super) mod storage;
pub(super) mod template;

/// Pages of one question; a service that always has one more page is wrong.
const PAGES_LIMIT: usize = 1000;
