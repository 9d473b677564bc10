//! Puts the head of the audit log into its bucket. It is tried at each round until it works; a failure is told once and
//! changes nothing of what a scan says.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::service::Service;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::collect::ObjectName;
use crate::report::anchor::{Anchor, AnchorVault, Put, Vault, key};
use crate::report::text::clean;
use crate::report::{Destination, Notice, NoticeKind, draft_single};
use crate::store::counters::ANCHORS;
use crate::store::{Anchored, Counter, Store, StoreError};
use crate::types::{Code, Severity};

/// Alerts wait for no bucket longer than this; the next round tries again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whoever typed a command does not wait longer for it than this.
const PATIENCE_OF_PEOPLE: Duration = Duration::from_secs(5);

/// While operations go on, the log grows every few seconds: one anchor in this time says as much.
pub(super) const AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Service<'_> {
    /// Puts the head where it is configured to go, if it is not there yet.
    pub(super) async fn anchor(&self) {
        let Some(vault) = &self.config.audit.anchor else { return };
        if let Err(error) = self.anchor_in(vault).await {
            tracing::warn!(error = %error, "the audit log's head was not put into its bucket; the next round tries again");
        }
    }

    async fn anchor_in(&self, vault: &Vault) -> Result<(), StoreError> {
        let (now, before) = (self.now(), self.store.anchored()?);
        let Some((seq, hash)) = self.store.head()? else { return Ok(()) };
        if !wanted(&before, seq, now, self.anchor_every()) {
            return Ok(());
        }
        let anchor = Anchor { seq, hash, at: now };
        match self.put(vault, &anchor).await {
            Ok(name) => {
                if before.fault.is_some() {
                    tracing::info!("the audit log is anchored again");
                    self.store.enqueue(&ends(vault, &anchor, &self.destinations), now)?;
                }
                tracing::debug!(audit.seq = anchor.seq, object = %name, "the audit log is anchored");
                let Anchor { seq, hash, at } = anchor;
                self.store.keep_anchored(&Anchored { head: Some((seq, hash, at)), fault: None })?;
                self.store.count(&[counted("put")], now)
            }
            Err(fault) => {
                if before.fault.is_none() {
                    tracing::error!(error = %fault, bucket = %vault.bucket, "the audit log cannot be anchored; it is tried again at each round");
                    self.store.enqueue(&alerts(vault, &fault, seq, &self.destinations, now), now)?;
                }
                self.store.keep_anchored(&Anchored { fault: Some(fault), ..before })?;
                self.store.count(&[counted("failed")], now)
            }
        }
    }

    async fn put(&self, vault: &Vault, anchor: &Anchor) -> Result<ObjectName, String> {
        let cloud = self.vault().await.map_err(|error: AppError| error.message().to_owned())?;
        put_head(cloud, vault, anchor).await
    }
}

