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

/// The data of policy folders, each `data.json` below the path of its folder, and of files given by name.
///
/// # Errors
/// A file that cannot be read or is no JSON object, and a value that two files give.
pub fn read(folders: &[PathBuf], files: &[PathBuf]) -> Result<Value, AppError> {
    let mut data = Value::Null;
    for folder in folders.iter().filter(|path| path.is_dir()) {
        walk(folder, &mut Vec::new(), &mut data)?;
    }
    for file in files {
        add(file, &[], &mut data)?;
    }
    Ok(data)
}

fn walk(folder: &Path, below: &mut Vec<String>, data: &mut Value) -> Result<(), AppError> {
    let failed = |error: std::io::Error| AppError::new(Exit::Config, format!("{}: {error}", folder.display()));
    let mut children: Vec<PathBuf> =
        std::fs::read_dir(folder).map_err(failed)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    children.sort();
    for child in children {
        let name = child.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_link = std::fs::symlink_metadata(&child).is_ok_and(|meta| meta.is_symlink());
        // A linked folder could be a loop.
        if child.is_dir() && !is_link && below.len() < MAX_DEPTH {
            below.push(name);
            walk(&child, below, data)?;
            below.pop();
        } else if name == FILE {
            add(&child, below, data)?;
        }
    }
    Ok(())
}

fn add(path: &Path, below: &[String], data: &mut Value) -> Result<(), AppError> {
    let failed = |what: String| AppError::new(Exit::Config, format!("{}: {what}", path.display()));
    let meta = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if meta.len() > MOST_BYTES {
        return Err(failed("larger than 16 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let document: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if !document.is_object() {
        return Err(failed("data is an object, for example {\"parameters\": {}}".to_owned()));
    }
    merge_data(data, data_below(below.iter().map(String::as_str), document)).map_err(failed)
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
}
