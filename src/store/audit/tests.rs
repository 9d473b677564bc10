use proptest::prelude::*;

use super::*;

fn chain(texts: &[String]) -> Vec<AuditEntry> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    for (at, text) in (0..).zip(texts) {
        let last = entries.last().map(|entry| (entry.seq, entry.hash.clone()));
        let at = Timestamp::from_second(at).expect("a small number of seconds");
        entries.push(seal(last, at, "carol@ops", "finding.ack", text, &json!({"note": text, "ratio": 0.1})));
    }
    entries
}

fn head(entries: &[AuditEntry]) -> Option<(i64, String)> {
    entries.last().map(|entry| (entry.seq, entry.hash.clone()))
}

/// The format is a promise to people who verify exports with their own tools: this hash was computed with
/// `printf '%s' '<canonical text>' | sha256sum`.
#[test]
fn hash_is_sha256_of_canonical_json() {
    let entry = seal(None, Timestamp::UNIX_EPOCH, "a", "b", "c", &json!({"z": 1, "a": [true, null]}));
    let text = format!(
        r#"{{"action":"b","actor":"a","at":"1970-01-01T00:00:00Z","details":{{"a":[true,null],"z":1}},"object":"c","previous":"{GENESIS}","seq":1}}"#
    );
    let expected: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(entry.hash, expected);
    assert_eq!(entry.hash, "eae96d36b9074e25a7a448e769932ee206d6387a43485cf1ee26d3b4d7e03b39");
}

#[test]
fn an_empty_log_is_sound_only_when_nothing_was_recorded() {
    assert_eq!(verify_to(&[], None), Ok(()));
    let recorded = (2, "ab".to_owned());
    assert_eq!(verify_to(&[], Some(&recorded)), Err(AuditBreak { seq: 1, problem: AuditProblem::Truncated }));
}

proptest! {
    #[test]
    fn an_untouched_chain_verifies_also_after_json(texts in prop::collection::vec(".{0,20}", 0..12)) {
        let entries = chain(&texts);
        let text = serde_json::to_string(&entries).expect("entries serialise");
        let back: Vec<AuditEntry> = serde_json::from_str(&text).expect("entries parse");
        prop_assert_eq!(verify_to(&back, head(&entries).as_ref()), Ok(()));
    }

    #[test]
    fn an_edit_is_found_where_it_is(
        texts in prop::collection::vec("[a-z]{1,8}", 1..12), at in any::<prop::sample::Index>(), member in 0..6_u8,
    ) {
        let mut entries = chain(&texts);
        let at = at.index(entries.len());
        let entry = &mut entries[at];
        match member {
            0 => entry.actor.push('x'),
            1 => entry.action.push('x'),
            2 => entry.object.push('x'),
            3 => entry.details = json!({"note": "nothing happened"}),
            4 => entry.at = Timestamp::from_second(1_000_000).expect("in range"),
            _ => entry.hash = hash_of(&seal(None, entry.at, "x", "x", "x", &Value::Null)),
        }
        let found = verify(&entries).expect_err("an edited entry");
        prop_assert_eq!(found.seq, at as i64 + 1);
        prop_assert_eq!(found.problem, AuditProblem::Edited);
    }

    /// Also an edit whose author recomputed the entry's own hash: the next entry does not continue it.
    #[test]
    fn a_resealed_edit_is_found(texts in prop::collection::vec("[a-z]{1,8}", 1..12), at in any::<prop::sample::Index>()) {
        let mut entries = chain(&texts);
        let recorded = head(&entries);
        let at = at.index(entries.len());
        entries[at].actor.push('x');
        entries[at].hash = hash_of(&entries[at]);
        prop_assert!(verify_to(&entries, recorded.as_ref()).is_err());
    }

    #[test]
    fn a_removed_entry_is_found(texts in prop::collection::vec("[a-z]{1,8}", 1..12), at in any::<prop::sample::Index>()) {
        let mut entries = chain(&texts);
        let recorded = head(&entries);
        let at = at.index(entries.len());
        entries.remove(at);
        let found = verify_to(&entries, recorded.as_ref()).expect_err("a removed entry");
        prop_assert_eq!(found.seq, at as i64 + 1);
    }

    #[test]
    fn reordered_entries_are_found(
        texts in prop::collection::vec("[a-z]{1,8}", 2..12), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
    ) {
        let mut entries = chain(&texts);
        let (a, b) = (a.index(entries.len()), b.index(entries.len()));
        prop_assume!(a != b);
        entries.swap(a, b);
        prop_assert!(verify(&entries).is_err());
    }
}
