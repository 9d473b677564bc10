//! The string literals of a Rego text with their places, comments left out.

use super::TAB_COLUMNS;

/// One literal: line and column of its opening quote, and its text without escapes resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal<'t> {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) text: &'t str,
}

/// Every literal in order. Of a text that does not parse this is a best effort.
pub(super) fn literals(text: &str) -> Vec<Literal<'_>> {
    let mut found = Vec::new();
    let (mut line, mut column, mut width) = (1_u32, 0_u32, 1_u32);
    let mut open: Option<(char, u32, u32, usize)> = None;
    let (mut comment, mut escaped) = (false, false);
    for (index, character) in text.char_indices() {
        // The column of a character is where it begins.
        column += width;
        width = if character == '\t' { TAB_COLUMNS } else { 1 };
        match (open, character) {
            (Some(('"', ..)), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some((quote, at_line, at_column, start)), _) if character == quote && !escaped => {
                let literal = text.get(start..index).unwrap_or_default();
                found.push(Literal { line: at_line, column: at_column, text: literal });
                open = None;
            }
            // A quoted string ends with its line, closed or not.
            (Some(('"', ..)), '\n') => open = None,
            (None, '"' | '`') if !comment => open = Some((character, line, column, index + 1)),
            (None, '#') => comment = true,
            _ => {}
        }
        escaped = false;
        if character == '\n' {
            (line, column, width, comment) = (line + 1, 0, 1, false);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_told_from_comments_and_escapes() {
        let text = "\tx := \"a\\\"b\" # \"no\"\ny := `raw \\`\nz := {\"k\": \"#\"}\n";
        let found: Vec<_> = literals(text).iter().map(|one| (one.line, one.column, one.text)).collect();
        assert_eq!(found, [(1, 10, "a\\\"b"), (2, 6, "raw \\"), (3, 7, "k"), (3, 12, "#")]);
    }
}
