//! Puts things in order of time and id, however many they are, and takes each once: what does not fit into memory is
//! sorted in parts that wait in a temporary file. So repeats come to stand beside each other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;

/// Bytes that are sorted at a time: no more than a near cache holds, since they are read again in another order.
const RUN: usize = 4 * 1024 * 1024;
/// Bytes written at a time, and the most that is read at a time of each part.
const PAGE: usize = 64 * 1024;
/// The least that is read at a time.
const LEAST_PAGE: usize = 4 * 1024;
/// Bytes that are held of all parts together, while these are not too many.
const PAGES: usize = 2 * 1024 * 1024;

/// One thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'i> {
    pub(super) time: Timestamp,
    pub(super) id: &'i [u8],
    /// Its content in two parts.
    pub(super) parts: [&'i [u8]; 2],
}

/// Where an item stands in the arena, and what it is sorted by.
#[derive(Clone, Copy, Debug)]
struct Slot {
    time: Timestamp,
    /// The first bytes of its id: events of one second are told apart by them, without a look at the arena.
    begins: u64,
    at: usize,
}

/// Takes things in any order.
#[derive(Debug)]
pub(super) struct Spool {
    run: usize,
    arena: Vec<u8>,
    index: Vec<Slot>,
    file: Option<File>,
    /// Where each sorted part ends in the file.
    ends: Vec<u64>,
}

impl Default for Spool {
    fn default() -> Self {
        Self::new(RUN)
    }
}

impl Spool {
    pub(super) fn new(run: usize) -> Self {
        Self { run, arena: Vec::new(), index: Vec::new(), file: None, ends: Vec::new() }
    }

    /// Adds one.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub(super) fn push(&mut self, item: Item<'_>) -> io::Result<()> {
        if self.arena.len() > self.run {
            self.spill()?;
        }
        if self.arena.capacity() == 0 {
            // Once: what grows step by step is moved as often.
            self.arena.reserve(self.run + self.run / 8);
        }
        self.index.push(Slot { time: item.time, begins: beginning(item.id), at: self.arena.len() });
        item.write(&mut self.arena);
        Ok(())
    }

    /// Nothing more is added. Gives memory back if there is a file to take what is left.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.sort();
            return Ok(());
        }
        self.spill()?;
        (self.arena, self.index) = (Vec::new(), Vec::new());
        Ok(())
    }

    /// Hands on everything that was there when it settled, in order, and of what came several times under one time and id
    /// the first. How many others there were.
    ///
    /// # Errors
    /// The temporary file cannot be read, or the sink's own.
    pub(super) fn each(&self, sink: &mut dyn FnMut(Item<'_>) -> io::Result<()>) -> io::Result<u64> {
        let mut last: Option<(Timestamp, Vec<u8>)> = None;
        let mut repeats = 0;
        let mut once = |item: Item<'_>| {
            match &mut last {
                Some((time, id)) if *time == item.time && id == item.id => {
                    repeats += 1;
                    return Ok(());
                }
                Some((time, id)) => {
                    *time = item.time;
                    id.clear();
                    id.extend_from_slice(item.id);
                }
                None => last = Some((item.time, item.id.to_owned())),
            }
            sink(item)
        };
        match &self.file {
            Some(file) => merge(file, &self.ends, &mut once)?,
            None => self.index.iter().try_for_each(|slot| once(self.item(slot.at)?))?,
        }
        Ok(repeats)
    }

    fn sort(&mut self) {
        let mut index = std::mem::take(&mut self.index);
        index.sort_by(|one, other| {
            let keys = (one.time, one.begins).cmp(&(other.time, other.begins));
            keys.then_with(|| self.id(one.at).cmp(&self.id(other.at)))
        });
        self.index = index;
    }

    fn id(&self, at: usize) -> Option<&[u8]> {
        self.item(at).ok().map(|item| item.id)
    }

    fn item(&self, at: usize) -> io::Result<Item<'_>> {
        self.arena.get(at..).and_then(Item::read).ok_or_else(damaged)
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.index.is_empty() {
            return Ok(());
        }
        self.sort();
        let mut file = match self.file.take() {
            Some(file) => file,
            None => temporary()?,
        };
        let mut page = Vec::with_capacity(PAGE);
        let mut end = self.ends.last().copied().unwrap_or_default();
        for slot in &self.index {
            self.item(slot.at)?.write(&mut page);
            if page.len() >= PAGE {
                file.write_all(&page)?;
                end += u64::try_from(page.len()).unwrap_or_default();
                page.clear();
            }
        }
        file.write_all(&page)?;
        self.ends.push(end + u64::try_from(page.len()).unwrap_or_default());
        self.file = Some(file);
        self.arena.clear();
        self.index.clear();
        Ok(())
    }
}

/// Bytes of the time of an item.
const TIME: usize = 12;
/// What follows it: the id and the content. Each has its length before it.
const PARTS: usize = 3;

/// Orders as the whole does, as far as it goes.
fn beginning(id: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(id).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

impl<'i> Item<'i> {
    fn write(&self, out: &mut Vec<u8>) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        out.extend_from_slice(&self.time.as_second().to_le_bytes());
        out.extend_from_slice(&self.time.subsec_nanosecond().to_le_bytes());
        let [first, second] = self.parts;
        for part in [self.id, first, second] {
            out.extend_from_slice(&length(part));
            out.extend_from_slice(part);
        }
    }

    /// How many bytes the first one takes; `None` when it is not complete.
    fn length(bytes: &[u8]) -> Option<usize> {
        let mut end = TIME;
        for _ in 0..PARTS {
            let (length, _) = bytes.get(end..)?.split_first_chunk::<4>()?;
            end += length.len() + usize::try_from(u32::from_le_bytes(*length)).ok()?;
        }
        (end <= bytes.len()).then_some(end)
    }

    /// The first one; `None` when it is not complete.
    fn read(bytes: &'i [u8]) -> Option<Self> {
        let (seconds, rest) = bytes.split_first_chunk::<8>()?;
        let (nanoseconds, mut rest) = rest.split_first_chunk::<4>()?;
        let mut parts = [[].as_slice(); PARTS];
        for part in &mut parts {
            let (length, after) = rest.split_first_chunk::<4>()?;
            (*part, rest) = after.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        }
        let [id, first, second] = parts;
        let time = Timestamp::new(i64::from_le_bytes(*seconds), i32::from_le_bytes(*nanoseconds)).ok()?;
        Some(Self { time, id, parts: [first, second] })
    }
}

