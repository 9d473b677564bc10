//! The source `sqs`: messages that name new log files, or are events themselves.
//!
//! Messages are read until there are no more, and deleted once the scan that holds their events is committed. What
//! cannot be understood, or not be read time after time, becomes a dead letter and is deleted as well.

use futures::StreamExt;
use jiff::Timestamp;

use super::TrailRead;
use super::held::{HeldMessages, VISIBILITY};
use super::message::{Part, parts};
use super::reading::{AT_ONCE, Reading};
use super::shortfall::Shortfall;
use crate::collect::collector::lock;
use crate::collect::logs::{LogAccess, ObjectName, QueueMessage};
use crate::collect::settings::QueueSource;
use crate::collect::source::{ReadError, ReadFailure};
use crate::collect::trail::clean;
use crate::store::DeadLetter;
use crate::types::{EventId, TrailProgress};

/// How long an empty queue is listened to: long enough that all of its servers are asked.
const WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// A message whose objects could not be read in this many receives is given up.
const RECEIVES: u32 = 5;

/// After so many messages in a row that could not be read no more are received.
const FRUITLESS: usize = 10;

/// How the name of a FIFO queue ends.
const FIFO: &str = ".fifo";

/// Characters of a message that are kept with its dead letter.
const BODY: usize = 4000;

/// Dead letters that are tried once more in one scan.
const AGAIN: usize = 100;

/// What came of one message.
#[derive(Default)]
struct Outcome {
    changes: Vec<EventId>,
    /// Why something of it is given up.
    dead: Vec<String>,
    /// Why it is kept in the queue.
    later: Option<ReadError>,
    /// What of it could not be read.
    problems: Option<(String, u64)>,
}

/// One queue while it is read.
struct QueueRead<'a> {
    reading: &'a Reading<'a>,
    source: &'a QueueSource,
    name: String,
    held: HeldMessages,
    dead: Vec<DeadLetter>,
    revived: Vec<((String, String), Vec<EventId>)>,
    /// Messages that stay in the queue.
    kept: u64,
    fruitless: usize,
    oldest: Option<Timestamp>,
    shortfall: Shortfall,
}

pub(super) async fn read(reading: &Reading<'_>, source: &QueueSource, read: &mut TrailRead) {
    let mut queue = QueueRead {
        reading,
        source,
        name: source.name(),
        held: HeldMessages::new(source),
        dead: Vec::new(),
        revived: Vec::new(),
        kept: 0,
        fruitless: 0,
        oldest: None,
        shortfall: Shortfall::default(),
    };
    queue.recall().await;
    let drained = match queue.drain().await {
        Ok(drained) => drained,
        Err(error) => {
            queue.shortfall.fail(error);
            false
        }
    };
    let (drained, unread) = queue.left(drained).await;
    queue.finish(drained, unread, read);
}

