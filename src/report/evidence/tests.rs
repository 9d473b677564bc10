//! What holds and what does not.

use cattleguard_agent::sign::{PublicKey, SigningKey};
use serde_json::json;

use super::*;
use crate::report::fixtures;
use crate::store::audit::seal as seal_entry;

/// Made by OpenSSL for these tests; nothing trusts it.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIE0alhrnalgXk2nGWGCqVrkis80g6RoPfojQ3ag78of8\n-----END PRIVATE KEY-----\n";

fn key() -> SigningKey {
    SigningKey::from_pem(KEY).expect("a key")
}

fn log(entries: usize) -> (String, (i64, String)) {
    let (mut text, mut last) = (String::new(), None);
    for index in 0..entries {
        let entry = seal_entry(last, fixtures::at(0), "erin@ops", "test.note", "-", &json!({ "index": index }));
        text.push_str(&format!("{}\n", json!({ "type": "audit_entry", "schema": "x", "entry": entry })));
        last = Some((entry.seq, entry.hash));
    }
    (text, last.expect("entries"))
}

fn made(key: Option<&SigningKey>) -> Vec<u8> {
    let (text, (seq, hash)) = log(3);
    let members = [
        ("population.csv".to_owned(), b"instance\r\ni-0aaa\r\n".repeat(20)),
        (AUDIT_LOG.to_owned(), text.into_bytes()),
    ];
    pack(Facts(json!({ "audit": { "seq": seq, "hash": hash } })), &members, key).expect("a file")
}

#[test]
fn a_file_holds_and_names_its_signer() {
    let key = key();
    let (signed, unsigned) = (made(Some(&key)), made(None));
    assert_eq!(made(Some(&key)), signed, "equal contents make equal files");
    let verified = verify(&signed, Some(&key.public())).expect("holds");
    assert_eq!((verified.files, verified.audit_entries, verified.trusted), (2, 3, true));
    assert_eq!(verified.signed_by, Some(key.public().to_string()));
    assert_eq!(verify(&unsigned, None).expect("holds").signed_by, None);
    assert!(matches!(verify(&unsigned, Some(&key.public())), Err(EvidenceFault::Signature(_))));
    let other = PublicKey::from_text("ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
    assert!(matches!(verify(&signed, Some(&other)), Err(EvidenceFault::Signature(_))));
}

#[test]
fn every_flipped_bit_is_found() {
    let key = key();
    for (file, key) in [(made(Some(&key)), Some(key.public())), (made(None), None)] {
        for index in 0..file.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[index] ^= 1 << bit;
                assert!(verify(&changed, key.as_ref()).is_err(), "bit {bit} of byte {index} of {}", file.len());
            }
        }
        for length in [0, 1, file.len() / 2, file.len() - 1] {
            assert!(verify(&file[..length], key.as_ref()).is_err(), "cut to {length}");
        }
        let longer = [&file[..], b"x"].concat();
        assert!(verify(&longer, key.as_ref()).is_err());
    }
}

/// Whoever can write the file can seal it again; the manifest and its signature still tell.
#[test]
fn a_file_that_was_sealed_again_is_known_by_its_signature() {
    let key = key();
    let (text, (seq, hash)) = log(3);
    let about = || Facts(json!({ "audit": { "seq": seq, "hash": hash } }));
    let forged = |text: String| pack(about(), &[(AUDIT_LOG.to_owned(), text.into_bytes())], None).expect("a file");
    assert!(verify(&forged(text.clone()), None).is_ok(), "without a key nobody can tell");
    assert!(matches!(verify(&forged(text.clone()), Some(&key.public())), Err(EvidenceFault::Signature(_))));
    let fewer: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    assert!(matches!(verify(&forged(fewer), None), Err(EvidenceFault::Audit(_))), "cut short");
    let edited = text.replacen("erin", "carl", 1);
    assert!(matches!(verify(&forged(edited), None), Err(EvidenceFault::Audit(_))), "edited");
}
