//! How output for people looks: colour, symbols and width, all given as values.

use anstyle::{AnsiColor, Color};

use crate::types::{Severity, Verdict};

/// Whether colours are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    #[default]
    Plain,
    /// ANSI colours.
    Color,
}

/// How output for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours.
    pub style: Style,
    /// Whether the output takes UTF-8. Without it symbols fall back to ASCII and everything else that is not
    /// ASCII becomes `?`.
    pub unicode: bool,
    /// Columns available.
    pub width: usize,
    /// Show what is usually collapsed.
    pub verbose: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { style: Style::Plain, unicode: true, width: 100, verbose: false }
    }
}

/// What a piece of text means; the colour follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Heading,
    Dim,
    Good,
    Bad,
    Warning,
    Severity(Severity),
}

impl Look {
    /// Colours `text` by its role, when colours are on.
    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        if self.style == Style::Plain || text.is_empty() {
            return text.to_owned();
        }
        let fg = |color: AnsiColor| anstyle::Style::new().fg_color(Some(Color::Ansi(color)));
        let style = match role {
            Role::Heading => anstyle::Style::new().bold(),
            Role::Dim | Role::Severity(Severity::Info) => anstyle::Style::new().dimmed(),
            Role::Good => fg(AnsiColor::Green),
            Role::Bad | Role::Severity(Severity::High) => fg(AnsiColor::Red),
            Role::Warning | Role::Severity(Severity::Medium) => fg(AnsiColor::Yellow),
            Role::Severity(Severity::Low) => fg(AnsiColor::Cyan),
            Role::Severity(Severity::Critical) => fg(AnsiColor::Red).bold(),
        };
        format!("{style}{text}{style:#}")
    }

    /// A verdict's symbol and word.
    pub(crate) fn verdict(&self, verdict: Verdict) -> String {
        let (symbol, role) = match verdict {
            Verdict::Clean => ("✓", Role::Good),
            Verdict::Drifted => ("✗", Role::Bad),
            Verdict::Unjudged => ("?", Role::Warning),
        };
        self.paint(role, &format!("{symbol} {verdict}"))
    }

    /// The severity's word in its colour.
    pub(crate) fn severity(&self, severity: Severity) -> String {
        self.paint(Role::Severity(severity), severity.as_str())
    }

    /// Turns finished output into what the terminal can show. Every renderer ends with it.
    pub(crate) fn finish(&self, text: String) -> String {
        if self.unicode || text.is_ascii() {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                c if c.is_ascii() => out.push(c),
                '✓' => out.push('+'),
                '✗' => out.push('x'),
                '→' => out.push_str("->"),
                '…' => out.push_str("..."),
                '·' | '─' | '—' | '–' => out.push('-'),
                '•' => out.push('*'),
                _ => out.push('?'),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_output_has_only_ascii() {
        let look = Look { unicode: false, ..Look::default() };
        assert_eq!(look.finish("✗ a → b… ü".to_owned()), "x a -> b... ?");
    }

    #[test]
    fn plain_output_has_no_escapes() {
        assert_eq!(Look::default().verdict(Verdict::Drifted), "✗ drifted");
        let coloured = Look { style: Style::Color, ..Look::default() };
        assert_eq!(coloured.severity(Severity::High), "\u{1b}[31mhigh\u{1b}[0m");
    }
}
