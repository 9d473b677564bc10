//! Conditions of the event table: `path` (present and not empty) or `path=pattern`.

use std::cell::OnceCell;

use super::normalise;
use super::tree::Tree;

/// Which half of a record a path walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// The normalised halves of one record. Few rows look at the response, which is often the longer half: it is parsed
/// when it is first looked at.
#[derive(Clone, Debug)]
pub(super) struct Body<'r> {
    pub(super) request: Tree<'r>,
    raw_response: &'r str,
    response: OnceCell<Tree<'r>>,
}

impl<'r> Body<'r> {
    /// `raw_response` is JSON.
    pub(super) fn new(request: Tree<'r>, raw_response: &'r str) -> Self {
        Self { request: normalise::request(request), raw_response, response: OnceCell::new() }
    }

    pub(super) fn response(&self) -> &Tree<'r> {
        self.response.get_or_init(|| normalise::response(Tree::read(self.raw_response)))
    }

    pub(super) fn side(&self, side: Side) -> &Tree<'r> {
        match side {
            Side::Request => &self.request,
            Side::Response => self.response(),
        }
    }
}

/// Splits the leading `>` that marks a path into the response.
pub(super) fn split_side(text: &str) -> (Side, &str) {
    match text.strip_prefix('>') {
        Some(rest) => (Side::Response, rest),
        None => (Side::Request, text),
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    side: Side,
    path: String,
    pattern: Option<String>,
}

impl Condition {
    pub(super) fn parse(text: &str) -> Self {
        let (side, rest) = split_side(text);
        let (path, pattern) = match rest.split_once('=') {
            Some((path, pattern)) => (path, Some(pattern.to_ascii_lowercase())),
            None => (rest, None),
        };
        Self { side, path: path.to_owned(), pattern }
    }

    #[cfg(test)]
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    #[cfg(test)]
    pub(super) fn path_and_pattern(&self) -> String {
        format!("{:?} {} {:?}", self.side, self.path, self.pattern)
    }

    pub(super) fn holds(&self, body: &Body<'_>) -> bool {
        let mut holds = false;
        normalise::each(body.side(self.side), &self.path, &mut |value| {
            let is_met = |pattern: &str| value.text().is_some_and(|text| matches(pattern, &text));
            holds = holds || self.pattern.as_deref().is_none_or(is_met);
        });
        holds
    }
}

/// `*` stands for anything at either end of the pattern, which is in lower case; the text may be in any.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern_bytes, bytes) = (pattern.as_bytes(), text.as_bytes());
    match (pattern_bytes, pattern_bytes.last()) {
        ([b'*', ..], Some(b'*')) => text.to_ascii_lowercase().contains(pattern.trim_matches('*')),
        ([b'*', end @ ..], _) => bytes
            .len()
            .checked_sub(end.len())
            .and_then(|from| bytes.get(from..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end)),
        ([start @ .., b'*'], _) => bytes.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        _ => bytes.eq_ignore_ascii_case(pattern_bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_equality_and_patterns() {
        let body = Body::new(
            Tree::read(
                r#"{"attribute": "userData", "documentName": "AWS-RunPatchBaseline", "groupSet": {}, "noReboot": true}"#,
            ),
            r#"{"failed": ["x"]}"#,
        );
        for holds in [
            "attribute",
            "attribute=userdata",
            "documentName=AWS-RunPatch*",
            "documentName=*Baseline",
            "documentName=*runpatch*",
            "documentName=*",
            ">failed",
            "noReboot=true",
        ] {
            assert!(Condition::parse(holds).holds(&body), "{holds}");
        }
        for fails in [
            "groupSet",
            "missing",
            "attribute=kernel",
            "failed",
            "documentName=Patch*",
            "documentName=*Patch",
            "documentName=AWS-RunPatchBaselineX*",
        ] {
            assert!(!Condition::parse(fails).holds(&body), "{fails}");
        }
    }
}
