//! `report evidence`: what an auditor asks for, in one file that proves itself.

use std::io::IsTerminal as _;

use cattleguard_agent::sign::SigningKey;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::past::Past;
use super::{gaps, write};
use crate::app::cli::report::EvidenceArgs;
use crate::app::config::{Config, SecretRef};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::OutputSpec;
use crate::app::pipeline::{PolicyInputs, policy_inputs};
use crate::app::policies::Policies;
use crate::evaluate::Assessed;
use crate::evaluate::controls::{Control, controls_over};
use crate::report::evidence::{AUDIT_LOG, Facts, pack};
use crate::report::listing::Listing;
use crate::report::render::csv::{exceptions_csv, findings_of_period_csv, table};
use crate::report::render::decision_json;
use crate::report::render::goldens_json;
use crate::report::render::ocsf::{compliance_findings, counts, detection_findings, remediation_activities};
use crate::store::audit::GENESIS;
use crate::store::{AuditEntry, AuditLog, Lived, ScanPoint, Store};
use crate::types::{Finding, FindingStatus};

const README: &str = include_str!("evidence.txt");
/// Schema of the audit log's lines, as `audit export` writes them.
const AUDIT_SCHEMA: &str = "cattleguard.dev/audit/v1";

/// Runs the command. Exit 2 when the audit log itself does not hold: such evidence is worth nothing.
///
/// # Errors
/// State, the key, an unknown framework, or a period with no scan in it.
pub(super) fn run(context: &Context<'_>, args: &EvidenceArgs) -> Result<Exit, AppError> {
    let places = OutputSpec::places(&context.global.output, "evidence")?;
    if places.contains(&None) && std::io::stdout().is_terminal() {
        return Err(AppError::usage("a zip is no use on a terminal").with_hint("-o evidence.zip"));
    }
    let loaded = context.load(Vec::new())?;
    let config = loaded.config;
    let key = key(context, &config, args)?;
    let store = context.read_store(&config)?;
    let now = context.now();
    let period = Period::of(args, &config, now)?;
    if let Some(asked) = period.asked {
        context.note(&format!("the period ends now: nothing is known until {asked}"));
    }
    let (about, mut members) = collect(store.as_ref(), &config, &period, args)?;
    members.push((
        "configuration.json".to_owned(),
        format!("{:#}\n", crate::app::config::to_json(&loaded.settings)).into_bytes(),
    ));
    let file = pack(Facts(about), &members, key.as_ref()).map_err(|error| AppError::failed(error.to_string()))?;
    write(&places, &file)?;
    let signer = key.map_or_else(
        || "not signed: set report.signing_key, or give --key".to_owned(),
        |key| format!("signed by {}", key.public()),
    );
    context.note(&format!("{} members, {} KiB, {signer}", members.len(), file.len() / 1024));
    Ok(Exit::Ok)
}

/// The shortest time there is.
const INSTANT: jiff::SignedDuration = jiff::SignedDuration::from_nanos(1);

struct Period {
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    /// The end that was asked for, where that is still to come.
    asked: Option<Timestamp>,
}

impl Period {
    /// Evidence is of what was seen: it neither begins before what retention keeps nor ends in the future.
    fn of(args: &EvidenceArgs, config: &Config, now: Timestamp) -> Result<Self, AppError> {
        let from = args.from;
        // The end is not in the period; what happened at this instant is.
        let present = now.saturating_add(INSTANT).unwrap_or(now);
        let asked = args.to.filter(|to| *to > present);
        let to = args.to.unwrap_or(present).min(present);
        if args.to.is_some_and(|to| from >= to) {
            return Err(AppError::usage("--to must lie after --from"));
        }
        if from >= to {
            return Err(AppError::usage(format!("--from {from} is still to come")));
        }
        let keep = jiff::SignedDuration::try_from(config.state.retention).unwrap_or(jiff::SignedDuration::MAX);
        let kept = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
        if from < kept {
            let days = config.state.retention.as_secs() / 86_400;
            let message = format!("--from {from} lies before what is kept: {days} days, since {kept}");
            return Err(AppError::failed(message)
                .with_hint("state.retention keeps scans longer from now on; what was pruned is gone"));
        }
        Ok(Self { from, to, now, asked })
    }

