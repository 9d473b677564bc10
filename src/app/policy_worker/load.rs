//! What a worker is given to compile, and what comes of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Death;
use crate::evaluate::{PolicyPackage, PolicyProblem, PolicySource};

/// Files and data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    pub(super) sources: Vec<PolicySource>,
    pub(super) data: Value,
}

/// What the files came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Loaded {
    pub(super) digest: String,
    pub(super) packages: Vec<PolicyPackage>,
}

/// Why there is no worker with these policies.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The program cannot be started.
    #[error("the process for policies cannot be started: {0}")]
    Start(std::io::Error),
    /// It ended before it had anything to do with policies.
    #[error("the process for policies {0} before it was given any")]
    Early(Death),
    /// It died while it read the policies; of this file, when that is known.
    #[error("{}the process for policies {death} while it read them", file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default())]
    Died {
        /// How.
        death: Death,
        /// The file that does it alone.
        file: Option<String>,
    },
    /// The files are wrong.
    #[error("the policies have {} problems", .0.len())]
    Refused(Vec<PolicyProblem>),
}
