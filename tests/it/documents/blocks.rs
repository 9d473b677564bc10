//! The documents: their fenced blocks, and code within their text.

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Relative to the checkout.
    pub(crate) document: String,
    pub(crate) line: usize,
    /// What stands behind the fence.
    pub(crate) fence: String,
    /// Without the indentation of the fence.
    pub(crate) text: String,
}

impl Block {
    pub(crate) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    pub(crate) fn at(&self) -> String {
        format!("{}:{}", self.document, self.line)
    }
}

/// Code within text.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) document: String,
    pub(crate) line: usize,
    pub(crate) code: String,
}

/// All documents for readers: name and text.
pub(crate) fn documents(root: &Path) -> Vec<(String, String)> {
    let mut files = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let mut folders = vec![root.join("docs"), root.join("policies")];
    while let Some(folder) = folders.pop() {
        let mut listed: Vec<PathBuf> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        listed.sort();
        folders.extend(listed.iter().filter(|path| path.is_dir()).cloned());
        files.extend(listed.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let name = |file: &Path| file.strip_prefix(root).expect("in the checkout").display().to_string();
    files.iter().map(|file| (name(file), fs::read_to_string(file).expect("a document"))).collect()
}

/// All fenced blocks.
pub(crate) fn blocks(root: &Path) -> Vec<Block> {
    let mut found = Vec::new();
    for (document, text) in documents(root) {
        let mut open: Option<(Block, usize)> = None;
        for (number, line) in text.lines().enumerate() {
            let indentation = line.len() - line.trim_start().len();
            match (line.trim_start().strip_prefix("```"), open.take()) {
                (Some(_), Some((block, _))) => found.push(block),
                (Some(fence), None) => {
                    let (document, fence) = (document.clone(), fence.to_owned());
                    open = Some((Block { document, line: number + 1, fence, text: String::new() }, indentation));
                }
                (None, Some((mut block, by))) => {
                    block.text.push_str(line.get(by..).unwrap_or_default());
                    block.text.push('\n');
                    open = Some((block, by));
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{document}: a block is not closed");
    }
    found
}

/// All code within text, outside of fenced blocks.
pub(crate) fn spans(root: &Path) -> Vec<Span> {
    let mut found = Vec::new();
    for (document, text) in documents(root) {
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                let codes = line.split('`').skip(1).step_by(2);
                let span = |code: &str| Span { document: document.clone(), line: number + 1, code: code.to_owned() };
                found.extend(codes.map(span));
            }
        }
    }
    found
}
