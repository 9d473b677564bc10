//! JSON as a tree that borrows its text: a record has some sixty strings, of which few are kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

use super::strict;

/// Members of an object, in their order.
pub(super) type Members<'t> = Vec<(Cow<'t, str>, Tree<'t>)>;

/// One JSON value. Strings are borrowed from the text where they hold no escapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Tree<'t> {
    #[default]
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Members<'t>),
}

impl<'t> Tree<'t> {
    /// Reads a JSON text; what is none reads as null.
    pub(super) fn read(text: &'t str) -> Self {
        strict::tree(text).unwrap_or_else(|| serde_json::from_str(text).unwrap_or_default())
    }

    /// A member of an object. Of several with one name the last counts, as everywhere.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rfind(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The members of an object.
    pub(super) fn members(&self) -> &[(Cow<'t, str>, Self)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// A text, and only that.
    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Absent lists and structures are logged as `{}`, `""`, `[]` or null.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            Self::Flag(_) | Self::Number(_) => false,
        }
    }

    /// A scalar as text: CloudTrail re-types scalars (tag value `true` becomes a boolean, an account id a number).
    /// `{"value": x}`, EC2's attribute structure, counts as `x`.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Object(members) => match members.as_slice() {
                [(name, inner)] if name == "value" && !matches!(inner, Self::Object(_)) => inner.text(),
                _ => None,
            },
            Self::Null | Self::List(_) => None,
        }
    }

    /// Calls `visit` with every string below, member names excluded.
    pub(super) fn each_string(&self, visit: &mut dyn FnMut(&str)) {
        match self {
            Self::Text(text) => visit(text),
            Self::List(items) => items.iter().for_each(|item| item.each_string(visit)),
            Self::Object(members) => members.iter().for_each(|(_, item)| item.each_string(visit)),
            Self::Null | Self::Flag(_) | Self::Number(_) => {}
        }
    }
}

impl<'de: 't, 't> Deserialize<'de> for Tree<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree<'de>, E> {
        Ok(Number::from_f64(number).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Tree::Object(members))
    }
}

/// The name of a member.
struct Name<'t>(Cow<'t, str>);

impl<'de: 't, 't> Deserialize<'de> for Name<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}

/// For tests and messages.
impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_borrowed_where_it_can_be_and_any_json_comes_back() {
        let text = r#"{"a":[1,-2,3.5,true,null,"plain"],"b":{"c":"es\"caped","":{}}}"#;
        let tree = Tree::read(text);
        assert_eq!(serde_json::to_string(&tree).unwrap(), text);
        let strings = [tree.get("a"), tree.get("b").and_then(|inner| inner.get("c"))];
        let Tree::List(items) = strings[0].unwrap() else { panic!() };
        assert!(matches!(items.last(), Some(Tree::Text(Cow::Borrowed("plain")))));
        assert!(matches!(strings[1], Some(Tree::Text(Cow::Owned(_)))));
    }

    #[test]
    fn the_last_of_several_members_counts_and_garbage_is_null() {
        assert_eq!(Tree::read(r#"{"a":1,"a":2}"#).get("a").and_then(Tree::text).unwrap(), "2");
        let deep = "[".repeat(1_000);
        for garbage in ["", "{", "[1 2]", "{\"a\" 1}", "nul", deep.as_str()] {
            assert_eq!(Tree::read(garbage), Tree::Null, "{garbage}");
        }
    }
}
