//! Reading a bundle ends on every text, within bounds; what was read is verified by nobody's key, and compiles or not in
//! words.
#![no_main]

use cattleguard::evaluate::archive::Bundle;

libfuzzer_sys::fuzz_target!(|packed: &[u8]| {
    match Bundle::read(packed) {
        Err(error) => {
            let text = error.to_string();
            assert!(text.len() < 2_000, "{text}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        Ok(bundle) => {
            assert!(!bundle.policies.is_empty() && bundle.files.len() <= 4_096);
            assert!(bundle.verify(&[]).is_err(), "trusted by nobody");
            for source in bundle.policies.iter().chain(&bundle.tests) {
                assert!(!source.name.starts_with('/') && !source.name.split('/').any(|part| part == ".."));
            }
        }
    }
});
