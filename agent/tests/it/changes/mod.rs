//! Everything that can be done to a server, done to one tree, and what must be found: all of it, none twice, nothing
//! else.
//!
//! The short test does it to a small tree with the paths of a Debian server; the long one to a real one
//! (`CATTLEGUARD_DEBIAN_TREE` names a folder that `scripts/debian-tree.sh` has made).

mod accounts;
mod content;
mod harmless;
mod links;
mod metadata;
mod names;
mod nodes;
mod packages;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::host::is_root;
use tree::Tree;

const ADDED: &str = "file-added";
const REMOVED: &str = "file-removed";
const CONTENT: &str = "file-content-changed";
const METADATA: &str = "file-metadata-changed";
const PRIVILEGE: &str = "file-privilege-changed";

/// One thing that somebody does to a server.
struct Change {
    name: &'static str,
    /// Before the golden is baked.
    prepare: fn(&Tree),
    /// After it.
    apply: fn(&Tree),
    /// Every difference that it is, and no other.
    found: &'static [(&'static str, &'static str)],
}

fn nothing(_: &Tree) {}

fn changes() -> Vec<Change> {
    [
        accounts::CHANGES,
        content::CHANGES,
        harmless::CHANGES,
        links::CHANGES,
        metadata::CHANGES,
        names::CHANGES,
        nodes::CHANGES,
        packages::CHANGES,
    ]
    .into_iter()
    .flatten()
    .map(|Change { name, prepare, apply, found }| Change { name, prepare: *prepare, apply: *apply, found })
    .collect()
}

#[test]
fn everything_done_to_a_small_tree_is_found_once_and_nothing_else() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::new(folder.path().join("tree"));
    tree.seed();
    all(&tree, folder.path(), 0);
}

#[test]
#[ignore = "needs root and the folder that scripts/debian-tree.sh makes"]
fn everything_done_to_a_debian_server_is_found_once_and_nothing_else() {
    let original = std::env::var_os("CATTLEGUARD_DEBIAN_TREE").expect("CATTLEGUARD_DEBIAN_TREE names the tree");
    let folder = tempfile::tempdir_in(Path::new(&original).parent().unwrap()).unwrap();
    let copied = Command::new("cp").arg("-a").arg(&original).arg(folder.path().join("tree")).status().unwrap();
    assert!(copied.success());
    all(&Tree::new(folder.path().join("tree")), folder.path(), 5_000);
}

/// `remembered`: a quick check must not read at least so many entries again.
fn all(tree: &Tree, beside: &Path, remembered: u64) {
    let changes = changes();
    let (golden, cache) = (beside.join("golden.cgm"), beside.join("cache"));
    let (golden, cache) = (golden.to_str().unwrap(), cache.to_str().unwrap());
    changes.iter().for_each(|change| (change.prepare)(tree));
    assert_eq!(tree.agent(&["bake", "--out", golden], "").0, 0);
    // The trees are new: nothing in them would be settled.
    let config = beside.join("agent.toml");
    std::fs::write(&config, "[check]\nsettled = \"0s\"\n").unwrap();
    let config = config.to_str().unwrap();
    let quick = [
        "check",
        "-o",
        "json",
        "--golden",
        golden,
        "--config",
        config,
        "--priority",
        "normal",
        "--quick",
        "--cache",
        cache,
    ];
    assert_eq!(tree.agent(&quick, "").0, 0, "nothing was done yet");
    changes.iter().for_each(|change| (change.apply)(tree));

    let mut expected: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for change in &changes {
        for (path, code) in change.found {
            assert!(expected.insert((*path).to_owned(), (code, change.name)).is_none(), "{path} is in two changes");
        }
    }
    for (mode, arguments) in [("full", &quick[..9]), ("quick", &quick[..])] {
        let (code, json) = tree.agent(arguments, MOUNTS);
        assert_eq!(code, 1, "{mode}: {}", json["unjudged"]);
        assert_eq!(json["mode"], mode);
        assert!(mode == "full" || json["remembered"].as_u64().unwrap() >= remembered, "{}", json["remembered"]);
        let mut missing = expected.clone();
        for one in json["differences"].as_array().unwrap() {
            let path = one["path"].as_str().unwrap();
            let known = missing.remove(path);
            assert_eq!(known.map(|(code, _)| code), one["code"].as_str(), "{mode}: {path}: {known:?}, found {one}");
        }
        assert_eq!(missing, BTreeMap::new(), "{mode}: not found");
        assert_eq!(json["state"], serde_json::json!([]), "{mode}: told with the files");
        packages::told(&json);
        accounts::told(&json);
    }
    let done = changes.iter().filter(|change| !change.found.is_empty()).count();
    assert!(done >= 50, "{done} changes");
    tree.thaw();
}

/// Done in a mount name space of the check's own: `nodes` says what must be found.
const MOUNTS: &str = "mount --bind opt/app/other opt/app/mounted; mount --bind opt/app/plain opt/app/hosts; \
                      mount --bind opt/app/itself opt/app/itself";
