//! The compliance controls that policies may name. Titles are our own words, not the frameworks' texts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// What must be there before a server can be said to keep to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Need>,
}

/// What the evidence for a control depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Files are compared with the golden's manifest.
    Files,
    /// A parameter turns the rule on.
    Parameter {
        /// Pack.
        pack: String,
        /// Parameter.
        name: String,
    },
}

/// A control that users add in `data.controls`, by its id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    framework: String,
    version: String,
    title: String,
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

/// Every control that policies over this data may name: ours, and those that `data.controls` adds.
///
/// # Errors
/// As [`controls`], and an entry of `data.controls` that is none.
pub fn controls_over(data: &Value) -> Result<Vec<Control>, PolicyProblem> {
    let mut all = controls()?;
    let wrong = |what: String| PolicyProblem::at("data.controls", 0, 0, what);
    let own = match data.get("controls") {
        None => return Ok(all),
        Some(Value::Object(own)) => own,
        Some(_) => return Err(wrong(FORM.to_owned())),
    };
    for (id, value) in own {
        let Some((_, clause)) =
            id.split_once(':').filter(|(framework, clause)| !framework.is_empty() && !clause.is_empty())
        else {
            return Err(wrong(format!("`{id}` is not written as framework:clause")));
        };
        if all.iter().any(|control| control.id == *id) {
            return Err(wrong(format!("`{id}` is listed already")));
        }
        let Own { framework, version, title } =
            Own::deserialize(value).map_err(|error| wrong(format!("`{id}`: {error}; {FORM}")))?;
        all.push(Control { id: id.clone(), framework, version, clause: clause.to_owned(), title, needs: None });
    }
    Ok(all)
}

/// The form of `data.controls`.
const FORM: &str =
    "controls are written as {\"acme:7\": {\"framework\": \"Acme\", \"version\": \"2026\", \"title\": \"…\"}}";

/// Literals that look like a control of a framework we list, and are none: a report would quote a clause that does
/// not exist.
pub fn unknown_controls(sources: &[PolicySource], known: &[Control]) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for source in sources {
        for literal in literals(&source.text) {
            let is_ours = known.iter().any(|control| looks_like(literal.text, &control.id));
            if is_ours && !known.iter().any(|control| control.id == literal.text) {
                problems.push(PolicyProblem::at(&source.name, literal.line, literal.column, unlisted(literal.text)));
            }
        }
    }
    problems
}

/// Whether an id is of no framework that we list.
pub(super) fn is_foreign(known: &[Control], id: &str) -> bool {
    !known.iter().any(|control| control.id == id || looks_like(id, &control.id))
}

/// What is said of an id that is not listed.
pub(super) fn unlisted(id: &str) -> String {
    format!("`{id}` is none of the controls in {FILE}, and `data.controls` does not add it")
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
        let found = unknown_controls(&[PolicySource::new("p.rego", text)], &controls().unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].line, found[0].column), (3, 34));
        assert!(found[0].message.contains("`pci-dss-4.0:11.5.2`"));
    }

    #[test]
    fn the_shipped_policies_name_listed_controls_only() {
        assert_eq!(unknown_controls(&crate::evaluate::shipped(), &controls().unwrap()), []);
    }

    #[test]
    fn users_add_controls_of_their_own() {
        let own = |value: Value| controls_over(&serde_json::json!({ "controls": value }));
        let whole = serde_json::json!({"framework": "CIS", "version": "3.0", "title": "No SSH for everybody"});
        let known = own(serde_json::json!({"cis-aws-3.0:5.2": whole, "pci-dss-4.0.1:1.2.5": whole})).unwrap();
        assert_eq!(known.len(), controls().unwrap().len() + 2);
        let text =
            "package cattleguard.a\n\nlist := [\"cis-aws-3.0:5.2\", \"pci-dss-4.0.1:1.2.5\", \"cis-aws-3.0:5.3\"]\n";
        let found = unknown_controls(&[PolicySource::new("p.rego", text)], &known);
        assert_eq!(found.len(), 1, "{found:?}");
        for wrong in [
            serde_json::json!([]),
            serde_json::json!({"nothing": whole}),
            serde_json::json!({"acme:7": {"framework": "Acme"}}),
            serde_json::json!({"pci-dss-4.0.1:11.5.2": whole}),
        ] {
            assert!(own(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
