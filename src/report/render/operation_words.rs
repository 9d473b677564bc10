//! Operations and their steps in words, the same in every output.

use super::parts::time;
use crate::remediate::{Condition, Does, Evidence, OperationRecord, OperationStatus, StepRecord, StepState, Who};
use crate::report::text::clean;

/// What an operation waits for now; `None` when it is over.
pub(crate) fn waits_for(record: &OperationRecord) -> Option<String> {
    match record.status {
        OperationStatus::Done | OperationStatus::RolledBack => None,
        OperationStatus::NeedsHuman => Some(format!(
            "a person: `cattleguard operations resume {0}` or `rollback {0}`",
            clean(record.id.as_str(), 60)
        )),
        OperationStatus::Retaining if record.kept_for_a_person().is_some() => {
            record.kept_for_a_person().map(|why| format!("a person: {}", clean(why, 200)))
        }
        OperationStatus::Retaining => Some(match record.facts.retain_until {
            Some(until) => format!("the end of the retention at {}", time(until)),
            None => "the end of the retention".to_owned(),
        }),
        OperationStatus::Running => {
            let under_way = |step: &&StepRecord| step.state == StepState::Intended;
            let next = record.steps.iter().find(under_way);
            next.or_else(|| record.steps.iter().find(|step| step.state == StepState::Pending)).map(step_phrase)
        }
        OperationStatus::RollingBack => {
            let next = record.steps.iter().rev().find(|step| step.state == StepState::Undoing);
            next.map(|step| format!("undoing {}", step_name(step)))
        }
    }
}

/// `isolate-interface eni-1`, `drained web-1`.
pub(crate) fn step_name(record: &StepRecord) -> String {
    let subject = &record.step.subject;
    let subject = if subject.contains(":targetgroup/") { group_name(subject) } else { clean(subject, 120) };
    let name = clean(&record.step.name, 60);
    if subject.is_empty() { name } else { format!("{name} {subject}") }
}

fn step_phrase(record: &StepRecord) -> String {
    format!("{}: {}", step_name(record), does(&record.step.does))
}

/// What a step does.
pub(crate) fn does(does: &Does) -> String {
    match does {
        Does::Call(call) => call.api().to_owned(),
        Does::Wait(condition) => condition_phrase(condition),
        Does::Collect(Evidence::Console) => "keeps the console output".to_owned(),
        Does::Collect(Evidence::Bundle) => "writes the evidence bundle".to_owned(),
        Does::Nothing => "nothing; it is undone in this place".to_owned(),
    }
}

fn whose(who: Who) -> &'static str {
    match who {
        Who::Old => "the instance",
        Who::New => "the replacement",
    }
}

fn condition_phrase(condition: &Condition) -> String {
    match condition {
        Condition::StatusOk { who } => format!("{} passes its status checks", whose(*who)),
        Condition::Stopped { who } => format!("{} is stopped", whose(*who)),
        Condition::Terminated { who } => format!("{} is terminated", whose(*who)),
        Condition::Online { who } => format!("SSM hears of {}", whose(*who)),
        Condition::Attested { who } => format!("{} equals the golden", whose(*who)),
        Condition::Healthy { group, target, .. } => {
            format!("{} is healthy in {}", clean(target, 60), group_name(group))
        }
        Condition::Drained { group, target, .. } => format!("{} has left {}", clean(target, 60), group_name(group)),
        Condition::InGroup { group, who, state: Some(state) } => {
            format!("{} is {} in {}", whose(*who), clean(state, 40), clean(group, 80))
        }
        Condition::InGroup { group, who, state: None } => format!("{} has left {}", whose(*who), clean(group, 80)),
        Condition::Serving => "the replacement serves".to_owned(),
        Condition::Baked => "the replacement has served well for the bake time".to_owned(),
        Condition::VolumeFree { volume } => format!("{volume} is attached to nothing"),
        Condition::RootReplaced => "the root volume is replaced".to_owned(),
        Condition::CutVerified => "every interface is isolated".to_owned(),
        Condition::MayTerminate => "nothing forbids the end of the instance".to_owned(),
        Condition::ScaledIn { group } => format!("{} has as many members as it wants", clean(group, 80)),
        Condition::Settled { seconds } => format!("{seconds} s have passed"),
    }
}

/// The name inside a target group's ARN: `…:targetgroup/NAME/ID`.
fn group_name(arn: &str) -> String {
    let name = arn.split(":targetgroup/").nth(1).and_then(|rest| rest.split('/').next());
    clean(name.unwrap_or(arn), 80)
}

/// What became of an operation or what it waits for, in one phrase.
pub(crate) fn standing(record: &OperationRecord) -> String {
    let note = record.note.as_deref().map(|note| clean(note, 300));
    // While an instance is kept, what it waits for says the same with the same time.
    let note = note.filter(|_| record.status != OperationStatus::Retaining);
    match (waits_for(record), note) {
        (Some(waits), Some(note)) => format!("{note}; waits for {waits}"),
        (Some(waits), None) => format!("waits for {waits}"),
        (None, Some(note)) => note,
        (None, None) => String::new(),
    }
}
