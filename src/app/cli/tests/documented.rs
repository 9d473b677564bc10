//! Every command line in the documentation is one that the program understands.

use std::fs;
use std::path::Path;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::app::cli::Cli;

/// All command lines of a document with their line numbers: in code blocks and in code within the text.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut fenced, mut printed) = (false, false);
    // A line that is continued counts as one.
    let text = text.replace("\\\n", " ");
    for (number, line) in text.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            (fenced, printed) = (!fenced, !fenced && language == "text");
            continue;
        }
        if printed {
            continue;
        }
        let codes: Vec<&str> = if fenced { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for code in codes {
            let code = code.split(" #").next().unwrap_or_default();
            for command in code.split([';', '>']).flat_map(|part| part.split("&&")) {
                // `a | b`: of alternatives the first, and of a pipe what comes before it.
                let command = command.split(" | ").next().unwrap_or_default().trim();
                let command = command.strip_prefix("$ ").unwrap_or(command);
                if let Some(args) = command.strip_prefix("cattleguard ") {
                    found.push((number + 1, args.trim().to_owned()));
                }
            }
        }
    }
    found
}

/// The words of a line as a shell sees them, with values in place of what stands for others in the documentation.
fn words(args: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in args.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            // Optional parts are given.
            (None, '[' | ']') => {}
            (_, '…') => word.get_or_insert_default().push('x'),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words.into_iter().map(|word| stand_in(&word)).collect()
}

fn stand_in(word: &str) -> String {
    let hash = "1:0000000000000000000000000000000000000000000000000000000000000000";
    match word {
        "DURATION" => "1d",
        "ARN" | "ARNx" => "arn:aws:iam::111122223333:role/web",
        "SEQ:HASH" | "412:9f3cx" => hash,
        "ACCOUNT_ID" => "111122223333",
        word => word,
    }
    .to_owned()
}

#[test]
fn every_command_line_in_the_documentation_is_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md")];
    for folder in ["docs", "policies"] {
        let listed = fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        files.extend(listed.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let mut checked = 0;
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a document");
        for (line, args) in lines(&text) {
            checked += 1;
            // Text may name a command without its arguments.
            let named = [ErrorKind::DisplayHelp, ErrorKind::MissingRequiredArgument, ErrorKind::MissingSubcommand];
            let line_words = std::iter::once("cattleguard".to_owned()).chain(words(&args));
            match Cli::try_parse_from(line_words).map_err(|error| error.kind()) {
                Err(kind) if !named.contains(&kind) => {
                    wrong.push(format!("{}:{line}: cattleguard {args}: {kind:?}", file.display()));
                }
                _ => {}
            }
        }
    }
    assert!(checked > 30, "only {checked} command lines were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
