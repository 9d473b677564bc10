//! What a Slack thread remembers of its problem.

use serde::{Deserialize, Serialize};

use crate::report::notice::{Notice, NoticeKind};
use crate::report::press::{Button, buttons_of};
use crate::report::render::story::state_word;
use crate::store::{StoreError, Thread, Threads};
use crate::types::InstanceId;

/// Instances remembered; an operation on one of them is told in its thread.
const INSTANCES: usize = 200;
/// Open threads looked through for an operation's instance.
const THREADS: usize = 500;

/// The body of a stored thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Story {
    /// Key of the outbox row that began it.
    pub(super) root: String,
    /// Key of the row that was told last, as a reply.
    pub(super) last: String,
    /// The state that the root shows.
    pub(super) state: String,
    /// Instances it is about.
    pub(super) instances: Vec<InstanceId>,
    /// What the root tells.
    pub(super) notice: Notice,
}

impl Story {
    /// A story that begins with a notice.
    pub(super) fn begin(key: &str, notice: &Notice) -> Self {
        let mut story = Self {
            root: key.to_owned(),
            last: key.to_owned(),
            state: state_word(notice).to_owned(),
            instances: Vec::new(),
            notice: notice.clone(),
        };
        story.meet(notice);
        story
    }

    /// Goes on with a notice. One of an operation only moves the state: what changed is still told by the group's own.
    pub(super) fn go_on(&mut self, key: &str, notice: &Notice) {
        key.clone_into(&mut self.last);
        state_word(notice).clone_into(&mut self.state);
        if notice.group == self.notice.group {
            self.notice = notice.clone();
        }
        self.meet(notice);
    }

    fn meet(&mut self, notice: &Notice) {
        let listed = notice.findings.iter().map(|finding| &finding.instance);
        for instance in listed.chain(notice.operation.iter().map(|operation| &operation.instance)) {
            if self.instances.len() < INSTANCES && !self.instances.contains(instance) {
                self.instances.push(instance.clone());
            }
        }
    }
}

/// Reads a thread's body. One that this version cannot read begins anew.
pub(super) fn story(thread: &Thread) -> Option<Story> {
    serde_json::from_value(thread.body.clone()).ok()
}

/// The buttons of a message while its problem goes on.
pub(super) fn buttons(notice: &Notice, interactive: bool) -> Vec<Button> {
    if interactive { buttons_of(notice) } else { Vec::new() }
}

/// A plan that waits for people keeps its message open while it can be approved there.
pub(super) fn stays_open(notice: &Notice, interactive: bool) -> bool {
    interactive && notice.kind == NoticeKind::ApprovalWanted
}

/// Whether nothing more is to come after it.
pub(super) fn ends(notice: &Notice) -> bool {
    match notice.kind {
        NoticeKind::Resolved | NoticeKind::Reattributed | NoticeKind::CoverageRestored => true,
        NoticeKind::Test | NoticeKind::DeadLetter | NoticeKind::ApprovalWanted | NoticeKind::ApprovalEnded => true,
        NoticeKind::DeliveryRestored | NoticeKind::AnchorFailed | NoticeKind::AnchorRestored => true,
        NoticeKind::ExceptionEnded => true,
        NoticeKind::OperationDone => notice
            .operation
            .as_ref()
            .is_none_or(|operation| matches!(operation.status.as_str(), "done" | "rolled-back")),
        NoticeKind::OperationFailed => {
            notice.operation.as_ref().is_none_or(|operation| operation.status == "rolled-back")
        }
        NoticeKind::New
        | NoticeKind::Update
        | NoticeKind::Repeat
        | NoticeKind::Acknowledged
        | NoticeKind::Flapping
        | NoticeKind::MassDrift
        | NoticeKind::Digest
        | NoticeKind::DigestEnding
        | NoticeKind::CoverageLost
        | NoticeKind::PolicyError
        | NoticeKind::ExceptionEnding
        | NoticeKind::OperationStarted => false,
    }
}

/// The thread in which a row is told: its group's own, while that is open or holds this very row; for an operation else
/// the one of the drift on its instance.
pub(super) fn home<S: Threads + ?Sized>(
    store: &S,
    destination: &str,
    group: &str,
    key: &str,
    notice: &Notice,
) -> Result<Option<(Thread, Story)>, StoreError> {
    let known = |thread: Thread| story(&thread).map(|story| (thread, story));
    let own = store.thread(destination, group)?.and_then(known);
    if let Some((thread, story)) = own
        && (thread.open || story.root == key || story.last == key)
    {
        return Ok(Some((thread, story)));
    }
    let Some(operation) = &notice.operation else { return Ok(None) };
    let open = store.open_threads(destination, THREADS)?.into_iter().filter_map(known);
    let mut about = open.filter(|(_, story)| story.instances.contains(&operation.instance));
    Ok(about.next())
}
