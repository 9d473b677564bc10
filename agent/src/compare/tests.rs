use proptest::prelude::*;

use super::*;
use crate::digest::Digest;
use crate::entry::{CAPABILITY_XATTR, Flaw, SETUID, Times, Xattr, XattrValue};
use crate::fingerprint::Fingerprint;
use crate::manifest::{Preface, Reader, Writer};
use crate::settings::Settings;
use crate::state::State;
use crate::walk::Tally;

fn entry(path: &str, kind: Kind) -> Entry {
    let mut facts = Facts::bare(kind);
    facts.mode = 0o755;
    Entry { path: path.into(), facts, times: Times::default(), package: None }
}

fn dir(path: &str) -> Entry {
    entry(path, Kind::Directory)
}

fn file(path: &str, content: &str) -> Entry {
    let (size, content) = (content.len() as u64, Some(Digest::of(content.as_bytes())));
    entry(path, Kind::File { size, content, link: None })
}

fn with(mut entry: Entry, change: impl FnOnce(&mut Facts)) -> Entry {
    change(&mut entry.facts);
    entry
}

fn bake(entries: &[Entry]) -> Vec<u8> {
    let (settings, state) = (Settings::whole_system(), State::default());
    let preface = Preface {
        settings: &settings,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        packages: None,
        state: &state,
        state_exclusions: &[],
    };
    let mut writer = Writer::new(Vec::new(), preface).unwrap();
    entries.iter().for_each(|entry| writer.entry(entry).unwrap());
    writer.finish(&Tally::default(), None).unwrap().0
}

fn print(manifest: &[u8]) -> Fingerprint {
    Reader::new(manifest).unwrap().finish().unwrap().print
}

/// Compares in both ways and holds them to one answer.
fn compare(before: &[Entry], after: &[Entry]) -> Comparison {
    let (one, two) = (bake(before), bake(after));
    let mut against = Against::new(Reader::new(std::io::Cursor::new(one.clone())).unwrap()).unwrap();
    after.iter().for_each(|entry| against.host(entry.clone()).unwrap());
    let (streamed, _) = against.finish().unwrap();
    let (first, second) = (print(&one), print(&two));
    let sides = (Side::new(Reader::new(&one[..]).unwrap(), &first), Side::new(Reader::new(&two[..]).unwrap(), &second));
    assert_eq!(manifests(sides.0, sides.1).unwrap(), streamed);
    streamed
}

fn told(comparison: &Comparison) -> Vec<(String, &'static str, String)> {
    let line = |difference: &Difference| {
        let aspects: Vec<String> = difference.aspects.iter().map(Aspect::name).collect();
        (String::from_utf8(difference.path.clone()).unwrap(), difference.code.as_str(), aspects.join(","))
    };
    comparison.differences.iter().map(line).collect()
}

#[test]
fn each_kind_of_change_has_its_code_and_aspects() {
    let before = [dir("/"), file("/a", "1"), file("/b", "1"), file("/c", "1"), file("/d", "1"), file("/e", "1")];
    let capability = Xattr { name: CAPABILITY_XATTR.to_vec(), value: XattrValue::Bytes(vec![1]) };
    let after = [
        dir("/"),
        file("/a", "2"),
        with(file("/b", "1"), |facts| facts.mode |= SETUID),
        with(file("/c", "1"), |facts| facts.mode = 0o700),
        entry("/d", Kind::Symlink { target: b"/a".to_vec() }),
        with(file("/e", "1"), |facts| facts.xattrs.push(capability)),
    ];
    let result = compare(&before, &after);
    let expected = [
        ("/a", "file-content-changed", "content"),
        ("/b", "file-privilege-changed", "mode"),
        ("/c", "file-metadata-changed", "mode"),
        ("/d", "file-content-changed", "type"),
        ("/e", "file-privilege-changed", "xattr:security.capability"),
    ];
    assert_eq!(told(&result), expected.map(|(path, code, aspect)| (path.into(), code, aspect.into())));
    assert_eq!((result.counts.total(), result.counts.privileged), (5, 2));
}

