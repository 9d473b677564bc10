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
    let url = std::env::var("AWS_ENDPOINT_URL").ok().filter(|url| !url.is_empty()).unwrap_or_else(|| {
        let fips = std::env::var("AWS_USE_FIPS_ENDPOINT").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
        endpoint(region, fips)
    });
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

/// The regional endpoint. Those of US regions have another name for FIPS; in GovCloud the plain one is validated
/// ("AWS Security Token Service endpoints and quotas", AWS General Reference).
fn endpoint(region: &str, fips: bool) -> String {
    let named = ["us-east-", "us-west-"].iter().any(|prefix| region.starts_with(prefix));
    let service = if fips && named { "sts-fips" } else { "sts" };
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{suffix}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_follows_partition_and_fips() {
        for (region, fips, url) in [
            ("us-east-1", false, "https://sts.us-east-1.amazonaws.com/"),
            ("us-east-1", true, "https://sts-fips.us-east-1.amazonaws.com/"),
            ("us-gov-west-1", true, "https://sts.us-gov-west-1.amazonaws.com/"),
            ("cn-north-1", false, "https://sts.cn-north-1.amazonaws.com.cn/"),
        ] {
            assert_eq!(endpoint(region, fips), url);
        }
    }
}
