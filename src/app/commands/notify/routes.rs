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
use crate::report::{Audience, Destination, Filter, Quiet, Subject};
use crate::types::{
    AccountId, Code, Finding, FindingId, FindingStatus, FleetName, InstanceId, Severity, Silence, Silenced,
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
    let silenced = silenced(&question, &silences, now);
    let answers: Vec<Answer> =
        config.notify.iter().map(|notify| answer(&config, notify, &question, silenced.as_deref(), now)).collect();
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
        return Ok(of_finding(finding));
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
    })
}

/// The severity of policy stands in the alert; the finding's own is what is kept.
fn of_finding(finding: Finding) -> Question {
    Question {
        fleet: finding.fleet,
        code: finding.code,
        accounts: BTreeSet::from([finding.account]),
        severity: finding.severity,
        instance: Some(finding.instance),
        actor: finding.attribution.into_iter().next().map(|by| by.display),
        acknowledged: finding.status == FindingStatus::Acknowledged,
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
    silenced: Option<&str>,
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
    };
    let audience = Audience::Fleet(question.fleet.clone());
    let subject = Subject {
        audience: &audience,
        code: &question.code,
        accounts: &question.accounts,
        severity: question.severity,
    };
    let (told, why) = match destination.takes(&subject, false) {
        Err(why) => (false, why),
        Ok(_) if silenced.is_some() => (false, silenced.unwrap_or_default().to_owned()),
        Ok(route) => match (destination.quiet_until(question.severity, now), route.and_then(|index| routes.get(index)))
        {
            (Some(until), _) => (false, format!("quiet hours until {until}")),
            (None, Some((number, _))) => (true, format!("route {number}")),
            (None, None) => (true, "no route names it, and its own filter lets it through".to_owned()),
        },
    };
    Answer { destination: notify.name.clone(), kind: notify.way.as_str(), told, why }
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
