//! Evaluates the shipped policies on one core: prepared and fresh, rule by rule and together, in this process and in the
//! sandbox, for a clean instance and for inputs of about 5 and 50 KB; whole fleets; and one policy against other engines.
//!
//! ```text
//! cargo bench --no-default-features --features testing --bench policy            everything
//! cargo bench … --bench policy -- --only "5 KB"    one input in this process, for a profiler
//! cargo bench … --bench policy -- --peer FOLDER    writes policies and input for other engines, see peer_regopy.py
//! ```

mod apart;
mod cases;
mod hundred;
#[path = "../support/usage.rs"]
mod usage;
#[path = "../support/world.rs"]
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use cattleguard::app::policy_worker;
use cattleguard::evaluate::{Evaluator, PolicySet, STACK_BYTES, shipped};
use serde_json::Value;

use cases::Input;
use usage::{Meter, Outcome};

/// Policies are evaluated a quarter faster than with the allocator of the C library, and records are read faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each case runs.
const RUN: Duration = Duration::from_secs(3);
/// Evaluations between two looks at the clock.
const ROUND: u32 = 100;
/// Instances of the large scan.
const MANY: usize = 10_000;

fn main() -> Outcome<()> {
    let args: Vec<_> = std::env::args_os().collect();
    // The sandbox starts this program again.
    if let Some(code) = policy_worker::serve(&args) {
        std::process::exit(code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::TempDir::new()?;
    let inputs = runtime.block_on(cases::inputs(folder.path()))?;
    let [clean, five, _] = &inputs;
    let given = |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1));
    if let Some(folder) = given("--peer") {
        return peer(Path::new(folder), &five.text);
    }
    let only = given("--only").map(|name| name.to_string_lossy().into_owned());
    for input in inputs.iter().filter(|input| only.as_ref().is_none_or(|only| only == input.name)) {
        println!("{}, {} bytes", input.name, input.text.len());
        let together = on_policy_stack(|| here(input, only.is_some()))?;
        if only.is_none() {
            apart(input, together)?;
        }
    }
    if only.is_some() {
        return Ok(());
    }
    many("clean", &clean.of_others(MANY).collect::<Vec<_>>())?;
    for percent in [1, 5] {
        let mut fleet: Vec<String> = clean.of_others(MANY).collect();
        for (server, text) in fleet.iter_mut().step_by(100 / percent).zip(five.of_others(MANY)) {
            *server = text;
        }
        many(&format!("{percent} % drifted"), &fleet)?;
    }
    let distinct: Vec<String> = five.of_others(MANY).collect();
    many("every one drifted, each in its own way", &distinct)?;
    on_policy_stack(|| hundred::compare(&distinct))
}

fn on_policy_stack<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Outcome<T> {
    let done = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).map(|thread| thread.join())
    })?;
    Ok(done.map_err(|_| "the evaluation panicked")??)
}

/// Policies and input for another engine: the shipped ones, and beside them the one that all engines know.
fn peer(folder: &Path, input: &str) -> Outcome<()> {
    let hundred = folder.join("hundred");
    std::fs::create_dir_all(&hundred)?;
    for (index, source) in shipped().into_iter().enumerate() {
        std::fs::write(folder.join(format!("{index}.rego")), source.text)?;
    }
    std::fs::write(hundred.join("policy.rego"), hundred::TEXT)?;
    for folder in [folder, &hundred] {
        std::fs::write(folder.join("input.json"), input)?;
    }
    Ok(())
}

/// In this process; the rate together, each input evaluated anew.
fn here(input: &Input, only: bool) -> Result<f64, String> {
    let text = &input.text;
    let set = PolicySet::compile(shipped(), Value::Null).map_err(|problems| format!("{problems:?}"))?;
    let mut together = Evaluator::together(&set);
    let fast = rate(ROUND, || drop(std::hint::black_box(together.results_of(text))))?;
    report("  prepared, together", fast);
    if only {
        return Ok(fast);
    }
    let mut alone = Evaluator::new(&set);
    report("  prepared, rule by rule", rate(ROUND, || drop(std::hint::black_box(alone.results_of(text))))?);
    let fresh = rate(1, || {
        let set = PolicySet::compile(shipped(), Value::Null);
        if let Ok(set) = set {
            std::hint::black_box(Evaluator::together(&set).results_of(text));
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

/// In the sandbox: both processes' time together, beside the same inputs in the same way in this one. Each is of another
/// instance.
fn apart(input: &Input, together: f64) -> Outcome<()> {
    let count = ((together * RUN.as_secs_f64()) as usize).clamp(100, 200_000);
    let texts: Vec<String> = input.of_others(count).collect();
    let inside = on_policy_stack(|| as_scans_do(&texts))?;
    let spent = apart::sandboxed(&texts)?;
    let overhead = (spent.both() / inside - 1.0) * 100.0;
    println!(
        "  as scans do it, of {count} instances: {:.0} instances/s of CPU here, {:.0} in the sandbox, {overhead:.1} % more \
         time ({:.2} s here, {:.2} s there)",
        count as f64 / inside,
        count as f64 / spent.both(),
        spent.own,
        spent.worker
    );
    Ok(())
}

/// Seconds of processor time for these inputs in this process.
fn as_scans_do(texts: &[String]) -> Result<f64, String> {
    let set = PolicySet::compile(shipped(), Value::Null).map_err(|problems| format!("{problems:?}"))?;
    let meter = Meter::start().map_err(|error| error.to_string())?;
    let mut evaluator = Evaluator::fast(&set);
    texts.iter().for_each(|text| drop(std::hint::black_box(evaluator.results_of(text))));
    Ok(meter.stop().map_err(|error| error.to_string())?.cpu)
}

/// A large scan's evaluation, from starting the worker to its last answer.
fn many(what: &str, texts: &[String]) -> Outcome<()> {
    let started = Instant::now();
    let spent = apart::sandboxed(texts)?;
    println!(
        "{} instances in the sandbox, {what}: {:.2} s on one core ({:.2} here, {:.2} there), {:.2} s of wall; peak memory \
         of the worker {:.0} MB",
        texts.len(),
        spent.both(),
        spent.own,
        spent.worker,
        started.elapsed().as_secs_f64(),
        spent.memory
    );
    Ok(())
}
