//! Every command line in the documentation is one that the program understands.

use std::fs;
use std::path::Path;

use clap::error::ErrorKind;

use super::parse;

/// All command lines of a document with their line numbers: in code blocks and in code within the text.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut fenced, mut printed) = (false, false);
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

/// Optional parts and values that stand for others, as they are written in the documentation.
fn plain(args: &str) -> String {
    let filled = args.replace(['[', ']', '\'', '"'], "").replace("…", "x");
    let words = filled.split_whitespace().map(|word| match word {
        "DURATION" => "1d",
        "ARN" | "ARNx" => "arn:aws:iam::111122223333:role/web",
        "SEQ:HASH" => "1:0000000000000000000000000000000000000000000000000000000000000000",
        "ACCOUNT_ID" => "111122223333",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
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
            match parse(&plain(&args)).map_err(|error| error.kind()) {
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
