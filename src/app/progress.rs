//! Progress on stderr: a live line on a terminal, a plain line now and then elsewhere, nothing with `-q`.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::cli::global::{GlobalArgs, ProgressWhen};
use super::terminal::{Terminal, clean_short};

/// Often enough to see that it lives, rarely enough for a log.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(120);
const NOTE_WIDTH: usize = 80;

/// Shows how far a command is. Cheap to update; safe to share between tasks.
#[derive(Debug)]
pub struct Progress {
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    Silent,
    Live(ProgressBar),
    Plain(Mutex<Option<Instant>>),
}

impl Progress {
    /// Chooses the way by the flags and the terminal.
    pub fn new(global: &GlobalArgs, terminal: &Terminal) -> Self {
        let mode = match global.progress {
            ProgressWhen::Never => Mode::Silent,
            _ if global.quiet => Mode::Silent,
            ProgressWhen::Auto if terminal.stderr_live => Mode::Live(live()),
            ProgressWhen::Auto | ProgressWhen::Plain => Mode::Plain(Mutex::new(Some(Instant::now()))),
        };
        Self { mode }
    }

    /// Says how far it is: `done` of `total` of whatever the note names.
    pub fn update(&self, done: u64, total: u64, note: &str) {
        let note = clean_short(note, NOTE_WIDTH);
        match &self.mode {
            Mode::Silent => {}
            Mode::Live(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(note);
            }
            Mode::Plain(last) => {
                if is_due(last, Instant::now()) {
                    eprintln!("{done}/{total} {note}");
                }
            }
        }
    }

    /// Says how far it is when nobody knows how much there is.
    pub fn tell(&self, note: &str) {
        let note = clean_short(note, NOTE_WIDTH);
        match &self.mode {
            Mode::Silent => {}
            Mode::Live(bar) => {
                if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:>4}") {
                    bar.set_style(style);
                }
                bar.set_message(note);
            }
            Mode::Plain(last) => {
                if is_due(last, Instant::now()) {
                    eprintln!("{note}");
                }
            }
        }
    }

    /// Takes the live line away.
    pub fn finish(&self) {
        if let Mode::Live(bar) = &self.mode {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn live() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    // A template that does not parse would only cost the nicer look.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {msg} {elapsed:>4}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

fn is_due(last: &Mutex<Option<Instant>>, now: Instant) -> bool {
    let Ok(mut last) = last.lock() else { return false };
    let due = last.is_none_or(|last| now.duration_since(last) >= PLAIN_INTERVAL);
    if due {
        *last = Some(now);
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_keep_their_distance() {
        let start = Instant::now();
        let last = Mutex::new(Some(start));
        assert!(!is_due(&last, start + Duration::from_secs(9)));
        assert!(is_due(&last, start + Duration::from_secs(10)));
        assert!(!is_due(&last, start + Duration::from_secs(11)), "counted from the line before");
    }
}
