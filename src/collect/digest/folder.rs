//! A copy of a trail's bucket on disk.
//!
//! Copying loses the metadata of objects. The signature of a digest can be handed over in a file beside it,
//! `NAME.json.gz.signature`: the signature itself, or what `aws s3api head-object` prints. Only the newest digest of a
//! chain needs one, since each digest holds the signature of the one before.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::key::{DIGESTS, LOGS, ROOT, Site};
use super::objects::{ObjectSignature, TrailObjects};

const SIDECAR: &str = "signature";
/// A signature of 8192 bits and whatever else `head-object` prints.
const LARGEST_SIDECAR: u64 = 64 * 1024;

/// Log and digest files below a folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// What keys are relative to.
    root: PathBuf,
    /// Where looking starts.
    start: PathBuf,
}

impl Folder {
    /// A folder that holds an `AWSLogs` tree, or is in one.
    ///
    /// # Errors
    /// It is not there, or not a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let start = fs::canonicalize(path)?;
        if !start.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a folder"));
        }
        let inside = start.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == ROOT));
        let root = inside.and_then(Path::parent).unwrap_or(&start).to_owned();
        Ok(Self { root, start })
    }

    /// Whether another folder is this one or below it.
    pub fn holds(&self, other: &Self) -> bool {
        other.start.starts_with(&self.start)
    }

    fn key(&self, path: &Path) -> Option<String> {
        let parts: Option<Vec<&str>> = path.strip_prefix(&self.root).ok()?.iter().map(|part| part.to_str()).collect();
        parts.map(|parts| parts.join("/"))
    }

    /// Files below a folder. Linked folders could form a loop; special files could wait for ever.
    fn walk(&self, start: PathBuf, skip: &str, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        let mut waiting = vec![start];
        let mut broken = None;
        while let Some(folder) = waiting.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    let message = format!("{} cannot be listed: {error}", folder.display());
                    broken.get_or_insert(io::Error::new(error.kind(), message));
                    continue;
                }
            };
            for entry in entries {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    if entry.file_name() != skip {
                        waiting.push(path);
                    }
                } else if let Some(key) = self.key(&path).filter(|_| path.is_file()) {
                    sink(&key);
                }
            }
        }
        broken.map_or(Ok(()), Err)
    }
}

impl TrailObjects for Folder {
    fn digests(&self, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.walk(self.start.clone(), LOGS, &mut |key| {
            if key.contains(DIGESTS) && !key.ends_with(SIDECAR) {
                sink(key);
            }
        })
    }

    fn sites(&self, sink: &mut dyn FnMut(Site)) -> io::Result<()> {
        let mut waiting = vec![self.start.clone()];
        let mut broken = None;
        while let Some(folder) = waiting.pop() {
            if let Some(site) = self.key(&folder).as_deref().and_then(Site::of_logs) {
                sink(site);
                continue;
            }
            let folders = fs::read_dir(&folder).and_then(|entries| {
                for entry in entries {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() && entry.file_name() != DIGESTS {
                        waiting.push(entry.path());
                    }
                }
                Ok(())
            });
            if let Err(error) = folders {
                let message = format!("{} cannot be listed: {error}", folder.display());
                broken.get_or_insert(io::Error::new(error.kind(), message));
            }
        }
        broken.map_or(Ok(()), Err)
    }

    fn logs(&self, site: &Site, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        let folder = self.root.join(&site.base).join(LOGS).join(site.region.as_str());
        if folder.is_dir() { self.walk(folder, "", sink) } else { Ok(()) }
    }

    fn open(&self, key: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = self.root.join(key);
        if fs::metadata(&path)?.is_file() {
            Ok(Box::new(File::open(path)?))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"))
        }
    }

    fn signature(&self, key: &str) -> io::Result<Option<ObjectSignature>> {
        let input = match self.open(&format!("{key}.{SIDECAR}")) {
            Ok(input) => input,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        input.take(LARGEST_SIDECAR).read_to_string(&mut text)?;
        Ok(Some(signature_in(&text)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Head<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata<'a> {
    signature: &'a str,
    #[serde(default)]
    signature_algorithm: Option<&'a str>,
}

fn signature_in(text: &str) -> ObjectSignature {
    match serde_json::from_str::<Head<'_>>(text) {
        Ok(Head { metadata: Metadata { signature, signature_algorithm } }) => {
            ObjectSignature { hex: signature.to_owned(), algorithm: signature_algorithm.map(str::to_owned) }
        }
        Err(_) => ObjectSignature { hex: text.trim().to_owned(), algorithm: None },
    }
}
