//! A short run, and a judge that must catch what it is there for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::evidence::{Evidence, Fact, Witnessed};
use super::judge::judge;
use super::play::play;
use super::{Options, run};
use crate::remediate::{Method, OperationStatus};
use crate::testing::{AccountEntry, By, Change, FleetBuilder, Scene, SeenOperation, ServerForm, ServerScene};
use crate::types::{ImageId, InstanceId, OperationId, OperationKind, Place, Track};

#[test]
fn two_hundred_histories_keep_every_promise() {
    let summary = run(Options { from: 1, seeds: 200, jobs: 2 }, &|_| {});
    assert_eq!(summary.failure, None);
    assert_eq!(summary.histories, 200);
    assert_eq!(summary.tally.missing(200), Vec::<String>::new(), "{}", summary.tally);
}

#[test]
fn the_store_in_memory_and_the_real_one_lead_to_the_same_account() {
    for seed in [3, 22, 41] {
        let log = |real| {
            let (_, evidence) = play(seed, false, real).unwrap();
            assert_eq!(evidence.audit, None);
            serde_json::to_string(&evidence.log).unwrap()
        };
        assert_eq!(log(true), log(false), "seed {seed}");
    }
}

const OLD: &str = "i-old";
const NEW: &str = "i-new";
const GROUP: &str = "arn:tg/web";

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

fn serving() -> ServerScene {
    ServerScene {
        state: "running".to_owned(),
        image: ImageId::new("ami-1"),
        checks: true,
        pristine: true,
        reported: true,
        cut: false,
        targets: BTreeMap::from([((GROUP.to_owned(), "t".to_owned()), "healthy".to_owned())]),
        group: None,
        replaces: None,
    }
}

/// A replacement as it should be: launched, served, the old one drained, stopped, and ended an hour later.
struct Story {
    evidence: Evidence,
    scene: Scene,
}

impl Story {
    fn new() -> Self {
        let fleet = FleetBuilder::new("web").standalone(1).packages(1).build().unwrap();
        let place = Place::new("000000000000", "eu-west-1");
        let mut form: ServerForm = fleet.cloud.form(&place, &fleet.instances()[0]).unwrap();
        form.targets = BTreeSet::from([(GROUP.to_owned(), OLD.to_owned(), 80)]);
        let operation = OperationId::new("op-1");
        let seen = SeenOperation {
            place,
            instance: InstanceId::new(OLD),
            first_call: at(1),
            form: Some(form),
            scene: Some(serving()),
        };
        let scene = [OLD, NEW].map(|id| (InstanceId::new(id), serving())).into();
        let mut story = Self { evidence: Evidence { retain_s: 3600, ..Evidence::default() }, scene };
        story.evidence.operations.insert(operation, seen);
        story.fact(0, Fact::Budget(1));
        story.begins("op-1", OLD, 0);
        story.ours(1, NEW, Change::Launched { image: "ami-1".into(), token: None, tags: BTreeMap::new(), group: None });
        story.ours(10, OLD, Change::Deregistered { group: GROUP.to_owned(), target: OLD.to_owned() });
        story.ours(20, OLD, Change::Stopping);
        story.became(21, "op-1", OperationStatus::Retaining);
        story.ours(90, OLD, Change::Terminating);
        story.became(91, "op-1", OperationStatus::Done);
        story
    }

    fn fact(&mut self, minutes: i64, fact: Fact) {
        let after = u64::try_from(self.evidence.log.len()).unwrap();
        self.evidence.facts.push(Witnessed { after, at: at(minutes), fact });
    }

    fn begins(&mut self, operation: &str, instance: &str, minutes: i64) {
        self.fact(
            minutes,
            Fact::Began {
                operation: OperationId::new(operation),
                kind: OperationKind::Replace,
                instance: InstanceId::new(instance),
                track: Track::Hygiene,
                method: Method::Launch,
                moves_data: false,
                undoes: None,
                planned_at: Some(at(minutes)),
            },
        );
    }

