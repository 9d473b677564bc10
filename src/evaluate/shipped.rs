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
        "attribution/policy.rego",
        "change_windows/policy.rego",
        "golden_image/policy.rego",
        "host_integrity/policy.rego",
        "in_place_modification/policy.rego",
        "lib/findings.rego",
        "lib/parameters.rego",
        "lib/people.rego",
        "visibility/policy.rego",
    ]
}

/// What the shipped policies share, for policies of users that import it.
pub fn shipped_library() -> Vec<PolicySource> {
    sources!["lib/findings.rego", "lib/parameters.rego", "lib/people.rego"]
}

/// The tests of the shipped policies.
pub fn shipped_tests() -> Vec<PolicySource> {
    sources![
        "attribution/policy_test.rego",
        "change_windows/policy_test.rego",
        "golden_image/policy_test.rego",
        "host_integrity/policy_test.rego",
        "in_place_modification/policy_test.rego",
        "lib/findings_test.rego",
        "lib/parameters_test.rego",
        "lib/people_test.rego",
        "visibility/policy_test.rego",
    ]
}
