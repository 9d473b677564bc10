//! What happens in the demo, in order.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::receiver::Receiver;
use super::setup::Folder;
use super::{failed, show};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::sim_backend::SimBackend;
use crate::testing::scenario::{self, DemoFacts};
use crate::testing::{FakeCloud, VirtualClock};

/// Signs the demo's webhooks. Known to everybody who reads this, and used nowhere else.
const SECRET: &str = "whsec_Y2F0dGxlZ3VhcmQtZGVtby1zZWNyZXQtMDAwMDAwMDAwMDAw";

/// Inventory and CloudTrail have settled between the two scans.
const BETWEEN: Duration = Duration::from_secs(15 * 60);

struct Stage<'a> {
    backend: SimBackend,
    config: &'a Path,
}

impl Stage<'_> {
    /// Types a command and runs it.
    fn run(&self, args: &[&str], expected: &[Exit]) -> Result<(), AppError> {
        println!("$ cattleguard-sim {}\n", args.join(" "));
        let mut line: Vec<OsString> = vec!["cattleguard-sim".into(), "-C".into(), self.config.into()];
        line.extend(args.iter().map(OsString::from));
        let code = crate::app::run(Box::new(self.backend.clone()), line);
        println!();
        if expected.iter().any(|exit| i32::from(exit.code()) == code) {
            return Ok(());
        }
        Err(AppError::failed(format!("`{}` ended with {code}", args.join(" "))))
    }
}

pub(super) fn play() -> Result<(), AppError> {
    let (cloud, clock, facts) = scenario::demo_scenario().map_err(|error| failed("the fleet", error))?;
    let receiver = Receiver::start()?;
    let folder = Folder::create()?;
    let config = folder.write(receiver.address, SECRET)?;
    let stage = Stage { backend: SimBackend::new(cloud.clone(), clock.clone()), config: &config };

    chapter(1, "A fleet runs from its golden image");
    println!(
        "{} servers tagged app=web in two accounts and two regions, all launched from one AMI. In each region stands a\n\
         pristine reference server that takes no traffic; the golden web@1 is recorded from it.\n",
        facts.members.len()
    );
    record(&stage, &cloud, &facts)?;
    stage.run(&["scan"], &[Exit::Partial])?;

    chapter(2, "A bad morning");
    let mischief = scenario::mischief(&cloud, &facts).map_err(|error| failed("the bad morning", error))?;
    tell(&facts, &mischief.launched);
    clock.advance(BETWEEN);
    stage.run(&["scan"], &[Exit::Partial])?;

    chapter(3, "What arrived");
    let requests = receiver.arrived();
    let verified = show::arrived(&requests, &SECRET.to_owned().into());

    chapter(4, "Ask further");
    stage.run(&["explain", facts.upgraded.as_str()], &[Exit::Ok])?;
    stage.run(&["timeline", facts.edited.as_str()], &[Exit::Ok])?;
    stage.run(&["pets"], &[Exit::Ok])?;
    finish(&requests, verified)
}

fn record(stage: &Stage<'_>, cloud: &FakeCloud, facts: &DemoFacts) -> Result<(), AppError> {
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
        stage.run(&[&args[..], &rest[..]].concat(), &[Exit::Ok])?;
    }
    stage.run(&["golden", "promote", "web@1"], &[Exit::Ok])
}

fn tell(facts: &DemoFacts, launched: &crate::types::InstanceId) {
    let (package, before, after) = facts.package;
    println!(
        "- {alice} opens an SSM session on {upgraded} and upgrades {package} from {before} to {after}\n\
         - bob pushes an SSH key to {ssh_key}\n\
         - carol swaps the security groups of {regrouped}\n\
         - {dave} stops {edited}, edits its user data in the console, and starts it again\n\
         - {unmanaged} reports no inventory at all\n\
         - noise: Auto Scaling launches {launched}, an intern's call on {attempted} is refused, monitoring reads\n",
        alice = facts.alice,
        upgraded = facts.upgraded,
        ssh_key = facts.ssh_key,
        regrouped = facts.regrouped,
        dave = facts.dave,
        edited = facts.edited,
        unmanaged = facts.unmanaged,
        attempted = facts.attempted,
    );
}

fn finish(requests: &[super::receiver::Arrived], verified: usize) -> Result<(), AppError> {
    let webhooks = requests.iter().filter(|request| request.path == "/hook").count();
    let slack = requests.len() - webhooks;
    println!("{slack} Slack messages and {webhooks} webhooks arrived, {verified} signatures verified.");
    if slack == 0 || webhooks == 0 || verified != webhooks {
        return Err(AppError::failed("not every alert arrived as it should"));
    }
    Ok(())
}

fn chapter(number: u8, title: &str) {
    println!("── {number}. {title} {}\n", "─".repeat(90_usize.saturating_sub(title.len())));
}

/// The world that other commands of `cattleguard-sim` see: after the bad morning.
pub(crate) fn world() -> Result<(FakeCloud, VirtualClock), AppError> {
    let (cloud, clock, facts) = scenario::demo_scenario().map_err(|error| failed("the fleet", error))?;
    scenario::mischief(&cloud, &facts).map_err(|error| failed("the bad morning", error))?;
    clock.advance(BETWEEN);
    Ok((cloud, clock))
}
