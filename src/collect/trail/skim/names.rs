//! What a service and a name alone say of a record.

use std::collections::BTreeMap;

use crate::collect::trail::classify::{IgnoredReason, by_name};

/// A power of two, more than the names that one trail shows in a day.
const SLOTS: usize = 2048;
/// Longer calls are looked up each time.
const LONGEST: usize = 120;

/// What the table says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The record has to be parsed.
    Matters,
    /// It has to be parsed unless it says that it only reads.
    UnlessRead,
    /// Never a change.
    Other,
    AgentChatter,
    NotAModification,
}

/// Verdicts that were asked for, so that the table is asked once for each call, and the count of each.
pub(in crate::collect::trail) struct Names {
    slots: Vec<Slot>,
    counts: [u64; 5],
}

#[derive(Clone)]
struct Slot {
    call: Vec<u8>,
    verdict: Verdict,
}

impl Default for Names {
    fn default() -> Self {
        Self { slots: vec![Slot { call: Vec::new(), verdict: Verdict::Matters }; SLOTS], counts: [0; 5] }
    }
}

impl Names {
    /// The verdict on `service","eventName":"Name`.
    #[inline(always)]
    pub(super) fn verdict(&mut self, call: &[u8]) -> Verdict {
        match self.slots.get(place(call)) {
            Some(slot) if slot.call == call => slot.verdict,
            _ => self.ask(call),
        }
    }

    #[cold]
    fn ask(&mut self, call: &[u8]) -> Verdict {
        let verdict = asked(call).unwrap_or(Verdict::Matters);
        if call.len() <= LONGEST
            && let Some(slot) = self.slots.get_mut(place(call))
        {
            *slot = Slot { call: call.to_vec(), verdict };
        }
        verdict
    }

    /// Counts a record that is passed over; always true.
    #[inline(always)]
    pub(super) fn count(&mut self, verdict: Verdict) -> bool {
        if let Some(count) = self.counts.get_mut(verdict as usize) {
            *count += 1;
        }
        true
    }

    /// Forgets the counts of a walk that was given up.
    pub(super) fn reset(&mut self) {
        self.counts = [0; 5];
    }

    /// Takes the counts.
    pub(super) fn counts(&mut self) -> BTreeMap<IgnoredReason, u64> {
        let [_, read, other, chatter, quiet] = std::mem::take(&mut self.counts);
        let reasons = [
            (IgnoredReason::ReadOnly, read),
            (IgnoredReason::OtherService, other),
            (IgnoredReason::AgentChatter, chatter),
            (IgnoredReason::NotAModification, quiet),
        ];
        reasons.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

fn asked(call: &[u8]) -> Option<Verdict> {
    let (source, name) = std::str::from_utf8(call).ok()?.split_once("\",\"eventName\":\"")?;
    if source.contains(['"', '\\']) {
        return None;
    }
    let name = name.trim();
    Some(match (by_name(source, name, None), by_name(source, name, Some(true))) {
        (Some(IgnoredReason::OtherService), _) => Verdict::Other,
        (Some(IgnoredReason::AgentChatter), _) => Verdict::AgentChatter,
        (Some(IgnoredReason::NotAModification), _) => Verdict::NotAModification,
        (_, Some(IgnoredReason::ReadOnly)) => Verdict::UnlessRead,
        _ => Verdict::Matters,
    })
}

/// Where a call is kept: by its length and its ends, which is where calls differ.
#[inline(always)]
fn place(call: &[u8]) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let middle = call.len().checked_sub(16).and_then(|from| call.get(from..)).and_then(<[u8]>::first_chunk);
    let mixed = word(call.first_chunk()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ word(call.last_chunk()).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ word(middle).wrapping_mul(0x1656_67b1_9e37_79f9)
        ^ u64::try_from(call.len()).unwrap_or_default();
    usize::try_from(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SLOTS.trailing_zeros())).unwrap_or_default()
}
