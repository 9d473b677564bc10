//! What was done to the simulated account, on disk: a process that is killed leaves a file from which the next
//! one brings the same account back.
//!
//! One JSON object a line, flushed before the call that it describes is answered. The file holds causes only (calls
//! and the passing of time); everything else follows from them and from the seed.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::remediate::{CallContext, WriteCall};
use crate::types::{InstanceId, OperationId, Place};

/// One cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub(super) enum Action {
    /// Time passed until then.
    Passed { at: Timestamp },
    /// People did what a story tells.
    Told { at: Timestamp, story: String },
    /// Every reachable server reported its inventory, or this one.
    Reported { at: Timestamp, instance: InstanceId },
    /// The enforcer made a call.
    Called(Box<Called>),
}

/// One call of the enforcer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    pub(super) at: Timestamp,
    pub(super) place: Place,
    pub(super) operation: OperationId,
    pub(super) instance: InstanceId,
    pub(super) replacement: Option<InstanceId>,
    pub(super) user_data: Option<Vec<u8>>,
    pub(super) call: WriteCall,
}

impl Called {
    pub(super) fn new(at: Timestamp, context: &CallContext<'_>, call: &WriteCall) -> Self {
        Self {
            at,
            place: context.place.clone(),
            operation: context.operation.clone(),
            instance: context.instance.clone(),
            replacement: context.replacement.cloned(),
            user_data: context.user_data.map(<[u8]>::to_vec),
            call: call.clone(),
        }
    }

    pub(super) fn context(&self) -> CallContext<'_> {
        CallContext {
            place: &self.place,
            operation: &self.operation,
            instance: &self.instance,
            replacement: self.replacement.as_ref(),
            user_data: self.user_data.as_deref(),
        }
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct Diary(Mutex<File>);

impl Diary {
    /// Goes on writing at the end of a file. What a killed process wrote of its last line is taken away.
    pub(super) fn append_to(path: &Path) -> io::Result<Self> {
        let mut file = File::options().create(true).append(true).open(path)?;
        let whole = std::fs::read(path)?;
        let kept = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if kept < whole.len() {
            file.set_len(u64::try_from(kept).unwrap_or_default())?;
        }
        file.flush()?;
        Ok(Self(Mutex::new(file)))
    }

    /// A disk that is full shows in the next process, which misses what could not be written.
    pub(super) fn write(&self, action: &Action) {
        let mut line = serde_json::to_vec(action).unwrap_or_default();
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if file.write_all(&line).and_then(|()| file.flush()).is_err() {
            tracing::error!("the simulated account's journal cannot be written");
        }
    }
}

/// Everything that a file holds, without a last line that was cut short. A file that does not exist is empty.
pub(super) fn read(path: &Path) -> io::Result<Vec<Action>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
    let lines = whole.lines().map(|line| serde_json::from_str(line).map_err(io::Error::other));
    lines.collect()
}
