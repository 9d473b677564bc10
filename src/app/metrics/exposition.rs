//! Metric families in the text format.

use std::fmt::Write as _;

/// Families in the order in which they were begun.
#[derive(Default)]
pub(super) struct Families(Vec<Family>);

pub(super) struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: String,
}

impl Families {
    /// Begins a family. A kind is `gauge` or `counter`; a counter's name ends in `_total`.
    pub(super) fn family(&mut self, name: &'static str, kind: &'static str, help: &'static str) -> &mut Family {
        self.0.push_mut(Family { name, kind, help, samples: String::new() })
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for Family { name, kind, help, samples } in &self.0 {
            // Writing into a String cannot fail.
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
        }
        out
    }
}

impl Family {
    pub(super) fn put(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.samples.push_str(self.name);
        for (index, (name, text)) in labels.iter().enumerate() {
            let _ = write!(self.samples, "{}{name}=\"{}\"", if index == 0 { '{' } else { ',' }, escaped(text));
        }
        let _ = writeln!(self.samples, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

/// A label's value: backslash, quote and line break are escaped (Prometheus, "Exposition formats").
fn escaped(text: &str) -> String {
    let text = crate::report::text::clean(text, 120);
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