async fn put_head(cloud: &dyn AnchorVault, vault: &Vault, anchor: &Anchor) -> Result<ObjectName, String> {
    let Vault { access, bucket, prefix, retain, mode } = vault;
    let name = ObjectName { bucket: bucket.clone(), key: key(prefix, anchor) };
    let body = format!("{}\n", anchor.body()).into_bytes();
    let until = anchor.at.checked_add(*retain).unwrap_or(Timestamp::MAX);
    let put = cloud.put_locked(access, &name, body, *mode, until);
    match tokio::time::timeout(PATIENCE, put).await {
        Ok(Ok(Put::New)) => Ok(name),
        // It arrived, and whoever put it died before it was noted.
        Ok(Ok(Put::There)) => Ok(name),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("{name}: no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Puts the head after a command with which a person decided something: its entry does not wait for the next scan. What
/// fails is said and changes nothing of what the command did; the next scan tries again, and tells whoever is to be told.
pub(in crate::app) fn anchor_after(context: &Context<'_>) {
    let Ok(loaded) = context.load(Vec::new()) else { return };
    let Some(vault) = &loaded.config.audit.anchor else { return };
    let done = context.runtime().and_then(|runtime| {
        let store = context.store(&loaded.config)?;
        runtime.block_on(async {
            let put = put_now(context, &loaded.config, vault, store.as_ref());
            tokio::time::timeout(PATIENCE_OF_PEOPLE, put).await.unwrap_or_else(|_| {
                Err(AppError::failed(format!("no answer within {} s", PATIENCE_OF_PEOPLE.as_secs())))
            })
        })
    });
    if let Err(error) = done {
        let why = clean(error.message(), 300);
        context
            .note(&format!("warning: the audit log's head was not put into its bucket, the next scan does it: {why}"));
    }
}

async fn put_now(context: &Context<'_>, config: &Config, vault: &Vault, store: &dyn Store) -> Result<(), AppError> {
    let (now, before) = (context.now(), store.anchored()?);
    let Some((seq, hash)) = store.head()? else { return Ok(()) };
    if !wanted(&before, seq, now, SignedDuration::ZERO) {
        return Ok(());
    }
    let cloud = context.backend.connect_anchoring(config).await?;
    let anchor = Anchor { seq, hash, at: now };
    put_head(cloud.as_ref(), vault, &anchor).await.map_err(AppError::failed)?;
    if before.fault.is_some() {
        // Delivered with what the next scan has to tell.
        store.enqueue(&ends(vault, &anchor, &config.readable_destinations(&context.env).0), now)?;
    }
    let Anchor { seq, hash, at } = anchor;
    store.keep_anchored(&Anchored { head: Some((seq, hash, at)), fault: None })?;
    Ok(store.count(&[counted("put")], now)?)
}

/// Whether a head is to be put now.
fn wanted(before: &Anchored, seq: i64, now: Timestamp, every: SignedDuration) -> bool {
    match &before.head {
        Some((last, ..)) if *last == seq => false,
        Some((_, _, at)) => before.fault.is_some() || now.duration_since(*at) >= every,
        None => true,
    }
}

fn counted(outcome: &str) -> Counter {
    Counter::new(ANCHORS, &[("outcome", outcome)], 1)
}

/// One alert for each destination that hears of ourselves.
fn alerts(
    vault: &Vault,
    fault: &str,
    seq: i64,
    destinations: &[Destination],
    now: Timestamp,
) -> Vec<crate::store::OutboxDraft> {
    let mut notice =
        Notice::blank(NoticeKind::AnchorFailed, group(vault), Severity::High, "the audit log cannot be anchored", now);
    notice.lines.push(format!("Bucket: {}", clean(&vault.bucket, 80)));
    notice.lines.push(format!("Reason: {}", clean(fault, 300)));
    notice.lines.push(
        "Scans go on, and their entries are kept. Until this works, nothing outside of the state shows whether the log was \
         written anew: `cattleguard doctor` tells what is missing."
            .to_owned(),
    );
    to_all(&notice, destinations, seq)
}

/// What ends such an alert: an incident that stays open would swallow the next failure.
fn ends(vault: &Vault, anchor: &Anchor, destinations: &[Destination]) -> Vec<crate::store::OutboxDraft> {
    let title = "the audit log is anchored again";
    let mut notice = Notice::blank(NoticeKind::AnchorRestored, group(vault), Severity::High, title, anchor.at);
    notice.lines.push(format!("Bucket: {}", clean(&vault.bucket, 80)));
    notice.lines.push(format!("Head: {}:{}", anchor.seq, anchor.hash));
    to_all(&notice, destinations, anchor.seq)
}

fn group(vault: &Vault) -> crate::report::notice::GroupKey {
    crate::report::notice::GroupKey {
        fleet: None,
        code: Code::known("audit-anchor"),
        actor: Some(clean(&vault.bucket, 80)),
    }
}

fn to_all(notice: &Notice, destinations: &[Destination], seq: i64) -> Vec<crate::store::OutboxDraft> {
    let hear = destinations.iter().filter(|destination| destination.kind.hears(notice.kind));
    hear.map(|destination| draft_single(notice, destination, &seq.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_head_is_put_once_and_not_too_often() {
        let put = |fault: Option<&str>| Anchored {
            head: Some((5, "ab".to_owned(), at(100))),
            fault: fault.map(str::to_owned),
        };
        assert!(wanted(&Anchored::default(), 1, at(0), AT_MOST_EVERY));
        assert!(!wanted(&put(None), 5, at(1_000), AT_MOST_EVERY), "it is there");
        assert!(!wanted(&put(None), 6, at(130), AT_MOST_EVERY));
        assert!(wanted(&put(None), 6, at(130), SignedDuration::ZERO), "a scan that ends waits for no minute");
        assert!(wanted(&put(None), 6, at(160), AT_MOST_EVERY));
        assert!(wanted(&put(Some("denied")), 6, at(101), AT_MOST_EVERY), "a failure is tried again at each round");
    }
}
