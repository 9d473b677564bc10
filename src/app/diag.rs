//! Diagnostics: what is wrong with a configuration, where, and what was probably meant.
//!
//! A diagnostic is a value; [`render`] turns a list of them into text for people and [`to_json`] into data
//! for programs. Snippets come from files that anybody may have written, so they are cleaned for terminals
//! and never show a secret (the reader masks those before they get here).

mod render;

use serde_json::{Value, json};

pub use render::render;

/// Where the cause of a diagnostic is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// In a file, at a place that can be shown.
    File {
        /// Path as given.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Characters to underline, at least 1.
        width: usize,
        /// The line, cleaned.
        snippet: String,
    },
    /// A file as a whole.
    WholeFile(String),
    /// An environment variable.
    Env(String),
    /// A command line flag.
    Flag(String),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Where.
    pub site: Site,
    /// Text beside the underline, usually the nearest valid spelling.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diag {
    /// A diagnostic about a whole file.
    pub fn whole_file(code: &'static str, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), site: Site::WholeFile(file.into()), label: None, help: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The diagnostic as one JSON object; absent parts are null.
    pub fn to_json(&self) -> Value {
        let (file, line, column, snippet, variable, flag) = match &self.site {
            Site::File { file, line, column, snippet, width: _ } => {
                (Some(file), Some(line), Some(column), Some(snippet), None, None)
            }
            Site::WholeFile(file) => (Some(file), None, None, None, None, None),
            Site::Env(name) => (None, None, None, None, Some(name), None),
            Site::Flag(name) => (None, None, None, None, None, Some(name)),
        };
        json!({
            "code": self.code, "message": self.message, "file": file, "line": line, "column": column,
            "snippet": snippet, "variable": variable, "flag": flag, "label": self.label, "help": self.help,
        })
    }
}

/// All diagnostics as one JSON document.
pub fn to_json(diags: &[Diag]) -> Value {
    json!({
        "schema": "cattleguard.dev/diagnostics/v1",
        "ok": diags.is_empty(),
        "diagnostics": diags.iter().map(Diag::to_json).collect::<Vec<_>>(),
    })
}
