//! Where notices go, and which of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::deliver::http::judge_url;
use super::notice::NoticeKind;
use super::press::Interactive;
use super::sign;
use crate::plan::open_until;
use crate::types::plan::Window;
use crate::types::silence::pattern_matches;
use crate::types::{AccountId, Code, FleetName, Severity};

/// How a destination is reached. URLs may hold a token, so they are secrets as well.
#[derive(Clone, Debug)]
pub enum DestinationKind {
    /// A Slack incoming webhook: one message for each notice.
    Slack {
        /// `https://hooks.slack.com/services/…`
        url: SecretString,
    },
    /// Slack with a bot token: one message for each problem, edited, with every step as a reply.
    SlackBot {
        /// `xoxb-…`, with `chat:write`, and `channels:history` or `groups:history` to find what may have arrived.
        token: SecretString,
        /// Id of the channel, `C…` or `G…`.
        channel: String,
        /// Where the Web API is.
        api: String,
        /// With it, messages carry buttons.
        interactive: Option<Interactive>,
    },
    /// CloudEvents 1.0 JSON under Standard Webhooks headers.
    Webhook {
        /// Receiver.
        url: SecretString,
        /// Signing secrets, newest first; two during a rotation. `whsec_` + base64, as Standard Webhooks writes them.
        secrets: Vec<SecretString>,
    },
    /// PagerDuty Events API v2.
    PagerDuty {
        /// Integration key of the service.
        key: SecretString,
        /// Where events are taken.
        url: String,
    },
    /// A Microsoft Teams channel behind a Workflows webhook.
    Teams {
        /// URL of the flow's trigger; it holds a signature.
        url: SecretString,
    },
    /// E-mail through a relay.
    Email(EmailSettings),
    /// An SNS topic.
    Sns {
        /// ARN of the topic.
        topic: String,
    },
    /// An EventBridge bus.
    EventBridge {
        /// ARN of the bus.
        bus: String,
    },
    /// Security Hub of each finding's own account and region.
    SecurityHub,
}

/// A mail relay and who is written to.
#[derive(Clone, Debug)]
pub struct EmailSettings {
    /// Host name of the relay.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether and how the connection is encrypted.
    pub tls: MailTls,
    /// User and password, where the relay wants them.
    pub login: Option<(String, SecretString)>,
    /// Sender.
    pub from: String,
    /// Recipients.
    pub to: Vec<String>,
}

/// Encryption of the way to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// Begun in the clear, and only gone on with after STARTTLS.
    StartTls,
    /// From the first byte.
    Tls,
    /// None: for a relay on this host or in a private network.
    None,
}

/// How many messages a receiver takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Messages a second; `None` limits nothing.
    pub per_second: Option<f64>,
    /// How long a burst may be.
    pub burst: f64,
}

impl DestinationKind {
    /// The word for it in the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Slack { .. } | Self::SlackBot { .. } => "slack",
            Self::Webhook { .. } => "webhook",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Teams { .. } => "teams",
            Self::Email(_) => "email",
            Self::Sns { .. } => "sns",
            Self::EventBridge { .. } => "eventbridge",
            Self::SecurityHub => "security-hub",
        }
    }

    /// The receiver's own limit, a little below where it is known.
    pub fn pace(&self) -> Pace {
        let pace = |per_second, burst| Pace { per_second: Some(per_second), burst };
        match self {
            // About one message a second for each channel, with short bursts ("Rate limits", docs.slack.dev).
            Self::Slack { .. } => pace(1.0, 3.0),
            // A step is a reply and an edit; edits are tier 3, 50 a minute (same page).
            Self::SlackBot { .. } => pace(0.8, 3.0),
            Self::Webhook { .. } => Pace { per_second: None, burst: 0.0 },
            // "Events API v2: rate limits": about 120 calls a minute for an integration key.
            Self::PagerDuty { .. } => pace(2.0, 20.0),
            // "Rate limiting for connectors": four requests a second, 60 in half a minute.
            Self::Teams { .. } => pace(2.0, 4.0),
            // The smallest sending rate outside the sandbox of "Service quotas in Amazon SES"; relays of a company
            // take more and rarely say how much.
            Self::Email(_) => pace(5.0, 10.0),
            // Publish, smallest regions: 300 a second ("Amazon SNS endpoints and quotas"); PutEvents: 400.
            Self::Sns { .. } | Self::EventBridge { .. } => pace(100.0, 100.0),
            // "Guidelines for using BatchImportFindings": 10 calls a second, bursts of 30.
            Self::SecurityHub => pace(10.0, 30.0),
        }
    }

    /// Whether it is reached through AWS.
    pub fn is_cloud(&self) -> bool {
        matches!(self, Self::Sns { .. } | Self::EventBridge { .. } | Self::SecurityHub)
    }

    /// Whether this kind of news means anything there.
    pub fn hears(&self, kind: NoticeKind) -> bool {
        match self {
            // Nobody is woken because something has begun or is less than it was, and an incident needs an end.
            Self::PagerDuty { .. } => !matches!(kind, NoticeKind::OperationStarted | NoticeKind::DigestEnding),
            // It takes findings and nothing else.
            Self::SecurityHub => matches!(
                kind,
                NoticeKind::New | NoticeKind::Update | NoticeKind::Repeat | NoticeKind::Resolved | NoticeKind::Test
            ),
            // Only where an incident was opened by the question is its end of use; elsewhere it would be one message more.
            _ => kind != NoticeKind::ApprovalEnded,
        }
    }

    /// Whether it shows one thing for each problem, an incident or a thread, whose end must be told by itself.
    pub fn keeps_incidents(&self) -> bool {
        matches!(self, Self::PagerDuty { .. } | Self::SlackBot { .. })
    }

    /// Whether a delivery whose answer is lost may have to be looked for: the receiver has no key of its own to drop
    /// repetitions by, and can be asked.
    pub fn can_be_asked(&self) -> bool {
        matches!(self, Self::SlackBot { .. })
    }
}

