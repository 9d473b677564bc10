//! Reading a manifest on a thread of its own, some way ahead of who wants its entries.

use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};

use super::{ManifestError, Reader, Verified};
use crate::entry::Entry;
use crate::packages::Package;

/// Entries handed over at once.
const CHUNK: usize = 256;

/// Chunks that may wait: this bounds the memory, whatever the size of the manifest.
const WAITING: usize = 4;

enum Message {
    Entries(Vec<Entry>),
    End(Box<Result<Verified, ManifestError>>),
}

/// A manifest being read ahead. As with a [`Reader`], nothing may be relied on before [`Ahead::finish`] has agreed.
pub struct Ahead {
    messages: Receiver<Message>,
    chunk: std::vec::IntoIter<Entry>,
    end: Option<Box<Result<Verified, ManifestError>>>,
    packages: Vec<Package>,
}

impl Ahead {
    /// Starts the thread. It ends by itself when this value is dropped.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new<R: Read + Send + 'static>(reader: Reader<R>) -> Result<Self, ManifestError> {
        let packages = reader.packages().unwrap_or_default().to_vec();
        let (sender, messages) = sync_channel(WAITING);
        std::thread::Builder::new().name("golden".to_owned()).spawn(move || {
            let outcome = read(reader, &mut |chunk| sender.send(Message::Entries(chunk)).is_ok());
            // Nobody waits for it any more if this fails.
            let _ = sender.send(Message::End(Box::new(outcome)));
        })?;
        Ok(Self { messages, chunk: Vec::new().into_iter(), end: None, packages })
    }

    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// As [`Reader::entry`].
    pub fn entry(&mut self) -> Result<Option<Entry>, ManifestError> {
        loop {
            if let Some(entry) = self.chunk.next() {
                return Ok(Some(entry));
            }
            if self.end.is_none() {
                match self.messages.recv() {
                    Ok(Message::Entries(chunk)) => {
                        self.chunk = chunk.into_iter();
                        continue;
                    }
                    Ok(Message::End(end)) => self.end = Some(end),
                    Err(_) => return Err(ManifestError::Reader),
                }
            }
            return match self.end.take_if(|end| end.is_err()) {
                Some(failed) => failed.map(|_| None),
                None => Ok(None),
            };
        }
    }

    /// What the whole of it says, once every entry was taken.
    ///
    /// # Errors
    /// As [`Reader::finish`].
    pub fn finish(mut self) -> Result<Verified, ManifestError> {
        while self.entry()?.is_some() {}
        self.end.map_or(Err(ManifestError::Reader), |end| *end)
    }

    /// The package an entry belongs to.
    pub fn package_of(&self, entry: &Entry) -> Option<&Package> {
        self.packages.get(usize::try_from(entry.package?).ok()?)
    }
}

fn read<R: Read>(
    mut reader: Reader<R>,
    hand_over: &mut dyn FnMut(Vec<Entry>) -> bool,
) -> Result<Verified, ManifestError> {
    let mut chunk = Vec::with_capacity(CHUNK);
    while let Some(entry) = reader.entry()? {
        chunk.push(entry);
        if chunk.len() == CHUNK && !hand_over(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))) {
            return Err(ManifestError::Reader);
        }
    }
    hand_over(chunk);
    reader.finish()
}
