//! What this process has used, from `/proc/self` (proc(5)).

use crate::Outcome;

/// Clock ticks a second. Linux reports times in units of 1/100 s on every architecture in use.
const TICKS: f64 = 100.0;

/// User and system time.
pub(crate) fn cpu_seconds() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = text.rsplit(')').next().ok_or("no fields")?;
    let mut times = after_name.split_whitespace().skip(11);
    let user: f64 = times.next().ok_or("no user time")?.parse()?;
    let system: f64 = times.next().ok_or("no system time")?.parse()?;
    Ok((user + system) / TICKS)
}

/// The largest resident size so far.
pub(crate) fn peak_megabytes() -> Outcome<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024)
}
