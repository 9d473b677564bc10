//! Durations as `30s`, `15m`, `24h`, `7d`, `2w`, or several of them: `1h30m`.

use std::time::Duration;

use serde_json::Value as Json;

use super::reader::Fault;
use super::setting::{Setting, quoted, text_of};
use super::tree::Value;

/// Units with their seconds, greatest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Longer than any sensible setting, and small enough that adding it to a time cannot overflow.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Reads a duration. The error says what is wrong, for people.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const SHAPE: &str = "write a number and a unit: 30s, 15m, 24h, 7d or 2w";
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("an empty duration: {SHAPE}"));
    }
    while !rest.is_empty() {
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| SHAPE.to_owned())?;
        let mut characters = tail.chars();
        let unit = characters.next().ok_or_else(|| format!("the unit is missing: {SHAPE}"))?;
        let seconds = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, seconds)| *seconds);
        let seconds = seconds.ok_or_else(|| SHAPE.to_owned())?;
        total = number
            .checked_mul(seconds)
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= LONGEST.as_secs())
            .ok_or_else(|| "longer than 100 years".to_owned())?;
        rest = characters.as_str();
    }
    Ok(Duration::from_secs(total))
}

/// The shortest spelling of a duration in one unit.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    // A week is spelled in days and a day in hours: `7d` and `24h` are what people write.
    let unit = UNITS.iter().skip(1).find(|(name, size)| {
        let least = if *name == 'd' { 2 * size } else { *size };
        seconds >= least && seconds.is_multiple_of(*size)
    });
    unit.map_or_else(|| format!("{seconds}s"), |(name, size)| format!("{}{name}", seconds / size))
}

impl Setting for Duration {
    const KIND: &'static str = "duration";

    fn read(value: &Value) -> Result<Self, Fault> {
        if let Value::Integer(number) = value {
            let help = format!("a unit is needed: \"{number}s\", \"{number}m\", \"{number}h\" or \"{number}d\"");
            return Err(Fault::new("wrong-type", "expected a duration in quotes, found an integer").help(help));
        }
        let text = text_of("a duration in quotes", value)?;
        parse_duration(text).map_err(|why| Fault::new("bad-duration", format!("{}: {why}", quoted(text))))
    }

    fn json(&self) -> Json {
        Json::from(format_duration(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse_duration("2w"), Ok(Duration::from_secs(14 * 86_400)));
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for text in ["", "h", "10", "1.5h", "-1h", "10 m", "5y", "99999999999999999999h", "9999999w", "1h 30m"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in 0_u64..3_000_000_000) {
            let duration = Duration::from_secs(seconds);
            proptest::prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,12}") {
            let _ = parse_duration(&text);
        }
    }
}
