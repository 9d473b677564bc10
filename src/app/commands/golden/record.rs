//! `golden record`: a version of a line from an AMI, with the contract and baseline of a pristine instance.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::app::cli::golden::RecordArgs;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::pipeline::own_calls;
use crate::collect::trail::ClassifyContext;
use crate::collect::{CloudRead, TrailSource, read_events, read_image, read_reference};
use crate::detect::registry::{RecordRequest, Reference, promote, record};
use crate::store::Store;
use crate::types::{ChangeEvent, Digest, Golden, GoldenRef, GoldenStatus, ImageId, Instance, InstanceId, Place};

pub(super) fn run(context: &Context<'_>, args: &RecordArgs) -> Result<Exit, AppError> {
    let loaded = context.load(Vec::new())?;
    let config = &loaded.config;
    let place = place(config, args)?;
    let store = context.store(config)?;
    let root = manifest_root(args)?;
    // What we did to servers that share a role with the reference instance is no modification of it.
    let own = own_calls::context(store.as_ref(), looked_back(config, context.now()), context.now())?;
    let runtime = context.runtime()?;
    let seen = runtime.block_on(async {
        let cloud = context.backend.connect(config).await?;
        look(context, (config, own), cloud.as_ref(), &place, args).await
    })?;
    let version = match &args.version {
        Some(version) => version.clone(),
        None => next_version(store.as_ref(), args, context.now())?,
    };
    let reference = GoldenRef::new(args.line.as_str(), version);
    let suspicions = match &seen {
        Some(seen) => suspicions(store.as_ref(), seen)?,
        None => Vec::new(),
    };
    let request = RecordRequest {
        reference: reference.clone(),
        image: ImageId::new(&args.ami),
        place,
        from: seen.as_ref().map(|seen| Reference { instance: &seen.instance, suspicions }),
        manifest_root: root,
        without: args.without.iter().copied().collect::<BTreeSet<_>>(),
        instance_types: args.instance_type.iter().cloned().collect(),
        tags: args.tag.iter().cloned().collect::<BTreeMap<_, _>>(),
        recorded_by: context.operator(),
        now: context.now(),
    };
    let existing = store.golden(&reference)?;
    let golden = record(existing.as_ref(), &request).map_err(|refusal| AppError::failed(refusal.to_string()))?;
    save(context, store.as_ref(), existing.is_some(), &golden)?;
    say(context, &golden, seen.is_some());
    if args.promote {
        promote(&golden, context.now()).map_err(|refusal| AppError::failed(refusal.to_string()))?;
        store.set_golden_status(&reference, GoldenStatus::Promoted, None, &context.operator(), context.now())?;
        context.note(&format!("{reference} is promoted"));
    } else {
        context.note(&format!("next: cattleguard golden promote {reference}"));
    }
    Ok(Exit::Ok)
}

/// The reference instance as it was just seen.
struct Seen {
    instance: Instance,
    /// What the event history says of it, also when nothing was scanned yet.
    events: Vec<ChangeEvent>,
}

/// Looks at the image, and at the reference instance if one is named.
async fn look(
    context: &Context<'_>,
    (config, own): (&Config, ClassifyContext),
    cloud: &dyn CloudRead,
    place: &Place,
    args: &RecordArgs,
) -> Result<Option<Seen>, AppError> {
    let image = read_image(cloud, place, &ImageId::new(&args.ami)).await?;
    if image.state != "available" {
        return Err(AppError::failed(format!("image {} is {}, not available", image.id, image.state)));
    }
    let Some(id) = &args.reference_instance else { return Ok(None) };
    let types = &config.collect.inventory_types;
    let instance = read_reference(cloud, place, &InstanceId::new(id), types, context.now()).await?;
    if instance.inventory.is_empty() && !args.without_inventory {
        return Err(AppError::failed(format!("reference instance {id} has reported no SSM inventory yet"))
            .with_hint("wait for its first inventory, or pass --without-inventory: software is then not judged"));
    }
    let events = history(context, (config, own), cloud, &instance).await?;
    Ok(Some(Seen { instance, events }))
}

/// The events on the instance since its launch, as far back as a first scan would read.
async fn history(
    context: &Context<'_>,
    (config, own): (&Config, ClassifyContext),
    cloud: &dyn CloudRead,
    instance: &Instance,
) -> Result<Vec<ChangeEvent>, AppError> {
    if !config.collect.trail.contains(&TrailSource::Lookup) {
        return Ok(Vec::new());
    }
    let now = context.now();
    let from = looked_back(config, now).max(instance.launched_at);
    Ok(read_events(cloud, instance, (from, now), own).await?)
}

