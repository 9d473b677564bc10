//! Plans that wait for a person, and that they do not wait any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::draft_single;
use super::history::NoticeHistory;
use super::operation::takers;
use crate::report::destination::Destination;
use crate::report::notice::{GroupKey, Notice, NoticeKind};
use crate::report::render::parts::count;
use crate::report::text::clean;
use crate::store::OutboxDraft;
use crate::types::{AccountId, Code, Fleet, FleetName, Gate, GateAnswer, Held, InstanceId, Plan, Severity};

/// Operations listed in a notice.
const LISTED: usize = 10;

/// Asks for the approval of a plan, once for each fleet of which something waits for nothing else, and again where what
/// was told to have been approved waits once more. `previous` is the plan before it: where an incident was opened for it
/// that nothing waits for any more, its end is told.
pub fn approval_notices(
    plan: &Plan,
    previous: Option<&Plan>,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let mut drafts = ended(plan, previous, destinations, history, now);
    let mut waiting: BTreeMap<&FleetName, Vec<&Held>> = BTreeMap::new();
    for held in plan.held.iter().filter(|held| waits_for_approval(held)) {
        if let Some(fleet) = &held.fleet {
            waiting.entry(fleet).or_default().push(held);
        }
    }
    for (fleet, held) in waiting {
        let notice = wanted(plan, fleet, &held, now);
        let accounts: BTreeSet<AccountId> = held.iter().map(|held| held.account.clone()).collect();
        let group = notice.group.to_string();
        drafts.extend(takers(&notice, fleet, &accounts, destinations).map(|(destination, notice)| {
            let unique = match history.last(&destination.name, &group) {
                Some((_, last)) if last.kind == NoticeKind::ApprovalEnded => format!("wanted/{}", last.time),
                _ => "wanted".to_owned(),
            };
            draft_single(&notice, destination, &unique)
        }));
    }
    drafts
}

/// The ends of what was asked for a plan that everybody needed has approved now. The next scan would tell them too, and once
/// they are told does not.
pub fn approved_notices(
    plan: &Plan,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let mut approved = plan.clone();
    let gates = approved.held.iter_mut().flat_map(|held| &mut held.gates);
    gates.filter(|asked| asked.gate == Gate::Approval).for_each(|asked| asked.answer = GateAnswer::Allow);
    ended(&approved, Some(plan), destinations, history, now)
}

fn group(plan: &Plan, fleet: &FleetName) -> GroupKey {
    GroupKey {
        fleet: Some(fleet.clone()),
        code: Code::known("approval"),
        actor: Some(plan.to_approve().as_str().to_owned()),
    }
}

fn wanted(plan: &Plan, fleet: &FleetName, held: &[&Held], now: Timestamp) -> Notice {
    let instances: BTreeSet<&InstanceId> = held.iter().map(|held| &held.instance).collect();
    let many = count(held.len() as u64, "operation");
    let title = format!("{}: {many} wait for an approval", clean(fleet.as_str(), 40));
    // Whoever is told of the drift must learn that its end waits for a person.
    let mut notice = Notice::blank(NoticeKind::ApprovalWanted, group(plan, fleet), Severity::High, &title, now);
    notice.totals.instances = instances.len() as u64;
    notice.lines.push(format!("cattleguard approve {}", clean(plan.to_approve().as_str(), 80)));
    let shown = held.iter().take(LISTED).map(|held| format!("{} {}", held.kind, clean(held.instance.as_str(), 40)));
    notice.lines.extend(shown);
    if held.len() > LISTED {
        notice.lines.push(format!("and {} more", held.len().saturating_sub(LISTED)));
    }
    notice
}

/// The ends of what was asked for and is not waited for any more.
fn ended(
    plan: &Plan,
    previous: Option<&Plan>,
    destinations: &[Destination],
    history: &dyn NoticeHistory,
    now: Timestamp,
) -> Vec<OutboxDraft> {
    let hears = |destination: &&Destination| destination.kind.hears(NoticeKind::ApprovalEnded);
    let destinations: Vec<&Destination> = destinations.iter().filter(hears).collect();
    if destinations.is_empty() {
        return Vec::new();
    }
    let waits: BTreeSet<&FleetName> =
        plan.held.iter().filter(|held| lacks_approval(held)).filter_map(|held| held.fleet.as_ref()).collect();
    let overtaken = previous.filter(|previous| previous.to_approve() != plan.to_approve());
    let mut drafts = Vec::new();
    let mut end = |of: &Plan, fleet: &FleetName, why: &str| {
        let title = format!("{}: nothing waits for this approval any more", clean(fleet.as_str(), 40));
        let mut notice = Notice::blank(NoticeKind::ApprovalEnded, group(of, fleet), Severity::High, &title, now);
        notice.lines.push(why.to_owned());
        let group = notice.group.to_string();
        for destination in &destinations {
            let Some((at, last)) = history.last(&destination.name, &group) else { continue };
            if last.kind == NoticeKind::ApprovalWanted {
                let notice = Notice { due_at: now.max(at).max(last.due_at), ..notice.clone() };
                drafts.push(draft_single(&notice, destination, &format!("ended/{}", last.time)));
            }
        }
    };
    for fleet in overtaken.into_iter().flat_map(fleets_of).collect::<BTreeSet<_>>() {
        if let Some(previous) = overtaken {
            end(previous, fleet, "Another plan took its place.");
        }
    }
    // What is carried out is in the plan before it and not in this one any more, which may be of one hash when empty.
    let same = previous.filter(|previous| previous.to_approve() == plan.to_approve());
    for fleet in fleets_of(plan).chain(same.into_iter().flat_map(fleets_of)).collect::<BTreeSet<_>>() {
        if !waits.contains(fleet) {
            end(plan, fleet, "It was approved.");
        }
    }
    drafts
}

