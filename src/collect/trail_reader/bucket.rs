//! The source `s3`: the log files of a trail's bucket, by account-region.
//!
//! A listing goes on where the last scan's ended, a little earlier: CloudTrail delivers late and out of order. What was
//! read in that overlap is remembered by key and entity tag and is not read again; what could not be read is
//! remembered as well, and tried again by every scan.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use jiff::Timestamp;

use super::reading::{AT_ONCE, Held, LARGEST, Reading};
use super::shortfall::Shortfall;
use super::{TrailRead, layout, start};
use crate::collect::builder::Builder;
use crate::collect::collector::lock;
use crate::collect::logs::{Listing, LogObject, ObjectName};
use crate::collect::settings::BucketSource;
use crate::collect::source::{ReadError, ReadFailure};
use crate::collect::trail::clean;
use crate::store::{DeadLetter, ObjectMark};
use crate::types::{EventId, Place, TrailProgress};

/// Objects that are read before it is looked at what came of them.
const CHUNK: usize = 16;

/// Objects that could not be read, and are tried again in one scan.
const RETRIES: usize = 100;

pub(super) async fn read(reading: &Reading<'_>, source: &BucketSource, read: &mut TrailRead) {
    let settings = reading.collection.settings;
    let outcomes: Vec<PlaceRead<'_>> = futures::stream::iter(&settings.places)
        .map(|place| PlaceRead::run(reading, source, place))
        .buffer_unordered(settings.concurrency.max(1))
        .collect()
        .await;
    for outcome in outcomes {
        outcome.finish(&mut lock(reading.builder), read);
    }
}

/// One account-region while it is read.
struct PlaceRead<'a> {
    reading: &'a Reading<'a>,
    source: &'a BucketSource,
    place: &'a Place,
    name: String,
    /// Everything delivered up to here was read, or is remembered as unread.
    through: Option<Timestamp>,
    /// Objects that were fetched in this scan.
    fetched: usize,
    marks: Vec<(ObjectMark, Vec<EventId>)>,
    dead: Vec<DeadLetter>,
    /// Keys that were given up and are tried once more.
    again: BTreeSet<&'a str>,
    revived: Vec<((String, String), Vec<EventId>)>,
    /// Objects that could not be read and will be tried again.
    unread: u64,
    shortfall: Shortfall,
    any: bool,
}

/// What came of one object.
enum Outcome {
    Read(Held),
    /// It can be tried again.
    Later(ReadError),
    /// It cannot.
    Never(String),
}

impl<'a> PlaceRead<'a> {
    async fn run(reading: &'a Reading<'a>, source: &'a BucketSource, place: &'a Place) -> Self {
        let mut this = Self {
            reading,
            source,
            place,
            name: source.name(),
            through: None,
            fetched: 0,
            marks: Vec::new(),
            dead: Vec::new(),
            again: BTreeSet::new(),
            revived: Vec::new(),
            unread: 0,
            shortfall: Shortfall::default(),
            any: false,
        };
        let known = this.known();
        this.recall(&known).await;
        if this.retry(&known).await
            && let Err(error) = this.list(&known).await
        {
            this.shortfall.fail(error);
        }
        this
    }

    /// What earlier scans remember of this account-region, by key.
    fn known(&self) -> BTreeMap<&'a str, &'a ObjectMark> {
        let marks = self.reading.collection.memory.objects.iter();
        let mine = marks.filter(|mark| mark.place == *self.place && mark.source == self.name);
        mine.map(|mark| (mark.key.as_str(), mark)).collect()
    }

