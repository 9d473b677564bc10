//! `docs/POLICY-GUIDE.md` does what it says: every block of it is written to disk or typed in.

use super::world::World;
use crate::store::Scans as _;
use crate::testing::SimActor;
use crate::types::InstanceId;

const GUIDE: &str = include_str!("../../../../docs/POLICY-GUIDE.md");

/// Made for tests by OpenSSL; nothing trusts it.
pub(super) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIE0alhrnalgXk2nGWGCqVrkis80g6RoPfojQ3ag78of8\n-----END PRIVATE KEY-----\n";
pub(super) const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAhszEGUg2bqaHp9mrqqDpIOmg+1RH7IRCMIGIjWFxlEI=\n-----END PUBLIC KEY-----\n";

/// The blocks of the guide: what stands behind the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in GUIDE.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(info), None) => open = Some((info.to_owned(), String::new())),
            (None, Some((info, text))) => open = Some((info, text + line + "\n")),
            (None, None) => {}
        }
    }
    assert_eq!(open, None, "every block is closed");
    blocks
}

fn block(info: &str) -> String {
    let found: Vec<String> = blocks().into_iter().filter(|(known, _)| known == info).map(|(_, text)| text).collect();
    assert!(!found.is_empty(), "no block `{info}`");
    found.join("")
}

/// A server with a session by night, scanned, and the guide's files beside its configuration.
fn world() -> (World, InstanceId) {
    let world = World::new("");
    world.record(&[]);
    let member = world.fleet.instances()[0].clone();
    world.fleet.cloud.start_session(&SimActor::person("Alice Example"), &member).expect("a session");
    world.fleet.clock.advance(std::time::Duration::from_secs(900));
    assert_eq!(world.run(&["scan"]), 1);
    let folder = world.path("acme/night_shells");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("policy.rego"), block("rego policy")).expect("written");
    std::fs::write(folder.join("policy_test.rego"), block("rego test")).expect("written");
    let input = world.store().last_input(&member).expect("readable").expect("an input").input;
    std::fs::write(world.path("input.json"), input.to_string()).expect("written");
    std::fs::write(world.path("parameters.json"), "{}").expect("written");
    std::fs::write(world.path("policy.key"), KEY).expect("written");
    std::fs::write(world.path("policy.pub"), PUBLIC).expect("written");
    (world, member)
}

/// Types the lines of a block; names of files are those of the world.
fn typed(world: &World, member: &InstanceId, text: &str, fine: &[i32]) {
    let files = ["acme", "acme.tar.gz", "input.json", "policy.key", "policy.pub"];
    for line in text.replace("\\\n", " ").lines() {
        let words: Vec<String> = split(line)
            .into_iter()
            .map(|word| match word.as_str() {
                "i-0123456789abcdef0" => member.to_string(),
                "junit=tests.xml" => format!("junit={}", world.path("tests.xml").display()),
                file if files.contains(&file) => world.path(file).display().to_string(),
                _ => word,
            })
            .collect();
        if words.first().is_some_and(|program| program == "openssl") {
            continue;
        }
        assert_eq!(words.first().map(String::as_str), Some("cattleguard"), "{line}");
        let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let exit = world.run(&args);
        assert!(fine.contains(&exit), "{line}: exit {exit}");
    }
}

/// Words as a shell splits them, with its two quotes.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for character in line.chars() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => words.push(std::mem::take(&mut word)),
            _ => word.push(character),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_block_is_one_that_is_tried() {
    let known = ["rego policy", "rego test", "sh run", "sh state", "sh bundle", "toml config", "toml bundle"];
    for (info, text) in blocks() {
        assert!(known.contains(&info.as_str()), "nobody tries `{info}`: {text}");
    }
}

#[test]
fn its_policy_is_tested_checked_and_evaluated() {
    let (world, member) = world();
    typed(&world, &member, &block("sh run"), &[0, 1]);
    let acme = world.path("acme").display().to_string();
    assert_eq!(world.run(&["policy", "test", &acme, "--threshold", "100"]), 0);
    assert_eq!(world.run(&["policy", "check", "--strict", &acme]), 0);
    let junit = std::fs::read_to_string(world.path("tests.xml")).expect("a file");
    assert!(junit.contains("failures=\"0\""), "{junit}");
}

