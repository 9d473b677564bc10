//! They agree on gzip, too: sound, in several members, and damaged somewhere.
#![no_main]

use std::io::Write as _;

use cattleguard::collect::trail::agree::agree;
use flate2::Compression;
use flate2::write::GzEncoder;

libfuzzer_sys::fuzz_target!(|input: (Vec<Vec<u8>>, Option<(u16, u8)>, bool)| {
    let (members, damage, raw) = input;
    let mut stored = Vec::new();
    for member in members.iter().take(4) {
        if raw {
            stored.extend_from_slice(&[0x1f, 0x8b, 8]);
            stored.extend_from_slice(member);
        } else {
            let mut encoder = GzEncoder::new(&mut stored, Compression::fast());
            if encoder.write_all(member).and_then(|()| encoder.try_finish()).is_err() {
                return;
            }
        }
    }
    if let Some((place, byte)) = damage
        && let Some(hit) = stored.get_mut(usize::from(place))
    {
        *hit = byte;
    }
    if let Err(difference) = agree(&stored) {
        panic!("{difference}");
    }
});
