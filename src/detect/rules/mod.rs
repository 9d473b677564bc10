//! State rules, one a file. A rule compares one instance with one golden and reports differences and gaps.

mod files;
mod image;
mod instance_profile;
mod instance_type;
mod key_pair;
mod metadata_options;
mod network_interfaces;
mod security_groups;
pub(super) mod software;
mod source_dest_check;
mod tags;
mod user_data;
mod visibility;
mod volumes;

pub(super) use instance_profile::profile_name;
pub(super) use software::SoftwareMemo;

use jiff::Timestamp;

use super::drift::RuleOutput;
use crate::types::{Fleet, Golden, Instance, Snapshot};

/// What a rule may look at.
pub(super) struct RuleContext<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) now: Timestamp,
    pub(super) instance: &'a Instance,
    pub(super) fleet: Option<&'a Fleet>,
    /// The golden that records the instance's AMI.
    pub(super) golden: Option<&'a Golden>,
    /// The version its fleet's line should run.
    pub(super) promoted: Option<&'a Golden>,
    /// Whether the fleet's line is known at all.
    pub(super) goldens_known: bool,
    /// When somebody else last reported AWS inventory in the name of the instance.
    pub(super) forged_at: Option<Timestamp>,
}

impl RuleContext<'_> {
    /// Instances younger than this may not have reported inventory yet: SSM inventory runs when an instance
    /// first comes online and every 30 minutes after that.
    pub(super) const BOOT_GRACE_MINUTES: i64 = 30;

    pub(super) fn age_minutes(&self) -> i64 {
        self.now.duration_since(self.instance.launched_at).as_secs() / 60
    }
}

/// Runs every state rule on one instance.
pub(super) fn run(context: &RuleContext<'_>, memo: &mut SoftwareMemo) -> RuleOutput {
    let mut out = RuleOutput::default();
    image::check(context, &mut out);
    if context.golden.is_some() {
        security_groups::check(context, &mut out);
        instance_profile::check(context, &mut out);
        user_data::check(context, &mut out);
        metadata_options::check(context, &mut out);
        volumes::check(context, &mut out);
        network_interfaces::check(context, &mut out);
        instance_type::check(context, &mut out);
        source_dest_check::check(context, &mut out);
        key_pair::check(context, &mut out);
        tags::check(context, &mut out);
        software::check(context, memo, &mut out);
    }
    // After software: files of a package that changed are left to its finding.
    files::check(context, &mut out);
    visibility::check(context, &mut out);
    out
}
