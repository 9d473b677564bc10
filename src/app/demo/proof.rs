//! What must be true at the end, by witnesses that are not the journal.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::acting::{Acted, form, only_launch};
use super::print::{chapter, tell};
use super::receiver::Arrived;
use super::show;
use super::stage::Stage;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::sim::is_launch;
use crate::testing::FakeCloud;

/// Shows it, and fails when it is not so.
pub(super) fn show(stage: &Stage, acted: &Acted, notices: &[Arrived], secret: &SecretString) -> Result<(), AppError> {
    chapter(8, "The proof")?;
    tell("All that the enforcer has launched, by the account's own log:")?;
    stage.run(&["world", "log", "--enforcer", "--launches"], Exit::Ok)?;
    tell("Nobody has edited the audit log:")?;
    stage.run(&["audit", "verify"], Exit::Ok)?;
    tell("People were told, also by the process that came after the one that died:")?;
    show::notices(notices, secret)?;
    let cloud = stage.world()?.cloud;
    only_launch(&cloud)?;
    for (what, holds) in claims(&cloud, acted) {
        if !holds {
            return Err(AppError::failed(format!("it is not so that {what}")));
        }
    }
    let Acted { contained, before: _, replaced, served: _, launch, place: _ } = acted;
    let replacement = &launch.instance;
    tell(&format!(
        "Exactly one replacement exists: {replacement} serves, equal to its golden, wherever {replaced} served; that one \
         is stopped and kept. {contained} was released and is as it was before."
    ))
}

fn claims(cloud: &FakeCloud, acted: &Acted) -> [(String, bool); 4] {
    let Acted { contained, before, replaced, served, launch, place } = acted;
    let replacement = &launch.instance;
    let since = cloud.log().iter().filter(|entry| entry.seq >= launch.seq && is_launch(entry)).count();
    let scene = cloud.scene(place);
    let groups: BTreeSet<&str> =
        served.iter().flat_map(|old| old.targets.keys().map(|(group, _)| group.as_str())).collect();
    let serves = scene.get(replacement).is_some_and(|new| new.pristine && new.serves_in(&groups));
    let stopped = scene.get(replaced).is_some_and(|old| old.state == "stopped" && old.targets.is_empty());
    let released = before.is_some() && form(cloud, contained) == *before;
    [
        ("nothing else was launched since".to_owned(), since == 1),
        (format!("{replacement} serves where {replaced} served"), serves && !groups.is_empty()),
        (format!("{replaced} is stopped and out of its target groups"), stopped),
        (format!("{contained} is as it was before it was contained"), released),
    ]
}
