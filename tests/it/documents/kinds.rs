//! What is done with each fenced block.

use std::path::Path;

use super::blocks::{Block, blocks};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Typed into a shell.
    Shell,
    /// TOML of the configuration: loaded by the program.
    Configuration,
    /// Unit files: verified by systemd.
    Unit,
    /// Data of policies: read by a scan.
    Data,
    /// What commands print: compared with what they print.
    Printed,
    /// Executed by `src/app/commands/tests/guide.rs`, which knows every kind of block in the guide.
    Guide,
    /// Not executed as a whole; see [`APART`].
    Apart,
}

/// Blocks that nothing here can execute, each by its document and first line, with the reason.
pub(super) const APART: &[(&str, &str, &str)] = &[
    (
        "docs/ARCHITECTURE.md",
        "            AWS accounts                 golden registry            Rego bundle         fleets, exceptions",
        "a drawing",
    ),
    (
        "docs/ARCHITECTURE.md",
        "  lease \"enforce\" ─▶ recover ─▶ scan, plan ─▶ prepare ─▶ journal ─▶ for each step:",
        "a drawing",
    ),
    ("docs/AGENT.md", "leaf       BLAKE3( \"L\" name facts )", "formulas; agent/tests/it/documents.rs computes them"),
    ("docs/RECIPES.md", "build {", "for Packer; agent/tests/it/documents.rs runs its commands"),
    ("docs/RECIPES.md", "name: cattleguard-bake", "for Image Builder; agent/tests/it/documents.rs runs its commands"),
    ("docs/OPERATIONS.md", "display_information:", "for Slack; `what_runs_elsewhere_names_what_is_here` looks at it"),
    (
        "docs/OPERATIONS.md",
        "location = /slack/actions {",
        "for a proxy; `what_runs_elsewhere_names_what_is_here` looks at it",
    ),
];

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is done with a block; `None` when nobody has thought of one like it.
pub(super) fn kind(block: &Block) -> Option<Kind> {
    if APART.iter().any(|(document, first, _)| *document == block.document && *first == block.first_line()) {
        return Some(Kind::Apart);
    }
    match (block.document.as_str(), block.fence.as_str()) {
        ("docs/POLICY-GUIDE.md", _) => Some(Kind::Guide),
        (_, "sh") => Some(Kind::Shell),
        (_, "toml") => Some(Kind::Configuration),
        (_, "ini") => Some(Kind::Unit),
        ("policies/README.md", "json") => Some(Kind::Data),
        ("README.md", "text") => Some(Kind::Printed),
        _ => None,
    }
}

/// All blocks of a kind; never none.
pub(super) fn of_kind(wanted: Kind) -> Vec<Block> {
    let found: Vec<Block> = blocks(root()).into_iter().filter(|block| kind(block) == Some(wanted)).collect();
    assert!(!found.is_empty(), "no block is of the kind {wanted:?}");
    found
}

#[test]
fn every_block_is_of_a_kind_that_is_tried() {
    let unknown: Vec<String> = blocks(root())
        .iter()
        .filter(|block| kind(block).is_none())
        .map(|block| format!("{} ```{}\n{}", block.at(), block.fence, block.text))
        .collect();
    assert!(unknown.is_empty(), "nobody tries:\n{}", unknown.join("\n"));
}

#[test]
fn every_block_that_is_set_apart_is_still_there() {
    let all = blocks(root());
    let gone: Vec<_> = APART
        .iter()
        .filter(|(document, first, _)| {
            all.iter().filter(|block| block.document == *document && block.first_line() == *first).count() != 1
        })
        .collect();
    assert!(gone.is_empty(), "{gone:#?}");
}

#[test]
fn what_runs_elsewhere_names_what_is_here() {
    let all = of_kind(Kind::Apart);
    let text = |first: &str| &all.iter().find(|block| block.first_line() == first).expect("a block").text;
    let proxy = text("location = /slack/actions {");
    let serve = include_str!("../../../src/app/cli/serve.rs");
    let target = proxy.split("proxy_pass http://").nth(1).and_then(|rest| rest.split(';').next()).expect("a target");
    assert!(serve.contains(&format!("\"{target}\"")), "`serve` does not listen on {target}");
    assert_eq!(proxy.matches('{').count(), proxy.matches('}').count(), "{proxy}");
    let routes = include_str!("../../../src/app/serve/slack.rs");
    assert!(routes.contains("\"/slack/actions\""), "`serve` has no such path");
    // What the code asks Slack for needs no other scopes than these; the comment names the one of private channels.
    let manifest = text("display_information:");
    let scopes: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(scopes, ["chat:write", "channels:history"]);
}
