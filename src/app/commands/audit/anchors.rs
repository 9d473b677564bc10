//! `audit verify --anchors`: the log beside the heads that were put into a bucket with object lock.

use serde_json::{Value, json};

use crate::app::commands::golden::open_read_only;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::collect::PageToken;
use crate::report::anchor::{AnchorVault, Compared, Vault, Version, compare};
use crate::report::render::parts::count;
use crate::store::AuditEntry;

/// More pages of 1,000 than this are no anchors of ours: one a minute for three years.
const PAGES: usize = 1_600;

/// Reads them and compares.
///
/// # Errors
/// No bucket is configured, or it cannot be read: then nothing is proven.
pub(super) fn read(context: &Context<'_>, entries: &[AuditEntry]) -> Result<Compared, AppError> {
    let config = context.load(Vec::new())?.config;
    let vault = config.audit.anchor.as_ref().ok_or_else(|| {
        AppError::usage("--anchors: the configuration names no `audit.anchor.bucket`")
            .with_hint("docs/CONFIGURATION.md, [audit.anchor]")
    })?;
    let put = open_read_only(context)?.anchored()?.head.map(|(seq, hash, _)| (seq, hash));
    let versions = context.runtime()?.block_on(async {
        let cloud = context.backend.connect_anchoring(&config).await?;
        all(cloud.as_ref(), vault).await
    })?;
    Ok(compare(entries, &vault.prefix, &versions, put.as_ref()))
}

async fn all(cloud: &dyn AnchorVault, vault: &Vault) -> Result<Vec<Version>, AppError> {
    let Vault { access, bucket, prefix, .. } = vault;
    let (mut found, mut next): (Vec<Version>, Option<PageToken>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = cloud.versions(access, bucket, prefix, next).await?;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
    let hint = "give the anchors a prefix of their own (`audit.anchor.prefix`)";
    Err(AppError::failed(format!("s3://{bucket}/{prefix} holds too many objects")).with_hint(hint))
}

pub(super) fn document(compared: &Compared) -> Value {
    let Compared { anchors, hidden, newest, broken } = compared;
    json!({
        "compared": anchors,
        "hidden": hidden,
        "newest": newest.as_ref().map(|(seq, hash)| json!({ "seq": seq, "hash": hash })),
        "ok": broken.is_none(),
    })
}

/// One line more for people.
pub(super) fn text(compared: &Compared) -> String {
    let Compared { anchors, hidden, newest, .. } = compared;
    let newest = newest.as_ref().map_or_else(String::new, |(seq, _)| format!(", the newest of entry {seq}"));
    let hidden = match hidden {
        0 => String::new(),
        hidden => format!("; {} hidden by somebody", count(*hidden, "anchor")),
    };
    format!("\nanchors: {} compared{newest}{hidden}", count(*anchors, "anchor"))
}
