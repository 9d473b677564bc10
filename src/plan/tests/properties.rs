use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::*;
use crate::plan::{OperationState, PastOperation, check};
use crate::types::{Action, Enforcement, FindingStatus, Gate, InstanceId, OperationKind, Severity, Track};

/// One random instance.
#[derive(Clone, Debug)]
struct Draw {
    fleet: usize,
    asked: Action,
    severity: Severity,
    compromise: bool,
    waived: bool,
    stopped: bool,
    seen: u32,
    age: i64,
    past: Option<bool>,
    healthy: u32,
}

fn draw() -> impl Strategy<Value = Draw> {
    let asked = prop_oneof![
        3 => Just(Action::None),
        1 => Just(Action::Alert),
        1 => Just(Action::Quarantine),
        3 => Just(Action::Replace),
    ];
    let flags = (any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.03));
    (0..2_usize, asked, 1..5_usize, flags, 1..3_u32, 1..50_i64, prop::option::weighted(0.04, any::<bool>()), 0..4_u32)
        .prop_map(|(fleet, asked, severity, (compromise, waived, stopped), seen, age, past, healthy)| Draw {
            fleet,
            asked,
            severity: Severity::ALL[severity],
            compromise,
            waived,
            stopped,
            seen,
            age,
            past,
            healthy,
        })
}

#[derive(Clone, Debug)]
struct Settings {
    mode: Enforcement,
    enforcement: [Enforcement; 2],
    count: u32,
    percent: f64,
    min_one: bool,
    breaker: u32,
    windows: bool,
    approval: bool,
}

fn settings() -> impl Strategy<Value = Settings> {
    let level = || prop_oneof![1 => Just(Enforcement::Observe), 2 => Just(Enforcement::Quarantine), 9 => Just(Enforcement::Replace)];
    (
        level(),
        [level(), level()],
        0..16_u32,
        0.0..100.0_f64,
        any::<bool>(),
        0..60_u32,
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(mode, enforcement, count, percent, min_one, breaker, windows, approval)| Settings {
            mode,
            enforcement,
            count,
            percent,
            min_one,
            breaker,
            windows,
            approval,
        })
}

fn world(settings: &Settings, draws: &[Draw]) -> World {
    let names = ["web", "api"];
    let mut world = World::new();
    world.mode = settings.mode;
    world.fleets = names
        .iter()
        .zip(settings.enforcement)
        .map(|(name, enforcement)| {
            let mut fleet = fleet(name);
            fleet.enforcement = enforcement;
            fleet.budget_count = settings.count;
            fleet.budget_percent = settings.percent;
            fleet.allow_min_one = settings.min_one;
            fleet.mass_drift.at_least = settings.breaker;
            fleet.approval = settings.approval;
            if !settings.windows {
                fleet.windows.clear();
            }
            fleet
        })
        .collect();
    world.members.clear();
    for (number, draw) in draws.iter().enumerate() {
        let name = names[draw.fleet];
        let mut member = match draw.asked {
            Action::None => clean(number, name),
            asked => drifted(number, name, asked, draw.severity),
        };
        for finding in &mut member.findings {
            finding.times_seen = draw.seen;
            finding.first_seen = ago(draw.age);
            if draw.waived {
                finding.status = FindingStatus::Waived;
            }
        }
        if let Some(decision) = &mut member.decision {
            decision.track = if draw.compromise { Track::Compromise } else { Track::Hygiene };
            decision.action = decision.asked.capped(settings.mode).capped(settings.enforcement[draw.fleet]);
        }
        if draw.stopped {
            member.instance.state = "stopped".to_owned();
        }
        if draw.healthy > 0 {
            member.instance.targets = vec![target(draw.healthy + 1, draw.healthy)];
        }
        if let Some(in_flight) = draw.past {
            let state = if in_flight { OperationState::InFlight } else { OperationState::Finished(now()) };
            let instance = member.instance.id.clone();
            world.history.operations.push(PastOperation {
                kind: OperationKind::Replace,
                instance,
                replacement: None,
                fleet: name.into(),
                place: member.instance.place(),
                zone: member.instance.zone.clone(),
                golden: Some(golden().reference()),
                begun_at: jiff::Timestamp::UNIX_EPOCH,
                state,
            });
        }
        world.members.push(member);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_hold_their_promises(settings in settings(), draws in prop::collection::vec(draw(), 0..40)) {
        let world = world(&settings, &draws);
        let plan = world.plan();
        prop_assert_eq!(check(&plan), Vec::<String>::new());

        for (index, fleet) in world.fleets.iter().enumerate() {
            let size = draws.iter().filter(|draw| draw.fleet == index).count();
            let mine: Vec<_> = plan.operations.iter().filter(|operation| operation.fleet == fleet.name).collect();
            // Worked out here in another way than the budget does: whole hundredths of a percent.
            let share = (settings.percent * size as f64 / 100.0) as usize;
            let share = if share == 0 && settings.min_one && settings.percent > 0.0 { 1 } else { share };
            let allowed = share.min(settings.count as usize);
            let mut out: BTreeSet<InstanceId> = mine.iter().map(|operation| operation.instance.clone()).collect();
            let new = !out.is_empty();
            for (number, draw) in draws.iter().enumerate().filter(|(_, draw)| draw.fleet == index) {
                if draw.stopped || draw.past.is_some() {
                    out.insert(world.members[number].instance.id.clone());
                }
            }
            prop_assert!(!new || out.len() <= allowed, "{} out, {allowed} allowed", out.len());

            if plan.frozen.iter().any(|(frozen, _)| *frozen == fleet.name) {
                prop_assert!(mine.is_empty(), "a frozen fleet has operations");
            }
            let ceiling = settings.mode.min(fleet.enforcement);
            for operation in mine {
                let kind_allowed = match operation.kind {
                    OperationKind::Replace => ceiling == Enforcement::Replace,
                    _ => ceiling >= Enforcement::Quarantine,
                };
                prop_assert!(kind_allowed, "{} above the ceiling", operation.kind);
            }
        }

        // Whatever policy asked for is either done or held with every answer.
        for member in &world.members {
            let asked = member.decision.as_ref().map_or(Action::None, |decision| decision.asked);
            let id = &member.instance.id;
            let listed = plan.operations.iter().any(|operation| operation.instance == *id)
                || plan.held.iter().any(|held| held.instance == *id);
            prop_assert_eq!(listed, asked >= Action::Quarantine);
        }
        for held in &plan.held {
            prop_assert!(held.gates.iter().map(|report| report.gate).eq(Gate::ALL));
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(
        settings in settings(),
        (draws, order) in prop::collection::vec(draw(), 1..25).prop_flat_map(|draws| {
            let order = Just((0..draws.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(draws), order)
        }),
    ) {
        let mut world = world(&settings, &draws);
        let before = world.plan();
        let mut members: Vec<_> = world.members.drain(..).map(Some).collect();
        world.members = order.iter().filter_map(|&index| members[index].take()).collect();
        world.fleets.reverse();
        world.coverage.reverse();
        world.history.operations.reverse();
        prop_assert_eq!(world.plan(), before);
    }
}
