//! The compliance controls that policies may name. Titles are our own words, not the frameworks' texts.

use serde::{Deserialize, Serialize};

use super::literals::literals;
use super::{PolicyProblem, PolicySource};

/// The file the controls are read from.
const FILE: &str = "policies/controls.json";

/// One control of one framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// As policies name it: framework and clause, e.g. `pci-dss-4.0.1:11.5.2`.
    pub id: String,
    /// Framework, e.g. `PCI DSS`.
    pub framework: String,
    /// Version of the framework.
    pub version: String,
    /// Clause within the framework.
    pub clause: String,
    /// What it means for an immutable fleet, in our own words.
    pub title: String,
}

/// Every control the shipped policies may name.
///
/// # Errors
/// When the shipped file is not valid; a test keeps that from happening.
pub fn controls() -> Result<Vec<Control>, PolicyProblem> {
    serde_json::from_str(include_str!("../../policies/controls.json")).map_err(|error| {
        let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        PolicyProblem::at(FILE, place(error.line()), place(error.column()), error.to_string())
    })
}

/// Literals that look like a control of a framework we list, and are none: a report would quote a clause that does
/// not exist.
///
/// # Errors
/// As [`controls`].
pub fn unknown_controls(sources: &[PolicySource]) -> Result<Vec<PolicyProblem>, PolicyProblem> {
    let known = controls()?;
    let mut problems = Vec::new();
    for source in sources {
        for literal in literals(&source.text) {
            let is_ours = known.iter().any(|control| looks_like(literal.text, &control.id));
            if is_ours && !known.iter().any(|control| control.id == literal.text) {
                problems.push(PolicyProblem::at(&source.name, literal.line, literal.column, unlisted(literal.text)));
            }
        }
    }
    Ok(problems)
}

/// Whether an id is of no framework that we list.
pub(super) fn is_foreign(known: &[Control], id: &str) -> bool {
    !known.iter().any(|control| control.id == id || looks_like(id, &control.id))
}

/// What is said of an id that is not listed.
pub(super) fn unlisted(id: &str) -> String {
    format!("`{id}` is none of the controls in {FILE}")
}

/// Whether a text names a clause of the same framework, in whatever version: `pci-dss-3.2:1` looks like
/// `pci-dss-4.0.1:2.2.1`.
fn looks_like(text: &str, id: &str) -> bool {
    let stem = |name: &str| {
        let (framework, clause) = name.split_once(':')?;
        let stem = framework.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().trim_end_matches('-');
        (!clause.is_empty() && !stem.is_empty()).then(|| stem.to_owned())
    };
    stem(text).is_some_and(|given| stem(id).is_some_and(|known| known == given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_that_is_not_listed_is_found_at_its_place() {
        let text = "package cattleguard.a\n\nlist := [\"pci-dss-4.0.1:11.5.2\", \"pci-dss-4.0:11.5.2\", \"acme:1\"]\n";
        let found = unknown_controls(&[PolicySource::new("p.rego", text)]).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].line, found[0].column), (3, 34));
        assert!(found[0].message.contains("`pci-dss-4.0:11.5.2`"));
    }

    #[test]
    fn the_shipped_policies_name_listed_controls_only() {
        assert_eq!(unknown_controls(&crate::evaluate::shipped()).unwrap(), []);
    }
}
