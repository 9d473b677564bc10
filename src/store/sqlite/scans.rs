//! Scans: one transaction for everything a scan found and caused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fault::{Db, conflict};
use super::value::{json, nanos, parse, time, verdict};
use super::{
    SqliteStore, audit, contents, counters, decisions, events, findings, inputs, journal, lease, links, outbox, prune,
    results, trail,
};
use crate::remediate::kept;
use crate::store::audit::canonical;
use crate::store::counters::SCANS;
use crate::store::traits::{
    InstanceResult, Lease, Link, ScanCommit, ScanSummary, Scans, StoreError, StoredInput, UserDataMemo,
};
use crate::store::{Counter, Ingested};
use crate::types::{ChangeEvent, EventId, InstanceId, Place, Plan, ScanId, Verdict};

/// Plans kept. An approval names a recent plan by its hash; with thousands of held instances a plan is
/// megabytes, and an old one can never be executed: its before-images no longer match.
const PLANS: i64 = 16;

impl Scans for SqliteStore {
    fn commit_scan(&self, lease: &Lease, commit: &ScanCommit) -> Result<(), StoreError> {
        self.write(|tx| put(tx, lease, commit))
    }

    fn last_scan(&self) -> Result<Option<ScanSummary>, StoreError> {
        self.read(last)
    }

