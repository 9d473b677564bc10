//! The sandbox: both processes' time together.

use cattleguard::app::pipeline::shipped_policies;
use cattleguard::app::policy_worker::Launch;
use cattleguard::evaluate::Answered;
use cattleguard::types::PolicyOutcome;

use crate::usage::{Meter, Outcome};

/// Clock ticks a second.
const TICKS: f64 = 100.0;

/// What an evaluation in the sandbox cost.
pub(crate) struct Spent {
    /// Seconds of processor time of this process.
    pub(crate) own: f64,
    /// Seconds of processor time of the worker.
    pub(crate) worker: f64,
    /// Peak memory of the worker, in MB.
    pub(crate) memory: f64,
}

impl Spent {
    pub(crate) fn both(&self) -> f64 {
        self.own + self.worker
    }
}

/// Evaluates inputs in a worker of its own.
pub(crate) fn sandboxed(texts: &[String]) -> Outcome<Spent> {
    let policies = shipped_policies(Launch::again()).map_err(|error| format!("{error:?}"))?;
    let pid = policies.process_id().ok_or("no process")?;
    let meter = Meter::start()?;
    let before = cpu_of(pid)?;
    let mut failed = 0;
    let feed = |ask: &mut dyn FnMut((), String)| texts.iter().for_each(|text| ask((), text.clone()));
    let answered = |(), answered: Answered| {
        failed += usize::from(answered.policies.iter().any(|policy| policy.outcome == PolicyOutcome::Error));
    };
    policies.evaluate(feed, answered).ok_or("no answers")?;
    let (worker, memory) = (cpu_of(pid)? - before, memory_of(pid)?);
    let own = meter.stop()?.cpu;
    if failed > 0 {
        return Err(format!("{failed} of {} failed", texts.len()).into());
    }
    Ok(Spent { own, worker, memory })
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
