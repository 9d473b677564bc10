//! What the status of an answer means, and what to do about it.

use super::{Attempt, Reply};

/// Words that Slack answers with and documents. Only these are repeated: anything else could be made to hold our
/// secrets or hostile text.
const WORDS: [&str; 11] = [
    "invalid_payload",
    "invalid_blocks",
    "msg_blocks_too_long",
    "no_text",
    "no_service",
    "channel_not_found",
    "channel_is_archived",
    "action_prohibited",
    "invalid_token",
    "no_active_hooks",
    "rollup_error",
];

/// Reads an answer by its status.
pub(super) fn attempt(reply: &Reply) -> Attempt {
    let word = known_word(&reply.body);
    match (reply.status, reply.retry_after) {
        (200..=299, _) => Attempt::Delivered,
        (410, _) => Attempt::Dead(format!("410: it takes no more{word}")),
        (429 | 503, Some(pause)) => Attempt::RetryAfter(pause),
        // The same bytes will be refused again.
        (status @ (400 | 413 | 415 | 422), _) => Attempt::Dead(format!("{status}: it refuses this message{word}")),
        (status @ 300..=399, _) => Attempt::Retry(format!("{status}: it redirects, which is not followed")),
        (status @ (401 | 403), _) => {
            Attempt::Retry(format!("it answered {status}{word}: the URL or its key is not accepted, renew it"))
        }
        (404, _) => Attempt::Retry(format!("it answered 404{word}: nothing is there (any more), check the URL")),
        // Overloaded or broken: somebody may mend it within the day.
        (status, _) => Attempt::Retry(format!("it answered {status}{word}")),
    }
}

fn known_word(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    WORDS.iter().find(|word| text.contains(**word)).map_or(String::new(), |word| format!(": {word}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_only_known_words_are_repeated() {
        let read = |status, retry_after: Option<u64>, body: &str| {
            let retry_after = retry_after.map(Duration::from_secs);
            attempt(&Reply { status, retry_after, scopes: None, body: body.as_bytes().to_vec() })
        };
        assert_eq!(read(202, None, ""), Attempt::Delivered);
        assert_eq!(read(429, Some(7), ""), Attempt::RetryAfter(Duration::from_secs(7)));
        assert_eq!(read(429, None, ""), Attempt::Retry("it answered 429".to_owned()));
        assert_eq!(
            read(400, None, "invalid_blocks"),
            Attempt::Dead("400: it refuses this message: invalid_blocks".into())
        );
        assert_eq!(read(500, None, "<script>s3cr3t"), Attempt::Retry("it answered 500".to_owned()));
        assert_eq!(
            read(404, None, "no_service"),
            Attempt::Retry("it answered 404: no_service: nothing is there (any more), check the URL".to_owned())
        );
    }
}
