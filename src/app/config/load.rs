//! File, environment and flags -> [`Config`], or everything that is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::overlay::{self, Override};
use super::parse as toml_tree;
use super::reader::{Fault, Reader};
use super::section::Section;
use super::show::{Shown, ShownOrigin};
use super::source::SourceFile;
use super::{
    Config, account, alerts, audit, collect, enforcement, exceptions, fleet, log, notify, policy, report, route, scan,
    schedule, silence, state,
};
use crate::app::diag::{Diag, Site};
use crate::types::{Enforcement, Fleet};

/// A larger file is not a configuration.
const LONGEST: u64 = 1024 * 1024;

/// Where settings come from.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    /// The file.
    pub path: PathBuf,
    /// The process environment; only `CATTLEGUARD__…` is looked at.
    pub env: Vec<(String, String)>,
    /// Settings given by flags.
    pub flags: Vec<Override>,
}

/// A configuration with the origin of each of its settings.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every effective setting.
    pub settings: Vec<Shown>,
    /// The file it was read from.
    pub path: PathBuf,
}

/// Reads the file and everything laid over it.
pub fn load(request: &LoadRequest) -> Result<Loaded, Vec<Diag>> {
    let LoadRequest { path, env, flags } = request;
    let name = path.display().to_string();
    let text = read_file(path).map_err(|diag| vec![*diag])?;
    let base = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    let (config, settings) = parse(&name, &base, &text, env, flags)?;
    Ok(Loaded { config, settings, path: path.clone() })
}

fn read_file(path: &Path) -> Result<String, Box<Diag>> {
    let name = crate::app::terminal::clean(&path.display().to_string());
    let refuse = |code, message: String| Box::new(Diag::whole_file(code, name.clone(), message));
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Box::new(
            Diag::whole_file("no-file", name.clone(), "there is no configuration file")
                .with_help("`cattleguard init` writes one; -C FILE or CATTLEGUARD_CONFIG names another"),
        ),
        std::io::ErrorKind::PermissionDenied => Box::new(
            Diag::whole_file("no-file", name.clone(), "this user may not read the configuration file")
                .with_help("run this as root, or as the user that the service runs as"),
        ),
        _ => refuse("no-file", format!("the configuration file cannot be read: {error}")),
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LONGEST {
        return Err(refuse("no-file", format!("{size} bytes are too many for a configuration file")));
    }
    // What is no regular file says no size: one byte more shows that there is more.
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(refuse("no-file", format!("more than {LONGEST} bytes are too many for a configuration file")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refuse("syntax", format!("the file is not UTF-8 text (byte {at})"))
    })
}

/// The pure part of [`load`]: `base` is the folder that relative paths are relative to.
pub fn parse(
    name: &str,
    base: &Path,
    text: &str,
    env: &[(String, String)],
    flags: &[Override],
) -> Result<(Config, Vec<Shown>), Vec<Diag>> {
    let source = SourceFile::new(name, text);
    let toml_tree::Parsed { mut table, errors, masks } = toml_tree::document(&source);
    let misplaced = overlay::apply(&mut table, env, flags);
    let mut reader = Reader::new(&source, base, masks);
    for (fault, origin) in misplaced {
        reader.fault(fault, &origin);
    }
    let config = reader.root(&table, root);
    let broken: Vec<usize> = errors.iter().map(|(_, span)| source.line_of(span.start)).collect();
    for (fault, span) in errors {
        reader.fault(fault, &super::tree::Origin::File(span));
    }
    let (mut diags, settings) = reader.finish();
    if !broken.is_empty() {
        diags.retain(|diag| trustworthy(diag, &broken));
    }
    match config {
        Some(mut config) if diags.is_empty() => {
            // A flag holds for one run only.
            let stated =
                settings.iter().filter(|one| !matches!(one.origin, ShownOrigin::Default | ShownOrigin::Flag(_)));
            config.stated = stated.map(|one| (one.key.clone(), one.value.clone())).collect();
            Ok((config, settings))
        }
        _ => Err(diags),
    }
}

/// What the walk said of a file with syntax errors may be their echo: what is absent may have been lost, and
/// a broken line was read by guesswork.
fn trustworthy(diag: &Diag, broken: &[usize]) -> bool {
    if diag.code == "syntax" {
        return true;
    }
    let echo = matches!(diag.code, "missing-key" | "empty-selector" | "duplicate");
    let on_broken_line = matches!(&diag.site, Site::File { line, .. } if broken.contains(line));
    !echo && !on_broken_line
}

