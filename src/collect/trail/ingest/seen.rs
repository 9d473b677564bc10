//! Which events were met already, in little memory.

use std::collections::HashSet;

/// Event ids. CloudTrail's are UUIDs: 16 bytes each.
#[derive(Debug, Default)]
pub(super) struct Seen {
    uuids: HashSet<u128>,
    others: HashSet<String>,
}

impl Seen {
    /// Notes an id; false when it was noted before.
    pub(super) fn is_new(&mut self, id: &str) -> bool {
        match uuid(id) {
            Some(uuid) => self.uuids.insert(uuid),
            None => self.others.insert(id.to_owned()),
        }
    }
}

/// The number of an id written as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in lower case, the only way in which two
/// texts are equal when their numbers are.
fn uuid(id: &str) -> Option<u128> {
    if id.len() != 36 {
        return None;
    }
    id.bytes().enumerate().try_fold(0, |number: u128, (place, byte)| {
        let digit = match byte {
            b'-' if matches!(place, 8 | 13 | 18 | 23) => return Some(number),
            _ if matches!(place, 8 | 13 | 18 | 23) => return None,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some((number << 4) | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_by_their_text() {
        let mut seen = Seen::default();
        let id = "0123456a-0000-4000-8000-00000000000f";
        for new in [id, "0123456A-0000-4000-8000-00000000000f", "0123456a00000-4000-8000-00000000000f", "x", ""] {
            assert!(seen.is_new(new), "{new}");
            assert!(!seen.is_new(new), "{new}");
        }
        assert_eq!(seen.uuids.len(), 1);
    }
}
