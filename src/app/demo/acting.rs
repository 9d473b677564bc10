//! The second half: one server is contained and released, another is replaced by two processes, the first of which dies.

use super::print::{chapter, tell};
use super::stage::Stage;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::testing::scenario::DemoFacts;
use crate::testing::{AccountEntry, FakeCloud, SeenOperation, ServerForm, ServerScene};
use crate::types::{InstanceId, Place};

/// The call was made and its answer is not in the journal yet: the worst moment to die.
const WORST: &str = "launch-in-group:after";

/// Who took part, and what must be proven of them.
pub(super) struct Acted {
    /// What was contained and released.
    pub(super) contained: InstanceId,
    /// How it was before that.
    pub(super) before: Option<ServerForm>,
    /// What was replaced.
    pub(super) replaced: InstanceId,
    /// How it served before that.
    pub(super) served: Option<ServerScene>,
    /// The launch of what took its place.
    pub(super) launch: AccountEntry,
    /// Where those two live.
    pub(super) place: Place,
}

/// Plays it.
pub(super) fn play(stage: &Stage, facts: &DemoFacts) -> Result<Acted, AppError> {
    let contained = facts.edited.clone();
    let before = form(&stage.world()?.cloud, &contained);
    chapter(5, "One server is contained")?;
    tell(&format!(
        "What {} left in the user data of {contained} fetches something at the next boot. Somebody cuts the server off \
         first and asks afterwards: evidence is kept, and everything can be undone.",
        facts.dave
    ))?;
    stage.run(&["quarantine", contained.as_str()], Exit::Ok)?;

    chapter(6, "One server is replaced, and the process dies on the way")?;
    tell(
        "The budget lets one server go at a time, and rests for 30 minutes after each. Then `enforce` takes the next \
         one of the plan. Its process is killed at the worst moment: the new server is launched, and the answer is not \
         in the journal yet.",
    )?;
    stage.run(&["world", "wait", "30m"], Exit::Ok)?;
    stage.killed(WORST, &["enforce"])?;
    let (launch, seen) = only_launch(&stage.world()?.cloud)?;
    tell("A server was launched. The journal knows that one was to be launched, and nothing more:")?;
    stage.run(&["operations", "list"], Exit::Ok)?;
    tell("The dead process still holds the lease: nobody acts before it is over.")?;
    stage.run(&["enforce"], Exit::Unavailable)?;
    stage.run(&["world", "wait", "2m"], Exit::Ok)?;
    tell("Now the next run asks AWS what really happened, and goes on from there. It exits with 4: others wait.")?;
    stage.run(&["enforce"], Exit::Held)?;
    tell("Once more, to see that nothing is done twice:")?;
    stage.run(&["enforce"], Exit::Held)?;

    chapter(7, "What happened to the two")?;
    stage.run(&["timeline", seen.instance.as_str()], Exit::Ok)?;
    stage.run(&["timeline", contained.as_str()], Exit::Ok)?;
    tell(&format!(
        "{} explains it. The server gets back all that was taken from it; its user data stays a finding.",
        facts.dave
    ))?;
    stage.run(&["release", contained.as_str()], Exit::Ok)?;
    let SeenOperation { place, instance: replaced, scene: served, .. } = seen;
    Ok(Acted { contained, before, replaced, served, launch, place })
}

/// Everything that undoing must restore.
pub(super) fn form(cloud: &FakeCloud, instance: &InstanceId) -> Option<ServerForm> {
    cloud.place_of(instance).ok().and_then(|place| cloud.form(&place, instance))
}

/// The only server that the enforcer has launched, with the operation that did it, by the account's own log.
pub(super) fn only_launch(cloud: &FakeCloud) -> Result<(AccountEntry, SeenOperation), AppError> {
    let mut launches = cloud.log();
    launches.retain(crate::app::sim::is_replacement);
    let count = launches.len();
    match (launches.pop(), count) {
        (Some(launch), 1) => {
            let by = crate::app::sim::operation_of(&launch);
            let seen = by.and_then(|id| cloud.operations().get(id).cloned());
            let seen = seen.ok_or_else(|| AppError::failed("nobody knows which operation launched the server"))?;
            Ok((launch, seen))
        }
        _ => Err(AppError::failed(format!("the account's log holds {count} launches of the enforcer, not 1"))),
    }
}
