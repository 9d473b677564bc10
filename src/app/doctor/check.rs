//! What the doctor says of one thing.

use crate::app::exit::Exit;

/// What a check is about. The order is the one in which checks are shown: each needs those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) enum Topic {
    /// The file and what it refers to.
    Configuration,
    /// The state file.
    State,
    /// Where the audit log is anchored.
    Audit,
    /// Policies.
    Policies,
    /// This host's clock.
    Clock,
    /// Who AWS takes us for.
    Identity,
    /// Calls of a scan.
    Reading,
    /// Trails and sources of change events.
    Trail,
    /// What SSM and its inventory show.
    Inventory,
    /// Reports of our agent.
    Agent,
    /// Recorded images.
    Goldens,
    /// What enforcement needs.
    Enforcement,
    /// Destinations of notices.
    Notifications,
}

impl Topic {
    /// The lower-case name used in every format.
    pub(in crate::app) fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::State => "state",
            Self::Audit => "audit",
            Self::Policies => "policies",
            Self::Clock => "clock",
            Self::Identity => "identity",
            Self::Reading => "reading",
            Self::Trail => "trail",
            Self::Inventory => "inventory",
            Self::Agent => "agent",
            Self::Goldens => "goldens",
            Self::Enforcement => "enforcement",
            Self::Notifications => "notifications",
        }
    }
}

/// How it is. Ordered from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) enum Health {
    /// As it should be.
    Ok,
    /// Works, and something about it should be known or looked after.
    Warning,
    /// Does not work; the exit says what has to be mended.
    Failed(Fault),
}

/// Who can mend what does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) enum Fault {
    /// It is down, or nobody knows.
    Unavailable,
    /// A permission is missing.
    Permission,
    /// The configuration or a policy is wrong.
    Config,
}

impl Health {
    /// The lower-case name used in every format.
    pub(in crate::app) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed(_) => "failed",
        }
    }

    /// How the process ends when this is the worst that was found.
    pub(in crate::app) fn exit(self) -> Exit {
        match self {
            Self::Ok | Self::Warning => Exit::Ok,
            Self::Failed(Fault::Unavailable) => Exit::Unavailable,
            Self::Failed(Fault::Permission) => Exit::Permission,
            Self::Failed(Fault::Config) => Exit::Config,
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Check {
    pub(in crate::app) topic: Topic,
    /// Which one of several: an account-region, a fleet, a destination; empty where there is one only.
    pub(in crate::app) subject: String,
    pub(in crate::app) health: Health,
    /// One sentence.
    pub(in crate::app) text: String,
    /// What to do about it.
    pub(in crate::app) advice: Option<String>,
}

/// Collects answers.
#[derive(Debug, Default)]
pub(in crate::app) struct Checks(Vec<Check>);

impl Checks {
    /// It is as it should be.
    pub(super) fn ok(&mut self, topic: Topic, subject: impl Into<String>, text: impl Into<String>) {
        self.add(topic, subject.into(), Health::Ok, text.into(), None);
    }

    /// It works, but.
    pub(super) fn warn(&mut self, topic: Topic, subject: impl Into<String>, text: impl Into<String>, advice: &str) {
        self.add(topic, subject.into(), Health::Warning, text.into(), Some(advice));
    }

    /// It does not work.
    pub(super) fn fail(
        &mut self,
        topic: Topic,
        subject: impl Into<String>,
        fault: Fault,
        text: impl Into<String>,
        advice: &str,
    ) {
        self.add(topic, subject.into(), Health::Failed(fault), text.into(), Some(advice));
    }

    fn add(&mut self, topic: Topic, subject: String, health: Health, text: String, advice: Option<&str>) {
        let advice = advice.filter(|advice| !advice.is_empty()).map(str::to_owned);
        self.0.push(Check { topic, subject, health, text, advice });
    }

    /// All of them, by topic, in the order they were made.
    pub(in crate::app) fn sorted(mut self) -> Vec<Check> {
        self.0.sort_by_key(|check| check.topic);
        self.0
    }
}
