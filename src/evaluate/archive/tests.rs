//! Bundles that are right, and every way of being wrong.

use std::io::{Read as _, Write as _};

use cattleguard_agent::sign::SigningKey;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;

const POLICY: &str = "package cattleguard.acme.owners\n\ndeny contains \"x\" if input.scan\n";

/// Made by OpenSSL for these tests; nothing trusts it.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIE0alhrnalgXk2nGWGCqVrkis80g6RoPfojQ3ag78of8\n-----END PRIVATE KEY-----\n";

/// Names with contents.
type Files = Vec<(String, Vec<u8>)>;

fn key() -> SigningKey {
    SigningKey::from_pem(KEY).unwrap()
}

fn manifest() -> Manifest {
    Manifest {
        revision: "r1".to_owned(),
        roots: vec!["cattleguard/acme".to_owned(), "parameters".to_owned()],
        sequence: Some(7),
    }
}

fn files() -> Files {
    vec![
        ("owners/policy.rego".to_owned(), POLICY.into()),
        ("owners/policy_test.rego".to_owned(), b"package cattleguard.acme.owners_test\n".to_vec()),
        ("data.json".to_owned(), b"{\"parameters\": {\"a\": 1}}".to_vec()),
        ("parameters/b/data.json".to_owned(), b"[2]".to_vec()),
        ("README.md".to_owned(), b"words".to_vec()),
    ]
}

fn packed(key: Option<&SigningKey>) -> Vec<u8> {
    pack(Contents { manifest: manifest(), files: files() }, key).unwrap()
}

/// A bundle by hand, for what `pack` would not write.
fn tarred(entries: &[(&str, &[u8])]) -> Vec<u8> {
    raw(entries, tar::EntryType::Regular)
}

fn raw(entries: &[(&str, &[u8])], kind: tar::EntryType) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        // By bytes: the library refuses the names that matter here.
        let field = &mut header.as_gnu_mut().unwrap().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn refused(packed: &[u8]) -> String {
    Bundle::read(packed).unwrap_err().to_string()
}

#[test]
fn what_was_packed_comes_back_and_the_same_files_give_the_same_bytes() {
    let bundle = Bundle::read(&packed(None)).unwrap();
    assert_eq!(bundle.manifest, manifest());
    assert_eq!(bundle.data, json!({"parameters": {"a": 1, "b": [2]}}));
    assert_eq!((bundle.policies.len(), bundle.tests.len(), bundle.files.len()), (1, 1, 6));
    assert_eq!(bundle.policies[0].text, POLICY);
    assert_eq!(packed(None), packed(None));
    assert_eq!(bundle.verify(&[key().public()]), Err(BundleError::Unsigned));
}

#[test]
fn a_signature_holds_for_these_files_and_this_key() {
    let signed = Bundle::read(&packed(Some(&key()))).unwrap();
    assert_eq!(signed.verify(&[key().public()]), Ok(key().public()));
    assert!(matches!(signed.verify(&[]), Err(BundleError::Stranger(_))));
    assert_eq!(signed.digest(), Bundle::read(&packed(None)).unwrap().digest(), "the signature is not of itself");
}

#[test]
fn any_change_is_noticed() {
    let signed = packed(Some(&key()));
    let mut unpacked: Files = Vec::new();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(signed.as_slice()));
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let (name, mut content) = (entry.path().unwrap().display().to_string(), Vec::new());
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        unpacked.push((name, content));
    }
    let altered = |edit: &dyn Fn(&mut Files)| {
        let mut copy = unpacked.clone();
        edit(&mut copy);
        let entries: Vec<(&str, &[u8])> = copy.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
        Bundle::read(&tarred(&entries)).unwrap().verify(&[key().public()])
    };
    assert!(altered(&|_| ()).is_ok(), "packing it anew changes nothing that is signed");
    let find = |files: &mut Files, name: &str| files.iter().position(|(known, _)| known == name).unwrap();
    assert_eq!(
        altered(&|files| {
            let at = find(files, "owners/policy.rego");
            files[at].1.push(b'\n')
        }),
        Err(BundleError::Altered)
    );
    assert_eq!(
        altered(&|files| {
            let at = find(files, "README.md");
            files.remove(at);
        }),
        Err(BundleError::Altered)
    );
    assert_eq!(altered(&|files| files.push(("x.rego".to_owned(), POLICY.into()))), Err(BundleError::Altered));
    assert_eq!(
        altered(&|files| {
            let at = find(files, "owners/policy.rego");
            files[at].0 = "owners/other.rego".to_owned()
        }),
        Err(BundleError::Altered)
    );
}

