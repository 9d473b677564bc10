//! Pages, opaque tokens and the call counters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::collect::{Page, PageToken, ReadError, ReadFailure};
use crate::testing::state::{Site, State};
use crate::types::{ApiOutcome, Place};

/// What a token is bound to: it is refused by any other call, place or set of parameters.
pub(in crate::testing) struct Scope<'a> {
    pub(in crate::testing) api: &'static str,
    pub(in crate::testing) place: &'a Place,
    pub(in crate::testing) parameters: String,
}

/// Where to go on.
pub(in crate::testing) enum Start<T> {
    /// Answer this at once.
    Empty(Page<T>),
    /// Read on after this cursor.
    After(Option<String>),
}

impl<'a> Scope<'a> {
    pub(in crate::testing) fn new(api: &'static str, place: &'a Place) -> Self {
        Self { api, place, parameters: String::new() }
    }

    pub(in crate::testing) fn with(mut self, parameters: impl std::fmt::Display) -> Self {
        self.parameters = parameters.to_string();
        self
    }

    pub(in crate::testing) fn error(&self, failure: ReadFailure, detail: impl Into<String>) -> ReadError {
        ReadError { api: self.api, place: self.place.clone(), failure, detail: detail.into() }
    }

    /// Counts the call and finds out where its page starts.
    pub(in crate::testing) fn open<T>(
        &self,
        state: &mut State,
        next: Option<PageToken>,
    ) -> Result<Start<T>, ReadError> {
        state.count(self.api, self.place)?;
        let (warm, cursor) = match next {
            None => (false, None),
            Some(token) => self.decode(&token)?,
        };
        if state.settings.empty_pages && !warm {
            let token = self.encode(true, cursor.as_deref().unwrap_or_default());
            return Ok(Start::Empty(Page { items: Vec::new(), next: Some(token) }));
        }
        Ok(Start::After(cursor))
    }

    /// Takes one page from everything after the cursor.
    pub(in crate::testing) fn page<R, T>(
        &self,
        size: usize,
        rest: impl Iterator<Item = R>,
        key: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let mut rest = rest.peekable();
        let taken: Vec<R> = rest.by_ref().take(size.max(1)).collect();
        let more = rest.peek().is_some();
        let next = taken.last().filter(|_| more).map(|last| self.encode(false, &key(last)));
        Page { items: taken.into_iter().map(show).collect(), next }
    }

    fn encode(&self, warm: bool, cursor: &str) -> PageToken {
        let flag = if warm { 'w' } else { 'c' };
        let text = format!("{}\n{}\n{}\n{flag}\n{cursor}", self.api, self.place, self.parameters);
        PageToken(URL_SAFE_NO_PAD.encode(text))
    }

    fn decode(&self, token: &PageToken) -> Result<(bool, Option<String>), ReadError> {
        let refused = || self.error(ReadFailure::Invalid, "InvalidNextToken");
        let bytes = URL_SAFE_NO_PAD.decode(&token.0).map_err(|_| refused())?;
        let text = String::from_utf8(bytes).map_err(|_| refused())?;
        let bound = format!("{}\n{}\n{}\n", self.api, self.place, self.parameters);
        let (flag, cursor) = text.strip_prefix(&bound).and_then(|rest| rest.split_once('\n')).ok_or_else(refused)?;
        Ok((flag == "w", Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty())))
    }
}

impl State {
    /// Counts a call. A place that is not open is an account whose role cannot be assumed.
    pub(in crate::testing) fn count(&mut self, api: &'static str, place: &Place) -> Result<(), ReadError> {
        let known = self.readable(api, place).map(|_| ());
        let outcome = if known.is_ok() { ApiOutcome::Ok } else { ApiOutcome::Error };
        self.called(place, api, outcome);
        known
    }

    pub(in crate::testing) fn readable(&self, api: &'static str, place: &Place) -> Result<&Site, ReadError> {
        self.sites.get(place).ok_or_else(|| ReadError {
            api,
            place: place.clone(),
            failure: ReadFailure::Denied,
            detail: "AccessDenied: no such simulated account-region".to_owned(),
        })
    }
}
