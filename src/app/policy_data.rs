//! Reads the data files that policies see as `data`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::AppError;
use super::exit::Exit;
use crate::evaluate::{data_below, merge_data};

/// A data file larger than this is none: parameters and lists of a policy are kilobytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Folders nested deeper than this are not looked into.
const MAX_DEPTH: usize = 16;

/// The name of data files in folders, as Open Policy Agent has it.
const FILE: &str = "data.json";

/// One data file, its document at the place where policies see it.
pub struct Given {
    /// The file.
    pub file: PathBuf,
    /// Its document.
    pub data: Value,
}

/// The data of policy folders, each `data.json` below the path of its folder, and of files given by name.
///
/// # Errors
/// A file that cannot be read or is no JSON object, and a value that two files give.
pub fn read(folders: &[PathBuf], files: &[PathBuf]) -> Result<Value, AppError> {
    let mut data = Value::Null;
    for Given { file, data: one } in each(folders, files)? {
        merge_data(&mut data, one).map_err(|what| failed(&file, &what))?;
    }
    Ok(data)
}

/// The same, file by file.
///
/// # Errors
/// A file that cannot be read or is no JSON object.
pub fn each(folders: &[PathBuf], files: &[PathBuf]) -> Result<Vec<Given>, AppError> {
    let mut found = Vec::new();
    for folder in folders.iter().filter(|path| path.is_dir()) {
        walk(folder, &mut Vec::new(), &mut found)?;
    }
    for file in files {
        found.push(one(file, &[])?);
    }
    Ok(found)
}

/// The file that gives what a fault is about: the one that has the most of the path that the fault begins with,
/// e.g. `data.parameters.attribution.all.break_glass/0: …`.
pub fn giver<'g>(given: &'g [Given], fault: &str) -> Option<&'g Path> {
    let path: Vec<&str> = fault.split([':', '/', ' ']).next()?.split('.').skip(1).collect();
    let depth = |given: &Given| {
        let mut at = &given.data;
        path.iter().take_while(|part| at.get(part).map(|next| at = next).is_some()).count()
    };
    let deepest = given.iter().map(|given| (depth(given), given)).max_by_key(|(depth, _)| *depth)?;
    (deepest.0 > 0).then_some(deepest.1.file.as_path())
}

fn walk(folder: &Path, below: &mut Vec<String>, found: &mut Vec<Given>) -> Result<(), AppError> {
    let mut children: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|error| failed(folder, &error))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    children.sort();
    for child in children {
        let name = child.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_link = std::fs::symlink_metadata(&child).is_ok_and(|meta| meta.is_symlink());
        // A linked folder could be a loop.
        if child.is_dir() && !is_link && below.len() < MAX_DEPTH {
            below.push(name);
            walk(&child, below, found)?;
            below.pop();
        } else if name == FILE {
            found.push(one(&child, below)?);
        }
    }
    Ok(())
}

fn failed(path: &Path, what: &dyn std::fmt::Display) -> AppError {
    AppError::new(Exit::Config, format!("{}: {what}", path.display()))
}

fn one(path: &Path, below: &[String]) -> Result<Given, AppError> {
    let meta = std::fs::metadata(path).map_err(|error| failed(path, &error))?;
    if meta.len() > MOST_BYTES {
        return Err(failed(path, &"larger than 16 MiB"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(path, &error))?;
    let document: Value = serde_json::from_str(&text).map_err(|error| failed(path, &error))?;
    if !document.is_object() {
        return Err(failed(path, &"data is an object, for example {\"parameters\": {}}"));
    }
    Ok(Given { file: path.to_owned(), data: data_below(below.iter().map(String::as_str), document) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn folders_place_their_data_and_files_stand_at_the_root() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        write("p/data.json", "{\"a\": 1}");
        write("p/fixtures/one/data.json", "{\"b\": 2}");
        write("p/other.json", "nonsense");
        let own = write("own.json", "{\"parameters\": {}}");
        let data = read(&[dir.path().join("p")], std::slice::from_ref(&own)).unwrap();
        assert_eq!(data, json!({"a": 1, "fixtures": {"one": {"b": 2}}, "parameters": {}}));
        let twice = read(&[], &[own.clone(), write("again.json", "{\"parameters\": 1}")]);
        assert!(twice.unwrap_err().to_string().contains("`data.parameters` is given twice"));
        for wrong in ["[]", "{", "\u{0}"] {
            assert!(read(&[], &[write("wrong.json", wrong)]).is_err(), "{wrong}");
        }
        assert!(read(&[], &[dir.path().join("missing.json")]).is_err());
    }

    #[test]
    fn a_fault_is_of_the_file_that_gives_it() {
        let given = |file: &str, data: Value| Given { file: PathBuf::from(file), data };
        let all = [
            given("a.json", json!({"parameters": {"attribution": {"all": {"break_glass": 7}}}})),
            given("b.json", json!({"parameters": {"attribution": {"fleets": {"web": {"ticket": "("}}}}})),
            given("c.json", json!({"other": 1})),
        ];
        for (fault, file) in [
            ("data.parameters.attribution.all.break_glass: not of type array", Some("a.json")),
            ("data.parameters.attribution.fleets.web.ticket: no regular expression: x.y", Some("b.json")),
            ("data.parameters.attribution.all.break_glass/0: wrong", Some("a.json")),
            ("something else", None),
        ] {
            assert_eq!(giver(&all, fault), file.map(Path::new), "{fault}");
        }
    }
}
