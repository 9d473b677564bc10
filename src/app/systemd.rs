//! What systemd is told. Without systemd there is nobody to tell; that is no error.

use sd_notify::NotifyState;

/// Tells it.
pub(in crate::app) fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(error = %error, "systemd could not be told");
    }
}