    /// Tries once more what was given up and somebody wants to be read. What waits by itself is left to [`Self::retry`].
    async fn recall(&mut self, known: &BTreeMap<&str, &ObjectMark>) {
        let prefix = layout::prefix(self.source, self.place);
        let letters = self.reading.collection.memory.again.iter();
        let mine = letters.filter(|letter| letter.source == self.name && letter.name.starts_with(&prefix));
        self.again = mine.map(|letter| letter.name.as_str()).collect();
        let now = self.reading.now;
        let mark = |key: &&'a str| match known.get(key) {
            Some(mark) => Some((*mark).clone()).filter(|mark| mark.problem.is_none()),
            None => Some(ObjectMark {
                place: self.place.clone(),
                source: self.name.clone(),
                key: (*key).to_owned(),
                etag: String::new(),
                size: LARGEST,
                delivered_at: layout::delivered_at(key).unwrap_or(now),
                attempts: 0,
                problem: None,
            }),
        };
        let marks: Vec<ObjectMark> = self.again.iter().filter_map(mark).take(RETRIES).collect();
        self.read_all(marks, true).await;
    }

    /// Tries again what could not be read; says whether there is any use in going on.
    async fn retry(&mut self, known: &BTreeMap<&str, &ObjectMark>) -> bool {
        let mut unread: Vec<&ObjectMark> = known.values().copied().filter(|mark| mark.problem.is_some()).collect();
        unread.sort_by(|a, b| (a.delivered_at, &a.key).cmp(&(b.delivered_at, &b.key)));
        let left = unread.len().saturating_sub(RETRIES);
        if left > 0 {
            self.unread += left as u64;
            self.shortfall.say(format!("{left} log files that could not be read wait for another scan"));
        }
        let marks: Vec<ObjectMark> = unread.into_iter().take(RETRIES).cloned().collect();
        let tried = marks.len();
        let failed = self.read_all(marks, true).await;
        // Nothing of many: the bucket is shut, and listing it would only find more of the same.
        failed < CHUNK || failed < tried
    }

    async fn list(&mut self, known: &BTreeMap<&str, &ObjectMark>) -> Result<(), ReadError> {
        let Self { reading, source, place, .. } = *self;
        let from = start(reading.collection, reading.builder, place, &self.name, reading.now);
        let listing = Listing {
            bucket: source.bucket.clone(),
            prefix: layout::prefix(source, place),
            after: Some(layout::before(source, place, from)),
        };
        let (mut next, mut any) = (None, false);
        loop {
            let page = reading.logs.list_objects(&source.access, &listing, next.clone()).await?;
            let new = page.items.iter().filter(|object| {
                let mark = known.get(object.key.as_str());
                layout::is_log(&object.key) && mark.is_none_or(|mark| mark.etag != object.etag)
            });
            let new: Vec<ObjectMark> = new.map(|object| self.mark(object)).collect();
            if !self.take(new, page.next.is_some()).await {
                return Ok(());
            }
            any |= page.items.iter().any(|object| layout::is_log(&object.key));
            match page.next {
                None if !any && !self.has_been_read() && self.is_empty().await? => {
                    let place = format!("s3://{}/{}", source.bucket, listing.prefix);
                    self.shortfall
                        .say(format!("there is no log file under {place}: are `prefix` and `organization` right?"));
                    return Ok(());
                }
                None => {
                    self.through = Some(reading.now);
                    return Ok(());
                }
                Some(token) if next.as_ref() == Some(&token) => {
                    return Err(ReadError {
                        api: "s3:ListBucket",
                        place: place.clone(),
                        failure: ReadFailure::Invalid,
                        detail: "the same page token came twice".to_owned(),
                    });
                }
                token => next = token,
            }
        }
    }

    fn has_been_read(&self) -> bool {
        self.reading.collection.memory.checkpoints.contains_key(&(self.place.clone(), self.name.clone()))
    }

    /// Whether there is nothing at all where the log files of the place should be: a wrong prefix looks as quiet as an
    /// account in which nothing happens.
    async fn is_empty(&self) -> Result<bool, ReadError> {
        let Self { reading, source, place, .. } = *self;
        let (bucket, prefix) = (source.bucket.clone(), layout::prefix(source, place));
        let listing = Listing { bucket, prefix, after: None };
        let page = reading.logs.list_objects(&source.access, &listing, None).await?;
        Ok(page.next.is_none() && page.items.iter().all(|object| !layout::is_log(&object.key)))
    }

    /// Reads the new objects of one page; says whether to go on with the next.
    async fn take(&mut self, objects: Vec<ObjectMark>, more: bool) -> bool {
        let mut rest = objects.into_iter().peekable();
        while let Some(first) = rest.peek().map(|mark| mark.delivered_at) {
            let room = self.source.objects.saturating_sub(self.fetched).min(CHUNK);
            if room == 0 {
                let left = rest.count() as u64;
                self.unread += left;
                let left = if more { format!("more than {left}") } else { left.to_string() };
                self.through = Some(first);
                self.shortfall
                    .say(format!("{} is behind: {left} log files since {first} are left for the next scan", self.name));
                return false;
            }
            let chunk: Vec<ObjectMark> = rest.by_ref().take(room).collect();
            let (size, last) = (chunk.len(), chunk.last().map(|mark| mark.delivered_at));
            if self.read_all(chunk, false).await == size {
                // None of them could be read: they are listed again, and nothing is gained by asking for more.
                self.unread += rest.count() as u64;
                self.through = Some(first);
                return false;
            }
            self.through = last.max(self.through);
        }
        true
    }

    /// Reads objects and marks them; returns how many will have to be tried again. Where that is all of them, new ones
    /// are not marked: the next listing finds them.
    async fn read_all(&mut self, objects: Vec<ObjectMark>, marked: bool) -> usize {
        let Self { reading, source, .. } = *self;
        let size = objects.len();
        self.fetched += size;
        let mut outcomes: Vec<(ObjectMark, Outcome)> = futures::stream::iter(objects)
            .map(|mark| async move {
                let name = ObjectName { bucket: source.bucket.clone(), key: mark.key.clone() };
                let outcome = match reading.object(&source.access, &name, Some(mark.size)).await {
                    Ok(held) => match held.garbage() {
                        Some(why) => Outcome::Never(why.to_owned()),
                        None => Outcome::Read(held),
                    },
                    Err(error) => match error.failure {
                        ReadFailure::NotFound => Outcome::Never(error.reason()),
                        _ => Outcome::Later(error),
                    },
                };
                (mark, outcome)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        outcomes.sort_by(|(a, _), (b, _)| (a.delivered_at, &a.key).cmp(&(b.delivered_at, &b.key)));
        let failed = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Later(_))).count();
        let keep = marked || failed < size;
        for (mark, outcome) in outcomes {
            self.settle(mark, outcome, keep);
        }
        failed
    }

    fn settle(&mut self, mark: ObjectMark, outcome: Outcome, keep: bool) {
        match outcome {
            Outcome::Read(held) => {
                self.any = true;
                if let Some((first, count)) = held.problems {
                    self.shortfall.say_all(first, count);
                }
                if self.again.contains(mark.key.as_str()) {
                    self.revived.push(((self.name.clone(), mark.key.clone()), held.changes.clone()));
                }
                self.marks.push((ObjectMark { problem: None, ..mark }, held.changes));
            }
            Outcome::Later(error) => {
                self.unread += 1;
                if keep {
                    let (attempts, problem) = (mark.attempts.saturating_add(1), Some(error.reason()));
                    self.marks.push((ObjectMark { attempts, problem, ..mark }, Vec::new()));
                }
                self.shortfall.fail(error);
            }
            Outcome::Never(reason) => {
                self.shortfall.say(reason.clone());
                self.dead.push(DeadLetter {
                    source: self.name.clone(),
                    name: clean(&mark.key),
                    reason,
                    body: format!("{} bytes, delivered {}", mark.size, mark.delivered_at),
                    at: self.reading.now,
                    again: false,
                });
                self.marks.push((ObjectMark { problem: None, ..mark }, Vec::new()));
            }
        }
    }

    fn mark(&self, object: &LogObject) -> ObjectMark {
        let LogObject { key, etag, size, modified } = object;
        ObjectMark {
            place: self.place.clone(),
            source: self.name.clone(),
            key: key.clone(),
            etag: etag.clone(),
            size: *size,
            delivered_at: layout::delivered_at(key).or(*modified).unwrap_or(self.reading.now),
            attempts: 0,
            problem: None,
        }
    }

    /// Accounts for the place, and hands on what is to be remembered.
    fn finish(self, builder: &mut Builder, read: &mut TrailRead) {
        let status = self.shortfall.status(self.any);
        let progress = TrailProgress {
            name: self.name.clone(),
            account: self.place.account.clone(),
            region: self.place.region.clone(),
            status,
            through: self.through,
            unread: self.unread,
            reason: self.shortfall.reason(),
        };
        builder.trail_read(progress, self.shortfall.error());
        if let Some(through) = self.through {
            read.checkpoints.push((self.place.clone(), self.name.clone(), through));
        }
        read.objects.extend(self.marks);
        read.marks.dead.extend(self.dead);
        read.revived.extend(self.revived);
    }
}
