//! Whether the audit log can be anchored.

use super::check::{Checks, Fault, Topic};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::terminal::clean_short;
use crate::collect::ReadFailure;
use crate::report::anchor::Vault;
use crate::store::Store;

const LOCK: &str = "object lock is a property of a bucket: turn it on with `aws s3api put-object-lock-configuration`, or create one \
                    with --object-lock-enabled-for-bucket; audit.anchor.region and .account must be the bucket's";

/// Asks the bucket, and says what the last attempt came to. Nothing where no bucket is configured.
pub(super) async fn check(context: &Context<'_>, config: &Config, store: Option<&dyn Store>, checks: &mut Checks) {
    let Some(vault) = &config.audit.anchor else { return };
    let Vault { access, bucket, .. } = vault;
    let cloud = match context.backend.connect_anchoring(config).await {
        Ok(cloud) => cloud,
        Err(error) => return super::refused(Topic::Audit, bucket, &error, checks),
    };
    match cloud.locks(access, bucket).await {
        Ok(true) => checks.ok(Topic::Audit, bucket, "its objects can be locked: heads of the audit log go there"),
        Ok(false) => checks.fail(Topic::Audit, bucket, Fault::Config, "its objects cannot be locked", LOCK),
        Err(error) => {
            let fault = match error.failure {
                ReadFailure::Denied | ReadFailure::Credentials => Fault::Permission,
                ReadFailure::NotFound | ReadFailure::Invalid => Fault::Config,
                _ => Fault::Unavailable,
            };
            let advice = "`cattleguard iam-policy` prints what the role needs";
            checks.fail(Topic::Audit, bucket, fault, clean_short(&error.to_string(), 300), advice);
        }
    }
    if let Some(fault) = store.and_then(|store| store.anchored().ok()).and_then(|anchored| anchored.fault) {
        let text = format!("the last head was not put there: {}", clean_short(&fault, 300));
        checks.warn(Topic::Audit, bucket, text, "the next scan tries again");
    }
}