fn fleets_of(plan: &Plan) -> impl Iterator<Item = &FleetName> {
    let held = plan.held.iter().filter_map(|held| held.fleet.as_ref());
    held.chain(plan.operations.iter().map(|operation| &operation.fleet))
}

/// Whether something in a plan is held by nothing but the approval, or runs because of one.
pub fn needs_approval(plan: &Plan, fleets: &[Fleet]) -> bool {
    let wanted = |name: &FleetName| fleets.iter().any(|fleet| fleet.name == *name && fleet.approval);
    plan.held.iter().any(waits_for_approval) || plan.operations.iter().any(|operation| wanted(&operation.fleet))
}

/// Whether the approval holds an operation, whatever else does.
fn lacks_approval(held: &Held) -> bool {
    held.gates.iter().any(|report| report.gate == Gate::Approval && report.answer == GateAnswer::Hold)
}

/// Whether an operation is held by nothing but the approval.
pub fn waits_for_approval(held: &Held) -> bool {
    lacks_approval(held)
        && held.gates.iter().all(|report| report.gate == Gate::Approval || report.answer == GateAnswer::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::destination::DestinationKind;
    use crate::report::draft::OutboxHistory;
    use crate::report::fixtures::{self, MemoryOutbox, at};
    use crate::store::Outbox as _;

    fn plan(hash: &str, answer: GateAnswer) -> Plan {
        let mut held = fixtures::held("i-1");
        held.gates.truncate(1);
        let mut approval = held.gates[0].clone();
        (approval.gate, approval.answer) = (Gate::Approval, answer);
        held.gates.push(approval);
        Plan { hash: hash.into(), held: vec![held], ..fixtures::plan() }
    }

    fn pager() -> Destination {
        let kind = DestinationKind::PagerDuty { key: "k".to_owned().into(), url: "http://127.0.0.1/".to_owned() };
        Destination { kind, ..fixtures::slack("page", "http://127.0.0.1/") }
    }

    /// What one scan adds for the pager and for a channel.
    fn scan(outbox: &MemoryOutbox, plan: &Plan, previous: Option<&Plan>, seconds: i64) -> Vec<(String, NoticeKind)> {
        let (to, history) = ([pager(), fixtures::slack("ops", "http://127.0.0.1/")], OutboxHistory::new(outbox));
        let drafts = approval_notices(plan, previous, &to, &history, at(seconds));
        let before = outbox.rows(None).unwrap().len();
        outbox.enqueue(&drafts, at(seconds)).unwrap();
        let rows = outbox.rows(None).unwrap().split_off(before);
        let read = |payload| serde_json::from_value::<Notice>(payload).unwrap().kind;
        rows.into_iter().map(|row| (row.draft.destination, read(row.draft.payload))).collect()
    }

    /// A plan that waits, and that was told.
    fn waiting() -> (MemoryOutbox, Plan) {
        let (outbox, waits) = (MemoryOutbox::default(), plan("a", GateAnswer::Hold));
        scan(&outbox, &waits, None, 0);
        (outbox, waits)
    }

    fn page(kind: NoticeKind) -> Vec<(String, NoticeKind)> {
        vec![("page".to_owned(), kind)]
    }

    #[test]
    fn an_incident_ends_with_the_approval_and_comes_back_when_that_lapses() {
        let outbox = MemoryOutbox::default();
        let (waits, approved) = (plan("a", GateAnswer::Hold), plan("a", GateAnswer::Allow));
        assert_eq!(scan(&outbox, &waits, None, 0).len(), 2);
        assert_eq!(scan(&outbox, &waits, Some(&waits), 60), []);
        assert_eq!(scan(&outbox, &approved, Some(&waits), 120), page(NoticeKind::ApprovalEnded));
        assert_eq!(scan(&outbox, &approved, Some(&approved), 180), []);
        assert_eq!(scan(&outbox, &waits, Some(&approved), 240), page(NoticeKind::ApprovalWanted));
        assert_eq!(scan(&outbox, &waits, Some(&waits), 300), []);
        assert_eq!(scan(&outbox, &approved, Some(&waits), 360), page(NoticeKind::ApprovalEnded));
    }

    #[test]
    fn an_incident_ends_when_another_plan_takes_its_place_or_it_was_carried_out() {
        for next in [plan("b", GateAnswer::Allow), Plan { hash: "c".into(), ..fixtures::plan() }] {
            let (outbox, waits) = waiting();
            assert_eq!(scan(&outbox, &next, Some(&waits), 60), page(NoticeKind::ApprovalEnded));
            assert_eq!(scan(&outbox, &next, Some(&next), 120), []);
        }
    }

    #[test]
    fn an_incident_ends_when_the_last_person_approved_and_is_ended_once() {
        let (outbox, waits) = waiting();
        let (to, history) = ([pager()], OutboxHistory::new(&outbox));
        let drafts = approved_notices(&waits, &to, &history, at(30));
        assert_eq!(drafts.len(), 1);
        outbox.enqueue(&drafts, at(30)).unwrap();
        assert_eq!(
            scan(&outbox, &plan("a", GateAnswer::Allow), Some(&waits), 60),
            [],
            "the next scan has nothing to add"
        );
        assert_eq!(approved_notices(&waits, &to, &OutboxHistory::new(&outbox), at(90)), []);
    }

    #[test]
    fn a_closed_window_is_no_approval() {
        let (outbox, waits) = waiting();
        let mut closed = waits.clone();
        closed.held[0].gates[0].answer = GateAnswer::Hold;
        assert_eq!(scan(&outbox, &closed, Some(&waits), 60), []);
    }
}
