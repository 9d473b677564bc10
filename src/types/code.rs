//! Finding codes: kebab-case, stable, unique.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A finding code such as `config-security-groups`. The family is the part before the first dash.
///
/// Codes are compared as text; the full list, with a page for each, is `detect::codes::ALL`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(std::borrow::Cow<'static, str>);

impl Code {
    /// A code known at compile time.
    pub const fn known(text: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(text))
    }

    /// A code read from storage or data.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(std::borrow::Cow::Owned(text.into()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `event`, `config`, `software`, `file`, `image` or `blind`.
    pub fn family(&self) -> &str {
        self.0.split_once('-').map_or(&*self.0, |(family, _)| family)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
