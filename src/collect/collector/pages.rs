//! Follows pages to the end, and keeps what arrived when one fails.

use std::future::Future;

use crate::collect::source::{Page, PageToken, ReadError, ReadFailure};
use crate::types::Place;

/// More pages than this is a service that never ends: 1,000 pages of 50 nodes are more than SSM allows in one region.
const MOST_PAGES: usize = 20_000;

/// A stream that broke off.
pub(super) struct Broken {
    pub(super) error: ReadError,
    /// Whether at least one page arrived before.
    pub(super) partial: bool,
}

/// Calls `fetch` for each page and hands the items to `take`.
pub(super) async fn each<T, F, Fut>(
    place: &Place,
    api: &'static str,
    mut fetch: F,
    mut take: impl FnMut(Vec<T>),
) -> Result<(), Broken>
where
    F: FnMut(Option<PageToken>) -> Fut,
    Fut: Future<Output = Result<Page<T>, ReadError>>,
{
    let mut next: Option<PageToken> = None;
    for page_number in 0..MOST_PAGES {
        let page = fetch(next.clone()).await.map_err(|error| Broken { error, partial: page_number > 0 })?;
        take(page.items);
        match page.next {
            None => return Ok(()),
            Some(token) if next.as_ref() == Some(&token) => {
                return Err(endless(place, api, "the service returned the same page token twice"));
            }
            token => next = token,
        }
    }
    Err(endless(place, api, "the service returned more pages than can be"))
}

fn endless(place: &Place, api: &'static str, detail: &str) -> Broken {
    let error = ReadError { api, place: place.clone(), failure: ReadFailure::Invalid, detail: detail.to_owned() };
    Broken { error, partial: true }
}
