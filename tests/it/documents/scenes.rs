//! Shell blocks, typed one by one, each in a world of its own with what its text says is there.

use std::collections::BTreeSet;
use std::fs;

use cattleguard::testing::digests::{TrailFolder, TrailSigner};
use jiff::{SignedDuration, Timestamp};

use super::blocks::{Block, blocks};
use super::kinds::{Kind, of_kind, root};
use super::shell::{Shell, fine};
use crate::harness::{Receiver, SECRET, Setup, TestApp, small};

/// Documents with shell blocks; each has a test below.
const DOCUMENTS: &[&str] =
    &["CONTRIBUTING.md", "README.md", "docs/AGENT.md", "docs/OPERATIONS.md", "docs/RECIPES.md", "docs/STATE.md"];

/// The policy guide's own example.
pub(super) fn acme(shell: &Shell) {
    let guide = |fence: &str| {
        let found = blocks(root()).into_iter().find(|block| block.fence == fence);
        found.expect("the guide's example").text
    };
    shell.write("acme/night_shells/policy.rego", guide("rego policy"));
    shell.write("acme/night_shells/policy_test.rego", guide("rego test"));
}

/// A manifest as the agent bakes it, of a small tree.
fn manifest(shell: &Shell) {
    shell.write("../image/etc/hostname", "golden");
    let (tree, out) = (shell.at("image").display().to_string(), shell.here("golden.cgm").display().to_string());
    // The agent shuts the thread in that it runs on.
    let baked = std::thread::spawn(move || {
        let args = ["cattleguard-agent", "bake", "--sysroot", &tree, "--out", &out, "--no-default-excludes"];
        let mut said = Vec::new();
        (cattleguard_agent::cli::run(args, &mut std::io::sink(), &mut said), said)
    });
    let (code, said) = baked.join().expect("baked");
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&said));
}

pub(super) fn record(shell: &Shell, version: &str) {
    let (image, reference) = (shell.cast.image.clone(), shell.cast.reference.clone());
    let from = ["--ami", &image, "--reference-instance", &reference];
    shell.sim(&[&["golden", "record", "web", "--version", version][..], &from].concat(), &[0]);
}

/// Somebody who is told, on loopback.
pub(super) fn destination(shell: &Shell) {
    let address = Receiver::start().address;
    shell.write("../world/hook.url", format!("http://{address}/hook"));
    shell.write("../world/hook.secret", SECRET);
    shell.configure(
        "[[notify]]\nname = \"siem\"\nkind = \"webhook\"\nurl = { file = \"hook.url\" }\n\
         secrets = [{ file = \"hook.secret\" }]\nallow_private = true\n",
    );
}

/// The account has roles.
pub(super) fn roles(shell: &Shell) {
    let role = |name: &str| format!("\"arn:aws:iam::000000000000:role/cattleguard-{name}\"\n");
    let roles = format!("role = {}enforce_role = {}external_id = \"6f1c2f0e\"\n", role("read"), role("enforce"));
    shell
        .write("../world/cattleguard.toml", shell.configuration().replace("[[fleet]]", &format!("{roles}\n[[fleet]]")));
}

/// What a block needs that its own text says is there, or that the text around it made.
fn prepare(shell: &mut Shell, block: &Block) {
    match (block.document.as_str(), block.first_line()) {
        // Nothing is recorded or configured yet.
        ("README.md", first) if first.starts_with("make build") => {
            shell.set("CATTLEGUARD_CONFIG", shell.here("cattleguard.toml").display().to_string());
        }
        ("README.md", first) if first.starts_with("make deb") => destination(shell),
        ("docs/OPERATIONS.md", first) if first.starts_with("cattleguard init") => {
            shell.set("CATTLEGUARD_CONFIG", shell.at("etc/cattleguard/new.toml").display().to_string());
        }
        (
            "docs/OPERATIONS.md",
            "cattleguard serve                                             # prints a link with a new token",
        ) => {
            shell.write("../etc/cattleguard/erin.token", "0123456789abcdef0123456789abcdef");
            shell.write("../etc/cattleguard/frank.token", "fedcba9876543210fedcba9876543210");
        }
        ("docs/OPERATIONS.md", first) if first.starts_with("cattleguard trail verify s3://") => {
            let keys = TrailSigner::trusted().listing().expect("a listing").to_string();
            fs::write(shell.at("keys-of-the-trail.json"), keys).expect("written");
        }
        ("docs/AGENT.md", _) => manifest(shell),
        ("docs/RECIPES.md", first) if first.starts_with("cattleguard golden record") => {
            manifest(shell);
            record(shell, "2026.11.1");
        }
        // The roles are those of the configuration before it.
        ("docs/RECIPES.md", first) if first.starts_with("cattleguard iam-policy") => roles(shell),
        ("docs/RECIPES.md", "cattleguard notify test") => destination(shell),
        ("docs/RECIPES.md", first) if first.starts_with("cattleguard policy check") => {
            acme(shell);
            let made = shell.run("openssl genpkey -algorithm ed25519 -out policy.key");
            assert!(made.ended_well, "{}", made.stderr);
        }
        ("docs/STATE.md", first) if first.starts_with("jq") => {
            let log = shell.sim(&["audit", "export"], &[0]);
            shell.write("line.json", log.lines().next().expect("an entry"));
        }
        _ => {}
    }
}

