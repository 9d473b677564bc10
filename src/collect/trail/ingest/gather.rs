//! Everything that was found, put together in the order of the input.

use std::io;

use memchr::memmem;

use super::chunk::{Change, Chunk, Entry, Late};
use super::spool::{Item, Spool};
use super::{IngestRequest, IngestSummary};
use crate::collect::trail::classify::IgnoredReason;
use crate::collect::trail::launch::LaunchSeen;
use crate::collect::trail::learn::{EndSeen, Roles, Taught};
use crate::collect::trail::lesson::{Asked, Lesson};
use crate::collect::trail::links::LinkMap;
use crate::collect::trail::resolve::instances;
use crate::types::InstanceId;

const MAX_SET_ASIDE: usize = 1000;
/// Bytes of lessons that are sorted at a time.
const LESSONS: usize = 1024 * 1024;

/// What was found so far.
#[derive(Debug)]
pub(super) struct Gather {
    spool: Spool,
    launches: Vec<LaunchSeen>,
    ends: Vec<EndSeen>,
    roles: Roles,
    asked: Asked,
    lessons: Spool,
    summary: IngestSummary,
}

impl Gather {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            spool: Spool::default(),
            launches: Vec::new(),
            ends: Vec::new(),
            roles: Roles::default(),
            asked: Asked::default(),
            lessons: Spool::new(LESSONS),
            summary: IngestSummary::default(),
        }
    }

    /// Takes a chunk in and gives its memory back.
    pub(super) fn absorb(&mut self, chunk: Chunk) -> io::Result<Vec<u8>> {
        let Chunk { entries, text, launches, ends, roles, asked, ignored, set_aside, set_aside_total, stats } = chunk;
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        for Entry { time, id, change } in entries {
            let id = part(id);
            let Some(Change { text: line, late, lesson: [sketch, lesson] }) = change else {
                // Only to be told from its repeats.
                self.spool.push(Item { time, id, parts: [&[], &[]] })?;
                continue;
            };
            if !lesson.is_empty() {
                self.lessons.push(Item { time, id, parts: [part(sketch), part(lesson)] })?;
            }
            self.spool.push(Item { time, id, parts: [part(line), part(late)] })?;
        }
        self.launches.extend(launches);
        self.ends.extend(ends);
        self.roles.add(roles);
        self.asked.add(asked);
        ignored.into_iter().for_each(|(reason, count)| self.ignore(reason, count));
        self.summary.set_aside_total += set_aside_total;
        let room = MAX_SET_ASIDE.saturating_sub(self.summary.set_aside.len());
        self.summary.set_aside.extend(set_aside.into_iter().take(room));
        self.summary.files += stats.files;
        self.summary.bytes += stats.bytes;
        self.summary.events_read += stats.events;
        Ok(text)
    }

    fn ignore(&mut self, reason: IgnoredReason, count: u64) {
        *self.summary.ignored.entry(reason).or_default() += count;
    }

    /// Learns, resolves what had to wait for that, and hands everything on.
    pub(super) fn finish(
        self,
        request: &IngestRequest<'_>,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<IngestSummary> {
        let Self { mut spool, launches, ends, roles, asked, mut lessons, mut summary } = self;
        // What was learned takes its place.
        spool.settle()?;
        let mut links = request.links.clone();
        let taught =
            Taught { launches: &launches, ends: &ends, roles: &roles, asked: &asked, asked_only: !request.learn_all };
        learn(&mut links, taught, &mut lessons)?;
        drop((launches, ends, roles, asked, lessons));
        let hole = format!("[]{}[]", request.form.between);
        let hole = memmem::Finder::new(&hole);
        let (mut kept, mut noise, mut reports, mut filled, mut out) = (0, 0, 0, Vec::new(), Vec::new());
        let repeats = spool.each(&mut |item| {
            let [mut text, late] = item.parts;
            if text.is_empty() {
                reports += 1;
                return Ok(());
            }
            if !late.is_empty() {
                let Late { place, by_service, targets } = postcard::from_bytes(late).map_err(io::Error::other)?;
                let Some((found, unresolved)) = instances(targets, &place, item.time, by_service, &links) else {
                    noise += 1;
                    return Ok(());
                };
                filled.clear();
                fill(text, &hole, (&found, request.form.between, &unresolved), &mut filled)?;
                text = &filled;
            }
            kept += 1;
            out.clear();
            (request.form.finish)(text, &mut out);
            sink(&out)
        })?;
        summary.events_kept = kept;
        let late = [
            (IgnoredReason::LaunchNoise, noise),
            (IgnoredReason::Inventory, reports),
            (IgnoredReason::Duplicate, repeats),
        ];
        for (reason, count) in late {
            if count > 0 {
                *summary.ignored.entry(reason).or_default() += count;
            }
        }
        summary.links = links;
        Ok(summary)
    }
}

/// Learns what everything taught.
fn learn(links: &mut LinkMap, taught: Taught<'_>, lessons: &mut Spool) -> io::Result<()> {
    lessons.settle()?;
    taught.learn(links, &mut |show| {
        let each = lessons.each(&mut |item| {
            let [sketch, lesson] = item.parts;
            if !taught.asked_only || Lesson::matters(sketch, taught.asked) {
                show(&Lesson::read(lesson, item.time).map_err(io::Error::other)?);
            }
            Ok(())
        });
        each.map(drop)
    })
}

/// Puts the lists where they belong.
fn fill(
    text: &[u8],
    hole: &memmem::Finder<'_>,
    (found, between, unresolved): (&[InstanceId], &str, &[String]),
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let Some(at) = hole.find(text) else {
        out.extend_from_slice(text);
        return Ok(());
    };
    let (before, after) = text.split_at(at);
    out.extend_from_slice(before);
    serde_json::to_writer(&mut *out, found)?;
    out.extend_from_slice(between.as_bytes());
    serde_json::to_writer(&mut *out, unresolved)?;
    out.extend_from_slice(after.get(hole.needle().len()..).unwrap_or_default());
    Ok(())
}
