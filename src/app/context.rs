//! What a command gets: flags, environment, terminal, and the ways to configuration, state and cloud.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::backend::Backend;
use super::cli::GlobalArgs;
use super::config::{self, Config, LoadRequest, Loaded, Override};
use super::error::AppError;
use super::exit::Exit;
use super::logging;
use super::output::{Format, Outputs};
use super::progress::Progress;
use super::terminal::{Terminal, TerminalEnv};
use crate::store::Store;

/// What a command gets.
pub struct Context<'b> {
    /// Outside world.
    pub backend: &'b dyn Backend,
    /// Flags of every command.
    pub global: GlobalArgs,
    /// The process environment.
    pub env: Vec<(String, String)>,
    /// What the standard streams can show.
    pub terminal: Terminal,
}

impl<'b> Context<'b> {
    /// Puts it together for one run.
    pub fn new(backend: &'b dyn Backend, global: GlobalArgs, env: Vec<(String, String)>) -> Self {
        let terminal = Terminal::detect(&TerminalEnv::from_vars(&env), global.color);
        Self { backend, global, env, terminal }
    }

    /// The file that the configuration is read from.
    pub fn config_path(&self) -> PathBuf {
        self.global.config.clone().unwrap_or_else(|| self.backend.default_config())
    }

    /// Reads the configuration. `flags` are settings that the command's own flags override.
    pub fn load(&self, flags: Vec<Override>) -> Result<Loaded, AppError> {
        self.try_load(flags).map_err(AppError::config)
    }

    /// Reads the configuration or says all that is wrong with it; starts the log as configured.
    pub fn try_load(&self, mut flags: Vec<Override>) -> Result<Loaded, Vec<super::diag::Diag>> {
        flags.extend(self.global.overrides());
        let request = LoadRequest { path: self.config_path(), env: self.env.clone(), flags };
        let loaded = config::load(&request)?;
        let variable = self.variable("CATTLEGUARD_LOG");
        let directives =
            logging::directives(loaded.config.log, self.global.verbose, self.global.quiet, variable.as_deref());
        logging::start(loaded.config.log, &directives, self.terminal.stderr_color);
        Ok(loaded)
    }

    /// Opens the state.
    pub fn store(&self, config: &Config) -> Result<Arc<dyn Store>, AppError> {
        self.backend.open_store(config)
    }

    /// Opens the state for reading only: works while a scan holds the lease.
    pub fn read_store(&self, config: &Config) -> Result<Arc<dyn Store>, AppError> {
        self.backend.open_store_read_only(config)
    }

    /// Opens the state for reading only, where there is one: before the first scan nothing is listed, and no list makes it.
    pub fn any_store(&self, config: &Config) -> Result<Option<Arc<dyn Store>>, AppError> {
        config.state.path.exists().then(|| self.read_store(config)).transpose()
    }

    /// A runtime for commands that talk to something.
    pub fn runtime(&self) -> Result<tokio::runtime::Runtime, AppError> {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| AppError::new(Exit::Unavailable, format!("the async runtime cannot start: {error}")))
    }

    /// The outputs, checked against what the command can print; the first format is its default.
    pub fn outputs(&self, supported: &[Format]) -> Result<Outputs, AppError> {
        Outputs::new(&self.global.output, supported, self.terminal)
    }

    /// Progress as the flags ask for.
    pub fn progress(&self) -> Progress {
        Progress::new(&self.global, &self.terminal)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.backend.now()
    }

    /// Who runs this, for the audit log.
    pub fn operator(&self) -> String {
        super::operator::operator(&self.env)
    }

    /// A note for people on stderr; none with `-q`.
    pub fn note(&self, text: &str) {
        if !self.global.quiet {
            eprintln!("{text}");
        }
    }

    /// A variable of the environment that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.env.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone())
    }
}
