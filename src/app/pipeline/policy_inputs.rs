//! The policies that a configuration evaluates: shipped ones, a user's own files, a bundle, and their data.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::app::config::{Config, PolicyConfig};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::policies::Policies;
use crate::app::policy_worker::Launch;
use crate::app::{policy_bundle, policy_data, policy_files};
use crate::evaluate::{PolicySource, Scopes, merge_data, parameter_faults, shipped};
use crate::store::TakenBundle;

/// The policies of the configuration before they are compiled.
pub(in crate::app) struct PolicyInputs {
    /// Every file, the shipped ones too, in the order of their names.
    pub(in crate::app) sources: Vec<PolicySource>,
    /// Data.
    pub(in crate::app) data: Value,
    /// What the state is to remember of the bundle.
    pub(in crate::app) taken: Option<TakenBundle>,
}

/// Reads the policies that a configuration evaluates.
///
/// # Errors
/// A path that cannot be read, or a bundle that is not to be trusted.
pub(in crate::app) fn policy_inputs(config: &PolicyConfig) -> Result<PolicyInputs, AppError> {
    let mut own = policy_files::read(&config.paths)?;
    let mut data = policy_data::read(&config.paths, &config.data)?;
    let taken = match policy_bundle::configured(config)? {
        None => None,
        Some((bundle, taken)) => {
            own.extend(bundle.policies);
            if !bundle.data.is_null() {
                merge_data(&mut data, bundle.data).map_err(|twice| AppError::new(Exit::Config, twice))?;
            }
            Some(taken)
        }
    };
    let mut sources = if config.builtin { shipped() } else { policy_files::library_for(&own) };
    sources.extend(own);
    sources.sort();
    Ok(PolicyInputs { sources, data, taken })
}

/// What is wrong with the parameters of packs in the configured data: unknown names, wrong types and forms, fleets and
/// accounts that there are not; each with the file that gives it, a bundle where no other does. Nothing where the policies
/// cannot be read, which is said elsewhere.
pub(in crate::app) fn configured_parameter_faults(config: &Config) -> Vec<(Option<PathBuf>, String)> {
    let policy = &config.policy;
    let Ok(PolicyInputs { sources, data, .. }) = policy_inputs(policy) else { return Vec::new() };
    let given = policy_data::each(&policy.paths, &policy.data).unwrap_or_default();
    let fleets: Vec<String> = config.fleets.iter().map(|fleet| fleet.name.to_string()).collect();
    let accounts: Vec<String> = config.accounts.iter().map(|account| account.id.to_string()).collect();
    let faults = parameter_faults(&data, &sources, Scopes { fleets: Some(&fleets), accounts: Some(&accounts) });
    let of = |fault: &str| policy_data::giver(&given, fault).map(Path::to_owned).or_else(|| policy.bundle.clone());
    faults.into_iter().map(|fault| (of(&fault), fault)).collect()
}

/// The configured policies, compiled in a process of their own when there is a way to start one, with what the state is
/// to remember of their bundle.
///
/// # Errors
/// Every problem of every file, with its line; or what happened to the process.
pub(in crate::app) fn configured_policies(
    launch: Option<Launch>,
    config: &PolicyConfig,
) -> Result<(Policies, Option<TakenBundle>), AppError> {
    let PolicyInputs { sources, data, taken } = policy_inputs(config)?;
    let revision = taken.as_ref().map(|taken| taken.revision.clone());
    Ok((Policies::load(launch, sources, data)?.of_revision(revision), taken))
}

/// The shipped policies alone.
///
/// # Errors
/// What happened to the process.
pub fn shipped_policies(launch: Option<Launch>) -> Result<Policies, AppError> {
    Policies::load(launch, shipped(), Value::Object(Map::new()))
}
