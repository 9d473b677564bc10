//! Breaks in the evidence that CloudTrail's digest files give.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Region};

/// What is wrong with a chain of digest files, or with a log file that one of them lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakKind {
    /// The digest file that the following one names is not there.
    DigestMissing,
    /// Log files go on after the last digest file.
    DigestsEnd,
    /// A digest file is not what CloudTrail signed.
    DigestAltered,
    /// A digest file is signed, but by none of the keys it could be signed with.
    DigestSignature,
    /// A digest file cannot be read as one.
    DigestUnreadable,
    /// A digest file lies elsewhere than it says.
    DigestMoved,
    /// A digest file that no other one names.
    DigestUnlinked,
    /// Two digest files follow each other, but their times do not.
    ChainGap,
    /// A chain starts anew although there are older digest files.
    ChainRestarted,
    /// A log file that a digest file lists is not there.
    LogMissing,
    /// A log file is not what CloudTrail delivered.
    LogAltered,
    /// A log file that CloudTrail did not deliver, or delivered for another trail.
    LogUnlisted,
}

impl BreakKind {
    /// The name used in every format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DigestMissing => "digest-missing",
            Self::DigestsEnd => "digests-end",
            Self::DigestAltered => "digest-altered",
            Self::DigestSignature => "digest-signature",
            Self::DigestUnreadable => "digest-unreadable",
            Self::DigestMoved => "digest-moved",
            Self::DigestUnlinked => "digest-unlinked",
            Self::ChainGap => "chain-gap",
            Self::ChainRestarted => "chain-restarted",
            Self::LogMissing => "log-missing",
            Self::LogAltered => "log-altered",
            Self::LogUnlisted => "log-unlisted",
        }
    }

    /// What to do about it, for people.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DigestMissing | Self::LogMissing => {
                "Restore it from a version, a replica or a backup of the bucket and verify again. Find who deleted it \
                 in the bucket's data events or access logs, unless a lifecycle rule did."
            }
            Self::DigestsEnd => {
                "Look whether log file validation was turned off or digest files were deleted: UpdateTrail in the event \
                 history, DeleteObject in the bucket's data events. If the copy is older than the logs, copy again."
            }
            Self::DigestAltered | Self::DigestSignature | Self::LogAltered => {
                "Do not rely on it. Restore the delivered version from the bucket's versions, a replica or a backup, \
                 and find who wrote the object in the bucket's data events."
            }
            Self::DigestUnreadable => {
                "Copy it again; if the bucket holds the same bytes, restore the delivered version."
            }
            Self::DigestMoved => "Put the copy where the bucket has it, under AWSLogs, and verify again.",
            Self::DigestUnlinked | Self::LogUnlisted => {
                "Do not rely on it before you know who wrote it: look in the bucket's data events or access logs. Log \
                 files of a second trail without validation that delivers to the same place look the same."
            }
            Self::ChainGap => "What happened in this time is proven by nothing. Look in the event history.",
            Self::ChainRestarted => {
                "Logging or log file validation was off. Find StopLogging, UpdateTrail or DeleteTrail in the event \
                 history, and what happened in this time."
            }
        }
    }
}

/// One break: what, where, and between which times the evidence cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrailBreak {
    /// Account of the log files.
    pub account: AccountId,
    /// Region of the log files.
    pub region: Region,
    /// Trail; `None` for a log file that no digest lists.
    pub trail: Option<String>,
    /// Start of the time that is in doubt.
    pub from: Option<Timestamp>,
    /// Its end.
    pub to: Option<Timestamp>,
    /// What is wrong.
    pub kind: BreakKind,
    /// The file, by its key in the bucket.
    pub object: String,
    /// One sentence on this case; cleaned and bounded.
    pub detail: String,
}

/// A trail that records an account-region, as CloudTrail describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// ARN; its account owns the trail.
    pub arn: String,
    /// Name.
    pub name: String,
    /// The region that it was created in.
    pub home: Region,
    /// Whether digest files are written.
    pub validation: bool,
    /// Where it delivers to.
    pub bucket: Option<String>,
    /// ARN of the key that encrypts its files.
    #[serde(default)]
    pub key: Option<String>,
    /// ARN of the topic that tells of its files.
    #[serde(default)]
    pub topic: Option<String>,
}

impl Trail {
    /// The account that owns it.
    pub fn owner(&self) -> Option<AccountId> {
        self.arn.split(':').nth(4).filter(|account| !account.is_empty()).map(AccountId::new)
    }
}

/// Whether a trail delivers from one region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailStatus {
    /// It records.
    pub logging: bool,
    /// Since when.
    pub started_at: Option<Timestamp>,
    /// When it was last stopped.
    pub stopped_at: Option<Timestamp>,
    /// When a log file was last delivered.
    pub delivered_at: Option<Timestamp>,
    /// Why the last one could not be.
    pub delivery_error: Option<String>,
    /// When a digest file was last delivered.
    pub digest_at: Option<Timestamp>,
    /// Why the last one could not be.
    pub digest_error: Option<String>,
}

/// One trail as it was seen from one account-region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailState {
    /// Where it was asked.
    pub place: super::Place,
    /// The trail.
    pub trail: Trail,
    /// Whether it delivers.
    pub status: TrailStatus,
    /// Whether it records write events of management; only its home region says.
    pub writes: Option<bool>,
}
