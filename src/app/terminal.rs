//! What the terminal can show, and making text safe to show on it.

use std::io::IsTerminal as _;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that wants it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The parts of the environment that decide about colour and characters.
#[derive(Clone, Debug, Default)]
pub struct TerminalEnv {
    /// `NO_COLOR`, see no-color.org: any non-empty value switches colour off.
    pub no_color: bool,
    /// `CLICOLOR_FORCE` or `FORCE_COLOR`, non-empty and not `0`: colour also where there is no terminal.
    pub force: bool,
    /// `TERM=dumb`.
    pub dumb: bool,
    /// The locale's character set is UTF-8.
    pub utf8: bool,
    /// `COLUMNS`.
    pub columns: Option<u16>,
}

impl TerminalEnv {
    /// Reads it from a list of variables.
    pub fn from_vars(vars: &[(String, String)]) -> Self {
        let get = |name: &str| {
            vars.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
        };
        let forced = |name: &str| get(name).is_some_and(|value| value != "0");
        let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Self {
            no_color: get("NO_COLOR").is_some(),
            force: forced("CLICOLOR_FORCE") || forced("FORCE_COLOR"),
            dumb: get("TERM") == Some("dumb"),
            utf8: locale.contains("utf-8") || locale.contains("utf8"),
            columns: get("COLUMNS").and_then(|text| text.parse().ok()).filter(|columns| *columns >= 20),
        }
    }

    /// Whether to colour a stream. A flag wins over the environment.
    pub fn color(&self, when: ColorWhen, is_terminal: bool) -> bool {
        match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto if self.no_color => false,
            ColorWhen::Auto if self.force => true,
            ColorWhen::Auto => is_terminal && !self.dumb,
        }
    }
}

/// What stdout and stderr can do in this run.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Colour on stdout.
    pub stdout_color: bool,
    /// Colour on stderr.
    pub stderr_color: bool,
    /// Stderr is a terminal that can redraw a line.
    pub stderr_live: bool,
    /// Characters beyond ASCII may be used for frames and marks.
    pub utf8: bool,
    /// Columns of stdout; 100 where there is no terminal.
    pub width: u16,
}

/// Width of text that goes to a file or a pipe.
const PIPE_WIDTH: u16 = 100;

impl Terminal {
    /// Looks at the standard streams.
    pub fn detect(env: &TerminalEnv, when: ColorWhen) -> Self {
        let (stdout, stderr) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        Self {
            stdout_color: env.color(when, stdout),
            stderr_color: env.color(when, stderr),
            stderr_live: stderr && !env.dumb,
            utf8: env.utf8,
            width: env.columns.or_else(|| comfy_table::Table::new().width()).unwrap_or(PIPE_WIDTH),
        }
    }
}

/// Whether a character could move the cursor, hide text or reorder it.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Text of unknown origin, made safe for a terminal: control, bidirectional and invisible characters are
/// shown as `\u{…}`; a tab becomes one space, so that columns keep their meaning.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => cleaned.push(' '),
            unsafe_one if is_unsafe(unsafe_one) => cleaned.extend(unsafe_one.escape_unicode()),
            safe => cleaned.push(safe),
        }
    }
    cleaned
}

/// [`clean`], cut to a number of characters.
pub fn clean_short(text: &str, most: usize) -> String {
    let cleaned = clean(text);
    if cleaned.chars().count() <= most {
        return cleaned;
    }
    let mut short: String = cleaned.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> TerminalEnv {
        let vars: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        TerminalEnv::from_vars(&vars)
    }

    #[test]
    fn colour_follows_flag_then_environment_then_terminal() {
        assert!(env(&[("NO_COLOR", "1")]).color(ColorWhen::Always, false), "the flag wins");
        assert!(!env(&[("CLICOLOR_FORCE", "1")]).color(ColorWhen::Never, true), "the flag wins");
        assert!(!env(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]).color(ColorWhen::Auto, true));
        assert!(env(&[("NO_COLOR", "")]).color(ColorWhen::Auto, true), "an empty NO_COLOR says nothing");
        assert!(env(&[("FORCE_COLOR", "1")]).color(ColorWhen::Auto, false));
        assert!(!env(&[("CLICOLOR_FORCE", "0")]).color(ColorWhen::Auto, false));
        assert!(!env(&[("TERM", "dumb")]).color(ColorWhen::Auto, true));
        assert!(env(&[]).color(ColorWhen::Auto, true));
        assert!(!env(&[]).color(ColorWhen::Auto, false));
    }

    #[test]
    fn locale_precedence_is_lc_all_then_lc_ctype_then_lang() {
        assert!(env(&[("LANG", "de_DE.UTF-8")]).utf8);
        assert!(!env(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]).utf8);
    }

    #[test]
    fn cleaning_defuses_escapes_and_bidirectional_tricks() {
        assert_eq!(clean("a\x1b[2Jb\tc\u{202e}d"), "a\\u{1b}[2Jb c\\u{202e}d");
        assert_eq!(clean("Grüße"), "Grüße");
        assert_eq!(clean_short("abcdef", 4), "abc…");
    }
}
