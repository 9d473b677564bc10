//! What a row of the event table says of a call: one sentence with holes, cut up once.

use super::condition::{Body, Side, split_side};
use super::normalise;
use super::text::{clean, cleaned};

/// Values shown in a sentence before the rest is only counted.
const SHOWN: usize = 3;

/// A sentence such as `attached {volumeId|a volume} to it`.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentence {
    /// Each text with the hole that follows it.
    parts: Vec<(String, Hole)>,
    end: String,
}

/// The first of some paths that leads to anything, or another text.
#[derive(Clone, Debug)]
struct Hole {
    paths: Vec<(Side, String)>,
    otherwise: String,
}

impl Sentence {
    pub(super) fn parse(template: &str) -> Self {
        let (mut parts, mut rest) = (Vec::new(), template);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((hole, tail)) = after.split_once('}') else { break };
            parts.push((before.to_owned(), Hole::parse(hole)));
            rest = tail;
        }
        Self { parts, end: rest.to_owned() }
    }

    /// The sentence with its holes filled.
    pub(super) fn of(&self, body: &Body<'_>) -> String {
        let mut out = String::with_capacity(128);
        for (before, hole) in &self.parts {
            out.push_str(before);
            hole.fill(body, &mut out);
        }
        out.push_str(&self.end);
        let plain = cleaned(&out).len() == out.len();
        if plain { out } else { clean(&out) }
    }
}

impl Hole {
    fn parse(hole: &str) -> Self {
        let (paths, otherwise) = hole.split_once('|').unwrap_or((hole, "?"));
        let paths = paths.split(',').map(split_side).map(|(side, path)| (side, path.to_owned()));
        Self { paths: paths.collect(), otherwise: otherwise.to_owned() }
    }

    fn fill(&self, body: &Body<'_>, out: &mut String) {
        for (side, path) in &self.paths {
            let mut count = 0;
            normalise::each(body.side(*side), path, &mut |value| {
                let Some(text) = value.text() else { return };
                count += 1;
                if count <= SHOWN {
                    out.push_str(if count > 1 { ", " } else { "" });
                    out.push_str(&cleaned(&text));
                }
            });
            if count > SHOWN {
                out.push_str(&format!(", and {} more", count - SHOWN));
            }
            if count > 0 {
                return;
            }
        }
        out.push_str(&self.otherwise);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    fn said(template: &str, request: &str, response: &'static str) -> String {
        Sentence::parse(template).of(&Body::new(Tree::read(request), response))
    }

    #[test]
    fn holes_take_the_first_path_that_holds_something() {
        let request = r#"{"groupSet": [{"groupId": "sg-1"}, {"groupId": "sg-2"}]}"#;
        assert_eq!(
            said("set {groupSet.groupId} by {name,>id|?}, {none|nobody}", request, r#"{"id": 7}"#),
            "set sg-1, sg-2 by 7, nobody"
        );
        assert_eq!(said("an open { brace", request, "null"), "an open { brace");
        assert_eq!(said("{a} and {b}", request, "null"), "? and ?");
    }

    #[test]
    fn many_values_are_counted_and_texts_are_bounded() {
        assert_eq!(said("x {a}.", r#"{"a":[1,2,3,4,"five"]}"#, "null"), "x 1, 2, 3, and 2 more.");
        assert_eq!(said("x {a}", r#"{"a":[1,2,3]}"#, "null"), "x 1, 2, 3");
        assert_eq!(said("x {a}", r#"{"a":"y\u0007\u202ez"}"#, "null"), "x yz");
        let long = format!(r#"{{"a":["{0}","{0}"]}}"#, "é".repeat(400));
        assert_eq!(said("x {a}", &long, "null").chars().count(), 256);
    }
}
