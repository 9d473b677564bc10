//! The agent's commands in the documents are run, and what docs/AGENT.md says of digests is computed.

#[path = "../../../tests/it/documents/blocks.rs"]
mod blocks;
#[path = "documents/digests.rs"]
mod digests;

use std::fs;
use std::path::Path;
use std::process::Command;

use blocks::{Span, blocks, spans};

use crate::host::Host;

const NAME: &str = "cattleguard-agent ";
const COMMANDS: &[&str] = &["bake", "check", "report", "diff", "show"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout")
}

/// All command lines with where they stand: in blocks of any kind, and within the text.
fn lines() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for block in blocks(root()) {
        for line in block.text.lines() {
            let Some(at) = line.find(NAME) else { continue };
            let end = |rest: &str| rest.find(['"', '#']).unwrap_or(rest.len());
            let rest = &line[at + NAME.len()..];
            found.push((block.at(), rest[..end(rest)].trim().to_owned()));
        }
    }
    for Span { document, line, code } in spans(root()) {
        let at = format!("{document}:{line}");
        if let Some(rest) = code.strip_prefix(NAME) {
            found.push((at, rest.to_owned()));
        } else if document == "docs/AGENT.md"
            && code.split_once(' ').is_some_and(|(first, _)| COMMANDS.contains(&first))
        {
            found.push((at, code));
        }
    }
    found
}

/// A host with what the documents speak of: a folder of the SSM agent, a program to show, keys.
fn host() -> Host {
    let host = Host::new();
    fs::create_dir_all(host.path("usr/sbin")).unwrap();
    fs::write(host.path("usr/sbin/sshd"), "sshd").unwrap();
    fs::create_dir_all(host.path("var/lib/amazon/ssm/i-0123456789abcdef0/inventory/custom")).unwrap();
    // The agent makes its own folder: a package has none on an image that was never booted.
    fs::create_dir_all(host.beside("var/lib")).unwrap();
    let mut keys = Command::new("openssl");
    keys.args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(host.beside("golden.key"));
    let made = keys.output().expect("openssl; scripts/prerequisites.sh installs it");
    assert!(made.status.success());
    host.bake(&[]);
    for name in ["OLD.cgm", "NEW.cgm", "A", "B"] {
        fs::copy(host.golden(), host.beside(name)).unwrap();
    }
    host
}

/// The arguments of a line, with what is here in place of what it leaves open.
fn filled(host: &Host, line: &str) -> Vec<String> {
    let root = host.check().json["root"].as_str().expect("a digest").to_owned();
    let canary = host.beside("canary.json");
    fs::write(
        &canary,
        host.run(&["check", "-o", "json", "--sysroot", host.sysroot(), "--golden", host.golden()]).stdout,
    )
    .unwrap();
    let line = line
        .replace(['[', ']'], "")
        .replace("blake3:…", &root)
        .replace("/var/lib/", &format!("{}/", host.beside("var/lib").display()))
        .replace("--first-boot FILE", &format!("--first-boot {}", canary.display()))
        .replace("FILE", "golden.cgm")
        .replace("PATH", "/usr/sbin/sshd");
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let command = words.first().cloned().unwrap_or_default();
    if ["bake", "check", "report"].contains(&command.as_str()) {
        match words.iter().position(|word| word == "--sysroot") {
            Some(at) => words.insert(at + 1, host.sysroot().to_owned()),
            None => words.extend(["--sysroot".to_owned(), host.sysroot().to_owned()]),
        }
    }
    if command == "bake" && !words.iter().any(|word| word == "--out") {
        words.extend(["--out".to_owned(), "new.cgm".to_owned()]);
    }
    if ["check", "report"].contains(&command.as_str()) {
        words.extend(["--golden", host.golden(), "--priority", "normal"].map(str::to_owned));
    }
    words
}

#[test]
fn every_command_of_the_documents_works() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (at, line) in lines() {
        let host = host();
        let words = filled(&host, &line);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-agent"));
        let output = command.args(&words).current_dir(host.beside("")).output().expect("the program starts");
        tried += 1;
        if output.status.code() != Some(0) {
            wrong.push(format!("{at}: {words:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
        }
    }
    assert!(tried > 15, "only {tried} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_keys_of_the_documents_can_be_made() {
    let host = Host::new();
    let made: Vec<Span> = spans(root())
        .into_iter()
        .filter(|span| span.document == "docs/AGENT.md" && span.code.starts_with("openssl "))
        .collect();
    assert_eq!(made.len(), 2, "{made:?}");
    for span in made {
        let ran =
            Command::new("openssl").args(span.code.split(' ').skip(1)).current_dir(host.beside("")).output().unwrap();
        assert!(ran.status.success(), "{}", span.code);
    }
    let (key, public) = (host.beside("golden.key"), host.beside("golden.pub"));
    host.bake(&["--sign-key", key.to_str().unwrap()]);
    let base = ["check", "--sysroot", host.sysroot(), "--golden", host.golden(), "--trusted-key"];
    assert_eq!(host.run(&[&base[..], &[public.to_str().unwrap()]].concat()).code, 0);
}

/// The table of commands has every option of each, and no other.
#[test]
fn the_table_of_commands_is_complete() {
    let text = fs::read_to_string(root().join("docs/AGENT.md")).unwrap();
    let model = cattleguard_agent::cli::command();
    let options = |name: &str| -> Vec<String> {
        let command = model.find_subcommand(name).expect("a command");
        let long = command.get_arguments().filter(|argument| !argument.is_hide_set()).filter_map(|one| one.get_long());
        // Every command takes it, as the text says.
        long.filter(|long| *long != "output").map(|long| format!("--{long}")).collect()
    };
    for name in COMMANDS {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{name}"))).expect("a row");
        let mut documented: Vec<String> = row
            .split('`')
            .skip(1)
            .step_by(2)
            .filter_map(|code| code.split([' ', '\\']).next())
            .filter(|word| word.starts_with("--"))
            .map(str::to_owned)
            .collect();
        if *name == "report" {
            documented.extend(options("check").into_iter().filter(|option| options("report").contains(option)));
        }
        documented.sort();
        documented.dedup();
        let mut known = options(name);
        known.sort();
        assert_eq!(documented, known, "{name}");
    }
}
