use super::table::{contain, table};
use super::world::*;
use crate::plan::CapacityBackoff;
use crate::types::GateAnswer::{Allow, Hold};
use crate::types::{Gate, Place};

/// Held until so many hours ago.
fn no_capacity(zone: &str, hours: i64) -> CapacityBackoff {
    CapacityBackoff {
        place: Place::new(ACCOUNT, REGION),
        instance_type: "m7g.large".to_owned(),
        zone: zone.to_owned(),
        until: ago(hours),
    }
}

#[test]
fn a_launch_waits_where_there_was_no_capacity_and_nowhere_else() {
    table(
        Gate::GoldenUsable,
        &[
            ("a while ago", |w| w.history.capacity.push(no_capacity("eu-west-1a", 1)), Allow),
            ("until later", |w| w.history.capacity.push(no_capacity("eu-west-1a", -1)), Hold),
            ("in another zone", |w| w.history.capacity.push(no_capacity("eu-west-1b", -1)), Allow),
            (
                "for another type",
                |w| {
                    let backoff = no_capacity("eu-west-1a", -1);
                    w.history.capacity.push(CapacityBackoff { instance_type: "c7g.large".to_owned(), ..backoff });
                },
                Allow,
            ),
            (
                "in another region",
                |w| {
                    let place = Place::new(ACCOUNT, "us-east-1");
                    w.history.capacity.push(CapacityBackoff { place, ..no_capacity("eu-west-1a", -1) });
                },
                Allow,
            ),
            (
                "containing launches nothing",
                |w| {
                    contain(w);
                    w.history.capacity.push(no_capacity("eu-west-1a", -1));
                },
                Allow,
            ),
        ],
    );
}

#[test]
fn the_longest_back_off_says_when_it_ends() {
    let mut world = World::new();
    world.history.capacity = vec![no_capacity("eu-west-1a", -2), no_capacity("eu-west-1a", -1)];
    let report = world.gate(Gate::GoldenUsable);
    assert_eq!(report.until, Some(ago(-2)));
    assert!(report.reason.contains("m7g.large in eu-west-1a"), "{}", report.reason);
}
