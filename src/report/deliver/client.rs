//! What deliveries go out with, made once.

use std::fmt;
use std::sync::Arc;

use super::Attempt;
use super::cloud::CloudPublish;
use super::http::{ClientError, HttpTransport, Transport};

/// What deliveries go out with.
#[derive(Clone)]
pub struct Client {
    pub(super) http: Arc<dyn Transport>,
    cloud: Option<Arc<dyn CloudPublish>>,
}

impl Client {
    /// Sets up the HTTP clients.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, ClientError> {
        Ok(Self { http: Arc::new(HttpTransport::new()?), cloud: None })
    }

    /// Over another way to send requests.
    #[cfg(test)]
    pub(crate) fn over(http: Arc<dyn Transport>) -> Self {
        Self { http, cloud: None }
    }

    /// With AWS, for the destinations there.
    #[must_use]
    pub fn with_cloud(self, cloud: Arc<dyn CloudPublish>) -> Self {
        Self { cloud: Some(cloud), ..self }
    }

    /// AWS, or how the attempt ends without it.
    pub(super) fn cloud(&self) -> Result<&dyn CloudPublish, Attempt> {
        self.cloud.as_deref().ok_or_else(|| Attempt::Retry("AWS could not be set up; see the log".to_owned()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
