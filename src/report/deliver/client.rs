//! What deliveries go out with, made once.

use std::fmt;
use std::sync::Arc;

use super::http::{ClientError, HttpTransport, Transport};

/// What deliveries go out with.
#[derive(Clone)]
pub struct Client {
    pub(super) http: Arc<dyn Transport>,
}

impl Client {
    /// Sets up the HTTP clients.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, ClientError> {
        Ok(Self { http: Arc::new(HttpTransport::new()?) })
    }

    /// Over another way to send requests.
    #[cfg(test)]
    pub(crate) fn over(http: Arc<dyn Transport>) -> Self {
        Self { http }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
