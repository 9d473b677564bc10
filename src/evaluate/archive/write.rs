//! Builds bundles: the same files give the same bytes.

use std::io::Write as _;

use cattleguard_agent::digest::Digest;
use cattleguard_agent::sign::SigningKey;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{BundleError, MANIFEST, Manifest, SIGNATURE, signature};

/// Largest packed bundle.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What goes into a bundle.
pub struct Contents {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Names in the bundle with contents: `*.rego` and `data.json` files.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Packs, and signs where there is a key. The result is read back before it is given away.
///
/// # Errors
/// What [`super::Bundle::read`] would refuse.
pub fn pack(contents: Contents, key: Option<&SigningKey>) -> Result<Vec<u8>, BundleError> {
    let mut files = contents.files;
    files.push((MANIFEST.to_owned(), contents.manifest.to_json()));
    files.sort();
    let digests: Vec<(String, Digest)> =
        files.iter().map(|(name, content)| (name.clone(), Digest::of(content))).collect();
    if let Some(key) = key {
        files.push((SIGNATURE.to_owned(), signature::write(key, &digests)));
    }
    let packed = tarred(&files).map_err(|error| BundleError::Form(error.to_string()))?;
    super::Bundle::read(&packed)?;
    Ok(packed)
}

fn tarred(files: &[(String, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, name, content.as_slice())?;
    }
    let mut packed = tar.into_inner()?;
    packed.flush()?;
    packed.finish()
}
