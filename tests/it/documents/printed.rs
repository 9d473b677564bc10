//! What the documents show of the program's output is what it prints.

use std::process::{Command, Stdio};

use super::kinds::{Kind, of_kind};

/// Words of a text; what differs from run to run is the same in both.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    for word in &mut words {
        if let Some(at) = word.find("op-") {
            // Operations are named by a time and at random.
            let end = word[at..].find(')').map_or(word.len(), |end| at + end);
            word.replace_range(at..end, "op-");
        }
    }
    words
}

/// The parts of an example: between lines and words that were left out.
fn parts(text: &str) -> Vec<String> {
    let paragraphs = text.split("\n\n");
    paragraphs.flat_map(|paragraph| paragraph.split('…')).map(|part| words(part).join(" ")).collect()
}

/// The first part that does not follow in the output.
fn missing(example: &str, output: &str) -> Option<String> {
    let output = words(output).join(" ");
    let mut rest = output.as_str();
    for part in parts(example).into_iter().filter(|part| !part.is_empty()) {
        match rest.find(&part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return Some(part),
        }
    }
    None
}

#[test]
fn what_the_readme_shows_is_what_the_demo_prints() {
    let temporary = tempfile::tempdir().expect("a folder");
    let demo = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"))
        .env_clear()
        .env("TMPDIR", temporary.path())
        .env("LC_ALL", "C.UTF-8")
        .env("USER", "tester")
        .arg("demo")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    assert!(demo.status.success());
    let output = String::from_utf8(demo.stdout).expect("UTF-8");
    for block in of_kind(Kind::Printed) {
        if let Some(part) = missing(&block.text, &output) {
            panic!("{}: the demo does not print, or not at this place:\n{part}", block.at());
        }
    }
}

#[test]
fn what_is_not_printed_is_noticed() {
    let output = "one two\nthree op-1a) four op-7 five";
    assert_eq!(missing("one\n two", output), None);
    assert_eq!(missing("two three op-9) …\n\nop-3 five", output), None);
    assert_eq!(missing("two four", output), Some("two four".to_owned()));
    assert_eq!(missing("three\n\ntwo", output), Some("two".to_owned()), "in this order");
}
