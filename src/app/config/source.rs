//! The text of a configuration file with its line starts.

use std::ops::Range;

use crate::app::diag::Site;
use crate::app::terminal::clean;

/// A file's name and text.
pub(super) struct SourceFile {
    /// As given on the command line; cleaned.
    pub(super) name: String,
    text: String,
    starts: Vec<usize>,
}

impl SourceFile {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: clean(name), text: text.to_owned(), starts }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Line, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        start..end
    }

    /// The place of a span, with its line; what lies in one of the `masks` is shown as asterisks.
    pub(super) fn site(&self, span: &Range<usize>, masks: &[Range<usize>]) -> Site {
        let line = self.line_of(span.start);
        let range = self.line_range(line);
        let raw = self.text.get(range.clone()).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let mut column = 1;
        let mut width = 0;
        let mut snippet = String::new();
        for (at, character) in raw.char_indices() {
            let offset = range.start + at;
            let masked = masks.iter().any(|mask| mask.contains(&offset));
            let piece = if masked { "*".to_owned() } else { clean(character.encode_utf8(&mut [0; 4])) };
            if offset < span.start {
                column += piece.chars().count();
            } else if offset < span.end {
                width += piece.chars().count();
            }
            snippet.push_str(&piece);
        }
        Site::File { file: self.name.clone(), line, column, width: width.max(1), snippet }
    }
}
