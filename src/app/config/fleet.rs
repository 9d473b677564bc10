//! `[[fleet]]`: which instances belong together, and what may be done to them.

use std::time::Duration;

use super::fleet_enforcement::{self, FleetEnforcement};
use super::reader::Fault;
use super::section::Section;
use super::setting::Percent;
use super::window;
use crate::types::{AccountId, Enforcement, Fleet, FleetName, LineName, MassDrift, Selector};

const DEFAULT_BUDGET_COUNT: u32 = 1;
const DEFAULT_BUDGET_PERCENT: f64 = 10.0;
/// Long enough for load balancers and people to notice a bad replacement before the next one.
const DEFAULT_COOLDOWN: Duration = Duration::from_secs(30 * 60);
/// SSM's default inventory association runs every 30 minutes; a day allows for maintenance of SSM itself.
const DEFAULT_INVENTORY_MAX_AGE: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn read(section: &mut Section<'_, '_>) -> Option<(Fleet, FleetEnforcement)> {
    let name = section.required::<FleetName>("name");
    let select = section.table("select", select);
    let golden = section.required::<LineName>("golden");
    let enforcement = section.or("enforcement", Enforcement::Observe);
    let budget = section.table("budget", budget);
    let windows = section.tables("windows", None, window::read);
    let mass_drift = section.table("mass_drift", mass_drift);
    let one_zone_at_a_time = section.or("one_zone_at_a_time", true);
    let min_healthy = section.or("min_healthy", 1);
    let approval = section.or("approval", false);
    let inventory_max_age = section.or("inventory_max_age", DEFAULT_INVENTORY_MAX_AGE);
    let expect_inventory = section.or("expect_inventory", true);
    let expect_agent = section.or("expect_agent", false);
    let sanctioned_principals = section.list("sanctioned_principals", Some(Vec::<String>::new()));
    check_principals(section, &sanctioned_principals);
    let how = fleet_enforcement::read(section);
    let fleet = Fleet {
        name: name?,
        select,
        golden: golden?,
        enforcement,
        budget_count: budget.count,
        budget_percent: budget.percent.0,
        allow_min_one: budget.allow_min_one,
        budget_cooldown: budget.cooldown,
        windows,
        mass_drift,
        one_zone_at_a_time,
        min_healthy,
        approval,
        inventory_max_age,
        expect_inventory,
        expect_agent,
        sanctioned_principals,
    };
    Some((fleet, how))
}

fn select(section: &mut Section<'_, '_>) -> Selector {
    let tags = section.map("tags");
    let asg = section.optional::<String>("asg");
    let accounts = section.list("accounts", Some(Vec::<AccountId>::new()));
    if tags.is_empty() && asg.is_none() {
        let fault = Fault::new("empty-selector", "the fleet selects nothing: `select` needs `tags` or `asg`")
            .help("for example select = { tags = { app = \"web\" } }");
        section.fault("tags", fault);
    }
    for (key, pattern) in tags.iter().map(|(key, value)| (format!("tags.{key}"), value)) {
        check_pattern(section, "tags", &key, pattern);
    }
    if let Some(pattern) = &asg {
        check_pattern(section, "asg", "asg", pattern);
    }
    Selector { tags, asg, accounts }
}

/// `*` is allowed at the end only; one anywhere else would silently match nothing.
fn check_pattern(section: &mut Section<'_, '_>, key: &str, shown: &str, pattern: &str) {
    if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') {
        section.fault(key, Fault::bad(format!("`{shown}`: `*` may stand at the end only")));
    }
}

fn check_principals(section: &mut Section<'_, '_>, principals: &[String]) {
    for principal in principals {
        if let Some(why) = crate::evaluate::principal_fault(principal) {
            let fault = Fault::bad(format!("`sanctioned_principals`: {why}"))
                .help("name the principals: arn:aws:iam::111122223333:role/patching*");
            section.fault("sanctioned_principals", fault);
        }
    }
}

struct Budget {
    count: u32,
    percent: Percent,
    allow_min_one: bool,
    cooldown: Duration,
}

fn budget(section: &mut Section<'_, '_>) -> Budget {
    Budget {
        count: section.or("count", DEFAULT_BUDGET_COUNT),
        percent: section.or("percent", Percent(DEFAULT_BUDGET_PERCENT)),
        allow_min_one: section.or("allow_min_one", false),
        cooldown: section.or("cooldown", DEFAULT_COOLDOWN),
    }
}

fn mass_drift(section: &mut Section<'_, '_>) -> MassDrift {
    let default = MassDrift::default();
    let at_least = section.or("at_least", default.at_least);
    let percent = section.or("percent", Percent(default.percent)).0;
    MassDrift { at_least, percent }
}
