//! Bounds and hygiene for text that came out of a record. Everything in a record may be chosen by an attacker.

use std::borrow::Cow;

use crate::types::SetAside;

/// Characters kept of any one value. Longer than every AWS identifier; short enough for a chat message.
pub(super) const MAX_TEXT: usize = 256;
/// Characters kept of a record that could not be read.
const MAX_EXCERPT: usize = 200;

/// The text without control and direction-changing characters, cut to [`MAX_TEXT`].
pub(in crate::collect) fn clean(text: &str) -> String {
    cleaned(text).into_owned()
}

/// The same, borrowed where nothing has to be taken away.
pub(super) fn cleaned(text: &str) -> Cow<'_, str> {
    // To the end in any case: without a way out of the middle, many bytes are looked at together.
    let is_plain = |text: &str| text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte));
    if text.len() <= MAX_TEXT && is_plain(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_unsafe(*c)).take(MAX_TEXT).collect())
}

/// Where a short text begins in another. Made for patterns that begin with a rare character: setting up a search made for
/// long texts takes longer than looking.
pub(super) fn find(text: &str, pattern: &str) -> Option<usize> {
    let (bytes, pattern) = (text.as_bytes(), pattern.as_bytes());
    let first = pattern.first()?;
    let mut places = bytes.iter().enumerate().filter(|(_, byte)| *byte == first).map(|(place, _)| place);
    places.find(|place| bytes.get(*place..).is_some_and(|rest| rest.starts_with(pattern)))
}

/// What stands behind a short text.
pub(super) fn after<'t>(text: &'t str, pattern: &str) -> Option<&'t str> {
    find(text, pattern).and_then(|place| text.get(place + pattern.len()..))
}

/// Characters that move the cursor, hide text or turn its direction (Unicode UAX #9 explicit formatting).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A record that could not be used, with its bounded beginning.
pub(super) fn set_aside(origin: impl std::fmt::Display, problem: impl Into<String>, raw: &str) -> SetAside {
    let excerpt = raw.chars().filter(|c| !is_unsafe(*c)).take(MAX_EXCERPT).collect();
    SetAside { origin: clean(&origin.to_string()), problem: problem.into(), excerpt }
}

/// Whether the text is an EC2 instance id or the id of an SSM hybrid node: `i-` or `mi-` and 8 to 17 hex digits.
pub(super) fn is_instance_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("mi-").or_else(|| text.strip_prefix("i-")) else { return false };
    (8..=17).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_stripped_and_length_is_bounded() {
        assert_eq!(clean("a\u{1b}[31m\u{202e}b\nc"), "a[31mbc");
        assert_eq!(clean(&"é".repeat(1000)).chars().count(), MAX_TEXT);
    }

    #[test]
    fn short_texts_are_found_where_they_first_are() {
        for (text, pattern) in [("a:role/b:role/c", ":role/"), ("::a", ":a"), ("", ":"), (":", "::"), ("é:x", ":x")] {
            assert_eq!(find(text, pattern), text.find(pattern), "{text}");
            assert_eq!(after(text, pattern), text.split_once(pattern).map(|(_, rest)| rest), "{text}");
        }
    }

    #[test]
    fn instance_ids_are_told_from_other_ids() {
        for good in ["i-0123abcd", "i-0123456789abcdef0", "mi-0123456789abcdef0"] {
            assert!(is_instance_id(good), "{good}");
        }
        for bad in ["i-", "i-xyz12345", "eni-0123456789abcdef0", "ami-0123abcd", "i-0123456789abcdef01", "xi-0123abcd"]
        {
            assert!(!is_instance_id(bad), "{bad}");
        }
    }
}
