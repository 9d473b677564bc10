//! Scans a simulated fleet with 100 changes in it, twice: the first scan knows nothing, the second finds
//! everything as the first left it.
//!
//! ```text
//! cargo bench --no-default-features --features testing --bench scan -- 10000
//! ```
//!
//! The simulated account lives in the same process. Peaks include it; what is resident before the first scan
//! is the account, and the difference is what the scan needs.

#[path = "support/stages.rs"]
mod stages;
#[path = "support/usage.rs"]
mod usage;
#[path = "support/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use cattleguard::app::pipeline::ScanOutcome;
use cattleguard::report::Look;
use cattleguard::report::render::{scan_json, scan_table};
use cattleguard::testing::scenario;
use cattleguard::types::{InstanceId, Verdict};
use tempfile::TempDir;

use usage::{Meter, Outcome};
use world::World;

/// Servers that are modified.
const CHANGES: usize = 100;

fn main() -> Outcome<()> {
    // `cargo bench` adds `--bench`.
    let size = std::env::args().skip(1).find(|arg| arg != "--bench");
    let size: usize = size.as_deref().unwrap_or("1000").parse()?;
    stages::print();
    // The runtime that the program itself uses.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(size))
}

async fn run(size: usize) -> Outcome<()> {
    let folder = TempDir::new()?;
    let world = World::build(size, folder.path()).await?;
    let changed: BTreeSet<InstanceId> = scenario::scatter(&world.fleet, CHANGES)?.into_iter().collect();
    let rows: usize = world.golden()?.baseline.inventory.values().map(|item| item.entries.len()).sum();
    println!(
        "{} servers in {} places, {} changed, {rows} packages in the golden",
        world.fleet.instances().len(),
        world.config.places().len(),
        changed.len()
    );
    for name in ["first scan", "second scan"] {
        println!("{name}:");
        let meter = Meter::start()?;
        let outcome = world.scan().await?;
        println!("  {}  state {:.0} MB", meter.stop()?, megabytes_in(folder.path())?);
        tell(&outcome);
        verify(&outcome, &changed)?;
        let meter = Meter::start()?;
        let bytes = scan_json(&outcome.report, None).len();
        println!("  JSON of {bytes} bytes: {}", meter.stop()?);
        let meter = Meter::start()?;
        let bytes = scan_table(&outcome.report, &Look::default()).len();
        println!("  table of {bytes} bytes: {}", meter.stop()?);
    }
    Ok(())
}

/// Megabytes of the files in a folder.
fn megabytes_in(folder: &Path) -> Outcome<f64> {
    let mut bytes = 0_u32;
    for entry in std::fs::read_dir(folder)? {
        bytes = bytes.saturating_add(u32::try_from(entry?.metadata()?.len())?);
    }
    Ok(f64::from(bytes) / 1_048_576.0)
}

fn tell(outcome: &ScanOutcome) {
    let report = &outcome.report;
    let calls: u64 = report.calls.values().sum();
    println!("  {calls} calls: {:?}", report.calls);
    println!(
        "  {} clean, {} drifted, {} unjudged; {} findings, {} new events, {} notices; planned {} and held {}",
        report.totals.clean,
        report.totals.drifted,
        report.totals.unjudged,
        report.findings.len(),
        outcome.events,
        outcome.notices,
        report.plan.operations.len(),
        report.plan.held.len(),
    );
}

/// A fast scan that misses a change is worth nothing.
fn verify(outcome: &ScanOutcome, changed: &BTreeSet<InstanceId>) -> Outcome<()> {
    let results = &outcome.report.instances;
    let drifted: BTreeSet<InstanceId> = results
        .iter()
        .filter(|result| result.verdict == Verdict::Drifted && !result.findings.is_empty())
        .map(|result| result.instance.id.clone())
        .collect();
    if drifted != *changed {
        return Err(format!("{} servers were changed, {} were found", changed.len(), drifted.len()).into());
    }
    println!("  all {} changed servers found, no other", changed.len());
    Ok(())
}