#[test]
fn an_unlisted_folder_is_unjudged_and_what_was_in_it_is_not_called_removed() {
    let before = [dir("/"), dir("/a"), file("/a/x", "1"), file("/b", "1")];
    let flaw = Flaw { what: Missing::Listing, errno: 13 };
    let after = [dir("/"), with(dir("/a"), |facts| facts.flaws.push(flaw)), file("/b", "1")];
    let result = compare(&before, &after);
    assert_eq!(told(&result), []);
    assert_eq!((result.unjudged_count, result.unjudged[0].in_golden), (1, false));
    // And the other way round: what the golden could not list is not called added.
    let result = compare(&after, &before);
    assert_eq!(told(&result), []);
    assert!(result.unjudged[0].in_golden);
}

#[test]
fn unread_content_hides_no_other_change() {
    let flaw = Flaw { what: Missing::Content, errno: 13 };
    let unread = Kind::File { size: 1, content: None, link: None };
    let after = with(entry("/a", unread), |facts| {
        facts.flaws.push(flaw);
        facts.mode = 0;
    });
    let result = compare(&[dir("/"), file("/a", "1")], &[dir("/"), after]);
    assert_eq!(told(&result), [("/a".into(), "file-metadata-changed", "mode".into())]);
    assert_eq!(result.unjudged_count, 1);
}

#[test]
fn a_mount_over_a_folder_is_one_difference() {
    let before = [dir("/"), dir("/a"), file("/a/x", "1"), file("/b", "1")];
    let mount = with(entry("/a", Kind::Mount { file_system: b"ext4".to_vec() }), |facts| facts.mode = 0);
    let result = compare(&before, &[dir("/"), mount, file("/b", "1")]);
    assert_eq!(told(&result), [("/a".into(), "file-content-changed", "type".into())]);
}

#[test]
fn one_new_hard_link_is_one_difference() {
    let linked = |path: &str, first: Option<&str>| {
        let mut entry = file(path, "1");
        if let Kind::File { link, .. } = &mut entry.facts.kind {
            *link = first.map(|first| first.as_bytes().to_vec());
        }
        entry
    };
    let before = [dir("/"), linked("/b", None), linked("/c", Some("/b"))];
    let after = [dir("/"), linked("/a", None), linked("/b", Some("/a")), linked("/c", Some("/a"))];
    assert_eq!(told(&compare(&before, &after)), [("/a".into(), "file-added", String::new())]);
    assert_eq!(told(&compare(&after, &before)), [("/a".into(), "file-removed", String::new())]);
    let swapped = [dir("/"), linked("/b", None), linked("/c", None)];
    assert_eq!(told(&compare(&before, &swapped)), [("/c".into(), "file-content-changed", "link".into())]);
}

/// Small trees over few names, so that two of them often share much.
fn trees() -> impl Strategy<Value = Vec<Entry>> {
    let leaf = (0..4_u8, 0..3_u16);
    proptest::collection::btree_map((0..3_u8, 0..3_u8), leaf, 0..7).prop_map(|leaves| {
        let mut entries = vec![dir("/")];
        let mut folders = std::collections::BTreeSet::new();
        for ((folder, name), (kind, mode)) in leaves {
            if folders.insert(folder) {
                entries.push(dir(&format!("/d{folder}")));
            }
            let path = format!("/d{folder}/f{name}");
            let leaf = match kind {
                0 => file(&path, "x"),
                1 => file(&path, "y"),
                2 => entry(&path, Kind::Symlink { target: b"t".to_vec() }),
                _ => dir(&path),
            };
            entries.push(with(leaf, |facts| facts.mode = 0o600 + mode));
        }
        entries
    })
}

proptest! {
    #[test]
    fn a_comparison_is_empty_exactly_when_the_trees_are_equal(before in trees(), after in trees()) {
        let result = compare(&before, &after);
        let roots = (print(&bake(&before)).root, print(&bake(&after)).root);
        prop_assert_eq!(result.counts.total() == 0, before == after);
        prop_assert_eq!(roots.0 == roots.1, before == after);
        prop_assert_eq!(result.differences.len() as u64, result.counts.total());
        // The other way round the same paths differ.
        let paths = |result: &Comparison| result.differences.iter().map(|item| item.path.clone()).collect::<Vec<_>>();
        prop_assert_eq!(paths(&compare(&after, &before)), paths(&result));
    }

    #[test]
    fn a_tree_does_not_differ_from_itself(tree in trees()) {
        prop_assert_eq!(compare(&tree, &tree), Comparison::default());
    }
}