/// A part being read.
struct Part<'f> {
    file: &'f File,
    /// Bytes to read at a time.
    page: usize,
    buffer: Vec<u8>,
    /// Where its next item stands in the buffer.
    at: usize,
    /// What of it was not read yet, in the file.
    from: u64,
    end: u64,
}

impl Part<'_> {
    /// The next item; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Item<'_>>> {
        while self.buffer.get(self.at..).and_then(Item::length).is_none() {
            let size = self.end.saturating_sub(self.from).min(u64::try_from(self.page).unwrap_or_default());
            if size == 0 {
                return if self.at == self.buffer.len() { Ok(None) } else { Err(damaged()) };
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let before = self.buffer.len();
            self.buffer.resize(before + usize::try_from(size).unwrap_or_default(), 0);
            self.file.read_exact_at(self.buffer.get_mut(before..).unwrap_or_default(), self.from)?;
            self.from += size;
        }
        self.buffer.get(self.at..).and_then(Item::read).ok_or_else(damaged).map(Some)
    }

    /// Goes on to the item behind the next one.
    fn pass(&mut self) {
        self.at += self.buffer.get(self.at..).and_then(Item::length).unwrap_or_default();
    }
}

fn merge(file: &File, ends: &[u64], sink: &mut dyn FnMut(Item<'_>) -> io::Result<()>) -> io::Result<()> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let page = (PAGES / ends.len().max(1)).clamp(LEAST_PAGE, PAGE);
    let parts = starts.zip(ends).map(|(from, end)| Part { file, page, buffer: Vec::new(), at: 0, from, end: *end });
    let mut parts: Vec<Part<'_>> = parts.collect();
    // The least first; of equals the part that was written first.
    let mut heads = BinaryHeap::new();
    for (number, part) in parts.iter_mut().enumerate() {
        if let Some(item) = part.next()? {
            heads.push(Reverse((item.time, item.id.to_owned(), number)));
        }
    }
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((time, id, number)) = &mut *head;
        let part = parts.get_mut(*number).ok_or_else(damaged)?;
        sink(part.next()?.ok_or_else(damaged)?)?;
        part.pass();
        // The next of the same part takes the place of this one: the heap moves it only if another comes before it.
        match part.next()? {
            Some(item) => {
                *time = item.time;
                id.clear();
                id.extend_from_slice(item.id);
            }
            None => drop(PeekMut::pop(head)),
        }
    }
    Ok(())
}

/// A file that is gone as soon as it is closed.
fn temporary() -> io::Result<File> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!(".cattleguard-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the temporary file does not hold what was written to it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(run: usize, items: &[(i64, &str, &str)]) -> (Vec<(i64, String, Vec<u8>)>, u64) {
        let mut spool = Spool::new(run);
        for (second, id, content) in items {
            let time = Timestamp::from_second(*second).unwrap();
            spool.push(Item { time, id: id.as_bytes(), parts: [content.as_bytes(), b"late"] }).unwrap();
        }
        let mut out = Vec::new();
        spool.settle().unwrap();
        let mut repeats = 0;
        for _ in 0..2 {
            out.clear();
            repeats = spool
                .each(&mut |item| {
                    assert_eq!(item.parts[1], b"late");
                    let id = String::from_utf8(item.id.to_owned()).unwrap();
                    out.push((item.time.as_second(), id, item.parts[0].to_vec()));
                    Ok(())
                })
                .unwrap();
        }
        (out, repeats)
    }

    #[test]
    fn order_does_not_depend_on_what_fits_into_memory() {
        let long = "x".repeat(PAGE * 2);
        let ids: Vec<String> = (0..200).map(|number| format!("e{}", (number * 37) % 200)).collect();
        let items: Vec<(i64, &str, &str)> = ids
            .iter()
            .enumerate()
            .map(|(number, id)| {
                let second = i64::try_from((number * 17) % 31).unwrap() - 5;
                (second, id.as_str(), if number % 50 == 0 { long.as_str() } else { "short" })
            })
            .collect();
        let mut expected: Vec<_> =
            items.iter().map(|(second, id, text)| (*second, (*id).to_owned(), text.as_bytes().to_vec())).collect();
        expected.sort();
        for run in [1, 500, 100_000, RUN] {
            assert_eq!(drained(run, &items), (expected.clone(), 0), "{run}");
        }
        assert_eq!(drained(1, &[]), (Vec::new(), 0));
    }

    #[test]
    fn of_what_comes_again_the_first_stays() {
        let long = "y".repeat(900);
        let items = [(2, "b", "first"), (1, "a", &*long), (2, "b", "second"), (2, "c", "other"), (2, "b", "third")];
        let expected = [(1, "a", &*long), (2, "b", "first"), (2, "c", "other")]
            .map(|(second, id, text)| (second, id.to_owned(), text.into()));
        for run in [1, 500, RUN] {
            assert_eq!(drained(run, &items), (expected.to_vec(), 2), "{run}");
        }
    }
}
