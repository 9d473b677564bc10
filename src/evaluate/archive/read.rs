//! Reads bundles that anybody may have made: every size is bounded, nothing but plain files is taken, and no name leads
//! outside.

use std::collections::BTreeMap;
use std::io::Read;

use cattleguard_agent::digest::Digest;
use flate2::read::GzDecoder;
use serde_json::Value;

use super::{Bundle, BundleError, MANIFEST, MOST_BYTES, Manifest, SIGNATURE, signature};
use crate::evaluate::{PolicySource, data_below, merge_data};

/// Most bytes when unpacked: a few kilobytes can stand for gigabytes.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;

/// Largest file. The engine itself takes no policy of more than 1 MiB.
const MOST_FILE: u64 = 16 * 1024 * 1024;

/// Most entries, folders included.
const MOST_ENTRIES: usize = 4_096;

/// Longest name, and most parts of one.
const MOST_NAME: usize = 255;
const MOST_PARTS: usize = 16;

pub(super) fn read(packed: &[u8]) -> Result<Bundle, BundleError> {
    let mut files = unpack(packed)?;
    let signature = files.remove(SIGNATURE).map(|text| signature::parse(&text)).transpose()?;
    let digests = files.iter().map(|(name, content)| (name.clone(), Digest::of(content))).collect();
    let manifest = files.remove(MANIFEST).map_or_else(|| Ok(Manifest::absent()), |text| Manifest::parse(&text))?;
    let mut bundle =
        Bundle { manifest, policies: Vec::new(), tests: Vec::new(), data: Value::Null, files: digests, signature };
    for (name, content) in files {
        take(&mut bundle, name, content)?;
    }
    if bundle.policies.is_empty() {
        return Err(BundleError::Form("it holds no policies (*.rego)".to_owned()));
    }
    own_roots_only(&bundle)?;
    Ok(bundle)
}

/// Files by name.
fn unpack(packed: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    let form = |what: String| BundleError::Form(what);
    if packed.len() as u64 > MOST_BYTES {
        return Err(form("larger than 16 MiB".to_owned()));
    }
    // One byte more than is allowed shows that there is more.
    let mut tar = tar::Archive::new(GzDecoder::new(packed).take(MOST_UNPACKED + 1));
    let broken = |error: std::io::Error| BundleError::Form(format!("it cannot be unpacked: {error}"));
    let (mut files, mut entries, mut total) = (BTreeMap::new(), 0_usize, 0_u64);
    for entry in tar.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        entries += 1;
        if entries > MOST_ENTRIES {
            return Err(form(format!("more than {MOST_ENTRIES} entries")));
        }
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        let name = name(&entry.path_bytes())?;
        if !kind.is_file() {
            return Err(form(format!("`{name}` is no plain file: links and devices are not followed")));
        }
        let size = entry.size();
        total = total.saturating_add(size);
        if size > MOST_FILE || total > MOST_UNPACKED {
            return Err(form(format!("`{name}` makes it larger than it may be unpacked")));
        }
        let mut content = Vec::new();
        let read = entry.take(MOST_FILE).read_to_end(&mut content).map_err(broken)?;
        if read as u64 != size {
            return Err(form(format!("`{name}` is cut short")));
        }
        if files.insert(name.clone(), content).is_some() {
            return Err(form(format!("`{name}` is there twice")));
        }
    }
    if files.is_empty() { Err(form("it is empty".to_owned())) } else { Ok(files) }
}

/// A name without the `/` or `./` that tools put in front.
fn name(bytes: &[u8]) -> Result<String, BundleError> {
    let text = std::str::from_utf8(bytes).map_err(|_| BundleError::Form("a name is not UTF-8".to_owned()))?;
    let name = text.strip_prefix("./").or_else(|| text.strip_prefix('/')).unwrap_or(text);
    let shown = || name.escape_default().take(80).collect::<String>();
    let fits = name.len() <= MOST_NAME
        && name.split('/').count() <= MOST_PARTS
        && !name.chars().any(|character| character.is_control() || character == '\\')
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if fits { Ok(name.to_owned()) } else { Err(BundleError::Form(format!("`{}` is no name for a file", shown()))) }
}

fn take(bundle: &mut Bundle, name: String, content: Vec<u8>) -> Result<(), BundleError> {
    let form = |what: &str| BundleError::Form(format!("`{name}`: {what}"));
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", &name));
    match file {
        "data.yaml" | "data.yml" => return Err(form("write data as JSON, in data.json")),
        ".signatures.json" | "policy.wasm" => {}
        "data.json" => {
            let document: Value = serde_json::from_slice(&content).map_err(|error| form(&error.to_string()))?;
            let parts = folder.split('/').filter(|part| !part.is_empty());
            if folder.is_empty() && !document.is_object() {
                return Err(form("data is an object"));
            }
            merge_data(&mut bundle.data, data_below(parts, document)).map_err(|twice| form(&twice))?;
        }
        rego if rego.ends_with(".rego") => {
            let text = String::from_utf8(content).map_err(|_| form("not UTF-8"))?;
            let is_test = rego.ends_with("_test.rego");
            let source = PolicySource::new(name, text);
            if is_test { bundle.tests.push(source) } else { bundle.policies.push(source) }
        }
        // Whatever else is there is signed with the rest, and nothing reads it.
        _ => {}
    }
    Ok(())
}

/// A bundle that reached beyond its roots could override what another owns.
fn own_roots_only(bundle: &Bundle) -> Result<(), BundleError> {
    for source in &bundle.policies {
        let package = package_of(&source.text).unwrap_or_default();
        if !bundle.manifest.owns(&package.replace('.', "/")) {
            return Err(BundleError::Manifest(format!(
                "`{}`: the package {package} is in none of its roots",
                source.name
            )));
        }
    }
    let mut pending = vec![(String::new(), &bundle.data)];
    while let Some((path, value)) = pending.pop() {
        match value {
            _ if !path.is_empty() && bundle.manifest.owns(&path) => {}
            Value::Object(members) => {
                let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
                pending.extend(members.iter().map(|(key, member)| (below(key), member)));
            }
            Value::Null if path.is_empty() => {}
            _ => return Err(BundleError::Manifest(format!("data at `{path}` is in none of its roots"))),
        }
    }
    Ok(())
}

/// The package that a file declares, when it is written plainly; a file that does not parse is refused later.
pub fn package_of(text: &str) -> Option<&str> {
    let line = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let name = line.strip_prefix("package")?.split('#').next()?;
    name.starts_with(char::is_whitespace).then_some(name.trim())
}
