//! The keys of `[[fleet]]` that say how operations on it are done. They override `[enforcement]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use super::reader::Fault;
use super::section::Section;
use super::setting::{Setting, choice};
use super::tree::Value;
use crate::remediate::{CutMode, IdentityCut, Method, Moves};

/// How operations on one fleet are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetEnforcement {
    /// Network cut.
    pub cut: CutMode,
    /// Identity cut.
    pub identity: IdentityCut,
    /// How to replace.
    pub method: Method,
    /// What may move to a replacement.
    pub moves: Moves,
    /// CloudWatch alarms that must be quiet.
    pub alarms: Vec<String>,
    /// Overrides `enforcement.bake`.
    pub bake: Option<Duration>,
    /// Overrides `enforcement.retain`.
    pub retain: Option<Duration>,
    /// The golden user data, for replacing an instance whose own has drifted.
    pub user_data_file: Option<PathBuf>,
}

pub(super) fn read(section: &mut Section<'_, '_>) -> FleetEnforcement {
    let cut = section.or("cut", CutMode::default());
    let identity = section.or("identity", IdentityCut::default());
    let method = section.or("replace", Method::default());
    let moved: Vec<Movable> = section.list("move", Some(Vec::new()));
    let alarms = section.list("alarms", Some(Vec::<String>::new()));
    let bake = section.optional::<Duration>("bake");
    let retain = section.optional::<Duration>("retain");
    let file = section.optional::<String>("user_data_file").map(|path| section.resolve(Path::new(&path)));
    if method == Method::RootVolume && !moved.is_empty() {
        let fault = Fault::bad("`move` has no effect with replace = \"root-volume\"")
            .help("the instance stays, and keeps its addresses, interfaces and volumes");
        section.fault("move", fault);
    }
    let moves = Moves {
        addresses: moved.contains(&Movable::Addresses),
        private_ips: moved.contains(&Movable::PrivateIps),
        interfaces: moved.contains(&Movable::Interfaces),
        volumes: moved.contains(&Movable::Volumes),
    };
    FleetEnforcement { cut, identity, method, moves, alarms, bake, retain, user_data_file: file }
}

/// How a value of a closed list is spelled.
fn spelled<T: Copy + PartialEq>(value: T, choices: &[(&'static str, T)]) -> Json {
    choices.iter().find(|(_, one)| *one == value).map_or(Json::Null, |(name, _)| Json::from(*name))
}

macro_rules! words {
    ($($type:ty, $kind:literal, $plural:literal: [$($word:literal => $value:expr),+];)+) => {$(
        impl Setting for $type {
            const KIND: &'static str = $kind;
            const PLURAL: &'static str = $plural;

            fn read(value: &Value) -> Result<Self, Fault> {
                choice(Self::KIND, value, &[$(($word, $value)),+])
            }

            fn json(&self) -> Json {
                spelled(*self, &[$(($word, $value)),+])
            }
        }
    )+};
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Movable {
    Addresses,
    PrivateIps,
    Interfaces,
    Volumes,
}

words! {
    CutMode, "idle, convert, nacl or stop", "array": [
        "idle" => CutMode::Idle, "convert" => CutMode::Convert, "nacl" => CutMode::Nacl, "stop" => CutMode::Stop];
    IdentityCut, "none, profile, session or role", "array": [
        "none" => IdentityCut::None, "profile" => IdentityCut::Profile, "session" => IdentityCut::Session,
        "role" => IdentityCut::Role];
    Method, "launch or root-volume", "array": ["launch" => Method::Launch, "root-volume" => Method::RootVolume];
    Movable, "addresses, private-ips, interfaces or volumes", "array of what may move": [
        "addresses" => Movable::Addresses, "private-ips" => Movable::PrivateIps,
        "interfaces" => Movable::Interfaces, "volumes" => Movable::Volumes];
}
