//! The one place where untrusted text is made fit to be shown.
//!
//! CloudTrail fields, tags, package names, user agents and file names are written by whoever controls them.
//! Shown raw they could move the cursor, recolour or retitle a terminal, reverse the reading order, or bury the
//! rest of a message. JSON output needs none of this: a JSON encoder escapes control characters by itself.

use std::fmt::Write as _;
use std::str::Chars;

use serde_json::Value;

/// Bytes of input looked at for each character of output; the rest is cut before anything is parsed, so hostile
/// input of any size costs a bounded amount of work.
const INPUT_BYTES_PER_CHAR: usize = 16;

/// Bounds `text` to `max` characters (the last one is `…` when something was cut) and strips everything that a
/// terminal or a chat client would act on: escape sequences (ECMA-48 CSI, OSC, DCS, SOS, PM, APC, in their 7-bit
/// and 8-bit forms), control characters, bidirectional controls, zero-width and other invisible characters.
/// Line breaks and tabs become one space.
pub fn clean(text: &str, max: usize) -> String {
    let limit = text.floor_char_boundary(max.saturating_mul(INPUT_BYTES_PER_CHAR).saturating_add(64));
    let (head, cut_before) = text.split_at(limit);
    let mut out = String::with_capacity(head.len().min(max));
    let mut count = 0_usize;
    let mut last_start = 0_usize;
    let mut rest = head.chars();
    while let Some(c) = next_visible(&mut rest) {
        if count == max {
            out.truncate(last_start);
            return finish_cut(out, max);
        }
        last_start = out.len();
        out.push(c);
        count += 1;
    }
    if cut_before.is_empty() {
        return out;
    }
    if count == max {
        out.truncate(last_start);
    }
    finish_cut(out, max)
}

fn finish_cut(mut out: String, max: usize) -> String {
    if max > 0 {
        out.push('…');
    }
    out
}

