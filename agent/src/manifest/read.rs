//! Reading a manifest as a stream, believing nothing: order, lengths and digests are verified on the way.

use std::io::{BufRead, BufReader, Read};

use super::{
    ENTRY, HEADER, Header, INDEX, MAGIC, MAGIC_1, MAX_RECORD, ManifestError, PACKAGE, SEAL, SIGNATURE, STATE, TOTALS,
    Totals, Verified, WINDOW_LOG,
};
use crate::codec::{CodecError, Cursor, put_number};
use crate::digest::Gathering;
use crate::entry::Entry;
use crate::entry::encode::{take_entry, take_path};
use crate::fingerprint::{Fold, FolderDigest};
use crate::packages::{self, Package};
use crate::settings::Settings;
use crate::sign::Signature;
use crate::state::{self, State};

/// A manifest being read. Nothing that came out of it may be relied on before [`Reader::finish`] has agreed.
pub struct Reader<R: Read> {
    input: BufReader<zstd::Decoder<'static, BufReader<R>>>,
    /// Over all records before the current one.
    digest: Gathering,
    /// The current record.
    tag: u8,
    payload: Vec<u8>,
    /// Tag and length of a record, as they are written.
    head: Vec<u8>,
    /// Records read, the current one included.
    position: u64,
    /// Whether the current record was read only to learn that its kind is over.
    is_ahead: bool,
    header: Header,
    settings: Settings,
    packages: Vec<Package>,
    state: State,
    /// Version 1 ends at its seal and says nothing of state.
    is_first_version: bool,
    fold: Fold,
    previous: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads magic, header and packages.
    ///
    /// # Errors
    /// When it is no manifest, of an unknown version, damaged or truncated.
    pub fn new(mut input: R) -> Result<Self, ManifestError> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| ManifestError::Magic)?;
        match magic {
            MAGIC | MAGIC_1 => {}
            [b'C', b'G', b'M', version] if version.is_ascii_graphic() => {
                return Err(ManifestError::Version(char::from(version)));
            }
            _ => return Err(ManifestError::Magic),
        }
        let mut decoder = zstd::Decoder::new(input)?.single_frame();
        decoder.window_log_max(WINDOW_LOG)?;
        let whole = Settings::whole_system();
        let mut reader = Self {
            input: BufReader::with_capacity(64 * 1024, decoder),
            digest: Gathering::default(),
            tag: 0,
            payload: Vec::new(),
            head: Vec::new(),
            position: 0,
            is_ahead: false,
            header: Header {
                agent: String::new(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                settings: (&whole).into(),
                packages_known: false,
                state: Vec::new(),
                state_exclusions: Vec::new(),
            },
            is_first_version: magic == MAGIC_1,
            fold: Fold::new(&whole),
            settings: whole,
            packages: Vec::new(),
            state: State::default(),
            previous: Vec::new(),
        };
        reader.begin()?;
        Ok(reader)
    }

    fn begin(&mut self) -> Result<(), ManifestError> {
        let tag = self.next()?;
        if tag != HEADER {
            return Err(misplaced(tag));
        }
        self.header = serde_json::from_slice(&self.payload)?;
        self.settings = Settings::try_from(self.header.settings.clone())?;
        self.fold = Fold::new(&self.settings);
        self.state.sections.clone_from(&self.header.state);
        loop {
            match self.next()? {
                PACKAGE if self.state.items.is_empty() => {
                    let package = packages::take(&self.payload).map_err(|source| self.codec(source))?;
                    self.packages.push(package);
                }
                STATE if !self.is_first_version => {
                    let item = state::take(&self.payload).map_err(|source| self.codec(source))?;
                    self.state.items.push(item);
                }
                _ => {
                    self.is_ahead = true;
                    return Ok(());
                }
            }
        }
    }

    /// State beside the files; of version 1 nothing is known.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the manifest covers.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The packages, in order; `None` when no database was read.
    pub fn packages(&self) -> Option<&[Package]> {
        self.header.packages_known.then_some(self.packages.as_slice())
    }

    /// The package an entry belongs to.
    pub fn package_of(&self, entry: &Entry) -> Option<&Package> {
        self.packages.get(usize::try_from(entry.package?).ok()?)
    }

    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn entry(&mut self) -> Result<Option<Entry>, ManifestError> {
        let tag = self.next()?;
        if tag != ENTRY {
            self.is_ahead = true;
            return Ok(None);
        }
        let entry = take_entry(&self.payload, &self.previous).map_err(|source| self.codec(source))?;
        self.fold.push(&entry)?;
        self.previous.clone_from(&entry.path);
        Ok(Some(entry))
    }

    /// Reads what is left and verifies every digest.
    ///
    /// # Errors
    /// As [`Reader::new`], and when a digest does not match.
    pub fn finish(mut self) -> Result<Verified, ManifestError> {
        while self.entry()?.is_some() {}
        let mut folders = Vec::new();
        loop {
            match self.next()? {
                INDEX => folders.push(self.folder()?),
                TOTALS => break,
                other => return Err(misplaced(other)),
            }
        }
        let totals: Totals = serde_json::from_slice(&self.payload)?;
        let tag = self.next()?;
        if tag != SEAL {
            return Err(misplaced(tag));
        }
        let seal = self.digest.finish();
        let is_sealed = self.payload == seal.as_bytes();
        let signature = self.signature()?;
        let rest = self.input.fill_buf().map_err(ManifestError::from_decoder)?;
        if !rest.is_empty() || !self.input.into_inner().finish().fill_buf()?.is_empty() {
            return Err(ManifestError::Trailing);
        }
        let print = self.fold.finish();
        for (name, is_right) in [
            ("record", is_sealed),
            ("root", totals.root == print.root && totals.counts == print.counts),
            ("folder", folders == print.folders),
            ("package", totals.packages == packages::digest(&self.packages)),
        ] {
            if !is_right {
                return Err(ManifestError::Digest(name));
            }
        }
        if signature.is_some_and(|signature| !signature.is_of(seal)) {
            return Err(ManifestError::Signature);
        }
        Ok(Verified { totals, print, signature })
    }

    /// The record after the seal, if there is one.
    fn signature(&mut self) -> Result<Option<Signature>, ManifestError> {
        let is_over = self.input.fill_buf().map_err(ManifestError::from_decoder)?.is_empty();
        if is_over || self.is_first_version {
            return Ok(None);
        }
        match self.next()? {
            SIGNATURE => Signature::take(&self.payload).map(Some).map_err(|source| self.codec(source)),
            other => Err(misplaced(other)),
        }
    }

    /// Passes over entries without looking at them: they are known to be equal. Says how many of them were folders.
    /// After this, [`Reader::finish`] can no longer agree.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn skip(&mut self, entries: u64) -> Result<usize, ManifestError> {
        let mut folders = 0;
        for _ in 0..entries {
            let tag = self.next()?;
            if tag != ENTRY {
                return Err(misplaced(tag));
            }
            let (path, is_folder) = take_path(&self.payload, &self.previous).map_err(|source| self.codec(source))?;
            self.previous = path;
            folders += usize::from(is_folder);
        }
        Ok(folders)
    }

    fn folder(&self) -> Result<FolderDigest, ManifestError> {
        let mut cursor = Cursor::new(&self.payload);
        let mut take = || {
            let folder = FolderDigest { digest: cursor.digest()?, below: cursor.number()? };
            cursor.end().map(|()| folder)
        };
        take().map_err(|source| self.codec(source))
    }

    fn codec(&self, source: CodecError) -> ManifestError {
        ManifestError::Codec { position: self.position, source }
    }

    /// Makes the next record the current one and returns its tag.
    fn next(&mut self) -> Result<u8, ManifestError> {
        if std::mem::take(&mut self.is_ahead) {
            return Ok(self.tag);
        }
        if self.position > 0 {
            self.payload_digested();
        }
        self.position += 1;
        self.tag = self.byte()?;
        let length = self.length()?;
        if length > MAX_RECORD as u64 {
            return Err(ManifestError::Oversize(length));
        }
        self.payload.resize(usize::try_from(length).unwrap_or(MAX_RECORD), 0);
        self.input.read_exact(&mut self.payload).map_err(ManifestError::from_decoder)?;
        Ok(self.tag)
    }

    fn payload_digested(&mut self) {
        self.head.clear();
        self.head.push(self.tag);
        put_number(&mut self.head, self.payload.len() as u64);
        self.digest.update(&self.head);
        self.digest.update(&self.payload);
    }

    fn length(&mut self) -> Result<u64, ManifestError> {
        self.head.clear();
        loop {
            let byte = self.byte()?;
            self.head.push(byte);
            if byte & 0x80 == 0 || self.head.len() > 10 {
                return Cursor::new(&self.head).number().map_err(|source| self.codec(source));
            }
        }
    }

    fn byte(&mut self) -> Result<u8, ManifestError> {
        let mut byte = 0;
        self.input.read_exact(std::slice::from_mut(&mut byte)).map_err(ManifestError::from_decoder)?;
        Ok(byte)
    }
}

fn misplaced(tag: u8) -> ManifestError {
    ManifestError::Record(crate::escape::text(&[tag]))
}
