//! Putting an evidence file together.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cattleguard_agent::sign::SigningKey;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{CONTEXT, EVIDENCE_SCHEMA, EvidenceFault, Listed, MANIFEST, Manifest, SIGNATURE, hex, seal};

/// What the manifest says of the file as a whole.
#[derive(Clone, Debug)]
pub struct Facts(pub Value);

/// Makes the file out of members: names and contents, in the order in which they are to be read.
///
/// # Errors
/// When it would be larger than a zip can be.
pub fn pack(facts: Facts, members: &[(String, Vec<u8>)], key: Option<&SigningKey>) -> Result<Vec<u8>, EvidenceFault> {
    let files = members.iter().map(|(name, content)| Listed {
        name: name.clone(),
        bytes: content.len() as u64,
        sha256: hex(Sha256::digest(content)),
    });
    let manifest = Manifest { schema: EVIDENCE_SCHEMA.to_owned(), about: facts.0, files: files.collect() };
    let mut manifest = serde_json::to_vec_pretty(&manifest).map_err(|error| EvidenceFault::Write(error.to_string()))?;
    manifest.push(b'\n');
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        put(&mut zip, name, content)?;
    }
    put(&mut zip, MANIFEST, &manifest)?;
    if let Some(key) = key {
        put(&mut zip, SIGNATURE, &signature(key, &manifest)?)?;
    }
    let zip = zip.finish().map_err(|error| EvidenceFault::Write(error.to_string()))?;
    seal::seal(zip.into_inner())
}

fn put(zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, content: &[u8]) -> Result<(), EvidenceFault> {
    // A fixed time: equal contents make equal files.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    zip.start_file(name, options).map_err(|error| EvidenceFault::Write(format!("{name}: {error}")))?;
    zip.write_all(content).map_err(|error| EvidenceFault::Write(format!("{name}: {error}")))
}

fn signature(key: &SigningKey, manifest: &[u8]) -> Result<Vec<u8>, EvidenceFault> {
    let signature = super::Signature {
        algorithm: "ed25519".to_owned(),
        key: key.public().to_string(),
        signature: STANDARD.encode(key.sign_text(CONTEXT, manifest)),
    };
    let mut text = serde_json::to_vec_pretty(&signature).map_err(|error| EvidenceFault::Write(error.to_string()))?;
    text.push(b'\n');
    Ok(text)
}