fn next_visible(rest: &mut Chars<'_>) -> Option<char> {
    loop {
        match rest.next()? {
            '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Some(' '),
            '\u{1b}' => skip_escape(rest),
            '\u{9b}' => skip_csi(rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(rest),
            c if c.is_control() || is_invisible(c) => {}
            c => return Some(c),
        }
    }
}

fn skip_escape(rest: &mut Chars<'_>) {
    let mut ahead = rest.clone();
    match ahead.next() {
        Some('[') => {
            *rest = ahead;
            skip_csi(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            *rest = ahead;
            skip_string(rest);
        }
        Some(' '..='/') => {
            // Intermediate bytes, then one final byte.
            *rest = ahead;
            while let Some(c) = rest.clone().next() {
                if !matches!(c, ' '..='~') {
                    break;
                }
                rest.next();
                if !matches!(c, ' '..='/') {
                    break;
                }
            }
        }
        Some('0'..='~') => *rest = ahead,
        _ => {}
    }
}

fn skip_csi(rest: &mut Chars<'_>) {
    loop {
        match rest.clone().next() {
            Some(' '..='?') => {
                rest.next();
            }
            Some('@'..='~') => {
                rest.next();
                return;
            }
            _ => return,
        }
    }
}

/// Skips to the string terminator. Without one only the introducer goes: an attacker must not be able to hide the
/// remainder of a text by opening a string that never ends.
fn skip_string(rest: &mut Chars<'_>) {
    let mut ahead = rest.clone();
    while let Some(c) = ahead.next() {
        let ended = match c {
            '\u{7}' | '\u{9c}' => true,
            '\u{1b}' => {
                if ahead.clone().next() != Some('\\') {
                    return;
                }
                ahead.next();
                true
            }
            _ => false,
        };
        if ended {
            *rest = ahead;
            return;
        }
    }
}

/// Characters without a glyph of their own that change how their neighbours are read: bidirectional controls
/// (Unicode UAX #9), zero-width characters, fillers, variation selectors and tag characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A JSON value as one short phrase: text as it is, lists joined by commas, objects as `key=value`. Cleaned and
/// bounded to `max` characters; null is empty.
pub fn short(value: &Value, max: usize) -> String {
    let mut raw = String::new();
    flatten(value, max.saturating_mul(4), true, &mut raw);
    clean(&raw, max)
}

fn flatten(value: &Value, budget: usize, top: bool, out: &mut String) {
    if out.len() > budget {
        return;
    }
    match value {
        Value::Null if top => {}
        Value::Null => out.push_str("none"),
        Value::Bool(_) | Value::Number(_) => {
            // Writing into a String cannot fail.
            let _ = write!(out, "{value}");
        }
        Value::String(text) => {
            let cut = text.floor_char_boundary(budget.saturating_mul(INPUT_BYTES_PER_CHAR));
            out.push_str(text.get(..cut).unwrap_or_default());
        }
        Value::Array(items) => {
            if items.is_empty() {
                out.push_str("none");
            }
            joined(items.iter(), budget, top, out, |item, out| flatten(item, budget, false, out));
        }
        Value::Object(fields) => joined(fields.iter(), budget, top, out, |(key, field), out| {
            out.push_str(key);
            out.push('=');
            flatten(field, budget, false, out);
        }),
    }
}

fn joined<T>(
    items: impl Iterator<Item = T>,
    budget: usize,
    top: bool,
    out: &mut String,
    mut each: impl FnMut(T, &mut String),
) {
    if !top {
        out.push('(');
    }
    for (index, item) in items.enumerate() {
        if out.len() > budget {
            break;
        }
        if index > 0 {
            out.push_str(", ");
        }
        each(item, out);
    }
    if !top {
        out.push(')');
    }
}

/// Breaks text at spaces into lines of at most `width` characters. A word longer than that keeps a line of its
/// own: ids and ARNs stay whole so that they can be copied.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn escape_sequences_leave_nothing_behind() {
        for (hostile, expected) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;owned\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jgone", "gone"),
            ("\u{9d}0;t\u{9c}ok", "ok"),
            ("\u{1b}(B\u{1b}cx", "x"),
            ("\u{1b}", ""),
            ("a\u{1b}[", "a"),
            ("a\r\nb\tc", "a  b c"),
            ("nul\0bel\u{7}del\u{7f}", "nulbeldel"),
        ] {
            assert_eq!(clean(hostile, 80), expected, "{hostile:?}");
        }
    }

    #[test]
    fn an_unterminated_string_does_not_hide_the_rest() {
        assert_eq!(clean("x\u{1b}]0;still visible", 80), "x0;still visible");
        assert_eq!(clean("x\u{1b}Pstill\u{1b}[1m visible", 80), "xstill visible");
    }

    #[test]
    fn reordering_and_invisible_characters_go() {
        assert_eq!(clean("a\u{202e}cod.exe\u{200b}\u{feff}\u{2066}z\u{e0041}", 80), "acod.exez");
    }

    #[test]
    fn bounds_count_characters_and_mark_the_cut() {
        assert_eq!(clean("äöüß", 4), "äöüß");
        assert_eq!(clean("äöüßx", 4), "äöü…");
        assert_eq!(clean(&"x".repeat(1_000_000), 3), "xx…");
        assert_eq!(clean("abc", 0), "");
        let mostly_junk = format!("{}tail", "\u{200b}".repeat(100_000));
        assert_eq!(clean(&mostly_junk, 10), "…");
    }

    #[test]
    fn values_become_phrases() {
        assert_eq!(short(&json!("sg-1"), 40), "sg-1");
        assert_eq!(short(&json!(["sg-1", "sg-2"]), 40), "sg-1, sg-2");
        assert_eq!(short(&json!({"a": 1, "b": [true, null]}), 40), "a=1, b=(true, none)");
        assert_eq!(short(&Value::Null, 40), "");
        assert_eq!(short(&json!([]), 40), "none");
    }

    #[test]
    fn wrapping_keeps_long_words_whole() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aa arn:aws:iam::1 b", 5), ["aa", "arn:aws:iam::1", "b"]);
        assert_eq!(wrap("", 5), [""]);
    }

    proptest! {
        #[test]
        fn nothing_active_survives(text in "\\PC*|[\\x00-\\x{a0}\\x{200b}-\\x{202e}\\[\\]m;]*", max in 0_usize..60) {
            let shown = clean(&text, max);
            prop_assert!(shown.chars().count() <= max);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
