//! The account's own log: what really changed, when, and by whom. Whoever judges enforcement reads this, and
//! nothing that the enforcement itself has written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::actor::SimActor;
use super::cloud::ServerForm;
use super::state::State;
use crate::remediate::CallContext;
use crate::types::{ImageId, InstanceId, OperationId, Place};

/// Servers beyond which no scene is kept: benchmarks change thousands, and nobody judges those.
const SCENE_LIMIT: usize = 100;
/// The role that the enforcer calls as.
pub(super) const ENFORCER: &str = "cattleguard-enforce";

/// Who changed something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The enforcer, for this operation.
    Enforcer(OperationId),
    /// A person or another program with credentials.
    Person(String),
    /// Amazon EC2 Auto Scaling.
    AutoScaling,
    /// The server itself, or nobody.
    World,
}

impl By {
    pub(super) fn of(actor: &SimActor) -> Self {
        let label = actor.session_label();
        match actor.role_name() {
            Some(ENFORCER) => Self::Enforcer(OperationId::new(label)),
            _ if actor.is_instance() => Self::World,
            _ if actor.is_service() => Self::AutoScaling,
            _ => Self::Person(label.to_owned()),
        }
    }
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// A server was launched.
    Launched {
        /// Image.
        image: ImageId,
        /// Client token, when the caller gave one.
        token: Option<String>,
        /// Tags.
        tags: BTreeMap<String, String>,
        /// The Auto Scaling group it was launched in.
        group: Option<String>,
    },
    /// It begins to stop.
    Stopping,
    /// It begins to start.
    Starting,
    /// It begins to be terminated.
    Terminating,
    /// The groups of an interface.
    Regrouped {
        /// Interface.
        interface: String,
        /// Before.
        from: Vec<String>,
        /// After.
        to: Vec<String>,
        /// Whether the server can reach nothing from now on.
        cut: bool,
    },
    /// It was registered in a target group.
    Registered {
        /// ARN.
        group: String,
        /// Instance id or address.
        target: String,
        /// Port.
        port: i32,
    },
    /// It begins to drain from a target group.
    Deregistered {
        /// ARN.
        group: String,
        /// Instance id or address.
        target: String,
    },
    /// It went to standby, out of service.
    Standby {
        /// Group.
        group: String,
    },
    /// It is in service in a group, from standby or from outside.
    InService {
        /// Group.
        group: String,
    },
    /// It is no member of a group any more.
    LeftGroup {
        /// Group.
        group: String,
    },
    /// A group's desired capacity.
    Desired {
        /// Group.
        group: String,
        /// Before.
        from: i32,
        /// After.
        to: i32,
    },
    /// An Elastic IP moved.
    Address {
        /// `eipalloc-…`.
        allocation: String,
        /// From which server.
        from: Option<InstanceId>,
        /// To which server.
        to: Option<InstanceId>,
    },
    /// Something was attached to it: a volume, an interface, an address.
    Attached {
        /// What.
        what: String,
    },
    /// Something was taken from it.
    Detached {
        /// What.
        what: String,
    },
    /// Its root volume begins to be replaced: an outage.
    RootReplaced {
        /// From which image; `None`: back to an old volume.
        image: Option<ImageId>,
    },
    /// Any other setting.
    Set {
        /// What.
        what: String,
        /// To what.
        to: String,
    },
    /// It is not what its image made it any more.
    Drifted {
        /// How.
        how: String,
    },
}

/// One server as it was just before a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerScene {
    /// EC2 state.
    pub state: String,
    /// Image.
    pub image: ImageId,
    /// Whether every status check passed.
    pub checks: bool,
    /// Whether it holds what its image promises.
    pub pristine: bool,
    /// Whether it has reported its inventory since it was launched.
    pub reported: bool,
    /// Whether it can reach nothing.
    pub cut: bool,
    /// Health by target group and target.
    pub targets: BTreeMap<(String, String), String>,
    /// Its Auto Scaling group and lifecycle state.
    pub group: Option<(String, String)>,
    /// Servers it was launched to replace, by its tags.
    pub replaces: Option<String>,
}

impl ServerScene {
    /// Whether it serves wherever it is registered, in every one of these target groups.
    pub fn serves_in(&self, groups: &BTreeSet<&str>) -> bool {
        let healthy: BTreeSet<&str> = self
            .targets
            .iter()
            .filter(|(_, health)| *health == "healthy")
            .map(|((group, _), _)| group.as_str())
            .collect();
        self.state == "running" && self.checks && !self.cut && groups.is_subset(&healthy)
    }
}

/// All servers of a place at one time.
pub type Scene = BTreeMap<InstanceId, ServerScene>;

/// One change.
#[derive(Clone, Debug, Serialize)]
pub struct AccountEntry {
    /// Order.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub place: Place,
    /// Who.
    pub by: By,
    /// On which server, or that it was about; empty for a group's own sizes.
    pub instance: InstanceId,
    /// What.
    pub change: Change,
    /// Everything just before, for changes that may take something away.
    #[serde(skip)]
    pub before: Option<Arc<Scene>>,
}

/// An operation as the account met it: by the session of its first call.
#[derive(Clone, Debug)]
pub struct SeenOperation {
    /// Where.
    pub place: Place,
    /// The instance that its session was opened for.
    pub instance: InstanceId,
    /// When its first call came.
    pub first_call: Timestamp,
    /// The form of the instance then, before that call; `None`: it was gone.
    pub form: Option<ServerForm>,
    /// How it served then.
    pub scene: Option<ServerScene>,
}

impl Change {
    /// Whether it may take a server out of service.
    pub fn takes_away(&self) -> bool {
        match self {
            Self::Stopping
            | Self::Terminating
            | Self::Deregistered { .. }
            | Self::Standby { .. }
            | Self::LeftGroup { .. }
            | Self::Detached { .. }
            | Self::RootReplaced { .. } => true,
            Self::Regrouped { cut, .. } => *cut,
            Self::Address { from, .. } => from.is_some(),
            Self::Launched { .. }
            | Self::Starting
            | Self::Registered { .. }
            | Self::InService { .. }
            | Self::Desired { .. }
            | Self::Attached { .. }
            | Self::Set { .. }
            | Self::Drifted { .. } => false,
        }
    }
}

impl State {
    /// Remembers the first call of an operation, before it is carried out.
    pub(super) fn meet(&mut self, context: &CallContext<'_>) {
        if self.operations.contains_key(context.operation) {
            return;
        }
        let seen = SeenOperation {
            place: context.place.clone(),
            instance: context.instance.clone(),
            first_call: self.now(),
            form: self.form(context.place, context.instance),
            scene: self.scene(context.place).remove(context.instance),
        };
        self.operations.insert(context.operation.clone(), seen);
    }

    /// Enters a change into the log. To be called before the change is made: the scene shows what was there.
    pub(super) fn note(&mut self, place: &Place, by: &By, instance: &InstanceId, change: Change) {
        let small = self.sites.get(place).is_some_and(|site| site.servers.len() <= SCENE_LIMIT);
        let before = (small && change.takes_away()).then(|| Arc::new(self.scene(place)));
        let seq = u64::try_from(self.log.len()).unwrap_or(u64::MAX);
        let (at, place, by) = (self.now(), place.clone(), by.clone());
        self.log.push(AccountEntry { seq, at, place, by, instance: instance.clone(), change, before });
    }
}