fn root(section: &mut Section<'_, '_>) -> Option<Config> {
    let mode = section.or("mode", Enforcement::Observe);
    let state = section.table("state", state::read);
    let accounts = section.tables("account", Some("id"), account::read);
    let (fleets, how): (Vec<_>, Vec<_>) = section.tables("fleet", Some("name"), fleet::read).into_iter().unzip();
    let enforcement = section.table("enforcement", enforcement::read);
    let fleet_enforcement = fleets.iter().map(|fleet| fleet.name.clone()).zip(how).collect();
    let collect = section.table("collect", |section| collect::read(section, &accounts));
    let policy = section.table("policy", policy::read);
    let exceptions = section.table("exceptions", exceptions::read);
    let scan = section.table("scan", scan::read);
    let notify = section.tables("notify", Some("name"), notify::read);
    let (fleet_names, to_names) = (section.names_of("fleet", "name"), section.names_of("notify", "name"));
    let routes = section.tables("route", None, |section| route::read(section, &fleet_names, &to_names));
    let silences = section.tables("silence", None, |section| silence::read(section, &fleet_names));
    let alerts = section.table("alerts", alerts::read);
    let schedule = section.table("schedule", schedule::read);
    let audit = section.table("audit", |section| audit::read(section, &accounts));
    let report = section.table("report", report::read);
    let log = section.table("log", log::read);
    for key in ["account", "fleet"] {
        if !section.has(key) {
            let fault = Fault::new("missing-key", format!("the configuration needs at least one [[{key}]]"));
            section.fault(key, fault.help("`cattleguard init` writes an example"));
        }
    }
    let config = Config {
        mode,
        state,
        accounts,
        fleets,
        enforcement,
        fleet_enforcement,
        collect,
        policy,
        exceptions,
        scan,
        notify,
        routes,
        silences,
        alerts,
        schedule,
        audit,
        report,
        log,
        stated: BTreeMap::new(),
    };
    cross_check(section, &config);
    Some(config)
}

/// Rules over several sections.
fn cross_check(section: &mut Section<'_, '_>, config: &Config) {
    unique(section, "account", "id", config.accounts.iter().map(|account| &account.id));
    unique(section, "fleet", "name", config.fleets.iter().map(|fleet| &fleet.name));
    unique(section, "notify", "name", config.notify.iter().map(|notify| &notify.name));
    for Fleet { name, select, .. } in &config.fleets {
        for account in &select.accounts {
            if section.has_entry("account", "id", account.as_str()) {
                continue;
            }
            let message = format!("fleet `{name}` selects account {account}, which no [[account]] has");
            section.fault_in("fleet", "name", name.as_str(), &["select", "accounts"], Fault::bad(message));
        }
    }
    for (fleet, own) in &config.fleet_enforcement {
        if own.bake.is_some_and(|bake| bake >= config.enforcement.max_age) {
            let message = format!("fleet `{fleet}`: `bake` is not shorter than `enforcement.max_age`");
            let fault = Fault::bad(message).help("every replacement would be left to a person before it had baked");
            section.fault_in("fleet", "name", fleet.as_str(), &["bake"], fault);
        }
    }
    for notify in &config.notify {
        for fleet in &notify.filter.fleets {
            if section.has_entry("fleet", "name", fleet.as_str()) {
                continue;
            }
            let names = config.fleets.iter().map(|fleet| fleet.name.as_str());
            let near = super::reader::nearest(fleet.as_str(), names);
            let mut fault = Fault::bad(format!("notify `{}` names fleet `{fleet}`, which does not exist", notify.name));
            fault.label = near.map(|near| format!("did you mean `{near}`?"));
            section.fault_in("notify", "name", &notify.name, &["fleets"], fault);
        }
    }
}

fn unique<'c, T: Display + 'c>(
    section: &mut Section<'_, '_>,
    list: &str,
    key: &str,
    names: impl Iterator<Item = &'c T>,
) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name.to_string()).or_default() += 1;
    }
    for (name, _) in counts.into_iter().filter(|(_, count)| *count > 1) {
        section.fault_repeats(list, key, &name);
    }
}
