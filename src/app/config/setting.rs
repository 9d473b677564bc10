//! Types that a key can have: how each is read from what was found, and how it is shown.

use serde_json::Value as Json;

use super::reader::{Fault, nearest};
use super::tree::Value;
use crate::app::terminal::clean_short;
use crate::types::{Enforcement, Severity};

/// A type of a key.
pub(super) trait Setting: Sized {
    /// Its name in messages and in the documentation.
    const KIND: &'static str;
    /// The name of an array of it.
    const PLURAL: &'static str = "array";
    /// Reads it.
    fn read(value: &Value) -> Result<Self, Fault>;
    /// Shows it; a secret shows its reference.
    fn json(&self) -> Json;
}

/// The fault of a value of another type.
pub(super) fn wrong_type(kind: &str, found: &Value) -> Fault {
    Fault::new("wrong-type", format!("expected {kind}, found {}", found.kind()))
}

/// The text of a string, or of a variable or flag.
pub(super) fn text_of<'v>(kind: &str, value: &'v Value) -> Result<&'v str, Fault> {
    value.text().ok_or_else(|| wrong_type(kind, value))
}

/// An untrusted value as messages quote it.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", clean_short(text, 80))
}

/// One of a closed list of words.
pub(super) fn choice<T>(kind: &str, value: &Value, choices: &[(&'static str, T)]) -> Result<T, Fault>
where
    T: Clone,
{
    let text = text_of(kind, value)?;
    if let Some((_, found)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(found.clone());
    }
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    let fault = Fault::bad(format!("{} is not one of {}", quoted(text), names.join(", ")));
    Err(match nearest(text, names) {
        Some(near) => fault.label(format!("did you mean `{near}`?")),
        None => fault,
    })
}

impl Setting for String {
    const KIND: &'static str = "string";
    const PLURAL: &'static str = "array of strings";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if text.trim().is_empty() {
            return Err(Fault::bad("must not be empty"));
        }
        Ok(text.to_owned())
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Setting for bool {
    const KIND: &'static str = "boolean";

    fn read(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            Value::Raw(text) if text == "true" => Ok(true),
            Value::Raw(text) if text == "false" => Ok(false),
            Value::Raw(text) => Err(Fault::bad(format!("{} is not one of true, false", quoted(text)))),
            other => Err(wrong_type("a boolean", other)),
        }
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Setting for u32 {
    const KIND: &'static str = "integer";

    fn read(value: &Value) -> Result<Self, Fault> {
        let out_of_range = |shown: String| Fault::bad(format!("{shown} is not between 0 and {}", Self::MAX));
        match value {
            Value::Integer(number) => Self::try_from(*number).map_err(|_| out_of_range(number.to_string())),
            Value::Raw(text) => text.parse().map_err(|_| Fault::bad(format!("{} is not a whole number", quoted(text)))),
            Value::Float(number) if number.is_infinite() => Err(out_of_range("the number".to_owned())),
            other => Err(wrong_type("an integer", other)),
        }
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

/// A share in percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Percent(pub(super) f64);

impl Setting for Percent {
    const KIND: &'static str = "percent";

    fn read(value: &Value) -> Result<Self, Fault> {
        let number = match value {
            #[expect(clippy::cast_precision_loss, reason = "only 0 to 100 is accepted, which is exact")]
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            Value::Raw(text) => text
                .trim_end_matches('%')
                .parse()
                .map_err(|_| Fault::bad(format!("{} is not a number", quoted(text))))?,
            Value::Text(text) if text.ends_with('%') => {
                return Err(wrong_type("a number", value).help(format!("write {}", text.trim_end_matches('%'))));
            }
            other => return Err(wrong_type("a number", other)),
        };
        if !(0.0..=100.0).contains(&number) {
            return Err(Fault::bad(format!("{number} is not between 0 and 100")));
        }
        Ok(Self(number))
    }

    fn json(&self) -> Json {
        // A whole number reads back as the integer that people write.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
        if self.0.fract() == 0.0 { Json::from(self.0 as u8) } else { Json::from(self.0) }
    }
}

impl Setting for Enforcement {
    const KIND: &'static str = "observe, quarantine or replace";

    fn read(value: &Value) -> Result<Self, Fault> {
        let choices = [Self::Observe, Self::Quarantine, Self::Replace].map(|mode| (mode.as_str(), mode));
        choice(Self::KIND, value, &choices)
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Setting for Severity {
    const KIND: &'static str = "info, low, medium, high or critical";

    fn read(value: &Value) -> Result<Self, Fault> {
        choice(Self::KIND, value, &Self::ALL.map(|severity| (severity.as_str(), severity)))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}
