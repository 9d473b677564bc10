//! Which notices: the keys that destinations and routes share.

use super::reader::{Fault, nearest};
use super::section::Section;
use crate::collect::trail::table::event_codes;
use crate::detect::codes;
use crate::report::Filter;
use crate::types::silence::pattern_matches;
use crate::types::{AccountId, FleetName, Severity};

/// What alerts are about beside findings.
const TOPICS: [&str; 8] =
    ["approval", "coverage", "dead-letter", "digest", "mass-drift", "operation", "policy-error", "test"];

pub(super) fn read(section: &mut Section<'_, '_>, min_severity: Severity) -> Filter {
    let min_severity = section.or("min_severity", min_severity);
    let fleets = section.list("fleets", Some(Vec::<FleetName>::new()));
    let codes = section.list("codes", Some(Vec::<String>::new()));
    let accounts = section.list("accounts", Some(Vec::<AccountId>::new()));
    for pattern in &codes {
        check_code(section, "codes", pattern);
    }
    Filter { min_severity, fleets, codes, accounts }
}

/// A pattern that nothing matches would silently keep alerts from people.
pub(super) fn check_code(section: &mut Section<'_, '_>, key: &str, pattern: &str) {
    if is_known_code(pattern) {
        return;
    }
    let events = event_codes();
    let names = codes::PAGES.iter().map(|page| page.code).chain(TOPICS);
    let names = names.chain(events.iter().map(|page| page.code.as_str()));
    let mut fault = Fault::bad(format!(
        "no finding code is or begins with `{}`",
        crate::app::terminal::clean_short(pattern.trim_end_matches('*'), 60)
    ));
    fault.label = nearest(pattern, names).map(|near| format!("did you mean `{near}`?"));
    section.fault(key, fault.help("`cattleguard explain CODE` explains one; `event-*` means a family"));
}

/// Whether a code, or a pattern with `*` at its end, names something that alerts can be about.
pub fn is_known_code(pattern: &str) -> bool {
    codes::PAGES.iter().map(|page| page.code).chain(TOPICS).any(|code| pattern_matches(pattern, code))
        || event_codes().iter().any(|page| pattern_matches(pattern, page.code.as_str()))
}
