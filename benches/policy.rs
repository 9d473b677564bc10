//! Evaluates the shipped policies on one core: instances a second, for a clean instance and for one with 28 findings.
//!
//! ```text
//! cargo bench --no-default-features --features testing --bench policy
//! ```

#[path = "support/usage.rs"]
mod usage;
#[path = "support/world.rs"]
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use cattleguard::app::pipeline::ScanOutcome;
use cattleguard::evaluate::{Evaluator, HistoryFacts, InputFacts, PolicySet, STACK_BYTES};
use cattleguard::store::InstanceResult;
use cattleguard::testing::SimActor;
use cattleguard::types::{Action, Finding, FindingId, Fleet, Golden, InstanceId, Source};

use usage::{Meter, Outcome};
use world::World;

/// Findings of the drifted instance.
const FINDINGS: usize = 28;
/// How long each case runs.
const RUN: Duration = Duration::from_secs(3);
/// Evaluations between two looks at the clock.
const ROUND: u32 = 100;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::TempDir::new()?;
    let (world, outcome, drifted) = runtime.block_on(prepare(folder.path()))?;
    let golden = world.golden()?;
    let fleet = world.config.fleets.first().ok_or("no fleet")?;
    let clean = world.fleet.instances().into_iter().find(|id| *id != drifted).ok_or("no clean instance")?;
    for (name, id, count) in [("clean", &clean, 0), ("drifted", &drifted, FINDINGS)] {
        let case =
            Case { result: result(&outcome, id)?, findings: findings(&outcome, id, count), golden: &golden, fleet };
        let evaluated = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            let policies = &world.policies;
            let outcome = &outcome;
            thread.spawn_scoped(scope, move || evaluate(policies, outcome, &case)).map(|thread| thread.join())
        })?;
        println!("{name}, {count} findings: {}", evaluated.map_err(|_| "the evaluation panicked")??);
    }
    Ok(())
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
    Ok((world, outcome, server))
}

struct Case<'a> {
    result: &'a InstanceResult,
    findings: Vec<Finding>,
    golden: &'a Golden,
    fleet: &'a Fleet,
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

fn evaluate(policies: &PolicySet, outcome: &ScanOutcome, case: &Case<'_>) -> Result<String, String> {
    let findings: Vec<&Finding> = case.findings.iter().collect();
    let facts = InputFacts {
        scan: &outcome.report.scan_id,
        now: outcome.report.started_at,
        mode: outcome.report.mode,
        instance: &case.result.instance,
        golden: Some(case.golden),
        fleet: Some(case.fleet),
        findings: &findings,
        verdict: case.result.verdict,
        missing: &case.result.reasons,
        sources: &[Source::Ec2, Source::Ssm, Source::Cloudtrail],
        history: HistoryFacts::default(),
        exceptions: &[],
    };
    let mut evaluator = Evaluator::new(policies);
    let (decision, input) = evaluator.decide(&facts);
    if (decision.asked > Action::None) == findings.is_empty() {
        return Err(format!("unexpected decision: {:?} {:?}", decision.asked, decision.reasons));
    }
    let meter = Meter::start().map_err(|error| error.to_string())?;
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < RUN {
        for _ in 0..ROUND {
            std::hint::black_box(evaluator.decide(&facts));
        }
        count += ROUND;
    }
    let spent = meter.stop().map_err(|error| error.to_string())?;
    let (rate, bytes) = (f64::from(count) / spent.cpu, input.to_string().len());
    Ok(format!("{rate:.0} instances/s of CPU; input {bytes} bytes; asked {}; {spent}", decision.asked))
}
