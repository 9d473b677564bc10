//! Policy files and what can be wrong with them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One policy file, already read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicySource {
    /// Its path or name, as problems should name it.
    pub name: String,
    /// Rego v1 text.
    pub text: String,
    /// Its name in the bundle or below the folder it was read from: what the digest of a bundle is of, so that the same
    /// policies have the same one wherever they lie.
    pub within: String,
}

impl PolicySource {
    /// Names a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        Self { within: name.clone(), name, text: text.into() }
    }

    /// A text that was found at a path, below what is called so.
    pub fn found(path: impl Into<String>, within: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: path.into(), text: text.into(), within: within.into() }
    }
}

/// Columns that the engine counts for a tab.
pub const TAB_COLUMNS: u32 = 4;

/// One thing that is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyProblem {
    /// The file.
    pub file: String,
    /// Line, from 1; 0 when the problem has no place.
    pub line: u32,
    /// Column, from 1, a tab being [`TAB_COLUMNS`] of them, as the engine counts; 0 when the problem has no place.
    pub column: u32,
    /// What is wrong, and what to do about it where that is known.
    pub message: String,
}

impl PolicyProblem {
    /// A problem with a place.
    pub(super) fn at(file: &str, line: u32, column: u32, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, column, message: message.into() }
    }
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

impl std::error::Error for PolicyProblem {}
