//! `[log]`: the log on stderr.

use serde_json::Value as Json;

use super::reader::Fault;
use super::section::Section;
use super::setting::{Setting, choice};
use super::tree::Value;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
    /// The systemd journal's own protocol, with fields.
    Journald,
}

impl LogFormat {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Journald => "journald",
        }
    }
}

/// The least severe level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Errors.
    Error,
    /// Warnings.
    Warn,
    /// What happens.
    Info,
    /// What happens inside.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The log settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Form.
    pub format: LogFormat,
    /// Level.
    pub level: LogLevel,
}

pub(super) fn read(section: &mut Section<'_, '_>) -> LogConfig {
    LogConfig { format: section.or("format", LogFormat::Text), level: section.or("level", LogLevel::Warn) }
}

impl Setting for LogFormat {
    const KIND: &'static str = "text, json or journald";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice("a string", value, &[Self::Text, Self::Json, Self::Journald].map(|format| (format.as_str(), format)))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Setting for LogLevel {
    const KIND: &'static str = "error, warn, info, debug or trace";

    fn read(value: &Value) -> Result<Self, Fault> {
        let levels = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
        choice("a string", value, &levels.map(|level| (level.as_str(), level)))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}
