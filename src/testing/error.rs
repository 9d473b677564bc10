//! Why the simulated account refused something.

/// A refused change, with the EC2 error code it stands for where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimError {
    /// Simulated accounts start with eleven zeros, so that none can be mistaken for a real one.
    #[error("account {0} is not a simulated account: it must start with eleven zeros")]
    NotSimulated(String),
    /// The thing named does not exist (`InvalidInstanceID.NotFound` and its like).
    #[error("{0} does not exist")]
    NotFound(String),
    /// The state of the thing forbids the change (`IncorrectInstanceState`, `IncorrectState`).
    #[error("{id} is {state}, which forbids {action}")]
    IncorrectState {
        /// What was to be changed.
        id: String,
        /// The state it is in.
        state: String,
        /// The API name of the call.
        action: &'static str,
    },
    /// `InsufficientInstanceCapacity`.
    #[error("no capacity for {instance_type} in {zone}")]
    NoCapacity {
        /// Instance type.
        instance_type: String,
        /// Zone.
        zone: String,
    },
}

impl SimError {
    pub(super) fn missing(what: impl std::fmt::Display) -> Self {
        Self::NotFound(what.to_string())
    }
}
