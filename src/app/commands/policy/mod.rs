//! `policy`: test, check and try policies without a cloud. Only `replay` reads the state.

mod after;
mod bundle;
mod check;
mod eval;
mod junit;
mod new;
mod replay;
mod tap;
mod test;

use std::path::PathBuf;

use serde_json::Value;

use crate::app::cli::policy::PolicyCommand;
use crate::app::config::PolicyConfig;
use crate::app::context::Context;
use crate::app::diag::Diag;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::{policy_bundle, policy_data, policy_files};
use crate::evaluate::archive::Bundle;
use crate::evaluate::{PolicyProblem, PolicySource, merge_data, shipped, shipped_tests};

/// Runs the command.
///
/// # Errors
/// Files that cannot be read or do not compile.
pub(super) fn run(context: &Context<'_>, command: &PolicyCommand) -> Result<Exit, AppError> {
    match command {
        PolicyCommand::Test(args) => test::run(context, args),
        PolicyCommand::Check(args) => check::run(context, args),
        PolicyCommand::Eval(args) => eval::run(context, args),
        PolicyCommand::Bundle(command) => bundle::run(context, command),
        PolicyCommand::New(args) => new::run(context, args),
        PolicyCommand::Replay(args) => replay::run(context, args),
    }
}

/// What is asked of the configured bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// All that a scan asks.
    Verified,
    /// Nothing: whoever typed the command said so.
    Unverified,
}

impl Trust {
    fn of(unverified: bool) -> Self {
        if unverified { Self::Unverified } else { Self::Verified }
    }

    fn configured_bundle(self, context: &Context<'_>, config: &PolicyConfig) -> Result<Option<Bundle>, AppError> {
        if self == Self::Verified {
            return Ok(policy_bundle::configured(config)?.map(|(bundle, _)| bundle));
        }
        let Some(path) = &config.bundle else { return Ok(None) };
        context.note(&format!("{}: taken without verifying who signed it; a scan may refuse it", path.display()));
        policy_bundle::read(path).map(Some)
    }
}

/// The policies that a command works on.
struct Sources {
    /// Policies.
    policies: Vec<PolicySource>,
    /// The shipped library, when the policies may import it and do not bring it themselves.
    library: Vec<PolicySource>,
    /// Tests.
    tests: Vec<PolicySource>,
    /// What the policies see as `data`.
    data: Value,
}

impl Sources {
    /// Those at the given paths; else those of the configuration, its bundle verified as a scan does it; else, without
    /// one, the shipped pack. `data` is added.
    fn read(context: &Context<'_>, paths: &[PathBuf], data: &[PathBuf], trust: Trust) -> Result<Self, AppError> {
        if !paths.is_empty() {
            return Self::at(paths, data);
        }
        let nothing = || Self { policies: Vec::new(), library: Vec::new(), tests: Vec::new(), data: Value::Null };
        let configured = context.global.config.is_some() || context.config_path().exists();
        if !configured {
            let data = policy_data::read(&[], data)?;
            return Ok(Self { policies: shipped(), tests: shipped_tests(), data, ..nothing() });
        }
        let config = context.load(Vec::new())?.config.policy;
        let data: Vec<PathBuf> = config.data.iter().chain(data).cloned().collect();
        let mut sources = if config.paths.is_empty() {
            Self { data: policy_data::read(&[], &data)?, ..nothing() }
        } else {
            Self::at(&config.paths, &data)?
        };
        if let Some(bundle) = trust.configured_bundle(context, &config)? {
            sources.add(bundle)?;
            sources.library = policy_files::library_for(&sources.policies);
        }
        if config.builtin {
            sources.library.clear();
            sources.policies.extend(shipped());
            sources.tests.extend(shipped_tests());
        }
        Ok(sources)
    }

    fn at(paths: &[PathBuf], data: &[PathBuf]) -> Result<Self, AppError> {
        let (bundles, paths): (Vec<PathBuf>, Vec<PathBuf>) =
            paths.iter().cloned().partition(|path| policy_bundle::is_bundle(path));
        let (policies, tests) = policy_files::read_all(&paths)?;
        let mut sources = Self { policies, library: Vec::new(), tests, data: policy_data::read(&paths, data)? };
        for path in bundles {
            // One that is still to be signed is what these commands are for; one that was altered is not.
            sources.add(policy_bundle::unaltered(&path)?)?;
        }
        sources.library = policy_files::library_for(&sources.policies);
        Ok(sources)
    }

    fn add(&mut self, bundle: Bundle) -> Result<(), AppError> {
        self.policies.extend(bundle.policies);
        self.tests.extend(bundle.tests);
        if !bundle.data.is_null() {
            merge_data(&mut self.data, bundle.data).map_err(|twice| AppError::new(Exit::Config, twice))?;
        }
        Ok(())
    }

    /// Everything that is evaluated, tests left out.
    fn to_evaluate(&self) -> Vec<PolicySource> {
        self.policies.iter().chain(&self.library).cloned().collect()
    }

    /// Every text, to show lines from.
    fn all(&self) -> Vec<PolicySource> {
        self.policies.iter().chain(&self.library).chain(&self.tests).cloned().collect()
    }

    fn diags(&self, problems: Vec<PolicyProblem>) -> Vec<Diag> {
        let all = self.all();
        problems.into_iter().map(|problem| policy_files::diag(problem, &all)).collect()
    }
}
