//! What a queue delivers: a message means the same in an envelope and without, what cannot be understood is told in a
//! few plain words, and the events in it are classified.
#![no_main]

use cattleguard::collect::message_agrees;
use cattleguard::collect::trail::{ClassifyContext, classify};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match message_agrees(text) {
        Ok(records) => records.iter().for_each(|record| {
            let _ = classify(record, "message", &ClassifyContext::default());
        }),
        Err(difference) => panic!("{difference}"),
    }
});
