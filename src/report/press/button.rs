//! A button and the text that it carries.

use crate::report::notice::{Notice, NoticeKind};
use crate::types::{FindingId, FleetName, PlanHash};

/// Characters of a button's value ("Button element", Block Kit reference, docs.slack.dev).
pub const VALUE_CHARS: usize = 2000;
/// In front of every value: what it means may change with a version, and old messages stay.
const VERSION: &str = "1:";
/// Findings that one press may acknowledge: as many as a notice lists by id.
const FINDINGS: usize = 100;
/// Characters of one id.
const ID_CHARS: usize = 80;

/// What a person may press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Acknowledge findings.
    Acknowledge,
    /// Approve a plan.
    Approve,
    /// Pause a fleet.
    Pause,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Acknowledge, Self::Approve, Self::Pause];

    /// The word for it in configuration and audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Approve => "approve",
            Self::Pause => "pause",
        }
    }

    /// The `action_id` of its button.
    pub fn action_id(self) -> &'static str {
        match self {
            Self::Acknowledge => "cattleguard.acknowledge",
            Self::Approve => "cattleguard.approve",
            Self::Pause => "cattleguard.pause",
        }
    }

    /// The one with this `action_id`.
    pub fn of_action_id(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.action_id() == text)
    }
}

/// A button with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Button {
    /// These findings are acknowledged.
    Acknowledge(Vec<FindingId>),
    /// The plan with this hash, and no other, is approved.
    Approve(PlanHash),
    /// Nothing is enforced in this fleet any more.
    Pause(FleetName),
}

impl Button {
    /// What pressing it is.
    pub fn act(&self) -> Act {
        match self {
            Self::Acknowledge(_) => Act::Acknowledge,
            Self::Approve(_) => Act::Approve,
            Self::Pause(_) => Act::Pause,
        }
    }

    /// What it carries; `None` where that does not fit, so that there is no button rather than half of one.
    pub fn value(&self) -> Option<String> {
        let ids: Vec<&str> = match self {
            Self::Acknowledge(ids) => ids.iter().map(FindingId::as_str).collect(),
            Self::Approve(plan) => vec![plan.as_str()],
            Self::Pause(fleet) => vec![fleet.as_str()],
        };
        let value = format!("{VERSION}{}", ids.join(" "));
        // What would not be read back is not sent.
        (Self::read(self.act(), &value).as_ref() == Some(self)).then_some(value)
    }

    /// Reads a value back. Anything that [`value`](Self::value) does not write is nothing.
    pub fn read(act: Act, value: &str) -> Option<Self> {
        if value.chars().count() > VALUE_CHARS {
            return None;
        }
        let ids: Vec<&str> = value.strip_prefix(VERSION)?.split(' ').collect();
        if ids.len() > FINDINGS || !ids.iter().all(|id| is_id(id)) {
            return None;
        }
        match (act, ids.as_slice()) {
            (Act::Acknowledge, ids) => Some(Self::Acknowledge(ids.iter().map(|id| FindingId::new(*id)).collect())),
            (Act::Approve, [plan]) => Some(Self::Approve(PlanHash::new(*plan))),
            (Act::Pause, [fleet]) => Some(Self::Pause(FleetName::new(*fleet))),
            _ => None,
        }
    }
}

/// Ids, hashes and names of fleets are of these letters; nothing that Slack or a terminal acts on is.
fn is_id(text: &str) -> bool {
    (1..=ID_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

/// The buttons of the message that stands for a problem: what a person can do about it as it is now. What is over has
/// none.
pub fn buttons_of(notice: &Notice) -> Vec<Button> {
    let pause = || notice.group.fleet.clone().map(Button::Pause);
    let buttons: Vec<Option<Button>> = match notice.kind {
        NoticeKind::New | NoticeKind::Update | NoticeKind::Repeat | NoticeKind::Flapping => {
            vec![acknowledge(notice), pause()]
        }
        NoticeKind::Acknowledged | NoticeKind::MassDrift | NoticeKind::OperationStarted => vec![pause()],
        NoticeKind::ApprovalWanted => {
            vec![notice.group.actor.as_deref().map(|plan| Button::Approve(PlanHash::new(plan))), pause()]
        }
        NoticeKind::Resolved
        | NoticeKind::Reattributed
        | NoticeKind::Digest
        | NoticeKind::DigestEnding
        | NoticeKind::ApprovalEnded
        | NoticeKind::CoverageLost
        | NoticeKind::CoverageRestored
        | NoticeKind::PolicyError
        | NoticeKind::OperationDone
        | NoticeKind::OperationFailed
        | NoticeKind::ExceptionEnding
        | NoticeKind::ExceptionEnded
        | NoticeKind::Test
        | NoticeKind::DeadLetter
        | NoticeKind::DeliveryRestored
        | NoticeKind::AnchorFailed
        | NoticeKind::AnchorRestored => Vec::new(),
    };
    buttons.into_iter().flatten().filter(|button| button.value().is_some()).collect()
}

/// Only where every finding is named: one press must not acknowledge what nobody was told of.
fn acknowledge(notice: &Notice) -> Option<Button> {
    let whole = !notice.members.is_empty() && notice.totals.findings <= notice.members.len() as u64;
    whole.then(|| Button::Acknowledge(notice.members.clone()))
}