    fn instance_result(&self, id: &InstanceId) -> Result<Option<InstanceResult>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{} WHERE i.id = ?1", results::SELECT))?;
            let mut rows = statement.query([id.as_str()])?;
            rows.next()?.map(results::read).transpose()
        })
    }

    fn instance_results(&self) -> Result<Vec<InstanceResult>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{} WHERE i.scan = (SELECT max(seq) FROM scan) ORDER BY i.account, i.region, i.id",
                results::SELECT
            ))?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(results::read(row)?);
            }
            Ok(found)
        })
    }

    fn last_plan(&self) -> Result<Option<Plan>, StoreError> {
        self.read(|connection| {
            let body: Option<String> = connection
                .query_row("SELECT body FROM plan ORDER BY scan DESC LIMIT 1", [], |row| row.get(0))
                .optional()?;
            body.map(|body| parse(&body)).transpose()
        })
    }

    fn checkpoints(&self) -> Result<BTreeMap<(Place, String), Timestamp>, StoreError> {
        self.read(events::checkpoints)
    }

    fn known_events(&self, ids: &[EventId]) -> Result<BTreeSet<EventId>, StoreError> {
        self.read(|connection| events::known(connection, ids))
    }

    fn events_since(&self, since: Timestamp) -> Result<Vec<ChangeEvent>, StoreError> {
        self.read(|connection| events::since(connection, since))
    }

    fn events_of(&self, id: &InstanceId) -> Result<Vec<ChangeEvent>, StoreError> {
        self.read(|connection| events::of(connection, id))
    }

    fn links(&self) -> Result<Vec<Link>, StoreError> {
        self.read(links::all)
    }

    fn user_data(&self) -> Result<Vec<UserDataMemo>, StoreError> {
        self.read(links::user_data)
    }

    fn last_clean(&self) -> Result<BTreeMap<InstanceId, Timestamp>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, last_clean FROM instance WHERE last_clean IS NOT NULL")?;
            let rows =
                statement.query_map([], |row| Ok((InstanceId::from(row.get::<_, String>(0)?), time(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn verdicts_of(&self, id: &InstanceId) -> Result<Vec<(Timestamp, Verdict)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                // CROSS: one lookup for each scan, never a walk over every instance's verdicts.
                "SELECT s.started_at, v.verdict FROM scan s CROSS JOIN verdict v ON v.scan = s.seq
                 WHERE v.instance = (SELECT key FROM instance WHERE id = ?1) ORDER BY s.seq",
            )?;
            let rows = statement.query_map([id.as_str()], |row| Ok((time(row.get(0)?), verdict(row.get(1)?))))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn last_input(&self, id: &InstanceId) -> Result<Option<StoredInput>, StoreError> {
        self.read(|connection| inputs::last(connection, id))
    }

    fn each_input_since(&self, since: Timestamp, visit: &mut dyn FnMut(StoredInput)) -> Result<(), StoreError> {
        self.read(|connection| inputs::each_since(connection, since, visit))
    }

    fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        let pruned = self.write(|tx| prune::run(tx, before))?;
        Ok(pruned.iter().map(|kind| kind.rows).sum())
    }
}

impl Ingested for SqliteStore {
    fn keep_ingested(&self, events: &[ChangeEvent], links: &[Link]) -> Result<u64, StoreError> {
        self.write(|tx| {
            links::put(tx, links)?;
            events::keep(tx, events)
        })
    }
}

pub(super) fn put(tx: &Transaction<'_>, lease: &Lease, commit: &ScanCommit) -> Db<()> {
    // Destructured in full: a part that is added to a commit must be stored.
    let ScanCommit {
        scan_id: _,
        started_at,
        finished_at,
        exit_code,
        coverage: _,
        instances,
        findings: found,
        events: seen,
        checkpoints,
        marks,
        contents: hashes,
        links: owned,
        user_data,
        plan,
        notices,
        inputs: evaluated,
        circumstances,
    } = commit;
    lease::check(tx, lease)?;
    let scan = put_header(tx, commit)?;
    let mut changed = results::put(tx, scan, *started_at, instances)?;
    changed.extend(findings::put(tx, found, *started_at)?);
    inputs::put(tx, scan, evaluated, &changed)?;
    decisions::put(tx, &commit.scan_id, *started_at, instances, circumstances)?;
    events::put(tx, seen)?;
    events::advance(tx, checkpoints, *finished_at)?;
    trail::put(tx, marks)?;
    contents::put(tx, hashes)?;
    links::put(tx, owned)?;
    links::put_user_data(tx, user_data)?;
    put_plan(tx, scan, plan)?;
    outbox::put(tx, notices, *finished_at)?;
    let scans = Counter::new(SCANS, &[("exit_code", &exit_code.to_string())], 1);
    counters::put(tx, &[scans], *finished_at)?;
    put_audit(tx, lease, commit)
}

fn put_header(tx: &Transaction<'_>, commit: &ScanCommit) -> Db<i64> {
    let unfinished = journal::unfinished(tx)?;
    let kept = kept(&unfinished);
    // What was replaced and is only kept takes no part in its fleet.
    let count = |verdict| {
        let members = commit.instances.iter().filter(|result| !kept.contains(&result.instance.id));
        u32::try_from(members.filter(|result| result.verdict == verdict).count()).unwrap_or(u32::MAX)
    };
    let inserted = tx.query_row(
        "INSERT INTO scan (id, started_at, finished_at, exit_code, clean, drifted, unjudged, coverage)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING RETURNING seq",
        params![
            commit.scan_id.as_str(),
            nanos(commit.started_at),
            nanos(commit.finished_at),
            commit.exit_code,
            count(Verdict::Clean),
            count(Verdict::Drifted),
            count(Verdict::Unjudged),
            json(&commit.coverage)?
        ],
        |row| row.get(0),
    );
    match inserted.optional()? {
        Some(seq) => Ok(seq),
        None => conflict(format!("scan {} is committed already", commit.scan_id)),
    }
}

fn put_plan(tx: &Transaction<'_>, scan: i64, plan: &Plan) -> Db<()> {
    tx.execute(
        "INSERT INTO plan (hash, scan, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (hash) DO UPDATE SET scan = excluded.scan, body = excluded.body",
        params![plan.hash.as_str(), scan, json(plan)?],
    )?;
    tx.execute("DELETE FROM plan WHERE scan NOT IN (SELECT scan FROM plan ORDER BY scan DESC LIMIT ?1)", [PLANS])?;
    Ok(())
}

fn put_audit(tx: &Transaction<'_>, lease: &Lease, commit: &ScanCommit) -> Db<()> {
    let details = json!({
        "exit_code": commit.exit_code,
        "instances": commit.instances.len(),
        "findings": commit.findings.len(),
        "events": commit.events.len(),
        "notices": commit.notices.len(),
        "plan": commit.plan.hash,
        "decisions": decisions(commit)?,
        "epoch": lease.epoch,
    });
    audit::append(tx, commit.finished_at, &lease.holder, "scan.commit", commit.scan_id.as_str(), &details)?;
    Ok(())
}

/// Columns for [`summary`].
pub(super) const SELECT: &str =
    "SELECT id, started_at, finished_at, exit_code, clean, drifted, unjudged, coverage FROM scan";

/// Reads one row of [`SELECT`].
pub(super) fn summary(row: &Row<'_>) -> Db<ScanSummary> {
    let coverage: String = row.get(7)?;
    Ok(ScanSummary {
        scan_id: ScanId::from(row.get::<_, String>(0)?),
        started_at: time(row.get(1)?),
        finished_at: time(row.get(2)?),
        exit_code: row.get(3)?,
        clean: u64::from(row.get::<_, u32>(4)?),
        drifted: u64::from(row.get::<_, u32>(5)?),
        unjudged: u64::from(row.get::<_, u32>(6)?),
        coverage: parse(&coverage)?,
    })
}

/// What policy decided, in numbers, with a digest over every decision: with it the decisions of a report can be proven.
fn decisions(commit: &ScanCommit) -> Db<Value> {
    let (mut actions, mut bundle, mut digest) = (BTreeMap::<&str, u64>::new(), None, Sha256::new());
    for decision in commit.instances.iter().filter_map(|result| result.decision.as_ref()) {
        *actions.entry(decision.action.as_str()).or_default() += 1;
        bundle = Some(&decision.bundle_digest);
        digest.update(canonical(&serde_json::to_value(decision)?));
        digest.update(b"\n");
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(json!({ "actions": actions, "policy_bundle": bundle, "sha256": digest }))
}

fn last(connection: &Connection) -> Db<Option<ScanSummary>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY seq DESC LIMIT 1"))?;
    let mut rows = statement.query([])?;
    rows.next()?.map(summary).transpose()
}
