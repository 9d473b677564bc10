//! What can be said without AWS: configuration, state, policies, and the clock beside AWS's.

use std::os::unix::fs::PermissionsExt as _;

use jiff::SignedDuration;

use super::check::{Checks, Fault, Topic};
use super::{State, refused, sqlite_version};
use crate::app::config::{Config, Loaded};
use crate::app::context::Context;
use crate::app::pipeline::{configured_parameter_faults, configured_policies};
use crate::app::terminal::clean;
use crate::report::render::parts::count;
use crate::store::AuditLog;

/// Signatures are refused beyond five minutes (Signature Version 4); records cannot be put in order long before that.
const SKEW_REFUSED: SignedDuration = SignedDuration::from_mins(4);
const SKEW_SEEN: SignedDuration = SignedDuration::from_secs(10);

/// Free space below which a scan may not be kept.
const ROOM_MB: u64 = 512;

/// With less a scan of a large account cannot be committed.
const NO_ROOM_MB: u64 = 16;

/// The file's own rights, and every secret it refers to.
pub(super) fn configuration(context: &Context<'_>, loaded: &Loaded, checks: &mut Checks) {
    let file = clean(&loaded.path.display().to_string());
    let accounts = count(loaded.config.accounts.len() as u64, "account");
    let regions = count(loaded.config.places().len() as u64, "account-region");
    let said = format!("{file}: {accounts}, {regions}, mode {}", loaded.config.mode);
    match std::fs::metadata(&loaded.path).map(|found| found.permissions().mode() & 0o022) {
        Ok(0) | Err(_) => checks.ok(Topic::Configuration, "", said),
        Ok(_) => {
            let advice = "whoever can write it decides what is replaced: chmod go-w";
            checks.warn(Topic::Configuration, "", format!("{said}; others than its owner may write it"), advice);
        }
    }
    for why in loaded.config.exposed_secrets() {
        let advice = "whoever reads a secret speaks in our name: chmod 600, and give it a new value";
        checks.fail(Topic::Configuration, "secrets", Fault::Config, clean(&why), advice);
    }
    for notify in &loaded.config.notify {
        if let Err(why) = notify.judged(&context.env) {
            checks.fail(Topic::Configuration, &notify.name, Fault::Config, why, "cattleguard config check --secrets");
        }
    }
}

/// Opens the state for reading. That there is none yet is no fault.
pub(super) fn state(context: &Context<'_>, config: &Config, checks: &mut Checks) -> Option<State> {
    let path = clean(&config.state.path.display().to_string());
    room(config, checks);
    let store = match context.read_store(config) {
        Ok(store) => store,
        // What cannot be looked for may be there.
        Err(_) if matches!(config.state.path.try_exists(), Ok(false)) => {
            let advice = "the first scan makes it";
            checks.warn(Topic::State, "", format!("there is no state at {path} yet"), advice);
            return None;
        }
        Err(error) => {
            refused(Topic::State, "", &error, checks);
            return None;
        }
    };
    match AuditLog::read(store.as_ref()) {
        Ok(AuditLog { entries, broken: None }) => {
            let (count, sqlite) = (entries.len(), sqlite_version());
            checks.ok(
                Topic::State,
                "",
                format!("{path}, SQLite {sqlite}; {count} audit entries, their chain is whole"),
            );
        }
        Ok(AuditLog { broken: Some(broken), .. }) => {
            let advice = "somebody changed the state by hand: compare with a backup, and keep this file as evidence";
            checks.fail(Topic::State, "", Fault::Unavailable, broken.to_string(), advice);
        }
        Err(error) => checks.fail(Topic::State, "", Fault::Unavailable, error.to_string(), ""),
    }
    Some(store)
}

/// Whether the state's folder has room for it to grow.
fn room(config: &Config, checks: &mut Checks) {
    let folder = config.state.path.parent().filter(|path| path.is_dir());
    let Some(Ok(found)) = folder.map(rustix::fs::statvfs) else { return };
    judge_room(found.f_bavail.saturating_mul(found.f_frsize) >> 20, checks);
}

