//! Reading the cache beside a quick pass.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{END, ENTRY, Header, MAGIC, Unusable};
use crate::codec::Cursor;
use crate::digest::Digest;
use crate::entry::Times;
use crate::entry::encode::{take_facts, take_path_at};
use crate::manifest::{MAX_RECORD, WINDOW_LOG};
use crate::path;
use crate::walk::{Identity, Known, Remembered};

/// So much is at hand before an entry is read from it; twice as much at most.
const PIECE: usize = MAX_RECORD / 2;

/// A cache being read, in order. What came out of it may be relied on once [`Cache::finish`] has agreed.
pub struct Cache {
    input: zstd::Decoder<'static, BufReader<File>>,
    hasher: blake3::Hasher,
    header: Header,
    /// Decompressed bytes; those before `at` are taken.
    buffer: Vec<u8>,
    at: usize,
    /// Whether everything is decompressed.
    is_whole: bool,
    previous: Vec<u8>,
    next: Option<(Vec<u8>, Remembered)>,
    is_damaged: bool,
    recalled: u64,
}

impl Cache {
    /// Opens a cache and decides whether a pass at `now` against `golden` may use it.
    ///
    /// # Errors
    /// Why everything has to be read instead.
    pub fn open(path: &Path, golden: Digest, now: Timestamp, full_every: SignedDuration) -> Result<Self, Unusable> {
        // A pipe in its place would have us wait for ever.
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        let file = File::options().read(true).custom_flags(flags).open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unusable::Absent,
            _ => Unusable::Io(error),
        })?;
        let meta = file.metadata().map_err(Unusable::Io)?;
        if !meta.is_file() || meta.mode() & 0o022 != 0 || meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(Unusable::Exposed);
        }
        let mut cache = Self::new(file).map_err(|error| match error.raw_os_error() {
            Some(_) => Unusable::Io(error),
            None => Unusable::Damaged,
        })?;
        cache.header.agrees(golden, now, full_every)?;
        cache.advance();
        Ok(cache)
    }

    fn new(mut file: File) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(io::Error::other("not a cache"));
        }
        let mut input = zstd::Decoder::new(file)?.single_frame();
        input.window_log_max(WINDOW_LOG)?;
        let header = Header { agent: String::new(), golden: Digest::from_bytes([0; 32]), full_at: Timestamp::MIN };
        let mut cache = Self {
            input,
            hasher: blake3::Hasher::new(),
            header,
            buffer: Vec::new(),
            at: 0,
            is_whole: false,
            previous: Vec::new(),
            next: None,
            is_damaged: false,
            recalled: 0,
        };
        cache.fill()?;
        let mut cursor = Cursor::new(cache.rest());
        let json = cursor.bytes().map_err(io::Error::other)?;
        let (header, left) = (serde_json::from_slice(json)?, cursor.rest().len());
        cache.header = header;
        cache.take(cache.rest().len() - left);
        Ok(cache)
    }

    /// When the full pass began that wrote it.
    pub fn full_at(&self) -> Timestamp {
        self.header.full_at
    }

    /// How many entries were handed out.
    pub fn recalled(&self) -> u64 {
        self.recalled
    }

    /// Reads what is left and verifies the seal.
    ///
    /// # Errors
    /// When nothing that came out of it may be relied on.
    pub fn finish(mut self) -> Result<(), Unusable> {
        while self.next.take().is_some() {
            self.advance();
        }
        self.drop_taken();
        let is_sealed = self.rest() == Digest::finish(&self.hasher).as_bytes();
        if self.is_damaged || !is_sealed { Err(Unusable::Damaged) } else { Ok(()) }
    }

    fn advance(&mut self) {
        match self.entry() {
            Ok(next) => self.next = next,
            Err(_) => (self.next, self.is_damaged) = (None, true),
        }
    }

    fn entry(&mut self) -> io::Result<Option<(Vec<u8>, Remembered)>> {
        // An entry is shorter than a piece; a damaged one that is not fails below.
        if self.rest().len() < PIECE && !self.is_whole {
            self.fill()?;
        }
        let before = self.rest().len();
        let mut cursor = Cursor::new(self.rest());
        match cursor.byte().map_err(io::Error::other)? {
            END => {
                self.take(1);
                return Ok(None);
            }
            ENTRY => {}
            _ => return Err(io::Error::other("unknown tag")),
        }
        let (path, remembered) = entry(&mut cursor, &self.previous).map_err(io::Error::other)?;
        let taken = before - cursor.rest().len();
        self.take(taken);
        if path::compare(&path, &self.previous).is_le() {
            return Err(io::Error::other("out of order"));
        }
        self.previous.clone_from(&path);
        Ok(Some((path, remembered)))
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Digests what was taken, all of it at once, and makes room.
    fn drop_taken(&mut self) {
        let taken = self.at.min(self.buffer.len());
        self.hasher.update(self.buffer.get(..taken).unwrap_or_default());
        self.buffer.drain(..taken);
        self.at = 0;
    }

    /// Decompresses until a piece is at hand or the end is reached.
    fn fill(&mut self) -> io::Result<()> {
        self.drop_taken();
        let have = self.buffer.len();
        let want = (2 * PIECE).saturating_sub(have) as u64;
        let got = (&mut self.input).take(want).read_to_end(&mut self.buffer)?;
        self.is_whole = (got as u64) < want;
        Ok(())
    }
}

fn entry(cursor: &mut Cursor<'_>, previous: &[u8]) -> Result<(Vec<u8>, Remembered), crate::codec::CodecError> {
    let path = take_path_at(cursor, previous)?;
    let identity = Identity { device: cursor.number()?, inode: cursor.number()?, size: cursor.number()? };
    let mut time = || Ok::<_, crate::codec::CodecError>((cursor.signed()?, cursor.small::<u32>()?));
    let times = Times { modified: time()?, changed: time()? };
    let facts = take_facts(cursor)?;
    Ok((path, Remembered { identity, times, facts }))
}

impl Known for Cache {
    fn recall(&mut self, wanted: &[u8]) -> Option<Remembered> {
        loop {
            match path::compare(&self.next.as_ref()?.0, wanted) {
                std::cmp::Ordering::Less => self.advance(),
                std::cmp::Ordering::Equal => {
                    let found = self.next.take();
                    self.advance();
                    self.recalled += 1;
                    return found.map(|(_, remembered)| remembered);
                }
                std::cmp::Ordering::Greater => return None,
            }
        }
    }
}
