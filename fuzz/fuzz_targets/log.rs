//! The quick way through a log and the plain one agree, whatever its text.
#![no_main]

use cattleguard::collect::trail::agree::agree;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Err(difference) = agree(text) {
        panic!("{difference}");
    }
});
