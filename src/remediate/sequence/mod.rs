//! Lays an operation out as steps. Pure: the same before-image and settings give the same steps, which can be shown
//! before anything is done.

mod contain;
mod outliving;
mod quarantine;
mod release;
mod replace;
mod root_volume;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub(super) use outliving::take_away_what_outlives;
pub(super) use quarantine::quarantine;
pub(super) use release::release;
pub(super) use replace::{ReplaceIn, replace};
pub(super) use root_volume::root_volume;

pub use super::launch::REPLACES_TAG;
pub(super) use super::permissions::OPERATION_TAG;
use super::{BeforeImage, Settings, Step, WriteCall};
use crate::types::{InstanceId, OperationId, Track};

/// Tag that says where an instance stands.
pub const STATE_TAG: &str = "cattleguard:state";
/// Tag with which people keep an instance from being ended.
pub const HOLD_TAG: &str = "cattleguard:hold";

/// What every sequence starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Laid<'a> {
    /// Operation.
    pub(super) operation: &'a OperationId,
    /// On which instance.
    pub(super) instance: &'a InstanceId,
    /// Track.
    pub(super) track: Track,
    /// How.
    pub(super) settings: &'a Settings,
    /// What was there.
    pub(super) before: &'a BeforeImage,
    /// When the operation was begun.
    pub(super) begun_at: Timestamp,
}

/// Tags the instance; undoing restores what these keys said before.
fn mark(laid: &Laid<'_>, name: &str, state: &str) -> Step {
    let keys = [(OPERATION_TAG, laid.operation.as_str()), (STATE_TAG, state)];
    let tags: BTreeMap<String, String> =
        keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let resources = vec![laid.instance.to_string()];
    let old = &laid.before.detail.instance.tags;
    let (had, had_not): (Vec<&str>, Vec<&str>) =
        keys.iter().map(|(key, _)| *key).partition(|key| old.contains_key(*key));
    let mut step = Step::call(name, "", WriteCall::CreateTags { resources: resources.clone(), tags });
    if !had_not.is_empty() {
        let keys = had_not.iter().map(|key| (*key).to_owned()).collect();
        step = step.undone_by(WriteCall::DeleteTags { resources: resources.clone(), keys });
    }
    if !had.is_empty() {
        let tags = had.iter().filter_map(|key| Some(((*key).to_owned(), old.get(*key)?.clone()))).collect();
        step = step.undone_by(WriteCall::CreateTags { resources, tags });
    }
    step
}

/// Tags it as something else, later on; the first mark's undoing covers it.
fn remark(laid: &Laid<'_>, name: &str, state: &str) -> Step {
    Step::call(name, "", tag(laid, state)).if_possible()
}

/// Says where the instance stands.
fn tag(laid: &Laid<'_>, state: &str) -> WriteCall {
    let tags = BTreeMap::from([(STATE_TAG.to_owned(), state.to_owned())]);
    WriteCall::CreateTags { resources: vec![laid.instance.to_string()], tags }
}

/// Tags of everything that an operation makes.
fn own_tags(laid: &Laid<'_>) -> BTreeMap<String, String> {
    BTreeMap::from([
        (OPERATION_TAG.to_owned(), laid.operation.to_string()),
        ("cattleguard:source".to_owned(), laid.instance.to_string()),
    ])
}