#[test]
fn what_leads_outside_or_is_no_file_is_refused() {
    for name in ["../x.rego", "/../x.rego", "a/../../x.rego", "a//x.rego", "a\\x.rego", "a/./x.rego", "a\u{7f}.rego"] {
        assert!(refused(&tarred(&[(name, POLICY.as_bytes())])).contains("no name for a file"), "{name}");
    }
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Fifo] {
        assert!(refused(&raw(&[("x.rego", b"")], kind)).contains("no plain file"), "{kind:?}");
    }
    assert!(Bundle::read(&tarred(&[("/x.rego", POLICY.as_bytes())])).is_ok(), "as OPA writes names");
    assert!(refused(&tarred(&[("x.rego", POLICY.as_bytes()), ("./x.rego", POLICY.as_bytes())])).contains("twice"));
}

#[test]
fn what_is_too_much_is_refused_before_it_is_there() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..66 {
        gzip.write_all(&zeros).unwrap();
    }
    assert!(refused(&gzip.finish().unwrap()).contains("bundle"), "more than sixty-four megabytes of nothing");
    let big = vec![b' '; 17 << 20];
    assert!(refused(&tarred(&[("data.json", &big)])).contains("larger than it may be"));
    let names: Vec<String> = (0..5_000).map(|number| format!("f{number}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(refused(&tarred(&many)).contains("entries"));
    assert!(refused(&vec![0; 17 << 20]).contains("16 MiB"));
}

#[test]
fn what_is_no_bundle_is_told_in_words() {
    for (bytes, part) in [
        (b"".to_vec(), "bundle"),
        (b"plain text".to_vec(), "cannot be unpacked"),
        (tarred(&[]), "empty"),
        (tarred(&[("a.txt", b"x")]), "no policies"),
        (tarred(&[("x.rego", b"\xff")]), "not UTF-8"),
        (tarred(&[("x.rego", POLICY.as_bytes()), ("data.yaml", b"a: 1")]), "data.json"),
        (tarred(&[("x.rego", POLICY.as_bytes()), ("data.json", b"{")]), "data.json"),
        (tarred(&[("x.rego", POLICY.as_bytes()), ("data.json", b"[]")]), "object"),
        (tarred(&[("x.rego", POLICY.as_bytes()), (".manifest", b"{\"rego_version\": 0}")]), "Rego v1"),
        (tarred(&[("x.rego", POLICY.as_bytes()), (".manifest", b"{\"roots\": [\"a\", \"a/b\"]}")]), "within the root"),
        (
            tarred(&[("x.rego", POLICY.as_bytes()), (".manifest", b"{\"roots\": [\"cattleguard/acm\"]}")]),
            "none of its roots",
        ),
        (
            tarred(&[
                ("x.rego", POLICY.as_bytes()),
                ("data.json", b"{\"b\": 1}"),
                (".manifest", b"{\"roots\": [\"cattleguard/acme\", \"a\"]}"),
            ]),
            "data at `b`",
        ),
        (tarred(&[("x.rego", POLICY.as_bytes()), (SIGNATURE, b"{}")]), "signature"),
    ] {
        let told = refused(&bytes);
        assert!(told.contains(part), "{part}: {told}");
    }
    let whole = packed(Some(&key()));
    for cut in [10, whole.len() / 2, whole.len() - 20] {
        assert!(Bundle::read(&whole[..cut]).is_err(), "cut at {cut}");
    }
}

/// Found by fuzzing: the library for archives quotes a header that is none, with all its bytes.
#[test]
fn what_is_wrong_is_told_in_few_and_plain_words() {
    let mut broken = Vec::new();
    GzDecoder::new(tarred(&[("a.rego", POLICY.as_bytes())]).as_slice()).read_to_end(&mut broken).unwrap();
    // The checksum of the first header.
    broken[148..156].copy_from_slice(b"\x1b[2J\nab\0");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&broken).unwrap();
    let key = "k\u{1b}".repeat(2_000);
    let data = format!("{{\"{}\": 1}}", key.replace('\u{1b}', "\\u001b"));
    let foreign = tarred(&[
        (MANIFEST, br#"{"roots": ["cattleguard"]}"#),
        ("a.rego", POLICY.as_bytes()),
        ("data.json", data.as_bytes()),
    ]);
    // Found by fuzzing: hundreds of characters that take six each to show.
    let package = format!("package cattleguard.{}\n", "\0".repeat(600));
    let wide = tarred(&[(MANIFEST, br#"{"roots": ["owners"]}"#), ("owners/a.rego", package.as_bytes())]);
    for packed in [encoder.finish().unwrap(), foreign, wide] {
        let told = Bundle::read(&packed).unwrap_err().to_string();
        assert!(told.len() < 700 && !told.chars().any(char::is_control), "{told:?}");
    }
}
