//! The scenes: operations of every kind, on servers that have everything which an operation may have to deal with.
//!
//! Together they lay out every step that there is; a test compares them with what the sequences can lay out.

use crate::remediate::{CutMode, IdentityCut, Method, Moves, Settings};
use crate::types::{OperationKind, Track};

/// What the server of a scene has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Has {
    /// It is a member of an Auto Scaling group, behind the group's target group.
    pub(super) group: bool,
    /// It is registered in a target group by its id.
    pub(super) target: bool,
    /// It is registered in a target group by its address.
    pub(super) by_address: bool,
    /// An Elastic IP.
    pub(super) elastic: bool,
    /// A second interface.
    pub(super) interface: bool,
    /// A second private address.
    pub(super) second_ip: bool,
    /// A data volume.
    pub(super) data: bool,
    /// A shutdown from inside would terminate it.
    pub(super) dies: bool,
    /// It routes for others, as its golden does: EC2 checks neither source nor destination.
    pub(super) routes: bool,
    /// A tag of ours, left by something long ago.
    pub(super) marked: bool,
}

/// An operation on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) kind: OperationKind,
    pub(super) track: Track,
    pub(super) cut: CutMode,
    pub(super) identity: IdentityCut,
    pub(super) method: Method,
    /// Whether there is a profile for instances in quarantine.
    pub(super) profile: bool,
    pub(super) has: Has,
}

/// What is done in a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// The operation itself.
    Do,
    /// Its undoing by a person, when all of it was done that can be undone.
    Undo,
    /// Its release, when it is done. Only of quarantines.
    Release,
}

impl Act {
    /// As it is spelled in the name of a cell.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Do => "do",
            Self::Undo => "undo",
            Self::Release => "release",
        }
    }
}

const NOTHING: Has = Has {
    group: false,
    target: false,
    by_address: false,
    elastic: false,
    interface: false,
    second_ip: false,
    data: false,
    dies: false,
    routes: false,
    marked: false,
};

const fn quarantine(name: &'static str, track: Track, cut: CutMode, identity: IdentityCut, has: Has) -> Scene {
    Scene { name, kind: OperationKind::Quarantine, track, cut, identity, method: Method::Launch, profile: true, has }
}

const fn replace(name: &'static str, track: Track, method: Method, has: Has) -> Scene {
    let (cut, identity) = (CutMode::Idle, IdentityCut::Session);
    Scene { name, kind: OperationKind::Replace, track, cut, identity, method, profile: true, has }
}

use CutMode::{Convert, Idle, Nacl, Stop};
use Track::{Compromise, Hygiene};

/// Every scene.
pub(super) const SCENES: [Scene; 16] = [
    quarantine(
        "quarantine-hygiene-idle",
        Hygiene,
        Idle,
        IdentityCut::Session,
        Has { target: true, by_address: true, elastic: true, dies: true, ..NOTHING },
    ),
    Scene {
        profile: false,
        ..quarantine(
            "quarantine-hygiene-convert",
            Hygiene,
            Convert,
            IdentityCut::Profile,
            Has { interface: true, marked: true, ..NOTHING },
        )
    },
    quarantine("quarantine-hygiene-nacl", Hygiene, Nacl, IdentityCut::None, Has { data: true, ..NOTHING }),
    quarantine("quarantine-hygiene-stop", Hygiene, Stop, IdentityCut::Role, Has { target: true, ..NOTHING }),
    quarantine("quarantine-hygiene-group", Hygiene, Idle, IdentityCut::Session, Has { group: true, ..NOTHING }),
    quarantine(
        "quarantine-compromise-idle",
        Compromise,
        Idle,
        IdentityCut::Role,
        Has { target: true, elastic: true, dies: true, ..NOTHING },
    ),
    quarantine(
        "quarantine-compromise-convert",
        Compromise,
        Convert,
        IdentityCut::Session,
        Has { by_address: true, ..NOTHING },
    ),
    quarantine(
        "quarantine-compromise-nacl",
        Compromise,
        Nacl,
        IdentityCut::Profile,
        Has { interface: true, second_ip: true, ..NOTHING },
    ),
    quarantine("quarantine-compromise-stop", Compromise, Stop, IdentityCut::None, Has { data: true, ..NOTHING }),
    quarantine("quarantine-compromise-group", Compromise, Idle, IdentityCut::Session, Has { group: true, ..NOTHING }),
    replace("replace-alone", Hygiene, Method::Launch, Has { routes: true, marked: true, ..NOTHING }),
    replace(
        "replace-serving",
        Hygiene,
        Method::Launch,
        Has { target: true, by_address: true, elastic: true, interface: true, second_ip: true, ..NOTHING },
    ),
    replace("replace-data", Hygiene, Method::Launch, Has { target: true, data: true, ..NOTHING }),
    replace("replace-group", Hygiene, Method::Launch, Has { group: true, target: true, ..NOTHING }),
    replace("replace-root", Hygiene, Method::RootVolume, Has { target: true, ..NOTHING }),
    replace("replace-contained", Compromise, Method::Launch, Has { target: true, elastic: true, ..NOTHING }),
];

impl Scene {
    /// What can be done in it.
    pub(super) fn acts(&self) -> &'static [Act] {
        match self.kind {
            OperationKind::Quarantine => &[Act::Do, Act::Undo, Act::Release],
            OperationKind::Replace | OperationKind::Release | OperationKind::Rollback => &[Act::Do, Act::Undo],
        }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            cut: self.cut,
            identity: self.identity,
            method: self.method,
            quarantine_profile: Settings::default().quarantine_profile.filter(|_| self.profile),
            moves: Moves { addresses: true, private_ips: true, interfaces: true, volumes: true },
            bake_s: 60,
            retain_s: super::super::build::RETAIN_S,
            boot_s: 600,
            // Longer than the inventory association takes to come by itself.
            attest_s: 2400,
            traffic_s: 900,
            max_age_s: 6 * 3600,
            ..Settings::default()
        }
    }
}
