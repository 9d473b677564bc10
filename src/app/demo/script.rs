//! What happens in the demo, in order.

use std::path::Path;

use super::print::{chapter, list, tell};
use super::receiver::Receiver;
use super::stage::Stage;
use super::{acting, failed, proof, show};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::testing::FakeCloud;
use crate::testing::scenario::DemoFacts;
use crate::types::InstanceId;

/// Signs the demo's webhooks. Known to everybody who reads this, and used nowhere else.
const SECRET: &str = "whsec_Y2F0dGxlZ3VhcmQtZGVtby1zZWNyZXQtMDAwMDAwMDAwMDAw";

pub(super) fn play(keep: Option<&Path>) -> Result<(), AppError> {
    let receiver = Receiver::start()?;
    let stage = Stage::set(keep)?;
    stage.folder.write(receiver.address, SECRET)?;

    chapter(1, "A fleet runs from its golden image")?;
    let facts = clean(&stage)?;
    stage.run(&["scan"], Exit::Partial)?;

    chapter(2, "A bad morning")?;
    morning(&stage, &facts)?;
    stage.run(&["scan"], Exit::Partial)?;

    chapter(3, "What arrived")?;
    let secret = SECRET.to_owned().into();
    let alerts = receiver.arrived();
    show::alerts(&alerts, &secret)?;

    chapter(4, "Ask further")?;
    stage.run(&["explain", facts.upgraded.as_str()], Exit::Ok)?;
    stage.run(&["timeline", facts.edited.as_str()], Exit::Ok)?;
    stage.run(&["pets"], Exit::Ok)?;

    let acted = acting::play(&stage, &facts)?;
    let notices = receiver.arrived().split_off(alerts.len());
    proof::show(&stage, &acted, &notices, &secret)?;
    match keep {
        None => Ok(()),
        Some(_) => stage.folder.hand_over(),
    }
}

fn clean(stage: &Stage) -> Result<DemoFacts, AppError> {
    let (cloud, facts) = {
        let world = stage.world()?;
        (world.cloud, world.facts)
    };
    tell(&format!(
        "{} servers tagged app=web in two accounts and two regions, all launched from one AMI. In each region stands a \
         pristine reference server that takes no traffic; the golden web@1 is recorded from it.",
        facts.members.len()
    ))?;
    record(stage, &cloud, &facts)?;
    Ok(facts)
}

fn morning(stage: &Stage, facts: &DemoFacts) -> Result<(), AppError> {
    let world = stage.world()?;
    let mischief = world.morning().map_err(|error| failed("the bad morning", error))?;
    happened(facts, &mischief.launched)
}

fn record(stage: &Stage, cloud: &FakeCloud, facts: &DemoFacts) -> Result<(), AppError> {
    let instances = cloud.instance_ids();
    for place in &facts.places {
        let image = facts.images.iter().find(|(region, _)| *region == place.region).map(|(_, image)| image.as_str());
        let image = image.ok_or_else(|| AppError::failed("the demo has no image here"))?;
        // The reference server is the one that is not a member of the fleet.
        let reference = instances
            .iter()
            .find(|id| cloud.place_of(id).is_ok_and(|at| at == *place) && !facts.members.contains(id))
            .ok_or_else(|| AppError::failed("the demo has no reference server here"))?;
        let (account, region) = (place.account.as_str(), place.region.as_str());
        let args = ["golden", "record", "web", "--version", "1", "--account", account, "--region", region];
        let rest = ["--ami", image, "--reference-instance", reference.as_str()];
        stage.run(&[&args[..], &rest[..]].concat(), Exit::Ok)?;
    }
    stage.run(&["golden", "promote", "web@1"], Exit::Ok)
}

fn happened(facts: &DemoFacts, launched: &InstanceId) -> Result<(), AppError> {
    let (package, before, after) = facts.package;
    let DemoFacts { alice, dave, upgraded, ssh_key, regrouped, edited, unmanaged, attempted, .. } = facts;
    list(&[
        format!("{alice} opens an SSM session on {upgraded} and upgrades {package} from {before} to {after}"),
        format!("bob pushes an SSH key to {ssh_key}"),
        format!("carol swaps the security groups of {regrouped}"),
        format!("{dave} stops {edited}, edits its user data in the console, and starts it again"),
        format!("{unmanaged} reports no inventory at all"),
        format!(
            "noise: Auto Scaling launches {launched}, an intern's call on {attempted} is refused, monitoring reads"
        ),
    ])
}
