//! A stream is cut into the same records, whatever the sizes in which it arrives.
#![no_main]

use std::io::{self, Read};

use cattleguard::collect::trail::{Entry, read_log};

/// Gives a few bytes at a time.
struct Drops<'d>(&'d [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(room.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        room[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn cut(input: impl Read) -> Vec<(bool, String)> {
    let mut pieces = Vec::new();
    read_log(input, "log", &mut |entry| {
        pieces.push(match entry {
            Entry::Record { raw, .. } => (true, raw.to_owned()),
            Entry::Problem(problem) => (false, problem.problem),
        });
    });
    pieces
}

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (size, text) = input;
    // What begins like gzip, or like something that is no text, is told by its first read.
    if !text.starts_with(b"{") {
        return;
    }
    assert_eq!(cut(text), cut(Drops(text, usize::from(size).max(1))));
});