/// From when on a first scan would read.
fn looked_back(config: &Config, now: Timestamp) -> Timestamp {
    let lookback = SignedDuration::try_from(config.collect.lookback).unwrap_or(SignedDuration::MAX);
    now.checked_sub(lookback).unwrap_or(Timestamp::MIN)
}

/// What is known against the instance. A baseline must never be learned from a modified server.
fn suspicions(store: &dyn Store, seen: &Seen) -> Result<Vec<String>, AppError> {
    let id = &seen.instance.id;
    let stored = store.events_of(id)?;
    let fresh = seen.events.iter().filter(|event| !stored.iter().any(|known| known.id == event.id));
    let mut reasons: Vec<String> = stored
        .iter()
        .chain(fresh)
        .filter(|event| event.severity > crate::types::Severity::Low && crate::detect::is_modification(event))
        .map(|event| format!("{} {} on {}", event.actor.display, event.summary, event.time))
        .collect();
    let findings = store.findings(false)?;
    let harmless = ["image-unrecorded", "image-not-promoted"];
    reasons.extend(
        findings
            .iter()
            .filter(|finding| finding.instance == *id && finding.is_active() && finding.code.family() != "event")
            .filter(|finding| !harmless.contains(&finding.code.as_str()))
            .map(|finding| finding.summary.clone()),
    );
    reasons.truncate(5);
    Ok(reasons)
}

/// The account-region of the AMI: as given, or the only one configured.
fn place(config: &Config, args: &RecordArgs) -> Result<Place, AppError> {
    let fits: Vec<Place> = config
        .places()
        .into_iter()
        .filter(|place| args.account.as_ref().is_none_or(|account| *account == place.account))
        .filter(|place| args.region.as_ref().is_none_or(|region| region == place.region.as_str()))
        .collect();
    let all = || config.places().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match fits.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(AppError::usage("no configured account and region matches --account and --region")
            .with_hint(format!("configured: {}", all()))),
        _ => Err(AppError::usage("an AMI id is valid in one account and region: name them")
            .with_hint(format!("--account ID --region NAME; configured: {}", all()))),
    }
}

/// `2026.11.23`, then `2026.11.23.2`, …
fn next_version(store: &dyn Store, args: &RecordArgs, now: jiff::Timestamp) -> Result<String, AppError> {
    let date = now.strftime("%Y.%m.%d").to_string();
    let goldens = store.goldens()?;
    let taken = |version: &str| {
        goldens.iter().any(|golden| golden.line.as_str() == args.line && golden.version.as_str() == version)
    };
    if !taken(&date) {
        return Ok(date);
    }
    let mut number = 2;
    while taken(&format!("{date}.{number}")) {
        number += 1;
    }
    Ok(format!("{date}.{number}"))
}

/// The root digest, given or read from the agent's manifest.
fn manifest_root(args: &RecordArgs) -> Result<Option<Digest>, AppError> {
    match (&args.root, &args.manifest) {
        (Some(root), _) => Ok(Some(Digest::new(root))),
        (None, Some(path)) => crate::app::manifest::root(path).map(Some),
        (None, None) => Ok(None),
    }
}

fn save(context: &Context<'_>, store: &dyn Store, exists: bool, golden: &Golden) -> Result<(), AppError> {
    if !exists {
        return Ok(store.add_golden(golden)?);
    }
    // Another account-region of a known version: the store audits new versions by itself, this is an extension.
    store.save_golden(golden)?;
    let details = json!({ "digest": golden.digest(), "images": golden.images, "from": golden.reference_instance });
    store.append(context.now(), &context.operator(), "golden.extend", &golden.reference().to_string(), &details)?;
    Ok(())
}

fn say(context: &Context<'_>, golden: &Golden, measured: bool) {
    let rows: usize = golden.baseline.inventory.values().map(|item| item.entries.len()).sum();
    context.note(&format!(
        "recorded {} with {} image(s), {rows} software rows, digest {}",
        golden.reference(),
        golden.images.len(),
        golden.digest()
    ));
    if !measured {
        context.note("no reference instance: only the image is judged, neither configuration nor software");
    }
}