impl QueueRead<'_> {
    /// Tries once more what was given up and somebody wants to be read.
    async fn recall(&mut self) {
        let Self { reading, source, .. } = *self;
        let letters = reading.collection.memory.again.iter().filter(|letter| letter.source == self.name);
        for letter in letters.take(AGAIN).cloned().collect::<Vec<_>>() {
            let DeadLetter { name, body, .. } = letter;
            let (whole, receives) = (body.chars().count() < BODY, RECEIVES);
            let message = QueueMessage { id: name, handle: String::new(), body, sent_at: None, receives };
            let Outcome { changes, mut dead, later, problems } = match whole {
                true => read_message(reading, source, &message).await,
                false => Outcome {
                    dead: vec!["only the beginning of the message was kept".to_owned()],
                    ..Outcome::default()
                },
            };
            if let Some((first, _)) = problems {
                self.shortfall.say(first);
            }
            match later {
                Some(error) if error.is_lasting() => dead.push(error.reason()),
                // It is wanted still: the next scan tries it.
                Some(error) => {
                    self.shortfall.fail(error);
                    continue;
                }
                None => {}
            }
            if dead.is_empty() {
                self.revived.push(((self.name.clone(), message.id), changes));
            } else {
                self.bury(&message, &dead);
            }
        }
    }

    fn bury(&mut self, message: &QueueMessage, why: &[String]) {
        let first = why.first().map_or("", String::as_str);
        self.shortfall.say(format!("message {} of {} was given up: {first}", clean(&message.id), self.name));
        self.dead.push(DeadLetter {
            source: self.name.clone(),
            name: clean(&message.id),
            reason: clean(&why.join("; ")),
            body: message.body.chars().take(BODY).collect(),
            at: self.reading.now,
            again: false,
        });
    }

    /// Receives until nothing comes any more; says whether that was the end of the queue.
    async fn drain(&mut self) -> Result<bool, ReadError> {
        let Self { reading, source, .. } = *self;
        let (logs, clock) = (reading.logs, reading.collection.clock);
        loop {
            if self.held.len() >= source.messages || self.fruitless >= FRUITLESS {
                return Ok(false);
            }
            let received = logs.receive(&source.access, &source.url, WAIT, VISIBILITY).await?;
            if received.is_empty() {
                return Ok(true);
            }
            let now = clock();
            self.oldest = received.iter().filter_map(|message| message.sent_at).min().or(self.oldest);
            let new = received.into_iter().filter(|message| self.held.receive(message, now)).collect::<Vec<_>>();
            let mut outcomes = futures::stream::iter(new)
                .map(|message| async move {
                    let outcome = read_message(reading, source, &message).await;
                    (message, outcome)
                })
                .buffer_unordered(AT_ONCE);
            while let Some((message, outcome)) = outcomes.next().await {
                self.settle(message, outcome);
                if let Err(error) = self.held.renew(logs, clock()).await {
                    tracing::warn!(error = %error, "messages may be received twice");
                }
            }
        }
    }

    fn settle(&mut self, message: QueueMessage, outcome: Outcome) {
        let Outcome { changes, mut dead, later, problems } = outcome;
        if let Some((first, count)) = problems {
            self.shortfall.say_all(first, count);
        }
        let given_up = later.as_ref().filter(|error| message.receives >= RECEIVES && error.is_lasting());
        if let Some(error) = given_up {
            dead.push(format!("{} (received {} times)", error.reason(), message.receives));
        } else if let Some(error) = later {
            self.kept += 1;
            self.fruitless += 1;
            self.shortfall.fail(error);
            return;
        }
        self.fruitless = 0;
        if !dead.is_empty() {
            self.bury(&message, &dead);
        }
        self.held.done(&message.id, changes);
    }

    /// Whether everything was received, and the messages that are left in the queue, about. Says so where that means that
    /// something was not read.
    async fn left(&mut self, drained: bool) -> (bool, u64) {
        let Self { reading, source, .. } = *self;
        let depth = match reading.logs.depth(&source.access, &source.url).await {
            Ok(depth) => depth,
            Err(error) => {
                self.shortfall.fail(error);
                return (drained, self.kept);
            }
        };
        // A FIFO queue gives out no more of a group before what was received of it is deleted.
        let drained = drained && !(source.url.ends_with(FIFO) && depth.waiting > 0);
        // What this scan holds is in flight as well.
        let others = depth.in_flight.saturating_sub(self.held.len() as u64);
        if !drained && self.fruitless < FRUITLESS && self.shortfall.error().is_none() {
            let sent = self.oldest.map(|at| format!(", the last that was read was sent {at}")).unwrap_or_default();
            self.shortfall.say(format!("{} is behind: about {} messages wait{sent}", self.name, depth.waiting));
        }
        if others > 0 {
            self.shortfall.say(format!(
                "about {others} messages of {} are held by another reader, or by a scan that was interrupted",
                self.name
            ));
        }
        (drained, self.kept + others + if drained { 0 } else { depth.waiting })
    }

    /// Accounts for every place: a queue does not tell them apart.
    fn finish(self, drained: bool, unread: u64, read: &mut TrailRead) {
        let status = self.shortfall.status(self.held.len() > 0);
        let through = if drained && self.kept == 0 { Some(self.reading.now) } else { self.oldest };
        let reason = self.shortfall.reason();
        let mut builder = lock(self.reading.builder);
        for place in &self.reading.collection.settings.places {
            let progress = TrailProgress {
                name: self.name.clone(),
                account: place.account.clone(),
                region: place.region.clone(),
                status,
                through,
                unread,
                reason: reason.clone(),
            };
            builder.trail_read(progress, self.shortfall.error());
            if let Some(through) = through {
                read.checkpoints.push((place.clone(), self.name.clone(), through));
            }
        }
        read.marks.dead.extend(self.dead);
        read.revived.extend(self.revived);
        read.held.push(self.held);
    }
}

async fn read_message(reading: &Reading<'_>, source: &QueueSource, message: &QueueMessage) -> Outcome {
    let mut outcome = Outcome::default();
    let parts = match parts(&message.body) {
        Ok(parts) => parts,
        Err(reason) => {
            outcome.dead.push(reason);
            return outcome;
        }
    };
    for part in parts {
        match part {
            Part::Event(record) => {
                let origin = format!("{} message {}", source.name(), message.id);
                outcome.changes.extend(reading.record(&record, &origin));
            }
            Part::Object { name, size, region } if super::layout::is_log(&name.key) => {
                read_object(reading, source, &name, size, region, &mut outcome).await;
            }
            // Digests, insights and what other services put into the bucket.
            Part::Object { .. } => {}
        }
    }
    outcome
}

async fn read_object(
    reading: &Reading<'_>,
    source: &QueueSource,
    name: &ObjectName,
    size: Option<u64>,
    region: Option<String>,
    outcome: &mut Outcome,
) {
    if !source.buckets.contains(&name.bucket) {
        outcome.dead.push(format!("{}: the bucket is not among `buckets`", clean(&name.to_string())));
        return;
    }
    let mut at: LogAccess = source.access.clone();
    if let Some(region) = region {
        at.place.region = region.into();
    }
    match reading.object(&at, name, size).await {
        Ok(held) => {
            outcome.changes.extend(held.changes.iter().cloned());
            match (held.garbage(), held.problems.as_ref()) {
                (Some(why), _) => outcome.dead.push(why.to_owned()),
                (None, Some((first, count))) => {
                    let (_, total) = outcome.problems.get_or_insert_with(|| (first.clone(), 0));
                    *total += count;
                }
                (None, None) => {}
            }
        }
        Err(error) if error.failure == ReadFailure::NotFound => outcome.dead.push(error.reason()),
        Err(error) => outcome.later = Some(error),
    }
}
