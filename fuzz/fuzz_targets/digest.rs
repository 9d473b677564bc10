//! Verification of any bucket ends, opens nothing outside it, proves nothing without a key, and says what it found in
//! few and plain words. The input is public keys in the first line, then keys of objects and contents in turn.
#![no_main]

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use cattleguard::collect::digest::{ObjectSignature, PublicKeys, Site, TrailObjects, VerifyReport, VerifyRequest, verify};

struct Bucket<'d>(BTreeMap<&'d str, &'d [u8]>);

impl TrailObjects for Bucket<'_> {
    fn digests(&self, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.0
            .keys()
            .filter(|key| key.contains("CloudTrail-Digest") && !key.ends_with(".signature") && !key.ends_with(".algorithm"))
            .for_each(|key| sink(key));
        Ok(())
    }

    fn sites(&self, sink: &mut dyn FnMut(Site)) -> io::Result<()> {
        let folder = |key: &&str| key.rsplitn(5, '/').nth(4).and_then(Site::of_logs);
        self.0.keys().filter_map(folder).for_each(sink);
        Ok(())
    }

    fn logs(&self, site: &Site, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        let folder = format!("{}/CloudTrail/{}/", site.base, site.region.as_str());
        self.0.keys().filter(|key| key.starts_with(&folder)).for_each(|key| sink(key));
        Ok(())
    }

    fn open(&self, key: &str) -> io::Result<Box<dyn Read + Send>> {
        // A digest file names what is opened; its own key is as it was listed.
        assert!(self.0.contains_key(key) || !key.split('/').any(|part| part == ".."), "{key} leads out");
        let content = self.0.get(key).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(content.to_vec())))
    }

    fn signature(&self, key: &str) -> io::Result<Option<ObjectSignature>> {
        let text = |kind: &str| {
            self.0.get(format!("{key}.{kind}").as_str()).map(|content| String::from_utf8_lossy(content).into_owned())
        };
        Ok(text("signature").map(|hex| ObjectSignature { hex, algorithm: text("algorithm") }))
    }
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= 256 && !text.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
}

fn check(report: &VerifyReport) {
    for found in &report.breaks.kept {
        assert!(is_plain(&found.object) && is_plain(&found.detail) && is_plain(found.region.as_str()), "{found:?}");
    }
    for entry in &report.unproven.kept {
        assert!(is_plain(&entry.object) && is_plain(&entry.reason), "{entry:?}");
    }
    for chain in &report.chains {
        let earlier = chain.earlier.as_deref().unwrap_or_default();
        assert!(is_plain(&chain.trail) && is_plain(chain.region.as_str()) && is_plain(earlier), "{chain:?}");
        assert!(chain.proven <= chain.digests, "{chain:?}");
    }
    assert!(report.logs_proven <= report.logs_read && report.logs_read <= report.logs, "{report:?}");
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let mut keys = PublicKeys::default();
    let is_keyed = lines.next().is_some_and(|line| keys.read(line).is_ok()) && !keys.is_empty();
    let mut bucket = Bucket(BTreeMap::new());
    while let (Some(key), Some(content)) = (lines.next(), lines.next()) {
        if let Ok(key) = std::str::from_utf8(key) {
            bucket.0.insert(key, content);
        }
    }
    let all =
        VerifyRequest { objects: &bucket, keys: &keys, since: None, until: None, hashed: None, places: None, progress: &|_| {} };
    let report = verify(&all);
    check(&report);
    let proven: u64 = report.chains.iter().map(|chain| chain.proven).sum();
    assert!(is_keyed || (proven, report.logs_proven) == (0, 0), "proven without a key: {report:?}");
    let since = report.chains.iter().find_map(|chain| chain.from);
    if since.is_some() {
        check(&verify(&VerifyRequest { since, ..all }));
        // Compared before, they are known by name only: less is read, and nothing else is proven.
        let known = verify(&VerifyRequest { hashed: since, ..all });
        check(&known);
        assert!(known.logs_proven <= report.logs_proven, "{known:?}");
    }
});
