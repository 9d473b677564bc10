//! Settings as they were found, before anything is known about their types: values with their origins.

use std::collections::BTreeMap;
use std::ops::Range;

/// Where a key or value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Bytes of the file.
    File(Range<usize>),
    /// An environment variable.
    Env(String),
    /// A command line flag.
    Flag(&'static str),
}

/// A value with its origin. No `Debug`: it may hold a secret somebody wrote in plain text.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value as it was found.
#[derive(Clone)]
pub(super) enum Value {
    /// A TOML string.
    Text(String),
    /// Text of an environment variable or flag; becomes what its key wants.
    Raw(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Date,
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Raw(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Date => "a date",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
        }
    }

    /// The text of a string or of a variable.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Raw(text) => Some(text),
            _ => None,
        }
    }
}

/// One key of a table.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: Origin,
    pub(super) node: Node,
}

/// Keys in lexical order.
pub(super) type Table = BTreeMap<String, Entry>;
