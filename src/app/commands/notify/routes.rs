//! `notify routes`: where a finding, or one that is described, would be told, and why not elsewhere.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use crate::app::cli::misc::NotifyRoutesArgs;
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Canvas, Format};
use crate::app::table;
use crate::app::terminal::clean_short;
use crate::remediate::{OperationRecord, kept};
use crate::report::{Audience, Destination, Filter, Quiet, Subject, View};
use crate::types::{
    AccountId, Action, Code, Decision, DecisionStatus, Finding, FindingId, FindingStatus, FleetName, InstanceId,
    Severity, Silence, Silenced,
};

/// What is asked about.
struct Question {
    fleet: Option<FleetName>,
    code: Code,
    accounts: BTreeSet<AccountId>,
    severity: Severity,
    instance: Option<InstanceId>,
    actor: Option<String>,
    acknowledged: bool,
    /// Why nobody is told, whatever the destinations take.
    never: Option<String>,
    /// The finding that tells all that this one could, with its id.
    twin: Option<(FindingId, Box<Question>)>,
}

/// One destination's answer.
struct Answer {
    destination: String,
    kind: &'static str,
    told: bool,
    why: String,
}

pub(super) fn run(context: &Context<'_>, args: &NotifyRoutesArgs) -> Result<Exit, AppError> {
    let outputs = context.outputs(&[Format::Table, Format::Json])?;
    let config = context.load(Vec::new())?.config;
    if config.notify.is_empty() {
        return Err(AppError::failed("no destination is configured").with_hint("add a [[notify]] section"));
    }
    let now = context.now();
    let question = question(context, &config, args)?;
    let mut silences = config.silences.clone();
    // Without a state there is nothing silenced in it.
    if let Ok(store) = context.read_store(&config) {
        silences.extend(store.silences()?);
    }
    let answers: Vec<Answer> =
        config.notify.iter().map(|notify| answer(&config, notify, &question, &silences, now)).collect();
    outputs.emit(|format, canvas| {
        Ok(match format {
            Format::Table => as_table(&answers, canvas),
            Format::Json | Format::Ndjson => crate::app::commands::json_text(&json!({
                "schema": "cattleguard.dev/notify-routes/v1",
                "fleet": question.fleet,
                "code": question.code,
                "accounts": question.accounts,
                "severity": question.severity,
                "destinations": answers.iter().map(|answer| json!({
                    "name": answer.destination, "kind": answer.kind, "told": answer.told, "why": answer.why,
                })).collect::<Vec<_>>(),
            })),
        })
    })?;
    Ok(Exit::Ok)
}

fn question(context: &Context<'_>, config: &Config, args: &NotifyRoutesArgs) -> Result<Question, AppError> {
    if let Some(id) = &args.finding {
        let store = context.read_store(config)?;
        let finding = store.finding(&FindingId::new(id))?.ok_or_else(|| {
            AppError::failed(format!("no finding {}", clean_short(id, 60))).with_hint("cattleguard findings list --all")
        })?;
        let (results, findings) = (store.instance_results()?, store.findings(false)?);
        let unfinished = store.unfinished_operations()?;
        let plan = store.last_plan()?;
        let view = View::new(&results, &findings, plan.as_ref());
        let known = Known { view: &view, findings: &findings, unfinished: &unfinished };
        let twin = view.told_by(&finding).map(|state| (state.id.clone(), Box::new(known.question(state))));
        return Ok(Question { twin, ..known.question(&finding) });
    }
    if !crate::app::config::is_known_code(&args.code) || args.code.ends_with('*') {
        return Err(AppError::usage(format!("`{}` is not a finding code", clean_short(&args.code, 60))));
    }
    Ok(Question {
        fleet: super::super::known_fleet(config, args.fleet.as_deref())?,
        code: Code::from_text(&args.code),
        accounts: args.account.iter().cloned().collect(),
        severity: args.severity,
        instance: args.instance.as_deref().map(InstanceId::new),
        actor: args.actor.clone(),
        acknowledged: false,
        never: None,
        twin: None,
    })
}

/// What the last scan knew.
struct Known<'a> {
    view: &'a View<'a>,
    findings: &'a [Finding],
    unfinished: &'a [OperationRecord],
}

