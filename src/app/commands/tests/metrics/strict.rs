//! A strict reader of Prometheus's text format ("Exposition formats", version 0.0.4): stricter than scrapers, which
//! forgive families in parts, samples without a family and counters without `_total`.

use std::collections::{BTreeMap, BTreeSet};

/// A sample's name and labels.
pub(super) type Series = (String, BTreeMap<String, String>);

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Exposition(BTreeMap<Series, f64>);

impl Exposition {
    pub(super) fn value(&self, series: &Series) -> Option<f64> {
        self.0.get(series).copied()
    }
}

/// A series as it is written.
pub(super) fn series(text: &str) -> Series {
    let (series, rest) = sample(text).expect("a series");
    assert_eq!(rest, "");
    series
}

/// Reads all of it, or says which line is wrong.
pub(super) fn read(text: &str) -> Result<Exposition, String> {
    let body = text.strip_suffix('\n').ok_or("the last line does not end")?;
    let (mut found, mut families) = (Exposition::default(), BTreeSet::new());
    let (mut helped, mut family): (Option<&str>, Option<(&str, &str)>) = (None, None);
    for line in body.split('\n') {
        let wrong = |why: &str| format!("{why}: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if !is_name(name) || help.is_empty() || !families.insert(name) {
                return Err(wrong("no name, no help, or a family in parts"));
            }
            (helped, family) = (Some(name), None);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            if helped != Some(name) || !["gauge", "counter"].contains(&kind) {
                return Err(wrong("a type without its help, or an unknown one"));
            }
            if (kind == "counter") != name.ends_with("_total") {
                return Err(wrong("counters, and no others, end in _total"));
            }
            family = Some((name, kind));
        } else {
            let (series, rest) = sample(line).map_err(wrong)?;
            let value: f64 =
                rest.strip_prefix(' ').and_then(|value| value.parse().ok()).ok_or_else(|| wrong("value"))?;
            let (name, kind) = family.ok_or_else(|| wrong("no family"))?;
            if series.0 != name || (kind == "counter" && value < 0.0) {
                return Err(wrong("another family's sample, or a negative counter"));
            }
            if found.0.insert(series, value).is_some() {
                return Err(wrong("twice"));
            }
        }
    }
    Ok(found)
}

/// Name and labels, and what follows them.
fn sample(line: &str) -> Result<(Series, &str), &'static str> {
    let end = line.find(['{', ' ']).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    if !is_name(name) {
        return Err("no name");
    }
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").ok_or("no label")?;
            if !is_name(label) || label.contains(':') || label.starts_with("__") {
                return Err("no label's name");
            }
            let (value, after) = quoted(after)?;
            if labels.insert(label.to_owned(), value).is_some() {
                return Err("a label twice");
            }
            match after.split_at_checked(1) {
                Some((",", after)) => rest = after,
                Some(("}", after)) => {
                    rest = after;
                    break;
                }
                _ => return Err("labels do not end"),
            }
        }
    }
    Ok(((name.to_owned(), labels), rest))
}

/// A label's value up to its quote.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, '\\')) => value.push('\\'),
                Some((_, '"')) => value.push('"'),
                Some((_, 'n')) => value.push('\n'),
                _ => return Err("an unknown escape"),
            },
            c => value.push(c),
        }
    }
    Err("a value does not end")
}

fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    name.starts_with(|c: char| known(c) && !c.is_ascii_digit()) && name.chars().all(known)
}
