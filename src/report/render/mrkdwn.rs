//! Untrusted text inside Slack messages.
//!
//! Slack's mrkdwn has an escape for `& < >` only ("Formatting text for app surfaces", docs.slack.dev). Everything
//! else that Slack would act on is replaced by a look-alike: formatting characters, and the words that notify a
//! whole channel.

use crate::report::text::clean;

/// Words that notify many people when they follow an `@`.
const CHANNEL_WORDS: [&str; 4] = ["here", "channel", "everyone", "group"];

/// Escapes the three characters that Slack gives a meaning to.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Breaks `@here` and its like, which old clients act on even in plain text.
pub(super) fn calm(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, from) = rest.split_at(at);
        let after = from.get(1..).unwrap_or_default();
        let word = CHANNEL_WORDS
            .iter()
            .any(|word| after.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
        out.push_str(before);
        out.push(if word { '＠' } else { '@' });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Untrusted text as a code span: no formatting, no links, no mentions inside.
pub(super) fn code(text: &str, max: usize) -> String {
    let text = clean(text, max).replace('`', "'");
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!("`{}`", escape(&calm(text))) }
}

/// A sentence that may hold untrusted words, as text without any formatting of its own.
pub(super) fn prose(text: &str, max: usize) -> String {
    let text = clean(text, max);
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let inside_word = before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        out.push(match c {
            '*' => '∗',
            '~' => '∼',
            '`' => '\'',
            '_' if !inside_word => 'ˍ',
            c => c,
        });
        before = c;
    }
    escape(&calm(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_and_links_are_inert() {
        assert_eq!(
            prose("<!channel> <@U1> <http://x|y> a&b", 80),
            "&lt;!channel&gt; &lt;@U1&gt; &lt;http://x|y&gt; a&amp;b"
        );
        assert_eq!(prose("@here @Channel @everyone a@example.com", 80), "＠here ＠Channel ＠everyone a@example.com");
    }

    #[test]
    fn formatting_is_inert_and_names_stay_readable() {
        assert_eq!(prose("*Policy:* _fine_ ~x~ `y` aws_iam_role", 80), "∗Policy:∗ ˍfineˍ ∼x∼ 'y' aws_iam_role");
    }

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("a` *b* <!here> `c", 80), "`a' *b* &lt;!here&gt; 'c`");
        assert_eq!(code("```\n@channel", 80), "`''' ＠channel`");
        assert_eq!(code("\u{202e}\u{1b}[1m", 80), "");
    }
}
