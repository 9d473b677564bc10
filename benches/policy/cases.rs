//! Inputs as scans make them: of a clean server, and of one on which much was changed.

use std::path::Path;
use std::time::Duration;

use cattleguard::app::pipeline::ScanOutcome;
use cattleguard::evaluate::{HistoryFacts, InputFacts, build_input, canonical_json};
use cattleguard::store::InstanceResult;
use cattleguard::testing::SimActor;
use cattleguard::types::{Action, Finding, FindingId, Fleet, Golden, InstanceId, Source};

use crate::usage::Outcome;
use crate::world::World;

/// An input with the instance it is about.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    id: String,
}

impl Input {
    /// The same of many other instances: their ids, and what is named by them, differ.
    pub(crate) fn of_others(&self, count: usize) -> impl Iterator<Item = String> + use<'_> {
        (0..count).map(|number| self.text.replace(&self.id, &format!("i-{number:017x}")))
    }
}

/// A clean one, and those of about 5 and 50 KB.
pub(crate) async fn inputs(folder: &Path) -> Outcome<[Input; 3]> {
    let (world, outcome, drifted) = prepare(folder).await?;
    let golden = world.golden()?;
    let fleet = world.config.fleets.first().ok_or("no fleet")?;
    let clean = world.fleet.instances().into_iter().find(|id| *id != drifted).ok_or("no clean instance")?;
    let of = |name: &'static str, id: &InstanceId, least: usize| -> Outcome<Input> {
        let mut case = Case { result: result(&outcome, id)?, findings: Vec::new(), golden: &golden, fleet };
        let mut text = case.input(&outcome);
        for count in 1..=200 {
            if text.len() >= least {
                break;
            }
            case.findings = findings(&outcome, id, count);
            text = case.input(&outcome);
        }
        Ok(Input { name, text, id: id.as_str().to_owned() })
    };
    Ok([of("clean", &clean, 0)?, of("5 KB", &drifted, 5_000)?, of("50 KB", &drifted, 50_000)?])
}

/// A fleet with one server on which much was changed, scanned.
async fn prepare(folder: &Path) -> Outcome<(World, ScanOutcome, InstanceId)> {
    let world = World::build(16, folder).await?;
    let cloud = &world.fleet.cloud;
    let server = world.fleet.instances().into_iter().next().ok_or("no servers")?;
    let actor = SimActor::role("ops-admin", "carol");
    cloud.start_session(&actor, &server)?;
    for package in ["nginx", "curl-minimal"] {
        cloud.upgrade_package(&server, package, "99.1")?;
    }
    cloud.run_inventory(&server)?;
    cloud.push_ssh_key(&actor, &server, "ec2-user")?;
    cloud.modify_user_data(&actor, &server, b"#cloud-config\nhostname: other\n")?;
    cloud.attach_volume(&actor, &server, "/dev/sdf", 100)?;
    cloud.source_dest_check(&actor, &server, false)?;
    world.fleet.clock.advance(Duration::from_secs(600));
    let outcome = world.scan().await?;
    let asked = result(&outcome, &server)?.decision.as_ref().map(|decision| decision.asked);
    if asked <= Some(Action::None) {
        return Err("nothing was asked for".into());
    }
    Ok((world, outcome, server))
}

struct Case<'a> {
    result: &'a InstanceResult,
    findings: Vec<Finding>,
    golden: &'a Golden,
    fleet: &'a Fleet,
}

impl Case<'_> {
    fn input(&self, outcome: &ScanOutcome) -> String {
        let findings: Vec<&Finding> = self.findings.iter().collect();
        let facts = InputFacts {
            scan: &outcome.report.scan_id,
            now: outcome.report.started_at,
            mode: outcome.report.mode,
            instance: &self.result.instance,
            golden: Some(self.golden),
            fleet: Some(self.fleet),
            findings: &findings,
            verdict: self.result.verdict,
            missing: &self.result.reasons,
            sources: &[Source::Ec2, Source::Ssm, Source::Cloudtrail],
            history: HistoryFacts::default(),
            exceptions: &[],
        };
        canonical_json(&build_input(&facts))
    }
}

fn result<'a>(outcome: &'a ScanOutcome, id: &InstanceId) -> Outcome<&'a InstanceResult> {
    let found = outcome.report.instances.iter().find(|result| result.instance.id == *id);
    Ok(found.ok_or("the instance was not scanned")?)
}

/// This many findings: those of the scan, repeated with ids of their own.
fn findings(outcome: &ScanOutcome, id: &InstanceId, count: usize) -> Vec<Finding> {
    let own: Vec<&Finding> = outcome.report.findings.iter().filter(|finding| finding.instance == *id).collect();
    let repeated = own.iter().cycle().take(count).enumerate();
    repeated
        .map(|(index, finding)| Finding { id: FindingId::new(format!("f-{index:016x}")), ..(*finding).clone() })
        .collect()
}
