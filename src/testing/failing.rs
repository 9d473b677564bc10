//! Makes reads fail in a chosen way.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::collect::{Page, ReadError, ReadFailure};
use crate::types::Place;

/// Which of the calls that a rule is about are affected. Counting starts at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Every call.
    Always,
    /// The n-th call only.
    Nth(u64),
    /// The first n calls.
    First(u64),
    /// Every call after the n-th.
    After(u64),
    /// The n-th page of every listing.
    Page(u64),
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails; the wrapped source is not asked.
    Fail(ReadFailure),
    /// The answer ends after this many items, without a token: a listing that is cut short and does not say so.
    EndAfter(usize),
}

/// One rule. The first rule that applies to a call decides.
#[derive(Clone, Debug)]
pub struct FailRule {
    api: Option<String>,
    place: Option<Place>,
    when: When,
    fault: Fault,
    /// Calls that this rule was about so far.
    seen: u64,
}

impl FailRule {
    /// About every call of every API, until narrowed.
    pub fn new(fault: Fault) -> Self {
        Self { api: None, place: None, when: When::Always, fault, seen: 0 }
    }

    /// Calls fail for this reason.
    pub fn fail(failure: ReadFailure) -> Self {
        Self::new(Fault::Fail(failure))
    }

    /// Only calls of this API, e.g. `ec2:DescribeInstances`.
    #[must_use]
    pub fn api(mut self, api: &str) -> Self {
        self.api = Some(api.to_owned());
        self
    }

    /// Only calls in this place.
    #[must_use]
    pub fn place(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// Only these of the calls.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    /// Whether the rule applies to this call, which is counted if the rule is about it.
    fn applies(&mut self, api: &str, place: &Place, page: u64) -> bool {
        let about =
            self.api.as_deref().is_none_or(|only| only == api) && self.place.as_ref().is_none_or(|only| only == place);
        self.seen += u64::from(about);
        about
            && match self.when {
                When::Always => true,
                When::Nth(n) => self.seen == n,
                When::First(n) => self.seen <= n,
                When::After(n) => self.seen > n,
                When::Page(n) => page == n,
            }
    }
}

#[derive(Debug, Default)]
struct Book {
    rules: Vec<FailRule>,
    /// The page that each listing has come to.
    pages: BTreeMap<(&'static str, Place, String), u64>,
    failed: BTreeMap<String, u64>,
}

/// A source whose reads fail by rule. Calls that fail here count in
/// [`calls`](crate::collect::CloudRead::calls), though the wrapped source never sees them.
#[derive(Debug)]
pub struct FailingCloud<C> {
    pub(super) inner: C,
    book: Mutex<Book>,
}

impl<C> FailingCloud<C> {
    /// Wraps a source; nothing fails until there is a rule.
    pub fn new(inner: C) -> Self {
        Self { inner, book: Mutex::default() }
    }

    /// Adds a rule.
    #[must_use]
    pub fn with(self, rule: FailRule) -> Self {
        self.add_rule(rule);
        self
    }

    /// Adds a rule to a source in use.
    pub fn add_rule(&self, rule: FailRule) {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).rules.push(rule);
    }

    /// Removes all rules: the trouble is over.
    pub fn heal(&self) {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).rules.clear();
    }

    /// Calls that failed here, by `service:Operation`.
    pub fn failures(&self) -> BTreeMap<String, u64> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).failed.clone()
    }

    /// Decides one call: an error, or how many items may come back.
    pub(super) fn gate(
        &self,
        api: &'static str,
        place: &Place,
        listing: &str,
        first_page: bool,
    ) -> Result<Limit, ReadError> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let page = book.pages.entry((api, place.clone(), listing.to_owned())).or_default();
        *page = if first_page { 1 } else { *page + 1 };
        let page = *page;
        // Every rule counts every call it is about, also when an earlier rule decides.
        let mut decided = None;
        for rule in &mut book.rules {
            let applies = rule.applies(api, place, page);
            if applies && decided.is_none() {
                decided = Some(rule.fault);
            }
        }
        match decided {
            None => Ok(Limit(None)),
            Some(Fault::EndAfter(count)) => Ok(Limit(Some(count))),
            Some(Fault::Fail(failure)) => {
                *book.failed.entry(api.to_owned()).or_default() += 1;
                Err(ReadError { api, place: place.clone(), failure, detail: detail_of(failure).to_owned() })
            }
        }
    }
}

/// How many items an answer may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(Option<usize>);

impl Limit {
    pub(super) fn page<T>(self, mut page: Page<T>) -> Page<T> {
        if let Some(count) = self.0 {
            page.items.truncate(count);
            page.next = None;
        }
        page
    }

    pub(super) fn list<T>(self, mut list: Vec<T>) -> Vec<T> {
        list.truncate(self.0.unwrap_or(usize::MAX));
        list
    }
}

/// What the services say in such a case.
fn detail_of(failure: ReadFailure) -> &'static str {
    match failure {
        ReadFailure::Credentials => "ExpiredToken: The security token included in the request is expired",
        ReadFailure::Denied => "UnauthorizedOperation: You are not authorized to perform this operation.",
        ReadFailure::Throttled => "RequestLimitExceeded: Request limit exceeded.",
        ReadFailure::Timeout => "dispatch failure: connection timed out",
        ReadFailure::Unavailable => "InternalError: An internal error has occurred",
        ReadFailure::NotFound => "InvalidInstanceID.NotFound",
        ReadFailure::Invalid => "InvalidParameterValue",
    }
}
