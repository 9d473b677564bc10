//! A made-up server and fleet, for the tests of whoever needs one. What a test is about, it sets itself.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Enforcement, Fleet, Instance, MassDrift, MetadataOptions, Observed, Selector};

/// A running server without anything special.
pub(crate) fn instance(id: &str) -> Instance {
    Instance {
        id: id.into(),
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        zone: "eu-west-1a".to_owned(),
        image: "ami-1".into(),
        instance_type: "m7g.large".to_owned(),
        architecture: None,
        state: "running".to_owned(),
        launched_at: "2026-11-01T00:00:00Z".parse().expect("a time"),
        lifecycle: None,
        platform: None,
        key_name: None,
        subnet: Some("subnet-1".to_owned()),
        instance_profile: None,
        profile_association: None,
        metadata_options: MetadataOptions::default(),
        user_data: Observed::Seen(None),
        source_dest_check: Some(true),
        interfaces: Vec::new(),
        volumes: Vec::new(),
        tags: BTreeMap::new(),
        operator: None,
        asg: None,
        targets: Vec::new(),
        node: Observed::Unknown,
        inventory: BTreeMap::new(),
    }
}

/// Servers tagged `app = web`, with defaults where there are some.
pub(crate) fn fleet() -> Fleet {
    Fleet {
        name: "web".into(),
        select: Selector { tags: BTreeMap::from([("app".to_owned(), "web".to_owned())]), ..Selector::default() },
        golden: "web".into(),
        enforcement: Enforcement::Observe,
        budget_count: 1,
        budget_percent: 5.0,
        allow_min_one: false,
        budget_cooldown: Duration::from_secs(1800),
        windows: Vec::new(),
        mass_drift: MassDrift::default(),
        one_zone_at_a_time: true,
        min_healthy: 1,
        approval: false,
        inventory_max_age: Duration::from_secs(24 * 3600),
        expect_inventory: true,
        expect_agent: false,
        sanctioned_principals: Vec::new(),
    }
}