/// What must be so after a block, beside commands that ended well.
fn look_at(shell: &Shell, block: &Block, stdout: &str) {
    match (block.document.as_str(), block.first_line()) {
        ("docs/STATE.md", first) if first.starts_with("jq") => {
            let line: serde_json::Value =
                serde_json::from_slice(&fs::read(shell.here("line.json")).expect("a line")).expect("JSON");
            let hash = line["entry"]["hash"].as_str().expect("a hash");
            assert!(stdout.contains(hash), "{hash} is not what the text computes: {stdout}");
        }
        ("docs/RECIPES.md", first) if first.starts_with("cattleguard iam-policy") => {
            let template = fs::read(shell.here(&format!("roles-{}.json", super::world::ACCOUNT))).expect("a template");
            let template: serde_json::Value = serde_json::from_slice(&template).expect("JSON");
            assert!(template["Resources"].is_object(), "{template}");
        }
        ("docs/RECIPES.md", first) if first.starts_with("systemd-ask-password") => {
            let secret = fs::read_to_string(shell.at("etc/cattleguard/secrets/slack-token.cred")).expect("a secret");
            assert_eq!(secret, "secret");
        }
        _ => {}
    }
}

/// An account with a bucket for its trail and one for anchors: those of processes have none.
fn with_buckets() -> TestApp {
    let source = "[collect]\ntrail = [{ s3 = \"org-trail\", prefix = \"audit\" }]\n\n[audit.anchor]\nbucket = \"example-audit\"\n\
                  retain = \"365d\"\nmode = \"compliance\"";
    let app = Setup::new(small()).more(source).start_unrecorded();
    let start: Timestamp = app.fleet.clock.now() - SignedDuration::from_hours(6);
    let mut trail = TrailFolder::new(&app.path("logs"), &app.place(), "main", start);
    for _ in 0..6 {
        let hour = trail.hour(&["{\"Records\":[]}"]).expect("an hour");
        hour.upload(&app.path("logs"), app.cloud(), "org-trail", "audit/").expect("uploaded");
    }
    app.cloud().create_vault("example-audit");
    app.record("1");
    app.scan();
    app
}

/// Types the lines of a block that read a bucket, and takes them out of it.
fn apart_from_buckets(block: &Block) -> String {
    let reads = |line: &&str| line.contains("s3://BUCKET/PREFIX") || line.contains("--anchors");
    let lines: Vec<&str> = block.text.lines().filter(reads).collect();
    let app = (!lines.is_empty()).then(with_buckets);
    for line in lines {
        let line = line.split(" #").next().unwrap_or_default();
        let line = line.replace("BUCKET/PREFIX", "org-trail/audit").replace("111122223333", "000000000000");
        let args: Vec<&str> = line.split_whitespace().skip(1).collect();
        let code = app.as_ref().expect("an account").run(&args);
        assert_eq!(code, 0, "{}: {line}", block.at());
    }
    block.text.lines().filter(|line| !reads(line)).map(|line| format!("{line}\n")).collect()
}

fn try_document(name: &str) {
    let blocks: Vec<Block> = of_kind(Kind::Shell).into_iter().filter(|block| block.document == name).collect();
    assert!(!blocks.is_empty(), "{name} has no shell block");
    for block in blocks {
        let text = apart_from_buckets(&block);
        let mut shell = Shell::new();
        prepare(&mut shell, &block);
        let ran = shell.works(&block.at(), &text);
        let commands = text.lines().filter(|line| line.trim_start().starts_with("cattleguard ")).count();
        assert!(ran.calls.len() >= commands, "{}: {} of {commands} commands ran", block.at(), ran.calls.len());
        look_at(&shell, &block, &ran.stdout);
    }
}

#[test]
fn every_document_with_shell_blocks_is_tried() {
    let found: BTreeSet<String> = of_kind(Kind::Shell).into_iter().map(|block| block.document).collect();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), DOCUMENTS);
}

#[test]
fn the_readme_can_be_typed() {
    try_document("README.md");
    try_document("CONTRIBUTING.md");
}

#[test]
fn operations_can_be_typed() {
    try_document("docs/OPERATIONS.md");
}

#[test]
fn the_recipes_can_be_typed() {
    try_document("docs/RECIPES.md");
}

#[test]
fn state_and_agent_can_be_typed() {
    try_document("docs/STATE.md");
    try_document("docs/AGENT.md");
}

#[test]
fn a_wrong_example_is_noticed() {
    let shell = Shell::new();
    let wrong = [
        "cattleguard scan --no-such-option",
        "cattleguard explain i-00000000000000000",
        "cattleguard report html -o /nowhere/report.html",
        "systemctl enable --now cattleguard-nothing.service",
        "make nothing",
        "cargo test --features nothing",
    ];
    for line in wrong {
        let ran = shell.run(line);
        let well = ran.ended_well && ran.calls.iter().all(|call| fine(&call.args).contains(&call.code));
        assert!(!well, "{line} passed\n{}", ran.stdout);
    }
}
