//! How operations on one fleet are done. Frozen into the operation when it starts: a changed configuration
//! never changes an operation half-way.

use serde::{Deserialize, Serialize};

/// How the network is cut. Security groups do not end connections that are tracked already: every mode says how it
/// deals with those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CutMode {
    /// Isolating groups and short tracking time-outs: tracked connections end when they have been idle.
    #[default]
    Idle,
    /// First a group that lets everything through, so that connections become untracked, then the isolating one.
    /// Opens the host for some seconds, so it is refused while it has a public address.
    Convert,
    /// Isolating groups, and denying entries in the subnet's network ACL. Does not see traffic inside the subnet.
    Nacl,
    /// Isolating groups, and the instance is stopped: the only certain cut.
    Stop,
}

/// How far the instance's credentials are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentityCut {
    /// Not at all.
    None,
    /// The profile is replaced; credentials already issued stay valid until they expire.
    Profile,
    /// Also this instance's role sessions are denied everything.
    #[default]
    Session,
    /// Also every session of the role issued until now is denied, on every instance that shares it.
    Role,
}

/// How an instance is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A new instance is launched and proven before the old one goes.
    #[default]
    Launch,
    /// The root volume is replaced in place, for servers whose primary address must stay. It is an outage.
    RootVolume,
}

/// What of the old instance may move to its replacement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// Elastic IPs.
    pub addresses: bool,
    /// Secondary private IPv4 addresses of the primary interface.
    pub private_ips: bool,
    /// Secondary interfaces.
    pub interfaces: bool,
    /// Data volumes: the old instance is stopped first.
    pub volumes: bool,
}

/// How operations on one fleet are done. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Network cut.
    pub cut: CutMode,
    /// Identity cut.
    pub identity: IdentityCut,
    /// Name of the group without rules that must exist in each VPC.
    pub isolation_group: String,
    /// Name of the group that lets everything through, for [`CutMode::Convert`].
    pub open_group: String,
    /// Name of the profile that a quarantined instance gets; `None`: it gets none.
    pub quarantine_profile: Option<String>,
    /// How to replace.
    pub method: Method,
    /// What may move.
    pub moves: Moves,
    /// How long the replacement must serve well before the old instance is retired.
    pub bake_s: u64,
    /// How long the old instance is kept, isolated and stopped.
    pub retain_s: u64,
    /// Longest wait for a new instance to run and pass its checks.
    pub boot_s: u64,
    /// Longest wait for a node's fresh inventory.
    pub attest_s: u64,
    /// Longest wait for a target to become healthy or to drain.
    pub traffic_s: u64,
    /// Pause between the first looks at what is waited for.
    #[serde(default = "poll_s")]
    pub poll_s: u64,
    /// Whether a replacement must prove itself by SSM inventory.
    pub expect_inventory: bool,
    /// Alarms that must be quiet while the replacement bakes.
    pub alarms: Vec<String>,
    /// An operation older than this is left to a person.
    pub max_age_s: u64,
}

fn poll_s() -> u64 {
    5
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cut: CutMode::default(),
            identity: IdentityCut::default(),
            isolation_group: "cattleguard-isolate".to_owned(),
            open_group: "cattleguard-open".to_owned(),
            quarantine_profile: Some("cattleguard-quarantine".to_owned()),
            method: Method::default(),
            moves: Moves::default(),
            bake_s: 5 * 60,
            retain_s: 7 * 86_400,
            boot_s: 15 * 60,
            attest_s: 30 * 60,
            // The ELBv2 default deregistration delay is 300 s and may be up to 3,600 s.
            traffic_s: 70 * 60,
            poll_s: poll_s(),
            expect_inventory: true,
            alarms: Vec::new(),
            max_age_s: 6 * 3_600,
        }
    }
}