    fn became(&mut self, minutes: i64, operation: &str, status: OperationStatus) {
        self.fact(minutes, Fact::Became { operation: OperationId::new(operation), status, form: None });
    }

    fn enters(&mut self, minutes: i64, by: By, instance: &str, change: Change) {
        let seq = u64::try_from(self.evidence.log.len()).unwrap();
        let before = Some(Arc::new(self.scene.clone()));
        let place = Place::new("000000000000", "eu-west-1");
        let instance = InstanceId::new(instance);
        self.evidence.log.push(AccountEntry { seq, at: at(minutes), place, by, instance, change, before });
    }

    fn ours(&mut self, minutes: i64, instance: &str, change: Change) {
        self.enters(minutes, By::Enforcer(OperationId::new("op-1")), instance, change);
    }

    /// Another scene for the entry with this change.
    fn when(mut self, change: &Change, edit: impl FnOnce(&mut Scene)) -> Self {
        let entry = self.evidence.log.iter_mut().find(|entry| entry.change == *change).unwrap();
        let mut scene = Scene::clone(entry.before.as_ref().unwrap());
        edit(&mut scene);
        entry.before = Some(Arc::new(scene));
        self
    }

    fn verdict(&self) -> Vec<&'static str> {
        let mut rules: Vec<_> = judge(&self.evidence).into_iter().map(|violation| violation.rule).collect();
        rules.dedup();
        rules
    }
}

fn new_one(scene: &mut Scene) -> &mut ServerScene {
    scene.get_mut(&InstanceId::new(NEW)).unwrap()
}

#[test]
fn a_replacement_as_it_should_be_is_not_blamed() {
    assert_eq!(Story::new().verdict(), Vec::<&str>::new());
}

#[test]
fn nothing_may_be_taken_before_the_replacement_serves() {
    type Edit = fn(&mut Scene);
    let edits: [Edit; 7] = [
        |scene| new_one(scene).targets.clear(),
        |scene| new_one(scene).checks = false,
        |scene| new_one(scene).pristine = false,
        |scene| new_one(scene).reported = false,
        |scene| new_one(scene).cut = true,
        |scene| new_one(scene).state = "stopped".to_owned(),
        |scene| drop(scene.remove(&InstanceId::new(NEW))),
    ];
    for edit in edits {
        assert_eq!(Story::new().when(&Change::Stopping, edit).verdict(), ["replacement first"]);
    }
    // What somebody else did to it a moment ago cannot have been noticed.
    let mut story = Story::new();
    let world = AccountEntry { by: By::World, at: at(19), instance: NEW.into(), ..story.evidence.log[1].clone() };
    story.evidence.log.insert(2, AccountEntry { change: Change::Drifted { how: String::new() }, ..world });
    assert_eq!(story.when(&Change::Stopping, |scene| new_one(scene).checks = false).verdict(), Vec::<&str>::new());
}

#[test]
fn two_replacements_of_one_instance_are_one_too_many() {
    let launched = || Change::Launched { image: "ami-1".into(), token: None, tags: BTreeMap::new(), group: None };
    let mut story = Story::new();
    story.ours(92, "i-third", launched());
    assert_eq!(story.verdict(), ["one replacement"]);
    let mut story = Story::new();
    story.enters(92, By::Person("bob".to_owned()), NEW, Change::Terminating);
    story.ours(93, "i-third", launched());
    assert_eq!(story.verdict(), Vec::<&str>::new(), "the first one is gone");
}

#[test]
fn only_the_old_instance_may_be_ended_and_only_when_its_time_is_over() {
    let mut story = Story::new();
    story.evidence.retain_s = 90 * 60;
    assert_eq!(story.verdict(), ["ending"]);
    let mut story = Story::new();
    story.ours(95, "i-stranger", Change::Terminating);
    assert_eq!(story.verdict(), ["replacement first", "ending"]);
    let story = Story::new().when(&Change::Terminating, |scene| new_one(scene).state = "terminated".to_owned());
    assert!(story.verdict().contains(&"ending"));
}

