//! Types commands and runs them, each in a process of its own, as a person at a terminal does.

use std::io::{IsTerminal as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::failed;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::shutdown::Shutdown;
use crate::app::sim::{self, WORLD_VARIABLE};
use crate::app::terminal::{ColorWhen, Terminal, TerminalEnv};
use crate::report::text::wrap;
use crate::testing::SimWorld;

/// As other commands wrap where there is no terminal. Longer commands are typed in several lines.
const WIDTH: usize = 100;
/// Text is never set narrower.
const NARROWEST: usize = 60;
/// The signal that `abort` raises.
const SIGABRT: i32 = 6;
/// What the caller's environment says to other runs must not change this one.
const FOREIGN: [&str; 4] = ["CATTLEGUARD_CONFIG", "CATTLEGUARD_FAILPOINT", "CATTLEGUARD_STOP", "CATTLEGUARD_LOG"];

/// Where the demo is played.
pub(super) struct Stage<'a> {
    folder: &'a Path,
    program: PathBuf,
    runtime: tokio::runtime::Runtime,
    shutdown: Shutdown,
}

impl<'a> Stage<'a> {
    /// From here on Ctrl-C ends the demo in good order.
    pub(super) fn set(folder: &'a Path) -> Result<Self, AppError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| failed("the async runtime cannot start", error))?;
        let shutdown = runtime.block_on(async { Shutdown::install() });
        let shutdown = shutdown.map_err(|error| failed("signal handlers cannot be installed", error))?;
        let program = std::env::current_exe().map_err(|error| failed("this program cannot be found again", error))?;
        Ok(Self { folder, program, runtime, shutdown })
    }

    /// The world, for as long as no command runs in it.
    pub(super) fn world(&self) -> Result<SimWorld, AppError> {
        sim::open(self.folder)
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
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied()).env(WORLD_VARIABLE, self.folder).args(args);
        // A core file of the process that is killed goes with the folder.
        command.current_dir(self.folder).stdin(std::process::Stdio::null()).kill_on_drop(true);
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

/// Prints, before whatever a command prints next. A reader that has gone away ends the demo.
pub(super) fn say(text: &str) -> Result<(), AppError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| failed("the demo cannot be shown", error))
}

/// As wide as what commands print.
fn width() -> usize {
    let env: Vec<_> = std::env::var("COLUMNS").map(|columns| ("COLUMNS".to_owned(), columns)).into_iter().collect();
    let terminal = Terminal::detect(&TerminalEnv::from_vars(&env), ColorWhen::Never);
    usize::from(terminal.width).clamp(NARROWEST, WIDTH)
}

/// Prints a paragraph.
pub(super) fn tell(text: &str) -> Result<(), AppError> {
    say(&format!("{}\n\n", wrap(text, width()).join("\n")))
}

/// Prints items of a list.
pub(super) fn list(items: &[String]) -> Result<(), AppError> {
    let lines: Vec<String> = items.iter().map(|item| wrap(item, width() - 2).join("\n  ")).collect();
    say(&format!("- {}\n\n", lines.join("\n- ")))
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
