//! Reads the place and the sentence out of the engine's error text.
//!
//! The engine renders errors for a terminal: `--> file:line:column`, the source line, a caret, then
//! `error: sentence`. Some errors carry several of these, the innermost last.

use super::PolicyProblem;

/// The problem an error text describes; `file` is used when the text names no place.
pub(super) fn problem(file: &str, text: &str) -> PolicyProblem {
    let message = sentence(text);
    match place(text) {
        Some((file, line, column)) => PolicyProblem::at(file, line, column, message),
        None => PolicyProblem::at(file, 0, 0, message),
    }
}

/// An error text as one line with its place in front.
pub(super) fn one_line(text: &str) -> String {
    problem("policy", text).to_string()
}

fn place(text: &str) -> Option<(&str, u32, u32)> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    let mut parts = line.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let number = parts.next()?.trim().parse().ok()?;
    Some((parts.next()?, number, column))
}

fn sentence(text: &str) -> String {
    let found = text.lines().find_map(|line| line.trim_start().strip_prefix("error: "));
    let plain = found.map_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" "), str::to_owned);
    plain.chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_and_sentence_are_read_from_a_rendered_error() {
        let text = "\n--> dir:a/p.rego:3:7\n  |\n3 | x := \n  |      ^\nerror: unexpected end";
        assert_eq!(problem("other", text), PolicyProblem::at("dir:a/p.rego", 3, 7, "unexpected end"));
    }

    #[test]
    fn a_text_without_a_place_keeps_the_given_file_and_stays_one_line() {
        assert_eq!(one_line("broken\n badly"), "policy: broken badly");
    }
}
