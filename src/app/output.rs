//! Where data goes: stdout, or files that appear whole or not at all. Stdout carries nothing else.

mod stream;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

pub use stream::DataStream;

use super::error::AppError;
use super::exit::Exit;
use super::terminal::Terminal;

/// A format of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line; the last is the summary.
    Ndjson,
}

impl Format {
    const ALL: [Self; 3] = [Self::Table, Self::Json, Self::Ndjson];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

/// Forms of test results, which `policy test` alone can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestForm {
    /// JUnit XML.
    Junit,
    /// Test Anything Protocol.
    Tap,
}
const FORMATS: &str = "a format is one of table, json, ndjson";

/// Reports that are no format of other commands.
const REPORTS: [&str; 5] = ["html", "csv", "sarif", "ocsf", "evidence"];

/// One `-o FORMAT[=PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// Format.
    pub format: Format,
    /// The form of test results that was asked for instead of a format.
    pub tests: Option<TestForm>,
    /// File; `None` is stdout.
    pub path: Option<PathBuf>,
    /// No format was named, or that of a report: whatever the command writes. `format` means nothing then.
    pub own: bool,
}

impl OutputSpec {
    /// Reads `FORMAT` or `FORMAT=PATH`; the path `-` is stdout, and `text` is another word for `table`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, path) = match text.split_once('=') {
            Some((_, "")) => return Err("the path after `=` is empty".to_owned()),
            Some((name, "-")) => (name, None),
            Some((name, path)) => (name, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let tests = match name {
            "junit" => Some(TestForm::Junit),
            "tap" => Some(TestForm::Tap),
            _ => None,
        };
        let name = if name == "text" || tests.is_some() { "table" } else { name };
        if let Some(format) = Format::ALL.into_iter().find(|format| format.as_str() == name) {
            return Ok(Self { format, tests, path, own: false });
        }
        if REPORTS.contains(&name) {
            return Ok(Self { format: Format::Table, tests, path, own: true });
        }
        // `-o report.html`: a path and no format. Only reports take it.
        if text == "-" || (path.is_none() && text.contains(['.', '/'])) {
            let path = (text != "-").then(|| PathBuf::from(text));
            return Ok(Self { format: Format::Table, tests, path, own: true });
        }
        Err(FORMATS.to_owned())
    }
}

impl OutputSpec {
    /// Where a command with one format of its own writes: `None` is stdout. `name` is what that format is called.
    ///
    /// # Errors
    /// When another format is asked for, or stdout twice.
    pub fn places(given: &[Self], name: &str) -> Result<Vec<Option<PathBuf>>, AppError> {
        if let Some(other) = given.iter().find(|spec| !spec.own && spec.format.as_str() != name) {
            let message = format!("this report is {name}: it cannot be written as {}", other.format.as_str());
            return Err(AppError::usage(message).with_hint(format!("-o FILE, or {name}=FILE")));
        }
        let places: Vec<_> = given.iter().map(|spec| spec.path.clone()).collect();
        if places.iter().filter(|path| path.is_none()).count() > 1 {
            return Err(AppError::usage("only one output can go to stdout"));
        }
        Ok(if places.is_empty() { vec![None] } else { places })
    }
}

/// How a rendering may look where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Colour.
    pub color: bool,
    /// Characters beyond ASCII in frames.
    pub utf8: bool,
    /// Columns.
    pub width: u16,
}

/// The outputs of one command, checked against what it can write before it does any work.
#[derive(Clone, Debug)]
pub struct Outputs {
    specs: Vec<OutputSpec>,
    terminal: Terminal,
}

impl Outputs {
    /// Checks what was asked for. Without any `-o` the first supported format goes to stdout.
    pub fn new(given: &[OutputSpec], supported: &[Format], terminal: Terminal) -> Result<Self, AppError> {
        if let Some(own) = given.iter().find(|spec| spec.own) {
            let path = own.path.as_ref().map_or("-".into(), |path| path.to_string_lossy());
            return Err(AppError::usage(FORMATS).with_hint(format!("for example -o json={path}")));
        }
        let mut specs = given.to_vec();
        if specs.is_empty() {
            specs.extend(supported.first().map(|format| OutputSpec {
                format: *format,
                tests: None,
                path: None,
                own: false,
            }));
        }
        if specs.iter().any(|spec| spec.tests.is_some()) {
            return Err(AppError::usage("junit and tap are forms of test results: only `policy test` prints them"));
        }
        if let Some(spec) = specs.iter().find(|spec| !supported.contains(&spec.format)) {
            let names: Vec<_> = supported.iter().map(|format| format.as_str()).collect();
            let message =
                format!("this command cannot print {}; it can print {}", spec.format.as_str(), names.join(", "));
            return Err(AppError::usage(message));
        }
        if specs.iter().filter(|spec| spec.path.is_none()).count() > 1 {
            let hint = "give the others a file: -o json=scan.json";
            return Err(AppError::usage("only one output can go to stdout").with_hint(hint));
        }
        Ok(Self { specs, terminal })
    }

    /// Whether this format is wanted anywhere.
    pub fn wants(&self, format: Format) -> bool {
        self.specs.iter().any(|spec| spec.format == format)
    }

    /// The formats wanted with the look of their places, in the order given.
    pub fn targets(&self) -> impl Iterator<Item = (Format, Canvas)> {
        self.specs.iter().map(|spec| (spec.format, self.canvas(spec)))
    }

    /// Opens every place that this format goes to, to be written as data comes.
    pub fn streams(&self, format: Format) -> Result<Vec<DataStream>, AppError> {
        let specs = self.specs.iter().filter(|spec| spec.format == format);
        let open = |spec: &OutputSpec| match &spec.path {
            None => Ok(DataStream::stdout()),
            Some(path) => DataStream::file(path, Replace::Yes)
                .map_err(|error| AppError::new(Exit::Failed, format!("{} cannot be written: {error}", path.display()))),
        };
        specs.map(open).collect()
    }

