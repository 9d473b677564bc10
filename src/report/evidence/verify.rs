//! Checking an evidence file, with nothing but the file and perhaps a public key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cattleguard_agent::sign::PublicKey;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::{
    AUDIT_LOG, CONTEXT, EVIDENCE_SCHEMA, EvidenceFault, Listed, MANIFEST, Manifest, SIGNATURE, Signature, hex, seal,
};
use crate::report::text::clean;
use crate::store::AuditEntry;
use crate::store::audit::verify_to;

/// A member longer than this is none of ours: the audit log of ten years is far below it.
const LONGEST: u64 = 2 << 30;

/// A file that holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How many members the manifest lists.
    pub files: usize,
    /// The key that signed it, as it says of itself; proven to be it.
    pub signed_by: Option<String>,
    /// Whether that key is the one that was given.
    pub trusted: bool,
    /// What the manifest says of the file.
    pub about: Value,
    /// Entries of the audit log inside.
    pub audit_entries: usize,
    /// Sequence and hash of its last entry.
    pub head: Option<(i64, String)>,
}

/// Checks seal, members, signature and the audit log inside.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(file: &[u8], key: Option<&PublicKey>) -> Result<Verified, EvidenceFault> {
    seal::check(file)?;
    let mut zip = ZipArchive::new(Cursor::new(file)).map_err(|error| EvidenceFault::Form(error.to_string()))?;
    let bytes = member(&mut zip, MANIFEST)?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| EvidenceFault::Form(format!("{MANIFEST}: {error}")))?;
    if manifest.schema != EVIDENCE_SCHEMA {
        let found = clean(&manifest.schema, 60);
        return Err(EvidenceFault::Form(format!(
            "{found} is not {EVIDENCE_SCHEMA}: verify it with a newer cattleguard"
        )));
    }
    let signed_by = signature(&mut zip, &bytes, key)?;
    members(&mut zip, &manifest.files)?;
    let (audit_entries, head) = audit(&mut zip, &manifest)?;
    Ok(Verified {
        files: manifest.files.len(),
        trusted: key.is_some(),
        signed_by,
        about: manifest.about,
        audit_entries,
        head,
    })
}

type Zip<'f> = ZipArchive<Cursor<&'f [u8]>>;

fn member(zip: &mut Zip<'_>, name: &str) -> Result<Vec<u8>, EvidenceFault> {
    let file = zip.by_name(name).map_err(|_| EvidenceFault::Member(format!("{name} is missing")))?;
    let mut bytes = Vec::new();
    let read = file.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(|error| EvidenceFault::Member(format!("{name} cannot be read: {error}")))?;
    Ok(bytes)
}

fn members(zip: &mut Zip<'_>, listed: &[Listed]) -> Result<(), EvidenceFault> {
    let mut expected: BTreeMap<&str, &Listed> = listed.iter().map(|one| (one.name.as_str(), one)).collect();
    let names: Result<Vec<String>, _> = zip.file_names().map(|name| name.map(Cow::into_owned)).collect();
    let names = names.map_err(|error| EvidenceFault::Form(error.to_string()))?;
    for name in names.iter().filter(|name| *name != MANIFEST && *name != SIGNATURE) {
        let shown = clean(name, 120);
        let Some(one) = expected.remove(name.as_str()) else {
            return Err(EvidenceFault::Member(format!("{shown} is not in the manifest")));
        };
        let bytes = member(zip, name)?;
        if bytes.len() as u64 != one.bytes || hex(Sha256::digest(&bytes)) != one.sha256 {
            return Err(EvidenceFault::Member(format!("{shown} is not what the manifest says")));
        }
    }
    match expected.keys().next() {
        None => Ok(()),
        Some(name) => Err(EvidenceFault::Member(format!("{} is missing", clean(name, 120)))),
    }
}

fn signature(zip: &mut Zip<'_>, manifest: &[u8], key: Option<&PublicKey>) -> Result<Option<String>, EvidenceFault> {
    if zip.index_for_name(SIGNATURE).is_none() {
        return match key {
            None => Ok(None),
            Some(_) => Err(EvidenceFault::Signature("it is not signed, and a key was given".to_owned())),
        };
    }
    let wrong = |why: &str| EvidenceFault::Signature(format!("{SIGNATURE}: {why}"));
    let signature: Signature =
        serde_json::from_slice(&member(zip, SIGNATURE)?).map_err(|error| wrong(&error.to_string()))?;
    let named = PublicKey::from_text(&signature.key).ok_or_else(|| wrong("its key is no ed25519 key"))?;
    if let Some(key) = key.filter(|key| **key != named) {
        return Err(EvidenceFault::Signature(format!("it is signed by {named} and not by {key}")));
    }
    let bytes = STANDARD.decode(&signature.signature).map_err(|_| wrong("the signature is no base64"))?;
    if signature.algorithm != "ed25519" || !named.has_signed(CONTEXT, manifest, &bytes) {
        return Err(wrong("it is not the signature of this manifest"));
    }
    Ok(Some(named.to_string()))
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    entry: Option<AuditEntry>,
}

/// The chain inside is whole, and ends where the manifest says.
fn audit(zip: &mut Zip<'_>, manifest: &Manifest) -> Result<(usize, Option<(i64, String)>), EvidenceFault> {
    let text = String::from_utf8(member(zip, AUDIT_LOG)?).map_err(|_| EvidenceFault::Audit("not UTF-8".to_owned()))?;
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line: Line = serde_json::from_str(line)
            .map_err(|error| EvidenceFault::Audit(format!("line {}: {error}", number + 1)))?;
        entries.extend(line.entry.filter(|_| line.kind == "audit_entry"));
    }
    let head = &manifest.about["audit"];
    let head = head["seq"].as_i64().zip(head["hash"].as_str()).map(|(seq, hash)| (seq, hash.to_owned()));
    let head = head.filter(|(seq, _)| *seq > 0);
    verify_to(&entries, head.as_ref()).map_err(|broken| EvidenceFault::Audit(broken.to_string()))?;
    Ok((entries.len(), head))
}