/// Which notices: all that is given must match; an empty list matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// At or above this.
    pub min_severity: Severity,
    /// Fleets.
    pub fleets: Vec<FleetName>,
    /// Codes; may end in `*`.
    pub codes: Vec<String>,
    /// Accounts.
    pub accounts: Vec<AccountId>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { min_severity: Severity::Info, fleets: Vec::new(), codes: Vec::new(), accounts: Vec::new() }
    }
}

/// Which fleets a notice is about.
#[derive(Clone, Debug)]
pub enum Audience {
    /// One fleet; what belongs to no fleet goes to those that take all.
    Fleet(Option<FleetName>),
    /// Any of these; everybody when there is none.
    Touching(BTreeSet<FleetName>),
}

/// What a filter is held against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Fleets.
    pub audience: &'a Audience,
    /// Finding code, or what else it is about.
    pub code: &'a Code,
    /// Accounts; none means that it belongs to no account.
    pub accounts: &'a BTreeSet<AccountId>,
    /// Severity.
    pub severity: Severity,
}

impl Filter {
    /// Why a subject is not taken; `None` when it is. What was told before is told to its end, even if its severity has
    /// fallen since.
    pub fn refusal(&self, subject: &Subject<'_>, told_before: bool) -> Option<String> {
        let Subject { audience, code, accounts, severity } = subject;
        let list = |names: Vec<&str>| names.join(", ");
        let fleets = || list(self.fleets.iter().map(FleetName::as_str).collect());
        let in_fleets = match audience {
            _ if self.fleets.is_empty() => true,
            Audience::Fleet(fleet) => fleet.as_ref().is_some_and(|fleet| self.fleets.contains(fleet)),
            Audience::Touching(touched) => {
                touched.is_empty() || self.fleets.iter().any(|fleet| touched.contains(fleet))
            }
        };
        if !in_fleets {
            return Some(format!("only fleets {}", fleets()));
        }
        if !self.codes.is_empty() && !self.codes.iter().any(|pattern| pattern_matches(pattern, code.as_str())) {
            return Some(format!("only codes {}", self.codes.join(", ")));
        }
        let of_accounts = self.accounts.is_empty()
            || accounts.is_empty()
            || self.accounts.iter().any(|account| accounts.contains(account));
        if !of_accounts {
            return Some(format!("only accounts {}", list(self.accounts.iter().map(AccountId::as_str).collect())));
        }
        (!told_before && *severity < self.min_severity)
            .then(|| format!("only severity {} and above", self.min_severity))
    }
}

/// Times in which only what is severe is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// When.
    pub windows: Vec<Window>,
    /// What is told all the same: at or above this.
    pub except: Severity,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { windows: Vec::new(), except: Severity::Critical }
    }
}

/// One configured destination.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Unique name.
    pub name: String,
    /// Kind.
    pub kind: DestinationKind,
    /// Only these notices.
    pub filter: Filter,
    /// The routes that lead here; `None` when no route names it, so that its own filter alone decides.
    pub routes: Option<Vec<Filter>>,
    /// Quiet hours.
    pub quiet: Quiet,
    /// Let it reach loopback and private addresses (the SSRF guard refuses them otherwise).
    pub allow_private: bool,
    /// Why it cannot be reached at all: a secret of its own cannot be read. Its notices are kept and tried as if it did not
    /// answer.
    pub broken: Option<String>,
}