/// Whether so many MB are enough.
fn judge_room(free: u64, checks: &mut Checks) {
    let (text, advice) =
        (format!("{free} MB are free for the state"), "a full disk stops scans; state.retention bounds what is kept");
    match free {
        0..NO_ROOM_MB => checks.fail(Topic::State, "", Fault::Unavailable, text, advice),
        NO_ROOM_MB..ROOM_MB => checks.warn(Topic::State, "", text, advice),
        _ => {}
    }
}

/// Compiles everything that a scan would.
pub(super) fn policies(context: &Context<'_>, config: &Config, checks: &mut Checks) {
    for (file, fault) in configured_parameter_faults(config) {
        let fault = file.map_or_else(|| fault.clone(), |file| format!("{}: {fault}", file.display()));
        let advice = "policies/README.md and each pack's README name what packs take";
        checks.fail(Topic::Policies, "parameters", Fault::Config, clean(&fault), advice);
    }
    let launch = context.backend.policy_worker().filter(|_| config.policy.sandbox);
    match configured_policies(launch, &config.policy) {
        Ok((set, bundle)) => {
            let shipped = if config.policy.builtin { "with" } else { "without" };
            let bundled = if bundle.is_some() { ", those of the bundle too" } else { "" };
            let count = set.packages().len();
            checks.ok(Topic::Policies, "", format!("{count} policies compile, {shipped} the shipped packs{bundled}"));
            match set.level() {
                Some(level) if level.is_full() => checks.ok(Topic::Policies, "", format!("policies run in {level}")),
                Some(level) => {
                    let notes = level.notes.join("; ");
                    let advice = "a newer kernel, or a service unit that permits it, shuts policies in further";
                    checks.warn(Topic::Policies, "", format!("policies run in {level} ({notes})"), advice);
                }
                None => {
                    let advice = "policy.sandbox = true: a policy that exhausts memory would end the scan";
                    checks.warn(Topic::Policies, "", "policies run in this process", advice);
                }
            }
        }
        Err(error) => {
            for diag in error.diags() {
                checks.fail(Topic::Policies, "", Fault::Config, &diag.message, "cattleguard policy check");
            }
            if error.diags().is_empty() {
                refused(Topic::Policies, "", &error, checks);
            }
        }
    }
}

/// How far this host's clock is from AWS's.
pub(super) async fn clock(context: &Context<'_>, config: &Config, checks: &mut Checks) {
    match context.backend.clock_skew(config).await {
        Ok(skew) => {
            let distance = skew.abs();
            let text = format!("{} from AWS's clock", said(skew));
            if distance > SKEW_REFUSED {
                let advice = "AWS refuses requests that are five minutes off: set the clock, run an NTP client";
                checks.fail(Topic::Clock, "", Fault::Unavailable, text, advice);
            } else if distance > SKEW_SEEN {
                checks.warn(Topic::Clock, "", text, "run an NTP client: findings are dated by this clock");
            } else {
                checks.ok(Topic::Clock, "", text);
            }
        }
        Err(why) => checks.warn(Topic::Clock, "", format!("cannot be compared with AWS's: {why}"), ""),
    }
}

fn said(skew: SignedDuration) -> String {
    let seconds = skew.as_secs();
    match seconds {
        -1..=1 => "less than 2 s".to_owned(),
        2.. => format!("{seconds} s ahead"),
        _ => format!("{} s behind", seconds.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::doctor::check::Health;

    #[test]
    fn a_full_disk_is_a_failure_and_little_room_a_warning() {
        for (free, failed, told) in [(0, true, 1), (15, true, 1), (16, false, 1), (511, false, 1), (512, false, 0)] {
            let mut checks = Checks::default();
            judge_room(free, &mut checks);
            let found = checks.sorted();
            assert_eq!(found.len(), told, "{free} MB");
            let has_failed = found.iter().any(|check| matches!(check.health, Health::Failed(_)));
            assert_eq!(has_failed, failed, "{free} MB");
        }
    }
}
