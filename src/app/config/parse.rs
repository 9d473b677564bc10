//! TOML text -> tree, with every syntax error and every span that may hold a secret.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::reader::Fault;
use super::source::SourceFile;
use super::tree::{Entry, Node, Origin, Table, Value};

/// A file as parsed, as far as it could be.
pub(super) struct Parsed {
    pub(super) table: Table,
    /// Syntax errors with the bytes they are about.
    pub(super) errors: Vec<(Fault, Range<usize>)>,
    /// Bytes that no diagnostic may show.
    pub(super) masks: Vec<Range<usize>>,
}

/// Parses a whole file.
pub(super) fn document(source: &SourceFile) -> Parsed {
    let (table, problems) = DeTable::parse_recoverable(source.text());
    let mut masks = Vec::new();
    let end = source.text().len();
    let errors: Vec<_> = problems
        .iter()
        .map(|problem| (Fault::new("syntax", problem.message()), problem.span().unwrap_or(end..end)))
        .collect();
    for (_, span) in &errors {
        mask_broken_line(source.text(), span.start, &mut masks);
    }
    let table = convert_table(table.get_ref(), &FileSpans, &mut masks);
    Parsed { table, errors, masks }
}

/// Parses `[…]` or `{…}` from an environment variable or flag; `None` when it is no TOML value.
pub(super) fn value(text: &str, origin: &Origin) -> Option<Node> {
    let parsed = DeValue::parse(text).ok()?;
    Some(convert(&parsed, &FixedOrigin(origin), "", &mut Vec::new()))
}

trait Origins {
    fn of(&self, span: Range<usize>) -> Origin;
}

struct FileSpans;

impl Origins for FileSpans {
    fn of(&self, span: Range<usize>) -> Origin {
        Origin::File(span)
    }
}

struct FixedOrigin<'o>(&'o Origin);

impl Origins for FixedOrigin<'_> {
    fn of(&self, _: Range<usize>) -> Origin {
        self.0.clone()
    }
}

fn convert_table(table: &DeTable<'_>, origins: &dyn Origins, masks: &mut Vec<Range<usize>>) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            let name = key.get_ref().to_string();
            let node = convert(value, origins, &name, masks);
            (name, Entry { key: origins.of(key.span()), node })
        })
        .collect()
}

fn convert(value: &Spanned<DeValue<'_>>, origins: &dyn Origins, key: &str, masks: &mut Vec<Range<usize>>) -> Node {
    let converted = match value.get_ref() {
        DeValue::String(text) => {
            if is_sensitive(key, text) {
                masks.push(value.span());
            }
            Value::Text(text.to_string())
        }
        DeValue::Integer(integer) => match to_i64(integer) {
            Some(integer) => Value::Integer(integer),
            // Too big for any key we have: as a float it fails every range check with its value.
            None => Value::Float(f64::INFINITY),
        },
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(boolean) => Value::Bool(*boolean),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => Value::List(items.iter().map(|item| convert(item, origins, key, masks)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(table, origins, masks)),
    };
    Node { value: converted, origin: origins.of(value.span()) }
}

fn to_i64(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// Whether a string under this key is better not shown: keys that name secrets, and URLs that may carry a
/// token, in whatever section they were put by mistake.
fn is_sensitive(key: &str, text: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let names_secret = ["secret", "token", "passw", "webhook"].iter().any(|part| key.contains(part));
    let known_shape = ["whsec_", "xoxb-", "xoxp-", "xapp-"].iter().any(|prefix| text.starts_with(prefix));
    names_secret || known_shape || text.contains("://") && text.starts_with("http")
}

/// A line that does not parse has no values to ask, so all after its first `=` is hidden when the line
/// looks as if it held a secret.
fn mask_broken_line(text: &str, offset: usize, masks: &mut Vec<Range<usize>>) {
    let start = text.get(..offset).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(offset..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| offset + at);
    let Some(line) = text.get(start..end) else { return };
    let lower = line.to_ascii_lowercase();
    let suspicious = ["secret", "token", "passw", "webhook", "hooks.", "://", "whsec_", "xox"]
        .iter()
        .any(|part| lower.contains(part));
    if suspicious {
        masks.push(start + line.find('=').map_or(0, |at| at + 1)..end);
    }
}
