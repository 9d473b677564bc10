//! Silences: for a while, nobody is told.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Code, FleetName, InstanceId, SilenceId};

/// For a while, what matches is not told as news. It is still found, judged and acted on, and its end is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Id.
    pub id: SilenceId,
    /// Only this fleet.
    pub fleet: Option<FleetName>,
    /// Only this finding code; may end in `*`.
    pub code: Option<String>,
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only this instance.
    pub instance: Option<InstanceId>,
    /// Only what this person or principal did, by the name that alerts show.
    pub actor: Option<String>,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// What a silence is held against.
#[derive(Clone, Copy, Debug)]
pub struct Silenced<'a> {
    /// Fleet, when there is one.
    pub fleet: Option<&'a FleetName>,
    /// Code.
    pub code: &'a Code,
    /// Accounts; all of them must be meant.
    pub accounts: &'a BTreeSet<AccountId>,
    /// The one instance it is about.
    pub instance: Option<&'a InstanceId>,
    /// Who did it.
    pub actor: Option<&'a str>,
}

impl Silence {
    /// Whether it is in force at this time.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.created_at <= now && now < self.until
    }

    /// Whether it names anything at all: one that does not would silence everything.
    pub fn is_scoped(&self) -> bool {
        self.fleet.is_some()
            || self.code.is_some()
            || self.account.is_some()
            || self.instance.is_some()
            || self.actor.is_some()
    }

    /// Whether it covers a subject. What the subject does not have is not matched.
    pub fn covers(&self, subject: &Silenced<'_>) -> bool {
        let Silenced { fleet, code, accounts, instance, actor } = subject;
        self.is_scoped()
            && self.fleet.as_ref().is_none_or(|wanted| *fleet == Some(wanted))
            && self.code.as_ref().is_none_or(|pattern| pattern_matches(pattern, code.as_str()))
            && self
                .account
                .as_ref()
                .is_none_or(|wanted| !accounts.is_empty() && accounts.iter().all(|account| account == wanted))
            && self.instance.as_ref().is_none_or(|wanted| *instance == Some(wanted))
            && self.actor.as_ref().is_none_or(|wanted| *actor == Some(wanted.as_str()))
    }

    /// What it covers, in words.
    pub fn scope(&self) -> String {
        let parts = [
            self.fleet.as_ref().map(|fleet| format!("fleet {fleet}")),
            self.code.as_ref().map(|code| format!("code {code}")),
            self.account.as_ref().map(|account| format!("account {account}")),
            self.instance.as_ref().map(|instance| format!("instance {instance}")),
            self.actor.as_ref().map(|actor| format!("actor {actor}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Whether a text is this one, or begins as a pattern with `*` at its end does.
pub fn pattern_matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => pattern == text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence() -> Silence {
        Silence {
            id: "s-1".into(),
            fleet: None,
            code: None,
            account: None,
            instance: None,
            actor: None,
            reason: "planned".to_owned(),
            by: "erin@ops".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            until: Timestamp::from_second(100).unwrap(),
        }
    }

    #[test]
    fn every_matcher_that_is_given_must_match() {
        let (fleet, code, instance) = (FleetName::from("web"), Code::known("event-ssh-key-pushed"), "i-1".into());
        let accounts = BTreeSet::from([AccountId::from("111122223333")]);
        let subject = Silenced {
            fleet: Some(&fleet),
            code: &code,
            accounts: &accounts,
            instance: Some(&instance),
            actor: Some("alice"),
        };
        assert!(!silence().covers(&subject), "nothing named, nothing silenced");
        let web = Silence { fleet: Some("web".into()), ..silence() };
        assert!(web.covers(&subject));
        assert!(Silence { code: Some("event-*".to_owned()), ..web.clone() }.covers(&subject));
        assert!(!Silence { code: Some("config-*".to_owned()), ..web.clone() }.covers(&subject));
        assert!(!Silence { actor: Some("bob".to_owned()), ..web.clone() }.covers(&subject));
        assert!(!Silence { instance: Some("i-2".into()), ..web.clone() }.covers(&subject));
        let account = Silence { account: Some("111122223333".into()), ..silence() };
        assert!(account.covers(&subject));
        let both = BTreeSet::from(["111122223333".into(), "444455556666".into()]);
        assert!(!account.covers(&Silenced { accounts: &both, ..subject }), "the other account is still to be told");
        assert!(!account.covers(&Silenced { accounts: &BTreeSet::new(), ..subject }));
    }

    #[test]
    fn it_ends_by_itself() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(silence().is_active(at(99)) && !silence().is_active(at(100)) && !silence().is_active(at(-1)));
    }
}
