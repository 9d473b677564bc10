//! A notice as an e-mail: subject, plain text, and the same as HTML.
//!
//! Headers hold one line of cleaned text, so nothing in it can begin another header; the HTML escapes everything and
//! refers to nothing outside itself.

use super::story::{Item, Story, more, story};
use crate::report::notice::Notice;
use crate::report::text::{clean, wrap};

/// Characters of a subject.
pub const SUBJECT_CHARS: usize = 180;
/// Findings, and details, of one mail.
const LISTED: usize = 25;
/// Columns of plain text.
const COLUMNS: usize = 78;

/// A rendered e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Renders a notice.
pub fn email(notice: &Notice) -> Email {
    let mut told = story(notice);
    told.lines.truncate(LISTED);
    if told.items.len() > LISTED {
        told.items.truncate(LISTED);
        told.more = more(notice, notice.totals.findings.saturating_sub(LISTED as u64));
    }
    let subject = clean(&format!("[cattleguard] {}", told.headline), SUBJECT_CHARS);
    Email { subject, text: plain(&told), html: html(&told) }
}

fn plain(told: &Story) -> String {
    let Story { headline, facts, lines, items, more, source } = told;
    let mut out = Vec::new();
    out.extend(wrap(headline, COLUMNS));
    out.push(String::new());
    out.extend(facts.iter().flat_map(|row| pair(row, "")));
    if !lines.is_empty() {
        out.push(String::new());
        out.extend(lines.iter().flat_map(|line| wrap(line, COLUMNS)));
    }
    for Item { title, rows } in items {
        out.push(String::new());
        out.extend(wrap(title, COLUMNS));
        out.extend(rows.iter().flat_map(|row| pair(row, "  ")));
    }
    if let Some(more) = more {
        out.push(String::new());
        out.extend(wrap(more, COLUMNS));
    }
    out.push(String::new());
    out.extend(source.iter().flat_map(|row| pair(row, "")));
    out.push(String::new());
    out.join("\n")
}

fn pair((name, value): &(&'static str, String), indent: &str) -> Vec<String> {
    let lines = wrap(&format!("{name}: {value}"), COLUMNS.saturating_sub(indent.len()));
    let mut lines: Vec<String> = lines.into_iter().map(|line| format!("{indent}{line}")).collect();
    for line in lines.iter_mut().skip(1) {
        line.insert_str(0, "  ");
    }
    lines
}

fn html(told: &Story) -> String {
    let Story { headline, facts, lines, items, more, source } = told;
    let mut out = String::from("<!DOCTYPE html><html><body style=\"font-family:sans-serif\">");
    out.push_str(&format!("<h2>{}</h2>", escape(headline)));
    table(&mut out, facts);
    for line in lines {
        out.push_str(&format!("<p>{}</p>", escape(line)));
    }
    for Item { title, rows } in items {
        out.push_str(&format!("<h3>{}</h3>", escape(title)));
        table(&mut out, rows);
    }
    if let Some(more) = more {
        out.push_str(&format!("<p>{}</p>", escape(more)));
    }
    out.push_str("<hr>");
    table(&mut out, source);
    out.push_str("</body></html>\n");
    out
}

fn table(out: &mut String, rows: &[(&'static str, String)]) {
    out.push_str("<table>");
    for (name, value) in rows {
        out.push_str(&format!(
            "<tr><td style=\"vertical-align:top;padding-right:1em\"><b>{name}</b></td><td>{}</td></tr>\n",
            escape(value)
        ));
    }
    out.push_str("</table>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn a_mail_says_what_who_policy_and_next() {
        let notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
        let Email { subject, text, html } = email(&notice);
        insta::assert_snapshot!(format!("Subject: {subject}\n\n{text}\n{html}"));
    }

    #[test]
    fn nothing_hostile_leaves_its_place() {
        let mut finding = fixtures::finding("event-ssh-key-pushed", "i-0aa", "key");
        finding.summary = "x\r\nBcc: all@example.com <script>alert(1)</script> \u{1b}[2J".to_owned();
        finding.attribution[0].display = "mallory\r\nSubject: free\"><img src=http://x>".to_owned();
        let mut notice = fixtures::notice(vec![finding]);
        notice.title = "a\r\nBcc: all@example.com".to_owned();
        let mail = email(&notice);
        assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
        assert!(!mail.html.contains("<script") && !mail.html.contains("<img"), "{}", mail.html);
        assert!(!mail.text.contains('\u{1b}') && !mail.text.contains('\r'));
        assert!(mail.text.lines().all(|line| !line.starts_with("Bcc")), "{}", mail.text);
    }

    #[test]
    fn the_worst_notice_is_still_a_mail() {
        let mail = email(&fixtures::worst_notice());
        assert!(mail.subject.chars().count() <= SUBJECT_CHARS);
        assert!(mail.text.len() + mail.html.len() < 400_000, "{} {}", mail.text.len(), mail.html.len());
    }
}
