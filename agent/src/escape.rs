//! File names as text. A name is any bytes but NUL and `/`; whoever wrote it may want to repaint the
//! terminal, reverse the reading direction or end a line early.
//!
//! The text form is exact: [`bytes`] gives back what [`text`] was given.

use std::fmt::Write;

/// Shows bytes as one line of harmless text.
///
/// Printable UTF-8 stays as it is. `\` becomes `\\`; control characters, characters that are invisible or change
/// the direction of text, and bytes that are not UTF-8 become `\xNN`, one for each byte.
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                hidden if is_hidden(hidden) => push_hex(&mut out, hidden.encode_utf8(&mut [0; 4]).as_bytes()),
                shown => out.push(shown),
            }
        }
        push_hex(&mut out, chunk.invalid());
    }
    out
}

/// The bytes that [`text`] showed, or `None` for text that it never writes.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match rest.next()? {
            b'\\' => out.push(b'\\'),
            b'x' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                out.push(u8::try_from(high * 16 + low).ok()?);
            }
            _ => return None,
        }
    }
    Some(out)
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

/// Control, bidirectional-control, zero-width and line-separating characters
/// (Unicode categories Cc, Cf, Zl and Zp, as far as terminals act on them).
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_names_become_harmless() {
        assert_eq!(text(b"a\nb\x1b[2J"), r"a\x0ab\x1b[2J");
        assert_eq!(text("exe\u{202e}gpj".as_bytes()), r"exe\xe2\x80\xaegpj");
        assert_eq!(text(b"\xff\\\xc3\xa9"), "\\xff\\\\é");
        assert_eq!(bytes(r"\q"), None);
        assert_eq!(bytes(r"\x4"), None);
    }

    proptest! {
        #[test]
        fn escaping_is_exact_and_shows_no_control(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            let shown = text(&raw);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(bytes(&shown), Some(raw));
        }
    }
}
