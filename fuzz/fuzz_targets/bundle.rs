//! Reading a bundle ends on every text, within bounds; nobody's key verifies it, no name leads outside, and what is wrong
//! is told in few and plain words. The text is taken as a bundle and as what is packed in one.
#![no_main]

use std::io::Write as _;

use cattleguard::evaluate::archive::Bundle;
use flate2::Compression;
use flate2::write::GzEncoder;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    look(text);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).expect("memory");
    look(&packed.finish().expect("memory"));
});

fn look(packed: &[u8]) {
    match Bundle::read(packed) {
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 2_000 && !told.chars().any(char::is_control), "{told:?}");
        }
        Ok(bundle) => {
            assert!(!bundle.policies.is_empty() && bundle.files.len() <= 4_096);
            assert!(bundle.verify(&[]).is_err(), "trusted by nobody");
            for source in bundle.policies.iter().chain(&bundle.tests) {
                assert!(!source.name.starts_with('/') && !source.name.split('/').any(|part| part == ".."));
            }
        }
    }
}
