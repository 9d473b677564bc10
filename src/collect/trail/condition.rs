//! Conditions of the event table: `path` (present and not empty), `path=pattern`, or `path~pattern` for the document of
//! AWS by that name.

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
    pattern: Option<Pattern>,
}

/// What a value has to be. In lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Text(String),
    /// A document that AWS owns. Nobody else can give a document a name that begins like these (`CreateDocument`, Systems
    /// Manager API reference), but a shared document is called by its ARN, which may end in anything.
    OfAws(String),
}

impl Condition {
    pub(super) fn parse(text: &str) -> Self {
        let (side, rest) = split_side(text);
        let (path, pattern) = match (rest.split_once('='), rest.split_once('~')) {
            (Some((path, pattern)), _) => (path, Some(Pattern::Text(pattern.to_ascii_lowercase()))),
            (None, Some((path, pattern))) => (path, Some(Pattern::OfAws(pattern.to_ascii_lowercase()))),
            (None, None) => (rest, None),
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
            let is_met = |pattern: &Pattern| value.text().is_some_and(|text| pattern.matches(&text));
            holds = holds || self.pattern.as_ref().is_none_or(is_met);
        });
        holds
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Text(pattern) => matches(pattern, text),
            Self::OfAws(pattern) => document_of_aws(text).is_some_and(|name| matches(pattern, name)),
        }
    }
}

/// The name of a document, given by itself or as `arn:aws:ssm:REGION::document/NAME`, the ARN of one without an account.
fn document_of_aws(text: &str) -> Option<&str> {
    if !text.starts_with("arn:") {
        return Some(text);
    }
    let mut parts = text.splitn(6, ':').skip(2);
    let (service, _region, account, resource) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    resource.strip_prefix("document/").filter(|_| service == "ssm" && account.is_empty())
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

    #[test]
    fn a_document_of_aws_is_not_one_that_is_called_like_it() {
        let holds = |name: &str, condition: &str| {
            let request = serde_json::json!({"documentName": name}).to_string();
            Condition::parse(condition).holds(&Body::new(Tree::read(&request), "null"))
        };
        let exact = "documentName~AWS-UpdateSSMAgent";
        for own in [
            "AWS-UpdateSSMAgent",
            "arn:aws:ssm:eu-west-1::document/AWS-UpdateSSMAgent",
            "arn:aws-cn:ssm:x::document/AWS-UpdateSSMAgent",
        ] {
            assert!(holds(own, exact), "{own}");
        }
        for other in [
            "my-AWS-UpdateSSMAgent",
            "AWS-UpdateSSMAgent2",
            "arn:aws:ssm:eu-west-1:444455556666:document/AWS-UpdateSSMAgent",
            "arn:aws:ssm:eu-west-1:444455556666:document/my-AWS-UpdateSSMAgent",
            "arn:aws:ssm:eu-west-1::automation-definition/AWS-UpdateSSMAgent",
            "arn:aws:ssm",
        ] {
            assert!(!holds(other, exact), "{other}");
        }
        assert!(holds("AWS-RunPatchBaselineWithHooks", "documentName~AWS-RunPatchBaseline*"));
        assert!(!holds("x-AWS-RunPatchBaseline", "documentName~AWS-RunPatchBaseline*"));
    }
}