    /// The same without the outputs of this format.
    pub fn without(&self, format: Format) -> Self {
        let specs = self.specs.iter().filter(|spec| spec.format != format).cloned().collect();
        Self { specs, terminal: self.terminal }
    }

    fn canvas(&self, spec: &OutputSpec) -> Canvas {
        let Terminal { stdout_color, stderr_color: _, stderr_live: _, utf8, width } = self.terminal;
        match spec.path {
            Some(_) => Canvas { color: false, utf8: true, width: 120 },
            None => Canvas { color: stdout_color, utf8, width },
        }
    }

    /// Renders and writes every output. A file is replaced only when it is complete.
    pub fn emit(&self, mut render: impl FnMut(Format, Canvas) -> Result<String, AppError>) -> Result<(), AppError> {
        for spec in &self.specs {
            let mut text = render(spec.format, self.canvas(spec))?;
            if spec.format != Format::Table {
                text = escape_invisible(text);
            }
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            match &spec.path {
                None => print(&text)?,
                Some(path) => write_atomically(path, text.as_bytes(), Replace::Yes).map_err(|error| {
                    AppError::new(Exit::Failed, format!("{} cannot be written: {error}", path.display()))
                })?,
            }
        }
        Ok(())
    }
}

/// Escapes what JSON may hold as it is and a terminal acts on all the same: C1 controls (among them the 8-bit
/// CSI), DEL, and the controls of reading direction. They can only stand in strings, where `\u009b` means the same.
pub(super) fn escape_invisible(text: String) -> String {
    let acts = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(acts) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if acts(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)))
        } else {
            out.push(c)
        }
        out
    })
}

/// Writes data to stdout. A reader that went away is not an error: it had what it wanted.
pub fn print(text: &str) -> Result<(), AppError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(AppError::failed(format!("stdout cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether a file that exists may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// It may.
    Yes,
    /// Then nothing is written.
    No,
}

/// Writes a file so that it holds all of the new content or is as it was: a temporary file in the same
/// folder, synced, then put in place.
///
/// What is there and is no regular file (`/dev/null`, `/dev/stderr`, a pipe) is written to, never replaced; a
/// symbolic link stays one, and the file it leads to is replaced.
pub fn write_atomically(path: &Path, content: &[u8], replace: Replace) -> io::Result<()> {
    let mut stream = DataStream::file(path, replace)?;
    stream.write(content)?;
    stream.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const TERMINAL: Terminal =
        Terminal { stdout_color: true, stderr_color: false, stderr_live: false, utf8: true, width: 80 };

    #[test]
    fn json_keeps_its_meaning_when_terminal_controls_are_escaped() {
        let value = serde_json::json!({ "\u{9b}31m": "a\u{202e}b\u{7f}c\u{2069} é" });
        let escaped = escape_invisible(value.to_string());
        assert_eq!(escaped, "{\"\\u009b31m\":\"a\\u202eb\\u007fc\\u2069 é\"}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), value);
    }

    #[test]
    fn specs_read_formats_and_paths() {
        let spec = OutputSpec::parse("json=a=b.json").expect("a spec");
        assert_eq!(spec, OutputSpec { format: Format::Json, tests: None, path: Some("a=b.json".into()), own: false });
        assert_eq!(OutputSpec::parse("text").expect("a spec").format, Format::Table);
        assert_eq!(OutputSpec::parse("json=-").expect("a spec").path, None);
        assert_eq!(OutputSpec::parse("tap=a").expect("a spec").tests, Some(TestForm::Tap));
        assert!(OutputSpec::parse("yaml").is_err());
        assert!(OutputSpec::parse("json=").is_err());
    }

    #[test]
    fn what_cannot_be_printed_is_refused_before_any_work() {
        let ndjson = [OutputSpec { format: Format::Ndjson, tests: None, path: None, own: false }];
        let refused = Outputs::new(&ndjson, &[Format::Table, Format::Json], TERMINAL).expect_err("refused");
        assert_eq!(refused.exit(), Exit::Usage);
        let twice = [
            OutputSpec { format: Format::Json, tests: None, path: None, own: false },
            OutputSpec { format: Format::Table, tests: None, path: None, own: false },
        ];
        assert!(Outputs::new(&twice, &[Format::Table, Format::Json], TERMINAL).is_err());
    }

    #[test]
    fn files_get_no_colour_and_end_with_a_newline() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.txt");
        let specs = [OutputSpec { format: Format::Table, tests: None, path: Some(path.clone()), own: false }];
        let outputs = Outputs::new(&specs, &[Format::Table], TERMINAL).expect("outputs");
        outputs.emit(|_, canvas| Ok(format!("colour: {}", canvas.color))).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "colour: false\n");
    }

    #[test]
    fn devices_and_links_are_written_through_and_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let (device, link, file) =
            (folder.path().join("device"), folder.path().join("link"), folder.path().join("file"));
        std::os::unix::fs::symlink("/dev/null", &device).expect("linked");
        write_atomically(&device, b"gone", Replace::Yes).expect("written");
        assert!(fs::symlink_metadata(&device).expect("there").is_symlink());
        fs::write(&file, "old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write_atomically(&link, b"new", Replace::Yes).expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("a file"), "new");
    }

    #[test]
    fn a_file_that_exists_survives_when_it_must_not_be_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, "mine").expect("written");
        let refused = write_atomically(&path, b"theirs", Replace::No).expect_err("refused");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).expect("a file"), "mine");
        write_atomically(&path, b"theirs", Replace::Yes).expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "theirs");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
    }
}
