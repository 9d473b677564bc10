//! Short words for numbers and times on a page.

use jiff::{SignedDuration, Timestamp};

use crate::report::text::clean;

/// `2026-11-23 10:00Z`.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// `just now`, `12 min`, `5 h`, `3 days`: how long ago, never in the future.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(at))
}

/// How long something lasts.
pub(super) fn span(length: SignedDuration) -> String {
    let minutes = length.as_secs().max(0) / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// `12 345`, with a thin space.
pub(super) fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

/// A share in percent, cut and never rounded up: 100 means all.
pub(super) fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = part.saturating_mul(1000) / whole;
    if tenths == 1000 { "100".to_owned() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

/// An untrusted name, bounded.
pub(super) fn name(text: &str) -> String {
    clean(text, 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_never_better_than_they_are() {
        assert_eq!(number(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(number(12), "12");
        assert_eq!(percent(9_999, 10_000), "99.9");
        assert_eq!(percent(10_000, 10_000), "100");
        assert_eq!(percent(0, 0), "–");
    }
}
