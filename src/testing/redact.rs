//! Replaces what differs from run to run, so that text can be compared with a snapshot.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Prefixes of digests.
const DIGESTS: [&str; 2] = ["blake3:", "sha256:"];
/// Units that mark a number as a measured duration. Whole `s`, `m` and `h` are left: settings look like that.
const UNITS: [&str; 4] = ["ms", "µs", "us", "ns"];

/// Replaces volatile values and numbers them: equal values get equal names, over all texts it is given.
///
/// ids such as `i-0123456789abcdef0` become `[i-1]`, UUIDs `[uuid-1]`, digests `[digest-1]`, RFC 3339 times
/// `[time]`, and measured durations such as `12ms` or `1.25s` `[duration]`.
#[derive(Debug, Default)]
pub struct Redactor {
    names: BTreeMap<String, String>,
    counts: BTreeMap<String, usize>,
}

impl Redactor {
    /// One text with its volatile values replaced.
    pub fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let (before, from_word) = rest.split_at(start);
            out.push_str(before);
            let end = from_word.find(|letter| !is_word(letter)).unwrap_or(from_word.len());
            let (word, after) = from_word.split_at(end);
            let core = word.trim_end_matches(['.', ':', '-']);
            match self.name(core) {
                Some(name) => {
                    out.push_str(&name);
                    out.push_str(word.get(core.len()..).unwrap_or_default());
                }
                None => out.push_str(word),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn name(&mut self, word: &str) -> Option<String> {
        if word.contains('T') && word.parse::<Timestamp>().is_ok() {
            return Some("[time]".to_owned());
        }
        if is_duration(word) {
            return Some("[duration]".to_owned());
        }
        let kind = kind_of(word)?;
        if let Some(known) = self.names.get(word) {
            return Some(known.clone());
        }
        let count = self.counts.entry(kind.clone()).or_default();
        *count += 1;
        let name = format!("[{kind}-{count}]");
        self.names.insert(word.to_owned(), name.clone());
        Some(name)
    }
}

/// One text with its volatile values replaced; numbering starts at 1.
pub fn redact(text: &str) -> String {
    Redactor::default().text(text)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | ':' | '.' | '_' | '+')
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn kind_of(word: &str) -> Option<String> {
    if DIGESTS.iter().any(|prefix| word.strip_prefix(prefix).is_some_and(|hex| hex.len() >= 16 && is_hex(hex))) {
        return Some("digest".to_owned());
    }
    if word.len() == 36 && uuid::Uuid::parse_str(word).is_ok() {
        return Some("uuid".to_owned());
    }
    let (prefix, tail) = word.rsplit_once('-')?;
    let named = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (named && matches!(tail.len(), 8 | 17) && is_hex(tail)).then(|| prefix.to_owned())
}

fn is_duration(word: &str) -> bool {
    let number =
        |text: &str| !text.is_empty() && text.parse::<f64>().is_ok() && text.starts_with(|c: char| c.is_ascii_digit());
    UNITS.iter().any(|unit| word.strip_suffix(unit).is_some_and(number))
        || word.strip_suffix('s').is_some_and(|text| text.contains('.') && number(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatile_values_get_stable_names() {
        let text =
            "i-0123456789abcdef0 and i-0fedcba9876543210, again i-0123456789abcdef0: eni-attach-0123456789abcdef0.";
        assert_eq!(redact(text), "[i-1] and [i-2], again [i-1]: [eni-attach-1].");
        let text = "at 2026-11-02T09:00:00Z (12ms, 1.25s) plan blake3:0123456789abcdef0123 \
                    event 0190163d-8694-739b-aea5-966c26f8ad91";
        assert_eq!(redact(text), "at [time] ([duration], [duration]) plan [digest-1] event [uuid-1]");
        let mut redactor = Redactor::default();
        redactor.text("vol-0123456789abcdef0");
        assert_eq!(redactor.text("vol-0123456789abcdef0"), "[vol-1]");
    }

    #[test]
    fn what_does_not_vary_is_left_alone() {
        let text = "web@1 in eu-west-1 000000000000/eu-west-1: openssl-libs 3.2.2, retry in 5m, 30s, m7i.large, \
                    config-security-groups, ünïcode — 🙂 and a-12345678g";
        assert_eq!(redact(text), text);
    }
}