#[test]
fn its_commands_on_the_state_do_what_they_say() {
    let (world, member) = world();
    typed(&world, &member, &block("sh state"), &[0, 1]);
    assert_eq!(world.json(&["exceptions", "list"]).1["exceptions"].as_array().map(Vec::len), Some(2));
    let (exit, told) = world.text("table", &["policy", "eval", "--input", member.as_str(), "--why"]);
    assert_eq!(exit, 1, "{told}");
    assert!(told.contains("asks for replace, severity high"), "{told}");
    assert!(told.contains("the caps leave alert: mode = \"observe\"; fleet web: enforcement = \"observe\""), "{told}");
    assert!(told.contains("decided alert; the gates held it") && told.contains("! opt-in: refuse"), "{told}");
    assert_eq!(world.run(&["policy", "eval", "--input", "i-00000000000000000"]), 2, "nothing is stored of it");
}

#[test]
fn its_bundle_decides_and_nothing_but_it() {
    let (world, member) = world();
    typed(&world, &member, &block("sh bundle"), &[0]);
    let config = std::fs::read_to_string(world.path("cattleguard.toml")).expect("a file");
    let with = |section: &str| {
        std::fs::write(world.path("cattleguard.toml"), format!("{config}\n{section}")).expect("written")
    };
    with(&block("toml config"));
    assert_eq!(world.run(&["config", "check"]), 0);
    assert_eq!(world.run(&["scan"]), 1);
    with(&block("toml bundle"));
    assert_eq!(world.run(&["scan"]), 1);
    let audited = |world: &World| {
        crate::store::Audit::entries(&world.store())
            .expect("readable")
            .iter()
            .filter(|entry| entry.action == "policy.bundle")
            .count()
    };
    assert_eq!(audited(&world), 1);
    assert_eq!(world.run(&["scan"]), 1, "the same bundle again");
    assert_eq!(audited(&world), 1, "is no news");
    let build = |more: &[&str]| {
        let (acme, out) = (world.path("acme").display().to_string(), world.path("acme.tar.gz").display().to_string());
        let key = world.path("policy.key").display().to_string();
        let args = ["policy", "bundle", "build", &acme, "--out", &out, "--revision", "v8"];
        let signed: &[&str] = if more.contains(&"unsigned") { &[] } else { &["--sign-key", &key] };
        let rest: Vec<&str> = more.iter().copied().filter(|word| *word != "unsigned").collect();
        assert_eq!(world.run(&[&args[..], signed, &rest].concat()), 0);
    };
    build(&["--sequence", "1"]);
    assert_eq!(world.run(&["scan"]), 2, "an older one is refused");
    build(&["unsigned"]);
    assert_eq!(world.run(&["scan"]), 78, "an unsigned one as well");
    let acme = world.path("acme").display().to_string();
    let (packed, input) = (world.path("acme.tar.gz").display().to_string(), member.as_str().to_owned());
    let without_paths: [&[&str]; 4] = [
        &["policy", "test"],
        &["policy", "check"],
        &["policy", "eval", "--input", &input],
        &["policy", "replay", "--bundle", &acme, "--with-shipped"],
    ];
    for command in without_paths {
        assert_eq!(world.run(command), 78, "as a scan: {command:?}");
        let code = world.run(&[command, &["--unverified"]].concat());
        assert!([0, 1].contains(&code), "{command:?} exits with {code}");
    }
    assert_eq!(world.run(&["policy", "check", &packed]), 0, "one that is named may still have to be signed");
    std::fs::write(world.path("acme.tar.gz"), b"nothing").expect("written");
    assert_eq!(world.run(&["scan"]), 78, "and what is none");
    for command in without_paths {
        assert_eq!(world.run(&[command, &["--unverified"]].concat()), 78, "{command:?}");
    }
    // The clock of this world stands still, and two bundles never share a number.
    build(&["--sequence", "2000000000"]);
    assert_eq!(world.run(&["scan"]), 1);
    assert_eq!(audited(&world), 2);
    for command in without_paths {
        let code = world.run(command);
        assert!([0, 1].contains(&code), "verified: {command:?} exits with {code}");
    }
}
