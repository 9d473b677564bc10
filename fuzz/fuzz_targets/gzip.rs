//! They agree on gzip, too: sound, in several members, and damaged somewhere. The input is up to four members, with
//! zeros between them, and four bytes: what is done (1: members are no deflate but what stands there; 2: damage), where
//! the damage is, and what stands there then.
#![no_main]

use std::io::Write as _;

use cattleguard::collect::trail::agree::agree;
use flate2::Compression;
use flate2::write::GzEncoder;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((text, &[how, low, high, byte])) = input.split_last_chunk() else { return };
    let mut stored = Vec::new();
    for member in text.split(|byte| *byte == 0).take(4) {
        if how & 1 == 1 {
            stored.extend_from_slice(&[0x1f, 0x8b, 8]);
            stored.extend_from_slice(member);
        } else {
            let mut encoder = GzEncoder::new(&mut stored, Compression::fast());
            if encoder.write_all(member).and_then(|()| encoder.try_finish()).is_err() {
                return;
            }
        }
    }
    if how & 2 == 2
        && let Some(hit) = stored.get_mut(usize::from(u16::from_le_bytes([low, high])))
    {
        *hit = byte;
    }
    if let Err(difference) = agree(&stored) {
        panic!("{difference}");
    }
});
