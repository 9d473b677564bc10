//! Plain tables for the small listings.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::output::Canvas;
use super::terminal::clean;

/// Renders rows under headings. Every cell is cleaned.
pub fn render(headings: &[&str], rows: &[Vec<String>], canvas: Canvas) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(canvas.width)
        .set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    // As the long listings look: columns apart by two spaces, no lines between them.
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        // Ids and names are copied: the first column is never broken.
        if at == 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}
