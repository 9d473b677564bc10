//! Reads a generated folder of gzipped CloudTrail log files: events a second.
//!
//! ```text
//! cargo bench --no-default-features --features testing --bench ingest -- 200000
//! ```
//!
//! One record in fifty is a change, the rest are read-only calls, as in a trail of an account at work.

#[path = "support/usage.rs"]
mod usage;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use cattleguard::collect::trail::{Batch, ClassifyContext, LinkMap, ingest};
use cattleguard::testing::{FleetBuilder, SimActor, scenario};
use flate2::Compression;
use flate2::write::GzEncoder;

use usage::{Meter, Outcome};

/// Records of one log file; CloudTrail writes one every few minutes.
const IN_FILE: usize = 2_000;
/// One in this many is a change.
const CHANGE_EVERY: usize = 50;

fn main() -> Outcome<()> {
    // `cargo bench` adds `--bench`.
    let count = std::env::args().skip(1).find(|arg| arg != "--bench");
    let count: usize = count.as_deref().unwrap_or("200000").parse()?;
    let folder = tempfile::TempDir::new()?;
    let files = generate(folder.path(), count)?;
    let meter = Meter::start()?;
    let mut kept = 0_usize;
    let summary = ingest(&[folder.path().to_owned()], &LinkMap::default(), &mut |_| kept += 1);
    let spent = meter.stop()?;
    let expected = count.div_ceil(CHANGE_EVERY);
    if summary.events_read != u64::try_from(count)? || kept != expected || summary.set_aside_total > 0 {
        return Err(
            format!("{} of {count} records read, {kept} of {expected} changes kept", summary.events_read).into()
        );
    }
    let (events, megabytes) = (f64::from(u32::try_from(count)?), f64::from(u32::try_from(summary.bytes)?) / 1e6);
    println!("{count} events in {files} files, {megabytes:.0} MB of JSON, {kept} changes: {spent}");
    println!("{:.0} events/s and {:.0} MB/s of CPU", events / spent.cpu, megabytes / spent.cpu);
    Ok(())
}

fn generate(folder: &Path, count: usize) -> Outcome<usize> {
    let templates = Templates::new()?;
    let mut files = 0;
    for first in (0..count).step_by(IN_FILE) {
        let file = File::create(folder.join(format!("log-{first:08}.json.gz")))?;
        let mut out = GzEncoder::new(file, Compression::default());
        out.write_all(b"{\"Records\":[")?;
        for index in first..(first + IN_FILE).min(count) {
            if index > first {
                out.write_all(b",")?;
            }
            out.write_all(templates.record(index).ok_or("no templates")?.as_bytes())?;
        }
        out.write_all(b"]}")?;
        out.finish()?;
        files += 1;
    }
    Ok(files)
}

/// Records as the simulated account writes them, cut where the event id stands.
struct Templates {
    changes: Vec<(String, String)>,
    reads: Vec<(String, String)>,
}

impl Templates {
    fn new() -> Outcome<Self> {
        let fleet = FleetBuilder::new("web").standalone(100).packages(24).build()?;
        scenario::scatter(&fleet, 100)?;
        let place = fleet.cloud.places().into_iter().next().ok_or("no place")?;
        let changes = fleet.cloud.trail_records(&place).len();
        let reader = SimActor::role("monitoring", "poller").with_user_agent("Boto3/1.40.2 Python/3.13");
        for (service, event) in
            [("ec2", "DescribeInstances"), ("sts", "GetCallerIdentity"), ("s3", "ListBuckets"), ("iam", "ListRoles")]
        {
            fleet.cloud.read_only_call(&reader, &place, service, event)?;
        }
        let records = fleet.cloud.trail_records(&place);
        let (changes, reads) = records.split_at_checked(changes).ok_or("no reads")?;
        let changes = changes.iter().filter(|record| is_change(record));
        Ok(Self {
            changes: changes.filter_map(|record| cut(record)).collect(),
            reads: reads.iter().filter_map(|record| cut(record)).collect(),
        })
    }

    fn record(&self, index: usize) -> Option<String> {
        let turn = index / CHANGE_EVERY;
        let list = if index.is_multiple_of(CHANGE_EVERY) { &self.changes } else { &self.reads };
        let chosen = if index.is_multiple_of(CHANGE_EVERY) { turn } else { index };
        let (before, after) = list.get(chosen % list.len().max(1))?;
        Some(format!("{before}{index:08x}-0000-4000-8000-000000000000{after}"))
    }
}

/// Whether a record alone comes to a change event.
fn is_change(record: &str) -> bool {
    let mut batch = Batch::new(ClassifyContext::default());
    batch.add(record, "template");
    batch.finish(&mut LinkMap::default()).events.len() == 1
}

/// What comes before and after the event id, a UUID of 36 characters.
fn cut(record: &str) -> Option<(String, String)> {
    let start = record.find("\"eventID\":\"")? + "\"eventID\":\"".len();
    Some((record.get(..start)?.to_owned(), record.get(start + 36..)?.to_owned()))
}
