//! A package's header as databases keep it (rpm.org, "RPM v4 package format", "Header structure"): two counts, an index of
//! 16-byte entries, then the data they point into; numbers are big-endian. In a database it has no magic in front.

/// Bytes of an index entry: tag, type, offset, count.
const ENTRY: usize = 16;

/// Longest path of Linux (limits.h).
const MAX_PATH: usize = 4096;

/// Types of data, as rpm's `rpmTagType` numbers them.
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// Tags, as rpm's `rpmTag` numbers them.
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const ARCH: u32 = 1022;
const OLD_FILE_NAMES: u32 = 1027;
const DIR_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIR_NAMES: u32 = 1118;

/// A header, taken apart as far as is needed.
pub(super) struct Header<'b> {
    index: &'b [u8],
    data: &'b [u8],
}

/// An index entry.
struct Entry {
    kind: u32,
    offset: usize,
    count: usize,
}

impl<'b> Header<'b> {
    /// From the bytes of a database.
    pub(super) fn parse(blob: &'b [u8]) -> Result<Self, String> {
        let short = || "a header is shorter than it says".to_owned();
        let (entries, rest) = number(blob).ok_or_else(short)?;
        let (length, rest) = number(rest).ok_or_else(short)?;
        let index = entries.checked_mul(ENTRY).and_then(|bytes| rest.get(..bytes)).ok_or_else(short)?;
        let data = rest.get(index.len()..).and_then(|rest| rest.get(..length)).ok_or_else(short)?;
        Ok(Self { index, data })
    }

    /// The name of the package.
    pub(super) fn name(&self) -> Result<&'b [u8], String> {
        self.text(NAME).filter(|name| !name.is_empty()).ok_or_else(|| "a header has no name".to_owned())
    }

    /// What it was built for.
    pub(super) fn architecture(&self) -> Option<&'b [u8]> {
        self.text(ARCH)
    }

    /// `EPOCH:VERSION-RELEASE`; an epoch of 0 is not written.
    pub(super) fn version(&self) -> Result<Vec<u8>, String> {
        let (Some(version), Some(release)) = (self.text(VERSION), self.text(RELEASE)) else {
            return Err("a header has no version".to_owned());
        };
        let epoch = self.numbers(EPOCH)?.and_then(|mut numbers| numbers.next()).filter(|epoch| *epoch != 0);
        let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        Ok([epoch.as_bytes(), version, b"-", release].concat())
    }

    /// Every path that the package owns.
    pub(super) fn files(&self, file: &mut dyn FnMut(Vec<u8>)) -> Result<(), String> {
        let (Some(names), Some(indexes)) = (self.texts(BASE_NAMES)?, self.numbers(DIR_INDEXES)?) else {
            // Before version 4 paths were kept whole.
            self.texts(OLD_FILE_NAMES)?.into_iter().flatten().for_each(|path| file(path.to_vec()));
            return Ok(());
        };
        let folders: Vec<&[u8]> = self.texts(DIR_NAMES)?.into_iter().flatten().collect();
        for (name, index) in names.zip(indexes) {
            let folder = folders.get(index).ok_or("a header names a file in a folder that it does not list")?;
            if folder.len() + name.len() > MAX_PATH {
                return Err("a header has a path that is too long".to_owned());
            }
            file([folder, name].concat());
        }
        Ok(())
    }

    fn entry(&self, tag: u32) -> Option<Entry> {
        self.index.chunks_exact(ENTRY).find_map(|entry| {
            let (found, rest) = word(entry)?;
            let (kind, rest) = word(rest).filter(|_| found == tag)?;
            let (offset, rest) = number(rest)?;
            let (count, _) = number(rest)?;
            Some(Entry { kind, offset, count })
        })
    }

    fn text(&self, tag: u32) -> Option<&'b [u8]> {
        let entry = self.entry(tag).filter(|entry| matches!(entry.kind, STRING | I18N_STRING | STRING_ARRAY))?;
        until_zero(self.data.get(entry.offset..)?).map(|(text, _)| text)
    }

    fn texts(&self, tag: u32) -> Result<Option<impl Iterator<Item = &'b [u8]> + use<'b>>, String> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let mut rest = self.data.get(entry.offset..).filter(|_| matches!(entry.kind, STRING | STRING_ARRAY));
        // Each has at least its zero byte.
        if rest.is_none_or(|rest| rest.len() < entry.count) {
            return Err(format!("a header has no proper list of texts under tag {tag}"));
        }
        let next = move |_| {
            let (text, after) = until_zero(rest?)?;
            rest = Some(after);
            Some(text)
        };
        Ok(Some((0..entry.count).map_while(next)))
    }

    fn numbers(&self, tag: u32) -> Result<Option<impl Iterator<Item = usize> + use<'b>>, String> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let bytes = entry.count.checked_mul(4).and_then(|length| self.data.get(entry.offset..)?.get(..length));
        let bytes = bytes
            .filter(|_| entry.kind == INT32)
            .ok_or_else(|| format!("a header has no proper list of numbers under tag {tag}"))?;
        Ok(Some(bytes.chunks_exact(4).map_while(|chunk| Some(number(chunk)?.0))))
    }
}

/// A big-endian number off the front.
fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*first), rest))
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (value, rest) = word(bytes)?;
    Some((usize::try_from(value).ok()?, rest))
}

fn until_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}
