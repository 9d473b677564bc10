//! Cuts a stream into records without parsing them: `{"Records": […]}`, `{"Events": […]}` as LookupEvents
//! writes it, arrays, single objects, and objects line by line, also one after another.
//!
//! Only brackets and strings are looked at, so that one broken record costs itself and not the file. Memory
//! is bounded by the greatest record, whatever the size of the file.

use std::io::{self, Read};

/// Greater than any record: CloudTrail's limit is 256 KB, 1 MB in event data stores, and twice that escaped.
pub(super) const MAX_RECORD: usize = 2 * 1024 * 1024;
/// The nesting that serde_json accepts.
pub(super) const MAX_DEPTH: u32 = 127;
/// CloudTrail writes this member first; it marks where the next record begins after a broken one.
const FIRST_MEMBER: &[u8] = b"\"eventVersion\"";
/// Every record has this member once.
const ID_MEMBER: &[u8] = b"\"eventID\"";
/// Blanks between the brace that opens a record and its first member.
const BLANKS: usize = 32;
const LISTS: [&[u8]; 2] = [b"Records", b"Events"];

/// What was cut out.
pub(super) enum Piece<'a> {
    /// An object; its inside is not checked.
    Record(&'a [u8]),
    /// Why it is none, and its beginning.
    Broken(&'static str, &'a [u8]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between records.
    Between,
    /// In an object.
    Inside,
    /// In something that is no object.
    Garbage,
    /// In what follows the list within its document.
    Tail,
    /// After a broken record, looking for the next.
    Lost,
}

enum Step {
    More,
    Done,
    ListOpens,
    Broken(&'static str),
}

/// The cutter.
pub(super) struct Splitter {
    buffer: Vec<u8>,
    state: State,
    /// Begin of the present object.
    start: usize,
    /// Next byte to look at.
    at: usize,
    depth: u32,
    /// One bit a level: set for objects.
    kinds: u128,
    in_string: bool,
    escaped: bool,
    /// The last member name of an outermost object, and whether its value follows.
    name: (usize, usize),
    colon: bool,
    string_start: usize,
    in_list: bool,
    /// Whether the list is a member of a document that goes on after it.
    in_document: bool,
    /// The present object is nested more deeply than anybody reads. Its kinds are not known any more.
    too_deep: bool,
    /// Ids of events passed over since a broken record.
    passed: u32,
    /// There was nothing but blanks so far.
    is_blank: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            state: State::Between,
            start: 0,
            at: 0,
            depth: 0,
            kinds: 0,
            in_string: false,
            escaped: false,
            name: (0, 0),
            colon: false,
            string_start: 0,
            in_list: false,
            in_document: false,
            too_deep: false,
            passed: 0,
            is_blank: true,
        }
    }
}

impl Splitter {
    /// Reads up to `size` bytes more and says how many it got; 0 at the end.
    pub(super) fn fill(&mut self, input: &mut impl Read, size: usize) -> io::Result<usize> {
        let keep_from = if matches!(self.state, State::Inside | State::Garbage) { self.start } else { self.at };
        self.buffer.drain(..keep_from.min(self.buffer.len()));
        self.start -= keep_from.min(self.start);
        self.at -= keep_from;
        self.string_start = self.string_start.saturating_sub(keep_from);
        self.name = (self.name.0.saturating_sub(keep_from), self.name.1.saturating_sub(keep_from));
        let before = self.buffer.len();
        self.buffer.resize(before + size, 0);
        let got = input.read(self.buffer.get_mut(before..).unwrap_or_default());
        self.buffer.truncate(before + *got.as_ref().unwrap_or(&0));
        got
    }

