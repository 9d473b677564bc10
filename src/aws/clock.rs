//! How far this host's clock is from AWS's.

use std::time::Duration;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the STS endpoint of a region (or `AWS_ENDPOINT_URL`) for anything and reads the `Date` of its answer, which has
/// a resolution of a second (RFC 9110, section 6.6.1). No credentials are needed, and what is answered does not matter.
///
/// # Errors
/// When there is no answer, or it has no date.
pub async fn clock_skew(region: &str) -> Result<SignedDuration, String> {
    let url = std::env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty()).unwrap_or_else(|| endpoint(region));
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| error.to_string())?;
    let before = Timestamp::now();
    let answer = client.head(url).send().await.map_err(|error| error.without_url().to_string())?;
    let after = Timestamp::now();
    let date = answer.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
    let date = date.ok_or("the answer has no date")?;
    let there = rfc2822::DateTimeParser::new().parse_timestamp(date).map_err(|error| error.to_string())?;
    // The answer was made between the two looks at our clock.
    let here = before.checked_add(after.duration_since(before) / 2).unwrap_or(after);
    Ok(here.duration_since(there))
}

fn endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://sts.{region}.{suffix}/")
}
