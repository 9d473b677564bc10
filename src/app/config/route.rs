//! `[[route]]`: which notices lead where.

use super::filter;
use super::reader::{Fault, nearest};
use super::section::Section;
use crate::report::Filter;
use crate::types::Severity;

/// One route. A destination that routes name takes only what one of them matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// Which notices.
    pub filter: Filter,
    /// Names of destinations.
    pub to: Vec<String>,
}

/// `fleets` and `destinations` are the names that exist.
pub(super) fn read(section: &mut Section<'_, '_>, fleets: &[String], destinations: &[String]) -> Option<RouteConfig> {
    let filter = filter::read(section, Severity::Info);
    let to = section.list::<String>("to", None);
    for fleet in &filter.fleets {
        known(section, "fleets", "fleet", fleet.as_str(), fleets);
    }
    for name in &to {
        known(section, "to", "destination", name, destinations);
    }
    if section.is_empty_list("to") {
        section.fault("to", Fault::bad("`to`: a route without a destination leads nowhere"));
    }
    Some(RouteConfig { filter, to })
}

/// Reports a name that does not exist.
pub(super) fn known(section: &mut Section<'_, '_>, key: &str, what: &str, name: &str, names: &[String]) {
    if names.iter().any(|known| known == name) {
        return;
    }
    let shown = crate::app::terminal::clean_short(name, 64);
    let mut fault = Fault::bad(format!("`{key}` names {what} `{shown}`, which does not exist"));
    fault.label = nearest(name, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    section.fault(key, fault);
}