    /// The last instant that is in it.
    fn last(&self) -> Timestamp {
        self.to.saturating_sub(INSTANT).unwrap_or(self.to)
    }
}

fn key(context: &Context<'_>, config: &Config, args: &EvidenceArgs) -> Result<Option<SigningKey>, AppError> {
    let named = args.key.clone().map(SecretRef::File);
    let Some(reference) = named.or_else(|| config.report.signing_key.clone()) else { return Ok(None) };
    let wrong = |why: String| {
        AppError::new(Exit::Config, format!("the signing key: {why}"))
            .with_hint("openssl genpkey -algorithm ed25519 -out evidence.key")
    };
    let text = reference.read(&context.env).map_err(wrong)?;
    SigningKey::from_pem(text.expose_secret()).map(Some).map_err(|error| wrong(error.to_string()))
}

/// The controls of a framework, e.g. `pci-dss-4.0.1`, as their ids begin; those that the data adds as well.
fn wanted(framework: Option<&str>, data: &Value) -> Result<Vec<Control>, AppError> {
    let all = controls_over(data).map_err(|problem| AppError::new(Exit::Config, problem.to_string()))?;
    let Some(framework) = framework else { return Ok(all) };
    let prefix = |control: &Control| control.id.split_once(':').map(|(prefix, _)| prefix.to_owned());
    let chosen: Vec<Control> = all.iter().filter(|one| prefix(one).as_deref() == Some(framework)).cloned().collect();
    if chosen.is_empty() {
        let mut names: Vec<String> = all.iter().filter_map(prefix).collect();
        names.sort();
        names.dedup();
        let message = format!("no control of `{}` is known", crate::report::text::clean(framework, 60));
        return Err(AppError::usage(message).with_hint(format!("frameworks: {}", names.join(", "))));
    }
    Ok(chosen)
}

type Members = Vec<(String, Vec<u8>)>;

/// What the state holds of the period.
struct Held {
    points: Vec<ScanPoint>,
    lived: Vec<Lived>,
    listing: Listing,
    /// The status that each finding of the listing has now.
    at_export: Vec<FindingStatus>,
    /// The scan that the findings stand as of.
    as_of: Timestamp,
    log: WholeLog,
}

fn held(store: &dyn Store, config: &Config, period: &Period) -> Result<Held, AppError> {
    let Period { from, to, now, .. } = *period;
    let last = period.last();
    let points = store.scan_points(from, last)?;
    let nothing = || AppError::failed("no scan is kept of this period").with_hint("see state.retention");
    let as_of = points.last().ok_or_else(nothing)?.started_at;
    let scan = store.last_scan()?.ok_or_else(nothing)?;
    let log = audit_log(store)?;
    let lived = store.population(from, last)?;
    let mut findings = store.findings(true)?;
    findings.retain(|one| in_period(one, from, to));
    let exceptions = store.exceptions()?;
    let most = config.exceptions.max_duration;
    let past = Past {
        at: as_of,
        exceptions: exceptions.iter().cloned().map(|one| one.lasting_at_most(most)).collect(),
        entries: &log.entries,
    };
    let at_export = findings.iter().map(|one| one.status).collect();
    let listing = Listing {
        now,
        scan,
        results: lived.iter().filter_map(|one| one.last.clone()).collect(),
        findings: findings.into_iter().map(|one| past.finding(one)).collect(),
        plan: None,
        operations: store.operations_since(from)?.into_iter().filter(|one| one.created_at < to).collect(),
        goldens: store.goldens()?,
        exceptions: exceptions.into_iter().filter(|one| one.created_at < to && one.expires_at > from).collect(),
    };
    Ok(Held { points, lived, listing, at_export, as_of, log })
}