impl Known<'_> {
    fn question(&self, finding: &Finding) -> Question {
        let actor = |finding: &Finding| finding.attribution.first().map(|by| by.display.clone());
        let same = |other: &&Finding| {
            (&other.fleet, &other.code, actor(other)) == (&finding.fleet, &finding.code, actor(finding))
        };
        // Findings of one fleet, code and actor are told together, as severe as the worst of them.
        let group = self.findings.iter().filter(|other| other.is_active()).filter(same);
        let severity = group.map(|other| self.view.severity(other)).fold(self.view.severity(finding), Severity::max);
        Question {
            fleet: finding.fleet.clone(),
            code: finding.code.clone(),
            accounts: BTreeSet::from([finding.account.clone()]),
            severity,
            instance: Some(finding.instance.clone()),
            actor: actor(finding),
            acknowledged: finding.status == FindingStatus::Acknowledged,
            never: self.never(finding),
            twin: None,
        }
    }

    fn never(&self, finding: &Finding) -> Option<String> {
        let decision = self.view.decision(&finding.instance);
        if !finding.is_active() {
            return Some(format!("it is {}: only its end is told", finding.status));
        }
        if kept(self.unfinished).contains(&finding.instance) {
            return Some("its server was replaced and is only kept: only its end is told".to_owned());
        }
        let asked = |decision: &Decision| decision.action > Action::None || decision.status == DecisionStatus::Error;
        decision.filter(|decision| !asked(decision)).map(|_| "policy asks for nothing: only its end is told".to_owned())
    }
}

fn silenced(question: &Question, silences: &[Silence], now: Timestamp) -> Option<String> {
    if question.acknowledged {
        return Some("acknowledged: only its end is told".to_owned());
    }
    let subject = Silenced {
        fleet: question.fleet.as_ref(),
        code: &question.code,
        accounts: &question.accounts,
        instance: question.instance.as_ref(),
        actor: question.actor.as_deref(),
    };
    let silence = silences.iter().find(|silence| silence.is_active(now) && silence.covers(&subject))?;
    Some(format!("silence {} until {}: {}", silence.id, silence.until, clean_short(&silence.reason, 120)))
}

fn answer(
    config: &Config,
    notify: &crate::app::config::NotifyConfig,
    question: &Question,
    silences: &[Silence],
    now: Timestamp,
) -> Answer {
    // Where it leads does not depend on secrets, which this command need not be able to read.
    let routes: Vec<(usize, Filter)> = (1..)
        .zip(&config.routes)
        .filter(|(_, route)| route.to.contains(&notify.name))
        .map(|(number, route)| (number, route.filter.clone()))
        .collect();
    let destination = Destination {
        name: notify.name.clone(),
        kind: crate::report::DestinationKind::SecurityHub,
        filter: notify.filter.clone(),
        routes: (!routes.is_empty()).then(|| routes.iter().map(|(_, filter)| filter.clone()).collect()),
        quiet: Quiet { windows: notify.quiet.windows.clone(), except: notify.quiet.except },
        allow_private: notify.allow_private,
        broken: None,
    };
    let way = Way { destination: &destination, routes: &routes, silences, now };
    let (told, why) = match &question.twin {
        // As it is drafted: the event is told by itself only where the state that it made is not.
        Some((id, twin)) if question.never.is_none() => match way.judge(twin) {
            (true, why) => (true, format!("told with {id} ({}), the same change: {why}", twin.code)),
            (false, why) if twin.acknowledged => (false, format!("{id} ({}), the same change, is {why}", twin.code)),
            (false, _) => way.judge(question),
        },
        _ => way.judge(question),
    };
    Answer { destination: notify.name.clone(), kind: notify.way.as_str(), told, why }
}

/// The way to one destination.
struct Way<'a> {
    destination: &'a Destination,
    routes: &'a [(usize, Filter)],
    silences: &'a [Silence],
    now: Timestamp,
}

impl Way<'_> {
    /// Whether it leads there now, and why or why not.
    fn judge(&self, question: &Question) -> (bool, String) {
        let Self { destination, routes, silences, now } = self;
        let audience = Audience::Fleet(question.fleet.clone());
        let subject = Subject {
            audience: &audience,
            code: &question.code,
            accounts: &question.accounts,
            severity: question.severity,
        };
        let route = match destination.takes(&subject, false) {
            Err(why) => return (false, why),
            Ok(route) => route.and_then(|index| routes.get(index)),
        };
        if let Some(why) = question.never.clone().or_else(|| silenced(question, silences, *now)) {
            return (false, why);
        }
        match (destination.quiet_until(question.severity, *now), route) {
            (Some(until), _) => (false, format!("quiet hours until {until}")),
            (None, Some((number, _))) => (true, format!("route {number}")),
            (None, None) => (true, "no route names it, and its own filter lets it through".to_owned()),
        }
    }
}

fn as_table(answers: &[Answer], canvas: Canvas) -> String {
    let rows: Vec<Vec<String>> = answers
        .iter()
        .map(|answer| {
            let word = if answer.told { "told" } else { "not told" };
            vec![answer.destination.clone(), answer.kind.to_owned(), word.to_owned(), answer.why.clone()]
        })
        .collect();
    table::render(&["destination", "kind", "", "why"], &rows, canvas)
}
