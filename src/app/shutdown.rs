//! Graceful shutdown: the first SIGTERM or SIGINT asks, the second ends the process at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::exit::Exit;

/// Tells tasks that the process should end. Clones share one state.
#[derive(Clone, Debug)]
pub struct Shutdown {
    sender: watch::Sender<Option<Exit>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { sender: watch::Sender::new(None) }
    }
}

impl Shutdown {
    /// Starts to listen for signals; needs a running tokio runtime. Fails when handlers cannot be installed.
    pub fn install() -> io::Result<Self> {
        let shutdown = Self::default();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let listener = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let exit = tokio::select! {
                    _ = terminate.recv() => Exit::Terminated,
                    _ = interrupt.recv() => Exit::Interrupted,
                };
                if listener.request(exit) {
                    tracing::info!(exit.code = exit.code(), "asked to stop; finishing what was begun");
                } else {
                    // Asked twice: whoever asks does not want to wait. Commits are atomic, so nothing is half done.
                    std::process::exit(i32::from(exit.code()));
                }
            }
        });
        Ok(shutdown)
    }

    /// Asks for the end. Returns whether this was the first time.
    pub fn request(&self, exit: Exit) -> bool {
        self.sender.send_if_modified(|state| {
            let first = state.is_none();
            if first {
                *state = Some(exit);
            }
            first
        })
    }

    /// How to exit, once the end was asked for.
    pub fn requested(&self) -> Option<Exit> {
        *self.sender.borrow()
    }

    /// Waits until the end is asked for.
    pub async fn wait(&self) -> Exit {
        let mut receiver = self.sender.subscribe();
        loop {
            if let Some(exit) = *receiver.borrow_and_update() {
                return exit;
            }
            if receiver.changed().await.is_err() {
                // Cannot happen while `self` holds the sender; waiting for ever is the safe answer.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_request_decides_and_wakes_every_waiter() {
        let shutdown = Shutdown::default();
        let waiter = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.wait().await }
        });
        assert_eq!(shutdown.requested(), None);
        assert!(shutdown.request(Exit::Terminated));
        assert!(!shutdown.request(Exit::Interrupted));
        assert_eq!(shutdown.requested(), Some(Exit::Terminated));
        assert_eq!(waiter.await.expect("the waiter ends"), Exit::Terminated);
        assert_eq!(shutdown.wait().await, Exit::Terminated, "also for who asks late");
    }
}
