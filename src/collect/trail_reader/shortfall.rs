//! Why a source was not read in full: the first reason, how many more there are, and the first error.

use crate::collect::source::ReadError;
use crate::types::CoverageStatus;

/// Empty for what was read in full.
#[derive(Debug, Default)]
pub(super) struct Shortfall {
    first: Option<String>,
    more: u64,
    error: Option<ReadError>,
}

impl Shortfall {
    pub(super) fn say(&mut self, reason: String) {
        self.say_all(reason, 1);
    }

    /// So many reasons, of which this is the first.
    pub(super) fn say_all(&mut self, first: String, count: u64) {
        self.more += count;
        if self.first.is_none() {
            self.first = Some(first);
            self.more = count.saturating_sub(1);
        }
    }

    pub(super) fn fail(&mut self, error: ReadError) {
        self.say(error.reason());
        self.error.get_or_insert(error);
    }

    /// The first error.
    pub(super) fn error(&self) -> Option<&ReadError> {
        self.error.as_ref()
    }

    /// What it amounts to where `any` of the source was read.
    pub(super) fn status(&self, any: bool) -> CoverageStatus {
        match (&self.first, any || self.error.is_none()) {
            (None, _) => CoverageStatus::Complete,
            (Some(_), true) => CoverageStatus::Partial,
            (Some(_), false) => CoverageStatus::Failed,
        }
    }

    /// The words for people.
    pub(super) fn reason(&self) -> Option<String> {
        let more = if self.more > 0 { format!(" (and {} more)", self.more) } else { String::new() };
        self.first.as_ref().map(|first| format!("{first}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_is_told_and_all_others_are_counted() {
        let mut shortfall = Shortfall::default();
        assert_eq!((shortfall.status(false), shortfall.reason()), (CoverageStatus::Complete, None));
        shortfall.say_all("a".to_owned(), 3);
        assert_eq!(shortfall.reason().as_deref(), Some("a (and 2 more)"));
        shortfall.say("b".to_owned());
        assert_eq!(shortfall.reason().as_deref(), Some("a (and 3 more)"));
        assert_eq!(shortfall.status(false), CoverageStatus::Partial, "nothing failed");
    }
}
