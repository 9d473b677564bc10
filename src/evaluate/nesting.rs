//! Refuses deeply nested brackets before the engine sees them.
//!
//! The engine's parser tries several readings of each opening bracket, so its time doubles with every
//! level: ten levels take milliseconds, twenty take half a minute, and its time limit does not cover
//! parsing. A lexer that knows strings, raw strings and comments is enough to keep such text out.

use super::{PolicyProblem, PolicySource};

/// Deepest nesting of `(`, `[` and `{` that a policy may use. The shipped policies need 5.
pub(super) const MAX_DEPTH: usize = 8;

/// Finds the first place where brackets nest deeper than the engine can read.
pub fn check(source: &PolicySource) -> Option<PolicyProblem> {
    let mut scanner = Scanner { line: 1, column: 0, depth: 0, state: State::Code };
    for character in source.text.chars() {
        scanner.step(character);
        if scanner.depth > MAX_DEPTH {
            return Some(PolicyProblem::at(
                &source.name,
                scanner.line,
                scanner.column,
                format!("brackets nest deeper than {MAX_DEPTH} levels: name the inner parts in rules of their own"),
            ));
        }
    }
    None
}

enum State {
    Code,
    Comment,
    Text { escaped: bool },
    Raw,
}

struct Scanner {
    line: u32,
    column: u32,
    depth: usize,
    state: State,
}

impl Scanner {
    fn step(&mut self, character: char) {
        if character == '\n' {
            self.line += 1;
            self.column = 0;
        } else {
            self.column += 1;
        }
        self.state = match (std::mem::replace(&mut self.state, State::Code), character) {
            (State::Comment, '\n') => State::Code,
            (State::Comment, _) => State::Comment,
            (State::Raw, '`') => State::Code,
            (State::Raw, _) => State::Raw,
            // Interpreted strings end with the line: one that does not is the parser's error to report.
            (State::Text { .. }, '\n') | (State::Text { escaped: false }, '"') => State::Code,
            (State::Text { escaped: false }, '\\') => State::Text { escaped: true },
            (State::Text { .. }, _) => State::Text { escaped: false },
            (State::Code, '#') => State::Comment,
            (State::Code, '"') => State::Text { escaped: false },
            (State::Code, '`') => State::Raw,
            (State::Code, '(' | '[' | '{') => {
                self.depth += 1;
                State::Code
            }
            (State::Code, ')' | ']' | '}') => {
                self.depth = self.depth.saturating_sub(1);
                State::Code
            }
            (State::Code, _) => State::Code,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<PolicyProblem> {
        check(&PolicySource::new("p.rego", text))
    }

    #[test]
    fn eight_levels_pass_and_nine_do_not() {
        assert_eq!(problem("x := [[[[[[[[1]]]]]]]]"), None);
        let nine = problem("package a\nx := [[[[[[[[[1]]]]]]]]]").unwrap();
        assert_eq!((nine.line, nine.column), (2, 14));
        assert!(problem("x := [({[({[({1})]})]})]").is_some(), "kinds of brackets count together");
    }

    #[test]
    fn brackets_in_strings_raw_strings_and_comments_do_not_count() {
        assert_eq!(problem("x := \"[[[[[[[[[[\\\"[[[\"\ny := `((((((((((((`\n# {{{{{{{{{{{{{\nz := 1"), None);
    }

    #[test]
    fn an_unclosed_string_does_not_hide_what_follows_it() {
        assert!(problem("x := \"oops\ny := [[[[[[[[[[1").is_some());
    }
}
