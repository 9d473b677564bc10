//! Writing lines for a terminal: indents, wrapping, tables.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, TableStyle};

use crate::report::look::{Look, Role};
use crate::report::text::wrap;

/// Text narrower than this is not worth wrapping to: the terminal's own wrapping reads better.
const NARROWEST: usize = 40;

/// The last column of a table gets at least this, even where the terminal then has to wrap the lines: text set one
/// letter a line cannot be read at all.
const LAST_COLUMN: u16 = 24;

/// Output under construction.
pub(super) struct Out<'a> {
    pub(super) look: &'a Look,
    text: String,
}

impl<'a> Out<'a> {
    pub(super) fn new(look: &'a Look) -> Self {
        Self { look, text: String::new() }
    }

    /// One line as it is; it may hold colours.
    pub(super) fn line(&mut self, indent: usize, line: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(line);
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        self.text.push('\n');
    }

    /// A blank line, unless there is one already or nothing was written yet.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading after a gap.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        let painted = self.look.paint(Role::Heading, text);
        self.line(0, &painted);
    }

    /// Plain text, wrapped to the width under its indent.
    pub(super) fn wrapped(&mut self, indent: usize, text: &str) {
        self.labelled(indent, "", text);
    }

    /// Plain text behind a label that may be coloured by `role`; later lines align with the text.
    pub(super) fn labelled(&mut self, indent: usize, label: &str, text: &str) {
        let hang = indent + label.chars().count();
        let width = self.look.width.saturating_sub(hang).max(NARROWEST);
        for (index, line) in wrap(text, width).iter().enumerate() {
            if index == 0 {
                let label = self.look.paint(Role::Dim, label);
                self.line(indent, &format!("{label}{line}"));
            } else {
                self.line(hang, line);
            }
        }
    }

    /// A table without borders. Only the last column wraps: ids stay whole so that they can be copied.
    pub(super) fn table(&mut self, headers: &[&str], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        let width = self.look.width.clamp(NARROWEST, usize::from(u16::MAX));
        table
            .load_style(TableStyle::new())
            .force_no_tty()
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(width).unwrap_or(u16::MAX))
            .set_header(headers.iter().map(|header| self.look.paint(Role::Dim, header)).collect::<Vec<_>>());
        table.add_rows(rows);
        let widths = table.column_max_content_widths();
        if let Some((last, fixed)) = widths.split_last() {
            let fixed = fixed.iter().fold(0_u16, |sum, width| sum.saturating_add(*width).saturating_add(2));
            let least = fixed.saturating_add(2).saturating_add(LAST_COLUMN.min(*last));
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX).max(least));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if index + 1 < headers.len() {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        for line in table.lines() {
            self.line(0, line.trim_end());
        }
    }

    /// The finished text.
    pub(super) fn finish(self) -> String {
        self.look.finish(self.text)
    }
}