    /// Hands on every record that is complete.
    pub(super) fn drain(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        loop {
            let goes_on = match self.state {
                State::Between => self.between(),
                State::Inside => self.inside(sink),
                State::Garbage => self.garbage(sink),
                State::Tail => self.tail(),
                State::Lost => self.lost(sink),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Deals with what is left at the end of the input.
    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        while self.state == State::Inside {
            self.give_up("the input ends in the middle of a record", sink);
            self.drain(sink);
        }
        match self.state {
            State::Garbage => {
                sink(Piece::Broken("not a JSON object", self.buffer.get(self.start..).unwrap_or_default()));
            }
            State::Lost => self.tell_passed(sink),
            // Cut off between two records: the rest of the list is missing.
            State::Between if self.in_list => {
                sink(Piece::Broken("the input ends before its list of records does", &[]))
            }
            _ => {}
        }
    }

    /// Whether there was nothing but blanks.
    pub(super) fn is_blank(&self) -> bool {
        self.is_blank
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn between(&mut self) -> bool {
        let skip = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x1e | 0xef | 0xbb | 0xbf);
        let Some(offset) = self.rest().iter().position(|byte| !skip(byte)) else {
            self.at = self.buffer.len();
            return false;
        };
        self.at += offset;
        self.start = self.at;
        self.is_blank = false;
        match self.buffer.get(self.at) {
            Some(b'{') => self.enter(),
            Some(b'[') if !self.in_list => {
                (self.in_list, self.in_document) = (true, false);
                self.at += 1;
            }
            Some(b']') if self.in_list => {
                self.at += 1;
                self.in_list = false;
                if self.in_document {
                    self.enter_tail();
                }
            }
            _ => self.state = State::Garbage,
        }
        true
    }

    fn enter(&mut self) {
        self.state = State::Inside;
        self.begin();
        self.at += 1;
    }

    /// Nothing is known of an object that has just begun: the name of a member of the one before would count as its own.
    fn begin(&mut self) {
        (self.depth, self.kinds, self.in_string, self.escaped, self.colon) = (1, 1, false, false, false);
        (self.name, self.too_deep) = ((0, 0), false);
    }

    fn enter_tail(&mut self) {
        self.state = State::Tail;
        self.begin();
    }

    fn inside(&mut self, sink: &mut dyn FnMut(Piece<'_>)) -> bool {
        match self.scan() {
            Step::More if self.at - self.start > MAX_RECORD => self.give_up("longer than any CloudTrail record", sink),
            Step::More => return false,
            Step::Broken(why) => self.give_up(why, sink),
            Step::Done => {
                let text = self.buffer.get(self.start..self.at).unwrap_or_default();
                sink(if self.too_deep { Piece::Broken("nested too deeply", text) } else { Piece::Record(text) });
                self.state = State::Between;
            }
            Step::ListOpens => {
                self.state = State::Between;
                (self.in_list, self.in_document) = (true, true);
            }
        }
        true
    }

    fn tail(&mut self) -> bool {
        match self.scan() {
            Step::More => return false,
            Step::Done => self.state = State::Between,
            // Whatever follows the list is not ours to judge.
            Step::ListOpens => self.push(false),
            Step::Broken(_) => (self.state, self.passed) = (State::Lost, 0),
        }
        true
    }

    /// Goes on through the present object.
    fn scan(&mut self) -> Step {
        while let Some(byte) = self.buffer.get(self.at).copied() {
            if self.in_string {
                if let Some(step) = self.scan_string() {
                    return step;
                }
                continue;
            }
            self.at += 1;
            match byte {
                b'"' => (self.in_string, self.string_start) = (true, self.at),
                b'{' => self.push(true),
                b'[' if self.opens_list() => return Step::ListOpens,
                b'[' => self.push(false),
                b'}' | b']' => {
                    if !self.too_deep && (self.kinds & 1 == 1) != (byte == b'}') {
                        return Step::Broken("its brackets do not match");
                    }
                    self.kinds >>= 1;
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Step::Done;
                    }
                }
                b':' if self.depth == 1 => self.colon = true,
                b',' if self.depth == 1 => self.colon = false,
                _ => {}
            }
            // Where it ends is known all the same.
            self.too_deep |= self.depth > MAX_DEPTH;
        }
        Step::More
    }

    /// Goes on to the end of the present string; `None` when that is reached.
    fn scan_string(&mut self) -> Option<Step> {
        if self.escaped {
            self.escaped = false;
            self.at += 1;
        }
        let Some(offset) = self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\') || *byte < 0x20) else {
            self.at = self.at.max(self.buffer.len());
            return Some(Step::More);
        };
        self.at += offset + 1;
        match self.buffer.get(self.at - 1) {
            Some(b'"') => {
                self.in_string = false;
                if self.depth == 1 && !self.colon {
                    self.name = (self.string_start, self.at - 1);
                }
            }
            Some(b'\\') if self.at < self.buffer.len() => self.at += 1,
            Some(b'\\') => self.escaped = true,
            _ => return Some(Step::Broken("a string holds a line break or control character")),
        }
        None
    }

    fn push(&mut self, object: bool) {
        self.kinds = (self.kinds << 1) | u128::from(object);
        self.depth += 1;
    }

    /// Whether the bracket just read opens the list of records of an outermost document.
    fn opens_list(&self) -> bool {
        self.depth == 1
            && self.colon
            && !self.in_list
            && self.buffer.get(self.name.0..self.name.1).is_some_and(|name| LISTS.contains(&name))
    }

    fn garbage(&mut self, sink: &mut dyn FnMut(Piece<'_>)) -> bool {
        let ends = |byte: &u8| *byte == b'\n' || (self.in_list && matches!(byte, b',' | b']'));
        let end = self.rest().iter().position(ends).map(|offset| self.at + offset);
        let Some(end) = end else {
            self.at = self.buffer.len();
            if self.at - self.start > MAX_RECORD {
                self.give_up("not a JSON object", sink);
                return true;
            }
            return false;
        };
        sink(Piece::Broken("not a JSON object", self.buffer.get(self.start..end).unwrap_or_default()));
        self.at = end;
        self.state = State::Between;
        true
    }

    fn give_up(&mut self, why: &'static str, sink: &mut dyn FnMut(Piece<'_>)) {
        sink(Piece::Broken(why, self.buffer.get(self.start..self.at).unwrap_or_default()));
        self.at = self.start + 1;
        (self.state, self.passed) = (State::Lost, 0);
    }

    /// Says that records were passed over: the broken one has one id at most.
    fn tell_passed(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        if self.passed > 1 {
            sink(Piece::Broken("records after a broken one could not be told apart, and were not read", &[]));
        }
        self.passed = 0;
    }

    /// Looks for the next record: an object at the start of a line, or one that begins as CloudTrail's do.
    fn lost(&mut self, sink: &mut dyn FnMut(Piece<'_>)) -> bool {
        let rest = self.rest();
        let line = rest.windows(2).position(|pair| pair == b"\n{" && !self.in_list).map(|offset| offset + 1);
        let member = rest.windows(FIRST_MEMBER.len()).enumerate().filter(|(_, bytes)| *bytes == FIRST_MEMBER);
        let marked = member.filter_map(|(offset, _)| opening(rest, offset)).next();
        let found = [line, marked].into_iter().flatten().min();
        match found {
            Some(offset) => {
                self.pass(self.at + offset);
                self.state = State::Between;
                self.tell_passed(sink);
                true
            }
            None => {
                // The marker, with the blanks before it, may be cut in two by the end of the buffer.
                let keep = FIRST_MEMBER.len() + BLANKS;
                self.pass(self.at.max(self.buffer.len().saturating_sub(keep)));
                false
            }
        }
    }

    /// Goes on to a place, and counts the ids of events that begin before it.
    fn pass(&mut self, to: usize) {
        let end = self.buffer.len().min(to + ID_MEMBER.len() - 1);
        let text = self.buffer.get(self.at..end).unwrap_or_default();
        let ids = memchr::memmem::find_iter(text, ID_MEMBER).count();
        self.passed = self.passed.saturating_add(u32::try_from(ids).unwrap_or(u32::MAX));
        self.at = to;
    }
}

/// The position of the brace that opens the object whose first member begins at `member`. One that is further away
/// than what is kept from one read to the next counts for none, whatever the size of the reads.
fn opening(bytes: &[u8], member: usize) -> Option<usize> {
    let before = bytes.get(..member)?;
    let brace = before.iter().rposition(|byte| !byte.is_ascii_whitespace())?;
    (before.get(brace) == Some(&b'{') && member - brace <= BLANKS + 1).then_some(brace)
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