#[test]
fn a_replacement_that_serves_is_not_ended_while_nothing_else_does() {
    let mut story = Story::new();
    story.evidence.log.truncate(3);
    story.scene.get_mut(&InstanceId::new(OLD)).unwrap().state = "stopped".to_owned();
    story.ours(30, NEW, Change::Terminating);
    assert_eq!(story.verdict(), ["replacement first"]);
    let mut story = Story::new();
    story.evidence.log.truncate(1);
    story.ours(30, NEW, Change::Terminating);
    assert_eq!(story.verdict(), Vec::<&str>::new(), "the old one still serves");
}

#[test]
fn a_change_while_paused_and_one_too_many_are_noticed() {
    let mut story = Story::new();
    story.evidence.facts.insert(2, Witnessed { after: 1, at: at(5), fact: Fact::Paused });
    story.evidence.facts.insert(3, Witnessed { after: 2, at: at(15), fact: Fact::Resumed });
    assert_eq!(story.verdict(), ["paused"]);
    let mut story = Story::new();
    story.begins("op-2", "i-second", 92);
    story.begins("op-3", "i-third", 93);
    assert_eq!(story.verdict(), ["budget"]);
    let mut story = Story::new();
    story.evidence.cooldown_s = 2 * 3600;
    story.begins("op-2", "i-second", 100);
    assert_eq!(story.verdict(), ["budget"], "the first one has only just finished");
}

#[test]
fn a_replacement_in_another_zone_while_one_goes_on_is_noticed() {
    let elsewhere = |zone: &str, minutes: i64| {
        let mut story = Story::new();
        story.evidence.facts[0].fact = Fact::Budget(2);
        let mut seen = story.evidence.operations.values().next().unwrap().clone();
        seen.form.as_mut().unwrap().detail.instance.zone = zone.to_owned();
        story.evidence.operations.insert(OperationId::new("op-2"), seen);
        story.begins("op-2", "i-second", minutes);
        story.evidence.facts.sort_by_key(|witnessed| witnessed.at);
        story.verdict()
    };
    assert_eq!(elsewhere("eu-west-1z", 5), ["one zone"]);
    assert_eq!(elsewhere("eu-west-1a", 5), Vec::<&str>::new());
    assert_eq!(elsewhere("eu-west-1z", 22), Vec::<&str>::new(), "the first one is over");
}

#[test]
fn what_was_undone_must_be_as_it_was() {
    let undone = |edit: fn(&mut ServerForm)| {
        let mut story = Story::new();
        story.evidence.log.truncate(1);
        let seen = story.evidence.operations.values().next().unwrap();
        let mut form = seen.form.clone().unwrap();
        edit(&mut form);
        let operation = OperationId::new("op-1");
        let form = Some(Box::new(form));
        story.fact(30, Fact::Became { operation, status: OperationStatus::RolledBack, form });
        story
    };
    assert_eq!(undone(|_| {}).verdict(), Vec::<&str>::new());
    assert_eq!(undone(|form| form.detail.termination_protected = true).verdict(), ["restored"]);
    assert_eq!(undone(|form| form.targets.clear()).verdict(), ["restored"]);
    let left = |name: &str| {
        let mut story = undone(|_| {});
        let Fact::Became { form: Some(form), .. } = &mut story.evidence.facts.last_mut().unwrap().fact else {
            panic!()
        };
        form.policies.insert(name.to_owned(), String::new());
        story.verdict()
    };
    assert_eq!(left("cattleguard-deny-session-i-old"), ["restored"]);
    assert_eq!(left("cattleguard-deny-role-op-1"), ["restored"]);
    assert_eq!(left("cattleguard-deny-role-op-2"), Vec::<&str>::new(), "another operation's, on the same role");
}

#[test]
fn a_broken_audit_log_and_a_stranded_operation_are_told() {
    let mut story = Story::new();
    story.evidence.audit = Some("entry 3 was edited".to_owned());
    story.evidence.stranded = vec![OperationId::new("op-1")];
    assert_eq!(story.verdict(), ["audit", "stranded"]);
}
