//! Types commands and runs them, each in a process of its own, as a person at a terminal does.

use std::io::IsTerminal as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::failed;
use super::folder::Folder;
use super::print::{WIDTH, say};
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::shutdown::Shutdown;
use crate::app::sim::{self, WORLD_VARIABLE};
use crate::testing::SimWorld;

/// The signal that `abort` raises.
const SIGABRT: i32 = 6;
/// What the caller's environment says to other runs must not change this one.
const FOREIGN: &str = "CATTLEGUARD";

/// Where the demo is played.
pub(super) struct Stage {
    pub(super) folder: Folder,
    program: PathBuf,
    runtime: tokio::runtime::Runtime,
    shutdown: Shutdown,
}

impl Stage {
    /// From here on Ctrl-C ends the demo in good order; only then is there a folder.
    pub(super) fn set(keep: Option<&Path>) -> Result<Self, AppError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| failed("the async runtime cannot start", error))?;
        let shutdown = runtime.block_on(async { Shutdown::install() });
        let shutdown = shutdown.map_err(|error| failed("signal handlers cannot be installed", error))?;
        let program = std::env::current_exe().map_err(|error| failed("this program cannot be found again", error))?;
        Ok(Self { folder: Folder::create(keep)?, program, runtime, shutdown })
    }

    /// The world, for as long as no command runs in it.
    pub(super) fn world(&self) -> Result<SimWorld, AppError> {
        sim::open(&self.folder.path)
    }

    /// Types a command and runs it to its expected end.
    pub(super) fn run(&self, args: &[&str], expected: Exit) -> Result<(), AppError> {
        let status = self.process(&[], args)?;
        if status.code() == Some(i32::from(expected.code())) {
            return Ok(());
        }
        Err(AppError::failed(format!("`{}` ended with {status}, not with {}", args.join(" "), expected.code())))
    }

    /// Types a command that is killed at this point.
    pub(super) fn killed(&self, point: &str, args: &[&str]) -> Result<(), AppError> {
        let status = self.process(&[("CATTLEGUARD_FAILPOINT", point)], args)?;
        if status.signal() == Some(SIGABRT) {
            return say("killed: SIGABRT\n\n");
        }
        Err(AppError::failed(format!("`{}` was not killed at {point}: {status}", args.join(" "))))
    }

    fn process(&self, variables: &[(&str, &str)], args: &[&str]) -> Result<ExitStatus, AppError> {
        self.still_wanted()?;
        say(&format!("{}\n", typed(variables, args)))?;
        let mut command = tokio::process::Command::new(&self.program);
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with(FOREIGN) {
                command.env_remove(variable);
            }
        }
        command.envs(variables.iter().copied()).env(WORLD_VARIABLE, &self.folder.path).args(args);
        // A core file of the process that is killed goes with the folder.
        command.current_dir(&self.folder.path).stdin(std::process::Stdio::null()).kill_on_drop(true);
        let status = self.runtime.block_on(async {
            let mut child = command.spawn()?;
            tokio::select! {
                status = child.wait() => status,
                _ = self.shutdown.wait() => {
                    child.kill().await?;
                    if std::io::stderr().is_terminal() {
                        // The progress of the command was in the middle of its line.
                        eprintln!();
                    }
                    child.wait().await
                }
            }
        });
        let status = status.map_err(|error| failed("a command cannot be run", error))?;
        self.still_wanted()?;
        if status.code().is_some() {
            say("\n")?;
        }
        Ok(status)
    }

    fn still_wanted(&self) -> Result<(), AppError> {
        match self.shutdown.requested() {
            None => Ok(()),
            Some(exit) => Err(AppError::new(exit, "the demo was stopped before its end")),
        }
    }
}

/// A command as a person would type it.
fn typed(variables: &[(&str, &str)], args: &[&str]) -> String {
    let mut words: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    words.push("cattleguard-sim".to_owned());
    words.extend(args.iter().map(|arg| if arg.contains(' ') { format!("'{arg}'") } else { (*arg).to_owned() }));
    let mut text = "$".to_owned();
    let mut used = 1;
    // An option stays with its value.
    for group in words.chunk_by(|left, right| left.starts_with("--") && !right.starts_with("--")) {
        let group = group.join(" ");
        if used + group.chars().count() + 3 > WIDTH {
            text.push_str(" \\\n     ");
            used = 5;
        }
        used += group.chars().count() + 1;
        text.push(' ');
        text.push_str(&group);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_are_typed_in_lines_that_a_shell_reads_as_one() {
        assert_eq!(typed(&[("A", "b")], &["scan", "-o", "x y"]), "$ A=b cattleguard-sim scan -o 'x y'");
        let long = "v".repeat(60);
        let text = typed(&[], &["golden", "record", "--account", &long, "--region", &long]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[..2].iter().all(|line| line.ends_with(" \\"))
                && lines.iter().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
    }
}