fn collect(
    store: &dyn Store,
    config: &Config,
    period: &Period,
    args: &EvidenceArgs,
) -> Result<(Value, Members), AppError> {
    let Period { from, to, now, asked } = *period;
    let PolicyInputs { sources, data, .. } = policy_inputs(&config.policy)?;
    let (controls, assessed) = (wanted(args.framework.as_deref(), &data)?, Assessed::of(&sources, &data));
    let Held { points, lived, listing, at_export, as_of, log } = held(store, config, period)?;
    let unscanned = gaps::unscanned(&points, from, to, &config.schedule);
    let (coverage, gap_rows) = gaps::of(store, from, period.last(), &unscanned)?;
    let bundle = Policies::load(None, sources.clone(), data.clone())?;
    let lines = |values: Vec<Value>| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    let mut members: Members = vec![
        ("README.txt".to_owned(), README.as_bytes().to_vec()),
        ("population.csv".to_owned(), population(&lived).into_bytes()),
        ("scans.csv".to_owned(), scans(&points).into_bytes()),
        ("coverage.csv".to_owned(), coverage.into_bytes()),
        ("coverage-gaps.csv".to_owned(), gap_rows.into_bytes()),
        ("findings.csv".to_owned(), findings_of_period_csv(&listing, &at_export).into_bytes()),
        ("findings.ndjson".to_owned(), lines(detection_findings(&listing)).into_bytes()),
        ("controls.csv".to_owned(), controls_csv(&listing, &controls, &assessed).into_bytes()),
        ("compliance.ndjson".to_owned(), lines(compliance_findings(&listing, &controls, &assessed)).into_bytes()),
        ("goldens.json".to_owned(), goldens_json(&listing.goldens).into_bytes()),
        ("decisions.ndjson".to_owned(), decisions(store, from, to, &config.policy.mask)?.into_bytes()),
        ("policy-inputs.csv".to_owned(), inputs(store, from, to)?.into_bytes()),
        ("exceptions.csv".to_owned(), exceptions_csv(&listing.exceptions).into_bytes()),
        ("operations.ndjson".to_owned(), lines(remediation_activities(&listing)).into_bytes()),
    ];
    for source in &sources {
        members.push((format!("policies/{}", member_name(&source.name)), source.text.clone().into_bytes()));
    }
    members.push(("policies/data.json".to_owned(), format!("{data:#}\n").into_bytes()));
    members.push((AUDIT_LOG.to_owned(), log.text.into_bytes()));
    let about = json!({
        "made_at": now, "made_by": format!("cattleguard {}", env!("CARGO_PKG_VERSION")),
        "period": { "from": from, "to": to, "asked_until": asked }, "framework": args.framework,
        "findings_as_of": as_of, "first_scan": points.first().map(|point| point.started_at),
        "last_scan": points.last().map(|point| point.started_at), "stretches_without_scan": unscanned.len(),
        "scans": points.len(), "instances": lived.len(), "findings": listing.findings.len(),
        "exceptions": listing.exceptions.len(), "operations": listing.operations.len(),
        "policy_bundle": bundle.digest(),
        "audit": { "seq": log.head.0, "hash": log.head.1, "entries": log.entries.len() },
    });
    Ok((about, members))
}

/// Seen in the period, by a scan that is in it or on both sides of it.
fn in_period(finding: &Finding, from: Timestamp, to: Timestamp) -> bool {
    finding.first_seen < to && (finding.last_seen >= from || finding.status != FindingStatus::Resolved)
}

/// A name inside the zip that no tool takes for a path elsewhere.
fn member_name(name: &str) -> String {
    let name = name.strip_prefix("policies/").unwrap_or(name);
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    let parts: Vec<String> =
        parts.map(|part| crate::report::text::clean(part, 100).replace(['\\', ':'], "_")).collect();
    parts.join("/")
}

struct WholeLog {
    /// As lines.
    text: String,
    head: (i64, String),
    entries: Vec<AuditEntry>,
}

