//! By which door somebody came to change a server.

use crate::types::{Category, ChangeEvent};

/// A way into a running server. The order is that of columns in reports: the most personal first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// A shell or a remote desktop: SSM sessions, tunnels.
    Session,
    /// An SSH key pushed through EC2 Instance Connect.
    KeyPush,
    /// The serial console.
    SerialConsole,
    /// A command, runbook or association that ran on it.
    Command,
    /// Patches and deployments in place.
    Deployment,
    /// A call made in the AWS console.
    Console,
    /// A call by program, command line or infrastructure code.
    Api,
    /// An AWS service on its own.
    Service,
}

impl Door {
    /// Every door, in order.
    pub const ALL: [Self; 8] = [
        Self::Session,
        Self::KeyPush,
        Self::SerialConsole,
        Self::Command,
        Self::Deployment,
        Self::Console,
        Self::Api,
        Self::Service,
    ];

    /// A short name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::KeyPush => "SSH key push",
            Self::SerialConsole => "serial console",
            Self::Command => "remote command",
            Self::Deployment => "patch or deployment",
            Self::Console => "AWS console",
            Self::Api => "API",
            Self::Service => "AWS service",
        }
    }

    /// The door of one event. What ran on the server counts before where the call was made: a session opened in the
    /// console is a session.
    pub fn of(event: &ChangeEvent) -> Self {
        match (event.code.as_str(), event.category) {
            ("event-ssh-key-pushed", _) => return Self::KeyPush,
            ("event-serial-console", _) => return Self::SerialConsole,
            (_, Category::InteractiveSession) => return Self::Session,
            (_, Category::RemoteExecution) => return Self::Command,
            (_, Category::Patching | Category::Deployment) => return Self::Deployment,
            _ => {}
        }
        let agent = event.actor.user_agent.as_deref().unwrap_or_default();
        if is_console(agent) {
            Self::Console
        } else if event.actor.kind == crate::types::ActorKind::AwsService {
            Self::Service
        } else {
            Self::Api
        }
    }
}

/// Browsers, and what the console calls itself; the command line and SDKs name themselves, and so do tools on top of
/// them (CloudTrail user guide, "userAgent").
fn is_console(agent: &str) -> bool {
    agent.starts_with("Mozilla/") || agent.contains("console.amazonaws.com") || agent.contains("aws-console")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::types::{ActorKind, Code};

    #[test]
    fn what_ran_counts_before_where_it_was_called() {
        let mut event = fixtures::event("i-1");
        event.category = Category::InteractiveSession;
        event.actor.user_agent = Some("Mozilla/5.0".to_owned());
        assert_eq!(Door::of(&event), Door::Session);
        event.code = Code::known("event-serial-console");
        assert_eq!(Door::of(&event), Door::SerialConsole);
    }

    #[test]
    fn a_call_is_told_by_its_user_agent() {
        let mut event = fixtures::event("i-1");
        event.category = Category::Network;
        event.code = Code::known("event-security-groups");
        for (agent, kind, door) in [
            ("Mozilla/5.0 (X11)", ActorKind::IamUser, Door::Console),
            ("console.amazonaws.com", ActorKind::AssumedRole, Door::Console),
            ("aws-cli/2.31.0", ActorKind::AssumedRole, Door::Api),
            ("autoscaling.amazonaws.com", ActorKind::AwsService, Door::Service),
        ] {
            event.actor.user_agent = Some(agent.to_owned());
            event.actor.kind = kind;
            assert_eq!(Door::of(&event), door, "{agent}");
        }
    }
}
