//! Parts of a JSON text, without building the rest of it: equal keys mean that all these parts are equal.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::reads::InputKeys;

/// Deepest nesting of a text that is taken apart. The engine's own limit is 127; inputs are far below.
const MAX_DEPTH: u32 = 64;

/// The digest of the parts.
pub(super) type Key = [u8; 32];

/// Chosen parts of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Projection {
    /// All of it, whatever lies below.
    whole: bool,
    members: BTreeMap<String, Projection>,
}

impl Projection {
    /// Of these parts.
    pub(super) fn of(parts: &[InputKeys]) -> Self {
        let mut root = Self::default();
        for keys in parts {
            let node = keys.iter().fold(&mut root, |node, key| node.members.entry(key.clone()).or_default());
            node.whole = true;
        }
        root
    }

    /// The digest of the parts of this text. Texts with equal digests have equal parts; the same parts written in
    /// another way have another digest. `None` for what is no object, has a key twice, or would not be understood.
    pub(super) fn key(&self, text: &str) -> Option<Key> {
        let mut digest = blake3::Hasher::new();
        if self.whole {
            return None;
        }
        let mut json = serde_json::Deserializer::from_str(text);
        Members { node: self, depth: 0, digest: &mut digest }.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(*digest.finalize().as_bytes())
    }

    /// The value of a member: as it is written, or by its own members.
    fn value(&self, raw: &str, depth: u32, digest: &mut blake3::Hasher) -> Result<(), serde_json::Error> {
        if self.whole || !raw.starts_with('{') {
            return part(digest, b'v', raw);
        }
        digest.update(b"{");
        let mut json = serde_json::Deserializer::from_str(raw);
        Members { node: self, depth, digest }.deserialize(&mut json)?;
        digest.update(b"}");
        Ok(())
    }
}

/// A part with its kind and length in front, so that no two sequences of parts look alike.
fn part<E: serde::de::Error>(digest: &mut blake3::Hasher, kind: u8, text: &str) -> Result<(), E> {
    let length = u32::try_from(text.len()).map_err(E::custom)?;
    digest.update(&[kind]).update(&length.to_le_bytes()).update(text.as_bytes());
    Ok(())
}

/// The members of an object: those that are chosen go into the digest, the rest is only looked at.
struct Members<'p> {
    node: &'p Projection,
    depth: u32,
    digest: &'p mut blake3::Hasher,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen: Vec<&str> = Vec::new();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let Some((name, node)) = self.node.members.get_key_value(key.as_ref()) else {
                map.next_value_seed(Checked { depth: self.depth + 1 })?;
                continue;
            };
            // The engine would take the last.
            if seen.contains(&name.as_str()) {
                return Err(A::Error::custom("a key twice"));
            }
            seen.push(name);
            let raw: &RawValue = map.next_value()?;
            part(self.digest, b'k', name)?;
            node.value(raw.get(), self.depth + 1, self.digest).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Looks at what is not chosen as strictly as the engine would: a text that it refuses has no key.
struct Checked {
    depth: u32,
}

impl<'de> DeserializeSeed<'de> for Checked {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom("too deep"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        if number.is_finite() { Ok(()) } else { Err(E::custom("no number")) }
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Self { depth: self.depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredKey>()?.is_some() {
            map.next_value_seed(Self { depth: self.depth + 1 })?;
        }
        Ok(())
    }
}

/// A key that is read as text and dropped.
struct IgnoredKey;

impl<'de> serde::Deserialize<'de> for IgnoredKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer).map(|_| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projection(parts: &[&str]) -> Projection {
        let parts: Vec<InputKeys> = parts.iter().map(|part| part.split('.').map(str::to_owned).collect()).collect();
        Projection::of(&parts)
    }

    #[test]
    fn only_the_chosen_parts_make_the_key() {
        let chosen = projection(&["a.b", "c"]);
        let key = |text: &str| chosen.key(text).expect(text);
        let base = key(r#"{"a":{"b":[1,2],"x":1},"c":null,"d":{"e":1}}"#);
        assert_eq!(base, key(r#"{"a":{"b":[1,2],"x":"other"},"c":null,"d":[],"z":1.5}"#));
        for other in [
            r#"{"a":{"b":[1,3],"x":1},"c":null}"#,
            r#"{"a":{"b":[1,2],"x":1},"c":0}"#,
            r#"{"a":{"b":[1,2],"x":1}}"#,
            r#"{"a":{"x":1},"c":null}"#,
            r#"{"a":null,"c":null}"#,
            r#"{"a":"{","c":null}"#,
            r#"{"a":{"b":"[1,2]"},"c":null}"#,
            r#"{"c":null}"#,
        ] {
            assert_ne!(base, key(other), "{other}");
        }
    }

    #[test]
    fn a_text_that_the_engine_may_refuse_or_read_in_another_way_has_no_key() {
        let deep = format!(r#"{{"d":{}{}}}"#, "[".repeat(70), "]".repeat(70));
        for text in [
            "",
            "[]",
            r#"{"a":{"b":1},"a":{"b":2}}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"d":1e999}"#,
            r#"{"d":"\ud800"}"#,
            r#"{"\ud800":1}"#,
            r#"{"d":1} x"#,
            r#"{"d":01}"#,
            r#"{"d":tru}"#,
            r#"{"a":{"b":1,"d":1e999}}"#,
            deep.as_str(),
        ] {
            assert_eq!(projection(&["a.b", "c"]).key(text), None, "{text}");
        }
        assert_eq!(Projection::of(&[InputKeys::new()]).key("{}"), None, "the whole input is compared by nobody");
    }
}
