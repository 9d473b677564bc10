//! Commands within the text: each is run as well, with something that is there in place of what it leaves open.

use std::collections::BTreeMap;

use serde_json::Value;

use super::blocks::{Span, spans};
use super::kinds::root;
use super::scenes::{destination, record, roles};
use super::shell::{Shell, fine};
use super::world::{ran, sim};

/// Commands that end otherwise than their kind does, or that are not run: with which code, and why.
const OTHERWISE: &[(&str, Option<i32>, &str)] = &[
    ("cattleguard trail verify s3://BUCKET/PREFIX", None, "its bucket is in `scenes`"),
    ("audit 412:9f3c…", None, "what a notice says; no command"),
    ("audit verify --anchors", None, "its bucket is in `scenes`"),
    ("trail verify", Some(64), "neither bucket nor folder is configured"),
    ("audit verify --head", Some(64), "the head is left out"),
    ("trail dead-letters retry NAME --reason …", Some(2), "there is no dead letter"),
    ("cattleguard serve --slack-socket", Some(78), "no Slack is configured"),
];

/// Codes of wrong usage: a command that is only named lacks what it needs.
const USAGE: i32 = 64;
const LACKS: &[&str] = &["required arguments were not provided", "a value is required for", "requires a subcommand"];

/// The commands of the program, by its own help.
fn commands(shell: &Shell) -> Vec<String> {
    let help = ran(&shell.at("world"), &["--help"], &[0]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// The command line that a span stands for, without the program's name.
fn line(span: &Span, commands: &[String]) -> Option<String> {
    let code = span.code.trim();
    if let Some(rest) = code.strip_prefix("cattleguard ") {
        return Some(rest.to_owned());
    }
    let (first, rest) = code.split_once(' ')?;
    (commands.iter().any(|name| name == first) && !rest.starts_with('=')).then(|| code.to_owned())
}

/// The first of a list that a command prints.
fn first(shell: &Shell, args: &[&str], list: &str, key: &str) -> String {
    let output = sim(&shell.at("world"), &[&["-o", "json"], args].concat()).output().expect("the program starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document[list][0][key].as_str().unwrap_or_else(|| panic!("{args:?}: {document:#}")).to_owned()
}

/// What a command needs that the text around it says is there.
fn prepare(shell: &mut Shell, line: &str) {
    let world = shell.at("world");
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["approve", ..] => {
            shell.configure("approval = true");
            shell.sim(&["scan"], &[1]);
        }
        ["golden", "promote", ..] => record(shell, "2026.11.1"),
        ["iam-policy", ..] => roles(shell),
        ["init"] => shell.set("CATTLEGUARD_CONFIG", shell.at("etc/cattleguard/new.toml").display().to_string()),
        ["notify", ..] => destination(shell),
        ["operations", "resume" | "rollback", ..] => {
            let mut killed = sim(&world, &["enforce"]);
            let status = killed.env("CATTLEGUARD_FAILPOINT", "launch-in-group:after").status().expect("it starts");
            assert!(!status.success(), "it was not killed");
            // Until then the dead process holds the lease.
            shell.sim(&["world", "wait", "3m"], &[0]);
        }
        ["resume"] => drop(shell.sim(&["pause", "--reason", "drill"], &[0])),
        ["resume", ..] => drop(shell.sim(&["pause", "--fleet", "web", "--reason", "drill"], &[0])),
        _ => {}
    }
}

/// Finds the id that a command is about.
type Finder<'a> = &'a dyn Fn(&Shell) -> String;

/// What stands for something is replaced by what is here.
fn filled(shell: &Shell, line: &str) -> String {
    let mut line = line.replace(['[', ']'], "");
    let finding = |shell: &Shell| first(shell, &["findings", "list"], "findings", "id");
    let ids: [(&str, Finder<'_>); 6] = [
        ("operations show", &|shell| first(shell, &["operations", "list", "--all"], "operations", "id")),
        ("operations ", &|shell| first(shell, &["operations", "list"], "operations", "id")),
        ("findings ", &finding),
        ("decisions ", &|shell| first(shell, &["decisions", "list"], "decisions", "decision_id")),
        ("notify routes ", &finding),
        ("silences ", &|_| "s-1".to_owned()),
    ];
    for (command, id) in ids {
        if line.starts_with(command) && (line.contains(" ID") || line.contains(" FINDING")) {
            let id = id(shell);
            line = line.replace(" ID", &format!(" {id}")).replace(" FINDING", &format!(" {id}"));
        }
    }
    if line.contains("HASH") {
        let plan: Value =
            serde_json::from_str(&ran(&shell.at("world"), &["-o", "json", "plan"], &[0, 4])).expect("JSON");
        line = line.replace("HASH", plan["hash"].as_str().unwrap_or_else(|| panic!("{plan:#}")));
    }
    if line.contains("412:9f3c…") {
        let log = ran(&shell.at("world"), &["-o", "json", "audit", "verify"], &[0]);
        let told: Value = serde_json::from_str(&log).expect("JSON");
        line = line.replace(
            "412:9f3c…",
            &format!("{}:{}", told["head"]["seq"], told["head"]["hash"].as_str().unwrap_or_default()),
        );
    }
    if line.starts_with("release ") {
        line = line.replace("i-...", &shell.cast.contained);
    }
    let logs = shell.at("logs").display().to_string();
    if ["FOLDER", "LOGS", "PATH..."].iter().any(|name| line.contains(name)) {
        ran(&shell.at("world"), &["world", "trail", &logs], &[0]);
    }
    if line.contains("--plan FILE") {
        let file = format!("json={}", shell.here("FILE").display());
        ran(&shell.at("world"), &["-o", &file, "plan"], &[0, 4]);
    }
    if line.contains(".zip") {
        made_evidence(shell);
    }
    let table = [
        ("INSTANCE", shell.cast.drifted.as_str()),
        ("FOLDER", &logs),
        ("LOGS", &logs),
        ("PATH...", &logs),
        (" F ", " web "),
        ("notify test NAME", "notify test siem"),
        ("NAME", "web"),
        ("TEXT", "'a reason'"),
        ("--reason …", "--reason 'a reason'"),
        ("ARN…", "arn:aws:iam::000000000000:role/web"),
        ("--trusted-account ID", "--trusted-account 444455556666"),
    ];
    table.iter().fold(line, |line, (from, to)| line.replace(from, to))
}

/// Evidence of the last quarter, under the name that the text gives it.
fn made_evidence(shell: &Shell) {
    let made = shell.run(
        "openssl genpkey -algorithm ed25519 -out evidence.key\nopenssl pkey -in evidence.key -pubout -out evidence.pub\n\
         cattleguard report evidence --from 2026-10-01 --framework pci-dss-4.0.1 --key evidence.key -o evidence-2027-01.zip",
    );
    assert!(made.ended_well && made.calls.iter().all(|call| call.code == 0), "{}", made.stderr);
}

#[test]
fn every_command_within_the_text_works() {
    let shell = Shell::new();
    let commands = commands(&shell);
    assert!(commands.len() > 20, "{commands:?}");
    let mut lines: BTreeMap<String, Span> = BTreeMap::new();
    for span in spans(root()) {
        if let Some(line) = line(&span, &commands) {
            lines.entry(line).or_insert(span);
        }
    }
    let mut wrong = Vec::new();
    let mut complete = 0;
    for (line, span) in &lines {
        let otherwise = OTHERWISE.iter().find(|(code, ..)| *code == span.code);
        if otherwise.is_some_and(|(_, code, _)| code.is_none()) {
            continue;
        }
        let mut shell = Shell::new();
        prepare(&mut shell, line);
        let filled = filled(&shell, line);
        let ran = shell.run(&format!("cattleguard {filled}"));
        let Some(call) = ran.calls.first().filter(|_| ran.ended_well) else {
            wrong.push(format!("{}:{}: `{filled}` is no command\n{}", span.document, span.line, ran.stderr));
            continue;
        };
        let named = call.code == USAGE && LACKS.iter().any(|lack| ran.stderr.contains(lack));
        let well = match otherwise {
            Some((_, code, _)) => Some(call.code) == *code,
            None => named || fine(&call.args).contains(&call.code),
        };
        complete += usize::from(well && !named);
        if !well {
            wrong.push(format!(
                "{}:{}: `{filled}` ended with {}\n{}{}",
                span.document, span.line, call.code, ran.stdout, ran.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(complete > 60, "only {complete} of {} commands were complete", lines.len());
    let gone: Vec<_> = OTHERWISE.iter().filter(|(code, ..)| !lines.values().any(|span| span.code == *code)).collect();
    assert!(gone.is_empty(), "not in the documents any more: {gone:?}");
}
