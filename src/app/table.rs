//! Plain tables for the small listings.

use comfy_table::{ContentArrangement, Table, presets};

use super::output::Canvas;
use super::terminal::clean;

/// Renders rows under headings. Every cell is cleaned.
pub fn render(headings: &[&str], rows: &[Vec<String>], canvas: Canvas) -> String {
    let mut table = Table::new();
    table
        .load_style(if canvas.utf8 { presets::UTF8_HORIZONTAL_ONLY } else { presets::ASCII_HORIZONTAL_ONLY })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(canvas.width)
        .set_header(headings.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    table.to_string()
}
