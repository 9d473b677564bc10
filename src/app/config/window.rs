//! `[[fleet.windows]]`: when replacing is allowed.

use serde_json::Value as Json;

use super::reader::{Fault, nearest};
use super::section::Section;
use super::setting::{Setting, choice, quoted, text_of};
use super::tree::Value;
use crate::types::plan::{END_OF_DAY, Window};

pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Window> {
    let days = section.list("days", Some(Vec::<Day>::new())).into_iter().map(|day| day.0.to_owned()).collect();
    let from = section.required::<TimeOfDay>("from");
    let to = section.required::<EndOfDay>("to").map(|EndOfDay(to)| to);
    let zone = section.or("zone", Zone("UTC".to_owned()));
    if let (Some(from), Some(to)) = (&from, &to)
        && from == to
    {
        let fault = Fault::bad("`from` and `to` are equal: the window is never open")
            .help("for a whole day write 00:00 to 24:00");
        section.fault("to", fault);
    }
    Some(Window { days, from: from?.0, to: to?.0, zone: zone.0 })
}

#[derive(Clone)]
struct Day(&'static str);

impl Setting for Day {
    const KIND: &'static str = "day";
    const PLURAL: &'static str = "array of days";

    fn read(value: &Value) -> Result<Self, Fault> {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| (day, Self(day)));
        choice("a day", value, &days)
    }

    fn json(&self) -> Json {
        Json::from(self.0)
    }
}

#[derive(PartialEq)]
struct TimeOfDay(String);

impl Setting for TimeOfDay {
    const KIND: &'static str = "time of day";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a time of day in quotes", value)?;
        let two = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() == 2 && !part.starts_with('+'));
        let fits = text
            .split_once(':')
            .and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)))
            .is_some_and(|(hours, minutes)| hours < 24 && minutes < 60);
        if !fits {
            return Err(Fault::bad(format!("{} is not a time of day", quoted(text))).help("write HH:MM, e.g. 02:30"));
        }
        Ok(Self(text.to_owned()))
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}

/// A time of day, or `24:00`: the end of the day.
struct EndOfDay(TimeOfDay);

impl Setting for EndOfDay {
    const KIND: &'static str = TimeOfDay::KIND;

    fn read(value: &Value) -> Result<Self, Fault> {
        match text_of("a time of day in quotes", value)? {
            END_OF_DAY => Ok(Self(TimeOfDay(END_OF_DAY.to_owned()))),
            _ => TimeOfDay::read(value).map(Self),
        }
    }

    fn json(&self) -> Json {
        self.0.json()
    }
}

/// An IANA time zone that this system knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone(pub(super) String);

impl Setting for Zone {
    const KIND: &'static str = "time zone";

    fn read(value: &Value) -> Result<Self, Fault> {
        let text = text_of("a time zone in quotes", value)?;
        if jiff::tz::TimeZone::get(text).is_ok() {
            return Ok(Self(text.to_owned()));
        }
        let fault = Fault::new("bad-timezone", format!("{} is not a time zone", quoted(text)));
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        Err(match nearest(text, names.iter().map(String::as_str)) {
            Some(near) => fault.label(format!("did you mean `{near}`?")),
            None => fault.help("write an IANA name, e.g. Europe/Berlin or UTC"),
        })
    }

    fn json(&self) -> Json {
        Json::from(self.0.as_str())
    }
}