/// The whole log, from its first entry: only so the chain proves itself.
fn audit_log(store: &dyn Store) -> Result<WholeLog, AppError> {
    let AuditLog { entries, broken } = AuditLog::read(store)?;
    if let Some(broken) = broken {
        return Err(AppError::failed(broken.to_string())
            .with_hint("cattleguard audit verify; nothing built on this log is evidence"));
    }
    let text = entries
        .iter()
        .map(|entry| format!("{}\n", json!({ "type": "audit_entry", "schema": AUDIT_SCHEMA, "entry": entry })))
        .collect();
    let head = entries.last().map_or((0, GENESIS.to_owned()), |entry| (entry.seq, entry.hash.clone()));
    Ok(WholeLog { text, head, entries })
}

fn population(lived: &[Lived]) -> String {
    let head = [
        "instance",
        "account",
        "region",
        "fleet",
        "golden",
        "image",
        "launched_at",
        "first_seen",
        "last_seen",
        "scans",
        "clean",
        "drifted",
        "unjudged",
    ];
    table(
        &head,
        lived.iter().map(|one| {
            let Lived { id, account, region, last, first_seen, last_seen, clean, drifted, unjudged } = one;
            let of = |get: fn(&crate::store::InstanceResult) -> String| last.as_ref().map(get).unwrap_or_default();
            [
                id.to_string(),
                account.to_string(),
                region.to_string(),
                of(|last| last.fleet.as_ref().map(ToString::to_string).unwrap_or_default()),
                of(|last| last.golden.as_ref().map(ToString::to_string).unwrap_or_default()),
                of(|last| last.instance.image.to_string()),
                of(|last| last.instance.born_at().to_string()),
                first_seen.to_string(),
                last_seen.to_string(),
                (clean + drifted + unjudged).to_string(),
                clean.to_string(),
                drifted.to_string(),
                unjudged.to_string(),
            ]
        }),
    )
}

fn scans(points: &[crate::store::ScanPoint]) -> String {
    let head = ["started_at", "exit_code", "clean", "drifted", "unjudged", "minutes_since_the_one_before"];
    let mut before: Option<Timestamp> = None;
    table(
        &head,
        points.iter().map(|point| {
            let since = before.replace(point.started_at).map(|at| point.started_at.duration_since(at).as_secs() / 60);
            [
                point.started_at.to_string(),
                point.exit_code.to_string(),
                point.clean.to_string(),
                point.drifted.to_string(),
                point.unjudged.to_string(),
                since.map(|minutes| minutes.to_string()).unwrap_or_default(),
            ]
        }),
    )
}

fn controls_csv(listing: &Listing, controls: &[Control], assessed: &Assessed) -> String {
    let head = ["control", "title", "passed", "failed", "unknown", "passed_with_exceptions"];
    table(
        &head,
        controls.iter().map(|control| {
            let counts = counts(listing, control, assessed);
            let [passed, failed, unknown, with_exceptions] =
                [counts.passed, counts.failed, counts.unknown, counts.with_exceptions].map(|count| count.to_string());
            [control.id.clone(), control.title.clone(), passed, failed, unknown, with_exceptions]
        }),
    )
}

/// Every decision that held at some time of the period, as `decisions export` prints it.
fn decisions(store: &dyn Store, from: Timestamp, to: Timestamp, mask: &[String]) -> Result<String, AppError> {
    let mut text = String::new();
    store.each_decision_since(from, &mut |record| {
        if record.decided_at < to {
            text.push_str(&format!("{}\n", decision_json(&record, None, mask)));
        }
    })?;
    Ok(text)
}

fn inputs(store: &dyn Store, from: Timestamp, to: Timestamp) -> Result<String, AppError> {
    let mut rows = Vec::new();
    store.each_input_since(from, &mut |input| {
        if input.scanned_at < to {
            rows.push([input.scanned_at.to_string(), input.instance.to_string(), input.digest]);
        }
    })?;
    Ok(table(&["scanned_at", "instance", "input_digest"], rows.into_iter()))
}
