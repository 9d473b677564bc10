//! Evaluates the shipped policies on one core: prepared and fresh, rule by rule and together, in this process and in the
//! sandbox, for a clean instance and for inputs of about 5 and 50 KB.
//!
//! ```text
//! cargo bench --no-default-features --features testing --bench policy            everything
//! cargo bench … --bench policy -- --peer FOLDER    writes policies and input for peer_regopy.py, see there
//! ```

#[path = "../support/usage.rs"]
mod usage;
#[path = "../support/world.rs"]
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use cattleguard::app::pipeline::{ScanOutcome, shipped_policies};
use cattleguard::app::policy_worker::{self, Launch};
use cattleguard::evaluate::{
    Answered, Evaluator, HistoryFacts, InputFacts, PolicySet, STACK_BYTES, build_input, canonical_json, shipped,
};
use cattleguard::store::InstanceResult;
use cattleguard::testing::SimActor;
use cattleguard::types::{Action, Finding, FindingId, Fleet, Golden, InstanceId, PolicyOutcome, Source};
use serde_json::Value;

use usage::{Meter, Outcome};
use world::World;

/// How long each case runs.
const RUN: Duration = Duration::from_secs(3);
/// Evaluations between two looks at the clock.
const ROUND: u32 = 100;
/// Instances of the large scan.
const MANY: usize = 10_000;
/// Clock ticks a second.
const TICKS: f64 = 100.0;

fn main() -> Outcome<()> {
    let args: Vec<_> = std::env::args_os().collect();
    // The sandbox starts this program again.
    if let Some(code) = policy_worker::serve(&args) {
        std::process::exit(code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::TempDir::new()?;
    let (world, outcome, drifted) = runtime.block_on(prepare(folder.path()))?;
    let golden = world.golden()?;
    let fleet = world.config.fleets.first().ok_or("no fleet")?;
    let clean = world.fleet.instances().into_iter().find(|id| *id != drifted).ok_or("no clean instance")?;
    let of = |id: &InstanceId, least: usize| -> Outcome<String> {
        let mut case = Case { result: result(&outcome, id)?, findings: Vec::new(), golden: &golden, fleet };
        let mut text = case.input(&outcome);
        for count in 1..=200 {
            if text.len() >= least {
                break;
            }
            case.findings = findings(&outcome, id, count);
            text = case.input(&outcome);
        }
        Ok(text)
    };
    let inputs = [("clean", of(&clean, 0)?), ("5 KB", of(&drifted, 5_000)?), ("50 KB", of(&drifted, 50_000)?)];
    if let Some(at) = args.iter().position(|arg| arg == "--peer") {
        let folder = args.get(at + 1).ok_or("--peer FOLDER")?;
        return peer(Path::new(folder), &inputs[1].1);
    }
    for (name, text) in &inputs {
        println!("{name}, {} bytes", text.len());
        let rates = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            thread.spawn_scoped(scope, || here(text)).map(|thread| thread.join())
        })?;
        let together = rates.map_err(|_| "the evaluation panicked")??;
        apart(text, together)?;
    }
    many(&inputs[1].1)
}

/// Policies and input for another engine.
fn peer(folder: &Path, input: &str) -> Outcome<()> {
    for (index, source) in shipped().into_iter().enumerate() {
        std::fs::write(folder.join(format!("{index}.rego")), source.text)?;
    }
    std::fs::write(folder.join("input.json"), input)?;
    Ok(())
}

/// In this process; the rate together.
fn here(text: &str) -> Result<f64, String> {
    let set = PolicySet::compile(shipped(), Value::Null).map_err(|problems| format!("{problems:?}"))?;
    let mut alone = Evaluator::new(&set);
    report("  prepared, rule by rule", rate(ROUND, || drop(std::hint::black_box(alone.results_of(text))))?);
    let mut together = Evaluator::fast(&set);
    let fast = rate(ROUND, || drop(std::hint::black_box(together.results_of(text))))?;
    report("  prepared, together", fast);
    let fresh = rate(1, || {
        let set = PolicySet::compile(shipped(), Value::Null);
        if let Ok(set) = set {
            std::hint::black_box(Evaluator::fast(&set).results_of(text));
        }
    })?;
    report("  a fresh engine for each", fresh);
    Ok(fast)
}

fn report(what: &str, rate: f64) {
    println!("{what}: {rate:.0} instances/s of CPU");
}

/// How often a second of processor time something can be done.
fn rate(round: u32, mut once: impl FnMut()) -> Result<f64, String> {
    let meter = Meter::start().map_err(|error| error.to_string())?;
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < RUN {
        for _ in 0..round {
            once();
        }
        count += round;
    }
    let spent = meter.stop().map_err(|error| error.to_string())?;
    Ok(f64::from(count) / spent.cpu)
}

/// In the sandbox: both processes' time together.
fn apart(text: &str, together: f64) -> Outcome<()> {
    let count = ((together * RUN.as_secs_f64()) as usize).clamp(100, 200_000);
    let (own, worker, _) = sandboxed(text, count)?;
    let rate = count as f64 / (own + worker);
    let overhead = (together / rate - 1.0) * 100.0;
    println!(
        "  in the sandbox: {rate:.0} instances/s of CPU, {overhead:.1} % more than in this process \
         ({own:.2} s here, {worker:.2} s there, for {count})"
    );
    Ok(())
}

/// A large scan's evaluation, from starting the worker to its last answer.
fn many(text: &str) -> Outcome<()> {
    let started = Instant::now();
    let (own, worker, memory) = sandboxed(text, MANY)?;
    println!(
        "{MANY} instances of {} bytes in the sandbox: {:.2} s on one core ({own:.2} here, {worker:.2} there), {:.2} s of \
         wall; peak memory of the worker {memory:.0} MB",
        text.len(),
        own + worker,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Seconds of processor time here and in the worker, and the worker's peak in MB.
fn sandboxed(text: &str, count: usize) -> Outcome<(f64, f64, f64)> {
    let policies = shipped_policies(Launch::again()).map_err(|error| format!("{error:?}"))?;
    let pid = policies.process_id().ok_or("no process")?;
    let meter = Meter::start()?;
    let before = cpu_of(pid)?;
    let mut failed = 0;
    let feed = |ask: &mut dyn FnMut((), String)| (0..count).for_each(|_| ask((), text.to_owned()));
    let answered = |(), answered: Answered| {
        failed += usize::from(answered.policies.iter().any(|policy| policy.outcome == PolicyOutcome::Error));
    };
    policies.evaluate(feed, answered).ok_or("no answers")?;
    let (worker, memory) = (cpu_of(pid)? - before, memory_of(pid)?);
    let own = meter.stop()?.cpu;
    if failed > 0 {
        return Err(format!("{failed} of {count} failed").into());
    }
    Ok((own, worker, memory))
}

fn cpu_of(pid: u32) -> Outcome<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = text.rsplit(')').next().ok_or("no fields")?.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = fields.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}

fn memory_of(pid: u32) -> Outcome<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no peak")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024.0)
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
