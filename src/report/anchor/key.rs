//! Keys of anchors: `PREFIX2026/11/30/0000000042-HASH.json`. All that is compared is in the key, and nobody can rename an
//! object: a listing proves as much as the bodies.

use super::Anchor;

/// Digits of a sequence number, so that keys of a day sort like it.
const DIGITS: usize = 10;
const HASH: usize = 64;

/// The key of an anchor.
pub fn key(prefix: &str, anchor: &Anchor) -> String {
    let day = anchor.at.strftime("%Y/%m/%d").to_string();
    format!("{prefix}{day}/{:0width$}-{}.json", anchor.seq, anchor.hash, width = DIGITS)
}

/// Sequence number and hash in a key; `None`: it is no anchor's.
pub fn parse(prefix: &str, key: &str) -> Option<(i64, String)> {
    let mut parts = key.strip_prefix(prefix)?.split('/');
    let date = [parts.next()?, parts.next()?, parts.next()?];
    let (name, end) = (parts.next()?, parts.next());
    let (seq, hash) = name.strip_suffix(".json")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = |text: &str| text.len() == HASH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let whole = end.is_none() && date.into_iter().all(digits) && seq.len() >= DIGITS && digits(seq) && hex(hash);
    let seq = seq.parse().ok().filter(|seq| *seq > 0 && whole)?;
    Some((seq, hash.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_it_anchors() {
        let at = "2026-11-30T23:59:59Z".parse().expect("a time");
        let anchor = Anchor { seq: 42, hash: "a1".repeat(32), at };
        let made = key("audit/", &anchor);
        assert_eq!(made, format!("audit/2026/11/30/0000000042-{}.json", "a1".repeat(32)));
        assert_eq!(parse("audit/", &made), Some((42, anchor.hash.clone())));
        assert_eq!(parse("", &key("", &anchor)), Some((42, anchor.hash)));
    }

    #[test]
    fn other_objects_are_no_anchors() {
        let hash = "a1".repeat(32);
        for other in [
            "audit/readme.txt".to_owned(),
            format!("else/2026/11/30/0000000042-{hash}.json"),
            format!("audit/2026/11/30/42-{hash}.json"),
            format!("audit/2026/11/30/0000000000-{hash}.json"),
            format!("audit/2026/11/30/0000000042-{hash}0.json"),
            format!("audit/2026/11/30/0000000042-{}.json", hash.to_uppercase()),
            format!("audit/2026/11/30/more/0000000042-{hash}.json"),
            format!("audit/2026/11/30/-0000000042-{hash}.json"),
            format!("audit/2026/11/xx/0000000042-{hash}.json"),
            format!("audit/2026/11/30/99999999999999999999999-{hash}.json"),
        ] {
            assert_eq!(parse("audit/", &other), None, "{other}");
        }
    }
}
