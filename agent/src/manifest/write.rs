//! Writing a manifest while walking.

use std::io::Write;

use super::{
    ENTRY, HEADER, Header, INDEX, MAGIC, MAX_RECORD, ManifestError, PACKAGE, SEAL, SIGNATURE, STATE, TOTALS, Totals,
    WINDOW_LOG,
};
use crate::codec::put_number;
use crate::digest::{Digest, Gathering};
use crate::entry::Entry;
use crate::entry::encode::put_entry;
use crate::fingerprint::{Fingerprint, Fold};
use crate::packages::{self, Package};
use crate::settings::Settings;
use crate::sign::SigningKey;
use crate::state::volatile::StateExclusion;
use crate::state::{self, State};
use crate::walk::Tally;

/// Past this level the digests, which do not compress, are nearly all of it.
const LEVEL: i32 = 3;

/// A manifest being written. Dropping it without [`Writer::finish`] leaves a file that readers call truncated.
pub struct Writer<W: Write> {
    output: zstd::Encoder<'static, W>,
    digest: Gathering,
    fold: Fold,
    previous: Vec<u8>,
    payload: Vec<u8>,
    record: Vec<u8>,
    packages: Digest,
}

/// What a manifest says before its entries.
#[derive(Clone, Copy, Debug)]
pub struct Preface<'a> {
    /// What the walk covers.
    pub settings: &'a Settings,
    /// When it begins.
    pub created_at: jiff::Timestamp,
    /// The packages, sorted; `None` when there is no package database.
    pub packages: Option<&'a [Package]>,
    /// State beside the files.
    pub state: &'a State,
    /// State that is not judged.
    pub state_exclusions: &'a [StateExclusion],
}

impl<W: Write> Writer<W> {
    /// Writes magic, header, packages and state.
    ///
    /// # Errors
    /// When writing fails, or the header is larger than a record may be.
    pub fn new(mut output: W, preface: Preface<'_>) -> Result<Self, ManifestError> {
        let Preface { settings, created_at, packages, state, state_exclusions } = preface;
        output.write_all(&MAGIC)?;
        let mut output = zstd::Encoder::new(output, LEVEL)?;
        output.window_log(WINDOW_LOG)?;
        output.include_checksum(true)?;
        let header = Header {
            agent: crate::VERSION.to_owned(),
            created_at,
            settings: settings.into(),
            packages_known: packages.is_some(),
            state: state.sections.clone(),
            state_exclusions: state_exclusions.to_vec(),
        };
        let list = packages.unwrap_or_default();
        let mut writer = Self {
            output,
            digest: Gathering::default(),
            fold: Fold::new(settings),
            previous: Vec::new(),
            payload: serde_json::to_vec(&header)?,
            record: Vec::new(),
            packages: packages::digest(list),
        };
        writer.put(HEADER)?;
        for package in list {
            writer.payload.clear();
            packages::put(&mut writer.payload, package);
            writer.put(PACKAGE)?;
        }
        for item in &state.items {
            writer.payload.clear();
            state::put(&mut writer.payload, item);
            writer.put(STATE)?;
        }
        Ok(writer)
    }

    /// Adds the next entry.
    ///
    /// # Errors
    /// When writing fails, or the entry does not come after the one before.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), ManifestError> {
        self.fold.push(entry)?;
        self.payload.clear();
        put_entry(&mut self.payload, entry, &self.previous);
        self.previous.clone_from(&entry.path);
        self.put(ENTRY)
    }

    /// Writes the folder digests, the totals, the seal and a signature by `key`, and hands back the output for syncing.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(
        mut self,
        tally: &Tally,
        key: Option<&SigningKey>,
    ) -> Result<(W, Totals, Fingerprint), ManifestError> {
        let fold = std::mem::replace(&mut self.fold, Fold::new(&Settings::whole_system()));
        let print = fold.finish();
        for folder in &print.folders {
            self.payload.clear();
            self.payload.extend_from_slice(folder.digest.as_bytes());
            put_number(&mut self.payload, folder.below);
            self.put(INDEX)?;
        }
        let totals = Totals {
            root: print.root,
            packages: self.packages,
            counts: print.counts,
            vanished: tally.vanished,
            excluded: tally.excluded,
        };
        self.payload = serde_json::to_vec(&totals)?;
        self.put(TOTALS)?;
        let seal = self.digest.finish();
        self.payload = seal.as_bytes().to_vec();
        self.put(SEAL)?;
        if let Some(key) = key {
            self.payload.clear();
            key.sign(seal).put(&mut self.payload);
            self.put(SIGNATURE)?;
        }
        Ok((self.output.finish()?, totals, print))
    }

    /// Writes `payload` as one record.
    fn put(&mut self, tag: u8) -> Result<(), ManifestError> {
        if self.payload.len() > MAX_RECORD {
            return Err(ManifestError::Oversize(self.payload.len() as u64));
        }
        self.record.clear();
        self.record.push(tag);
        put_number(&mut self.record, self.payload.len() as u64);
        self.record.extend_from_slice(&self.payload);
        self.digest.update(&self.record);
        Ok(self.output.write_all(&self.record)?)
    }
}
