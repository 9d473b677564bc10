//! What the demo says between the commands.

use std::io::Write as _;

use super::failed;
use crate::app::error::AppError;
use crate::app::terminal::{ColorWhen, Terminal, TerminalEnv};
use crate::report::text::wrap;

/// As other commands wrap where there is no terminal; text is never set wider.
pub(super) const WIDTH: usize = 100;
/// Nor narrower than this.
const NARROWEST: usize = 60;

/// Prints, before whatever a command prints next. A reader that has gone away ends the demo.
pub(super) fn say(text: &str) -> Result<(), AppError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| failed("the demo cannot be shown", error))
}

/// What the terminal can show, as commands find it out.
fn terminal() -> Terminal {
    let known = ["COLUMNS", "LC_ALL", "LC_CTYPE", "LANG"];
    let env: Vec<_> = known.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect();
    Terminal::detect(&TerminalEnv::from_vars(&env), ColorWhen::Never)
}

/// As wide as what commands print.
fn width() -> usize {
    usize::from(terminal().width).clamp(NARROWEST, WIDTH)
}

/// Prints a heading.
pub(super) fn chapter(number: u8, title: &str) -> Result<(), AppError> {
    let rule = if terminal().utf8 { "─" } else { "-" };
    let rest = width().saturating_sub(title.chars().count() + 7);
    say(&format!("{} {number}. {title} {}\n\n", rule.repeat(2), rule.repeat(rest)))
}

/// Prints a paragraph.
pub(super) fn tell(text: &str) -> Result<(), AppError> {
    say(&format!("{}\n\n", wrap(text, width()).join("\n")))
}

/// Prints items of a list.
pub(super) fn list(items: &[String]) -> Result<(), AppError> {
    let lines: Vec<String> = items.iter().map(|item| wrap(item, width() - 2).join("\n  ")).collect();
    say(&format!("- {}\n\n", lines.join("\n- ")))
}
