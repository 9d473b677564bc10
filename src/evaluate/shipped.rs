//! The policies that come with the program.

use super::PolicySource;

macro_rules! sources {
    ($($path:literal),+ $(,)?) => {
        vec![$(PolicySource::new(concat!("policies/", $path), include_str!(concat!("../../policies/", $path)))),+]
    };
}

/// The shipped policy files, without their tests.
pub fn shipped() -> Vec<PolicySource> {
    sources![
        "golden_image/policy.rego",
        "in_place_modification/policy.rego",
        "lib/findings.rego",
        "visibility/policy.rego",
    ]
}

/// What the shipped policies share, for policies of users that import it.
pub fn shipped_library() -> Vec<PolicySource> {
    sources!["lib/findings.rego"]
}

/// The tests of the shipped policies.
pub fn shipped_tests() -> Vec<PolicySource> {
    sources![
        "golden_image/policy_test.rego",
        "in_place_modification/policy_test.rego",
        "lib/findings_test.rego",
        "visibility/policy_test.rego",
    ]
}
