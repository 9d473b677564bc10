//! What Slack tells of a press, in a body or over a connection: reading it ends, what is kept is bounded and of the form
//! of Slack's ids, and a button means what it says.
#![no_main]

use cattleguard::report::press::{Envelope, envelope, press};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let payload = match envelope(text) {
        Envelope::Interactive { id, payload } => {
            assert!(!id.is_empty() && id.len() <= 100);
            payload
        }
        _ => text.to_owned(),
    };
    let Ok(press) = press(payload.as_bytes()) else { return };
    for id in [&press.user, &press.team, &press.app, &press.channel] {
        assert!(id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    }
    if let Some(button) = press.button {
        let value = button.value().expect("what was read can be written");
        assert!(value.len() <= 2000);
    }
});
