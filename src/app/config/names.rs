//! Identifiers with a shape: accounts, regions, roles, names.

use serde_json::Value as Json;

use super::reader::{Fault, nearest};
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;
use crate::types::{AccountId, FleetName, InventoryType, LineName, Region};

/// Regions for suggestions only: a well-formed region that is not here is accepted, because AWS opens new
/// ones. From the AWS General Reference, "AWS service endpoints".
const REGIONS: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Whether a text is 12 digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Setting for AccountId {
    const KIND: &'static str = "account id";
    const PLURAL: &'static str = "array of account ids";

    fn read(value: &Value) -> Result<Self, Fault> {
        if let Value::Integer(number) = value {
            // A leading zero cannot survive as a number, so numbers are refused whatever their length.
            let help = format!("write it in quotes: \"{number:012}\"");
            return Err(Fault::new("wrong-type", "expected a string, found an integer").help(help));
        }
        let text = text_of("a string", value)?;
        if !is_account(text) {
            return Err(Fault::bad(format!("{} is not an account id: 12 digits", quoted(text))));
        }
        Ok(Self::new(text))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

/// `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`: words of letters, then a number.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let number_fits = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let words_fit = (2..=3).contains(&words.len())
        && words.iter().all(|word| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()));
    number_fits && words_fit
}

impl Setting for Region {
    const KIND: &'static str = "region";
    const PLURAL: &'static str = "array of regions";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        if is_region(text) {
            return Ok(Self::new(text));
        }
        let fault = Fault::bad(format!("{} is not a region", quoted(text)));
        Err(match nearest(text, REGIONS) {
            Some(near) => fault.label(format!("did you mean `{near}`?")),
            None => fault.help("regions look like eu-west-1"),
        })
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

/// Names of ours: they appear in tags, variables, messages and file names.
fn name(value: &Value) -> Result<&str, Fault> {
    let text = text_of("a string", value)?;
    let fits = !text.is_empty()
        && text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits {
        return Ok(text);
    }
    let help = "up to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit";
    Err(Fault::bad(format!("{} is not a name", quoted(text))).help(help))
}

impl Setting for FleetName {
    const KIND: &'static str = "name";
    const PLURAL: &'static str = "array of names";

    fn read(value: &Value) -> Result<Self, Fault> {
        name(value).map(Self::new)
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Setting for LineName {
    const KIND: &'static str = "name";

    fn read(value: &Value) -> Result<Self, Fault> {
        if let Some((line, _)) = value.text().and_then(|text| text.split_once('@')) {
            let help = "the version that instances should run is chosen with `cattleguard golden promote`";
            return Err(Fault::bad("a fleet follows a golden line, not one version")
                .help(help)
                .label(format!("did you mean `{}`?", crate::app::terminal::clean_short(line, 64))));
        }
        name(value).map(Self::new)
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

/// The name of a notification destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlainName(pub(super) String);

impl Setting for PlainName {
    const KIND: &'static str = "name";

    fn read(value: &Value) -> Result<Self, Fault> {
        name(value).map(|text| Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

impl Setting for InventoryType {
    const KIND: &'static str = "inventory type";
    const PLURAL: &'static str = "array of inventory types";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a string", value)?;
        let name = text.strip_prefix("AWS:").or_else(|| text.strip_prefix("Custom:")).unwrap_or_default();
        let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if !fits {
            let help = "inventory types look like AWS:Application or Custom:RackInformation";
            return Err(Fault::bad(format!("{} is not an inventory type", quoted(text))).help(help));
        }
        Ok(Self::new(text))
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}
