//! `policy`: test, check and try policies without a cloud. Only `replay` reads the state.

mod check;
mod eval;
mod junit;
mod replay;
mod test;

use std::path::PathBuf;

use crate::app::cli::policy::PolicyCommand;
use crate::app::context::Context;
use crate::app::diag::Diag;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::policy_files;
use crate::evaluate::{PolicyProblem, PolicySource, shipped, shipped_library, shipped_tests};

/// Runs the command.
///
/// # Errors
/// Files that cannot be read or do not compile.
pub(super) fn run(context: &Context<'_>, command: &PolicyCommand) -> Result<Exit, AppError> {
    match command {
        PolicyCommand::Test(args) => test::run(context, args),
        PolicyCommand::Check(args) => check::run(context, args),
        PolicyCommand::Eval(args) => eval::run(context, args),
        PolicyCommand::Replay(args) => replay::run(context, args),
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
}

impl Sources {
    /// Those at the given paths; else those of the configuration; else, without one, the shipped pack.
    fn read(context: &Context<'_>, paths: &[PathBuf]) -> Result<Self, AppError> {
        if !paths.is_empty() {
            return Self::at(paths);
        }
        let configured = context.global.config.is_some() || context.config_path().exists();
        if !configured {
            return Ok(Self { policies: shipped(), library: Vec::new(), tests: shipped_tests() });
        }
        let config = context.load(Vec::new())?.config.policy;
        let mut sources = if config.paths.is_empty() {
            Self { policies: Vec::new(), library: Vec::new(), tests: Vec::new() }
        } else {
            Self::at(&config.paths)?
        };
        if config.builtin {
            sources.library.clear();
            sources.policies.extend(shipped());
            sources.tests.extend(shipped_tests());
        }
        Ok(sources)
    }

    fn at(paths: &[PathBuf]) -> Result<Self, AppError> {
        let (policies, tests) = policy_files::read_all(paths)?;
        let brings = |library: &PolicySource| {
            let package = library.text.lines().find(|line| line.starts_with("package "));
            policies.iter().any(|source| source.text.lines().any(|line| Some(line) == package))
        };
        let library = shipped_library().into_iter().filter(|library| !brings(library)).collect();
        Ok(Self { policies, library, tests })
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
