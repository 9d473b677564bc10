//! The compliance controls that policies may name. Titles are our own words, not the frameworks' texts.

use serde::{Deserialize, Serialize};

use super::PolicyProblem;

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
