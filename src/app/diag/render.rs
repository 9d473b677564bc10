//! Text rendering in the shape that compilers made familiar.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Diag, Site};

/// Snippets longer than this are shown as a window around the underlined part.
const SNIPPET_WIDTH: usize = 120;

/// Renders diagnostics, one blank line between them and a count at the end when there are several.
pub fn render(diags: &[Diag], color: bool) -> String {
    let paint = Paint::new(color);
    let mut text = String::new();
    for diag in diags {
        one(&mut text, diag, &paint);
        text.push('\n');
    }
    if diags.len() > 1 {
        let _ = writeln!(text, "{}{} errors{}", paint.strong, diags.len(), paint.strong_end);
    }
    text
}

struct Paint {
    error: String,
    error_end: String,
    strong: String,
    strong_end: String,
    frame: String,
    frame_end: String,
}

impl Paint {
    fn new(color: bool) -> Self {
        let pair = |style: Style| {
            if color {
                (style.render().to_string(), style.render_reset().to_string())
            } else {
                (String::new(), String::new())
            }
        };
        let (error, error_end) = pair(AnsiColor::Red.on_default().bold());
        let (strong, strong_end) = pair(Style::new().bold());
        let (frame, frame_end) = pair(AnsiColor::Blue.on_default().bold());
        Self { error, error_end, strong, strong_end, frame, frame_end }
    }
}

fn one(text: &mut String, diag: &Diag, paint: &Paint) {
    let Paint { error, error_end, strong, strong_end, frame, frame_end } = paint;
    let _ = writeln!(text, "{error}error[{}]{error_end}{strong}: {}{strong_end}", diag.code, diag.message);
    let mut margin = String::from(" ");
    match &diag.site {
        Site::File { file, line, column, width, snippet } => {
            let number = line.to_string();
            margin = " ".repeat(number.len() + 1);
            let (shown, start) = window(snippet, *column, *width);
            let underline = "^".repeat((*width).clamp(1, SNIPPET_WIDTH));
            let label = diag.label.as_deref().map(|label| format!(" {label}")).unwrap_or_default();
            let indent = " ".repeat(start);
            let _ = writeln!(text, "{margin}{frame}-->{frame_end} {file}:{line}:{column}");
            let _ = writeln!(text, "{margin}{frame}|{frame_end}");
            let _ = writeln!(text, "{frame}{number} |{frame_end} {shown}");
            let _ = writeln!(text, "{margin}{frame}|{frame_end} {indent}{error}{underline}{label}{error_end}");
        }
        Site::WholeFile(file) => {
            let _ = writeln!(text, " {frame}-->{frame_end} {file}");
            outside_label(text, diag, paint);
        }
        Site::Env(name) => {
            let _ = writeln!(text, " {frame}-->{frame_end} environment variable {name}");
            outside_label(text, diag, paint);
        }
        Site::Flag(name) => {
            let _ = writeln!(text, " {frame}-->{frame_end} flag {name}");
            outside_label(text, diag, paint);
        }
    }
    if let Some(help) = &diag.help {
        let _ = writeln!(text, "{margin}{frame}={frame_end} help: {help}");
    }
}

fn outside_label(text: &mut String, diag: &Diag, paint: &Paint) {
    if let Some(label) = &diag.label {
        let _ = writeln!(text, " {}={} {label}", paint.frame, paint.frame_end);
    }
}

/// The part of a line that fits, and where the underline starts in it.
fn window(snippet: &str, column: usize, width: usize) -> (String, usize) {
    let start = column.saturating_sub(1);
    let length = snippet.chars().count();
    if length <= SNIPPET_WIDTH {
        return (snippet.to_owned(), start);
    }
    let room = SNIPPET_WIDTH.saturating_sub(width.min(SNIPPET_WIDTH)) / 2;
    let from = start.saturating_sub(room);
    let part: String = snippet.chars().skip(from).take(SNIPPET_WIDTH).collect();
    let head = if from > 0 { "…" } else { "" };
    let tail = if from + SNIPPET_WIDTH < length { "…" } else { "" };
    (format!("{head}{part}{tail}"), start - from + head.chars().count())
}