impl Destination {
    /// What is wrong with how it would be reached, as far as that shows without asking: the form of URLs and of signing
    /// secrets.
    ///
    /// # Errors
    /// What is wrong, without any secret.
    pub fn judge(&self) -> Result<(), String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        let named = |key: &str, problem: String| format!("`{key}`: {problem}");
        let url = |url: &SecretString| {
            judge_url(url.expose_secret(), self.allow_private).map_err(|problem| named("url", problem))
        };
        match &self.kind {
            DestinationKind::Slack { url: hook } | DestinationKind::Teams { url: hook } => url(hook),
            DestinationKind::Webhook { url: hook, secrets } => {
                url(hook)?;
                sign::judge(secrets).map_err(|bad| named("secrets", bad.to_string()))
            }
            DestinationKind::SlackBot { api, .. } | DestinationKind::PagerDuty { url: api, .. } => {
                judge_url(api, self.allow_private).map_err(|problem| named("api", problem))
            }
            DestinationKind::Email(_)
            | DestinationKind::Sns { .. }
            | DestinationKind::EventBridge { .. }
            | DestinationKind::SecurityHub => Ok(()),
        }
    }

    /// Whether it takes a subject, and by which of its routes; or why not.
    ///
    /// # Errors
    /// What it takes instead, in words.
    pub fn takes(&self, subject: &Subject<'_>, told_before: bool) -> Result<Option<usize>, String> {
        if let Some(refusal) = self.filter.refusal(subject, told_before) {
            return Err(format!("it takes {refusal}"));
        }
        let Some(routes) = &self.routes else { return Ok(None) };
        let mut refusals = BTreeSet::new();
        for (index, route) in routes.iter().enumerate() {
            match route.refusal(subject, told_before) {
                None => return Ok(Some(index)),
                Some(refusal) => refusals.insert(refusal),
            };
        }
        let refusals: Vec<String> = refusals.into_iter().collect();
        Err(format!("its routes take {}", refusals.join("; or ")))
    }

    /// Until when this severity is kept back, if it is quiet now.
    pub fn quiet_until(&self, severity: Severity, now: Timestamp) -> Option<Timestamp> {
        let kept = severity < self.quiet.except && !self.quiet.windows.is_empty();
        // Windows that cannot be read were refused by the configuration; here they keep nothing back.
        if kept { open_until(&self.quiet.windows, now).ok().flatten() } else { None }
    }
}

/// How long an attempt may take: Standard Webhooks asks senders to wait 15 to 30 seconds for an answer.
pub const TIMEOUT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{now, slack};

    fn subject<'a>(audience: &'a Audience, code: &'a Code, accounts: &'a BTreeSet<AccountId>) -> Subject<'a> {
        Subject { audience, code, accounts, severity: Severity::Medium }
    }

    #[test]
    fn everything_that_is_given_must_match() {
        let web = Audience::Fleet(Some("web".into()));
        let code = Code::known("event-ssh-key-pushed");
        let accounts = BTreeSet::from(["111122223333".into()]);
        let subject = subject(&web, &code, &accounts);
        let filter = Filter {
            fleets: vec!["web".into()],
            codes: vec!["event-*".to_owned()],
            accounts: vec!["111122223333".into()],
            min_severity: Severity::Medium,
        };
        assert_eq!(filter.refusal(&subject, false), None);
        let refused = |filter: Filter| filter.refusal(&subject, false);
        assert_eq!(
            refused(Filter { fleets: vec!["api".into()], ..filter.clone() }).as_deref(),
            Some("only fleets api")
        );
        assert!(refused(Filter { codes: vec!["event".to_owned()], ..filter.clone() }).is_some(), "no `*`, no prefix");
        assert!(refused(Filter { accounts: vec!["444455556666".into()], ..filter.clone() }).is_some());
        let severe = Filter { min_severity: Severity::High, ..filter };
        assert_eq!(severe.refusal(&subject, false).as_deref(), Some("only severity high and above"));
        assert_eq!(severe.refusal(&subject, true), None, "what was told is told to its end");
    }

    #[test]
    fn a_destination_that_routes_name_takes_what_one_of_them_takes() {
        let everybody = Audience::Touching(BTreeSet::new());
        let (code, accounts) = (Code::known("coverage"), BTreeSet::new());
        let subject = subject(&everybody, &code, &accounts);
        let mut destination = slack("ops", "http://127.0.0.1/");
        assert_eq!(destination.takes(&subject, false), Ok(None));
        destination.routes = Some(vec![
            Filter { codes: vec!["event-*".to_owned()], ..Filter::default() },
            Filter { min_severity: Severity::Low, ..Filter::default() },
        ]);
        assert_eq!(destination.takes(&subject, false), Ok(Some(1)));
        destination.routes.as_mut().unwrap().pop();
        assert_eq!(destination.takes(&subject, false), Err("its routes take only codes event-*".to_owned()));
        destination.filter.min_severity = Severity::High;
        assert_eq!(destination.takes(&subject, false), Err("it takes only severity high and above".to_owned()));
    }

    #[test]
    fn quiet_hours_keep_back_what_is_not_severe() {
        let mut destination = slack("ops", "http://127.0.0.1/");
        assert_eq!(destination.quiet_until(Severity::Low, now()), None);
        let window = |from: &str, to: &str| Window {
            days: Vec::new(),
            from: from.to_owned(),
            to: to.to_owned(),
            zone: "UTC".to_owned(),
        };
        destination.quiet.windows = vec![window("09:00", "12:00")];
        let end: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        assert_eq!(destination.quiet_until(Severity::High, now()), Some(end));
        assert_eq!(destination.quiet_until(Severity::Critical, now()), None);
        destination.quiet.windows = vec![window("11:00", "12:00")];
        assert_eq!(destination.quiet_until(Severity::Low, now()), None);
    }
}
