//! What a stretch of work cost this process, from `/proc/self` (proc(5)).

use std::error::Error;
use std::fmt;
use std::fs;
use std::time::Instant;

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Clock ticks a second. Linux reports times in units of 1/100 s on every architecture in use.
const TICKS: f64 = 100.0;

/// Running measurement.
pub(crate) struct Meter {
    wall: Instant,
    cpu: f64,
    resident: f64,
}

/// What it cost.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    /// Seconds on the clock.
    pub(crate) wall: f64,
    /// User and system seconds of all threads.
    pub(crate) cpu: f64,
    /// Resident MB before.
    pub(crate) before: f64,
    /// Largest resident MB meanwhile.
    pub(crate) peak: f64,
}

impl Meter {
    /// Starts, with the peak set back to what is resident now, so that what was built before does not count twice.
    pub(crate) fn start() -> Outcome<Self> {
        // Where this is not permitted, the peak since the start of the process stands in: never too low.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Ok(Self { resident: megabytes("VmRSS:")?, cpu: cpu_seconds()?, wall: Instant::now() })
    }

    /// Stops.
    pub(crate) fn stop(self) -> Outcome<Spent> {
        let wall = self.wall.elapsed().as_secs_f64();
        Ok(Spent { wall, cpu: cpu_seconds()? - self.cpu, before: self.resident, peak: megabytes("VmHWM:")? })
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wall, cpu, before, peak } = self;
        write!(f, "wall {wall:.2} s  cpu {cpu:.2} s  peak {peak:.0} MB (resident before: {before:.0} MB)")
    }
}

fn cpu_seconds() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let after_name = text.rsplit(')').next().ok_or("no fields")?;
    let mut times = after_name.split_whitespace().skip(11);
    let user: f64 = times.next().ok_or("no user time")?.parse()?;
    let system: f64 = times.next().ok_or("no system time")?.parse()?;
    Ok((user + system) / TICKS)
}

/// One memory line of the status file.
pub(crate) fn megabytes(line: &str) -> Outcome<f64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let found = text.lines().find(|candidate| candidate.starts_with(line)).ok_or("no such line")?;
    let kilobytes: f64 = found.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes / 1024.0)
}
