use super::*;
use crate::entry::{Facts, Times};

fn settings(roots: &[&str]) -> Settings {
    Settings::new(&roots.iter().map(|root| root.as_bytes().to_vec()).collect::<Vec<_>>(), false, Vec::new()).unwrap()
}

fn entry(path: &str, kind: Kind) -> Entry {
    Entry { path: path.into(), facts: Facts::bare(kind), times: Times::default(), package: None }
}

fn dir(path: &str) -> Entry {
    entry(path, Kind::Directory)
}

fn fold(entries: &[Entry]) -> Result<Fingerprint, TreeError> {
    let mut fold = Fold::new(&settings(&["/"]));
    entries.iter().try_for_each(|entry| fold.push(entry))?;
    Ok(fold.finish())
}

#[test]
fn moving_an_entry_to_another_folder_changes_the_root() {
    let one = fold(&[dir("/"), dir("/a"), entry("/a/x", Kind::Fifo), dir("/b")]).unwrap();
    let two = fold(&[dir("/"), dir("/a"), dir("/b"), entry("/b/x", Kind::Fifo)]).unwrap();
    assert_ne!(one.root, two.root);
    assert_eq!(one.counts, two.counts);
}

#[test]
fn equal_subtrees_have_equal_digests_and_exact_counts() {
    let one = fold(&[dir("/"), dir("/a"), entry("/a/x", Kind::Fifo), dir("/b")]).unwrap();
    let two = fold(&[dir("/"), dir("/a"), entry("/a/x", Kind::Fifo), dir("/b"), dir("/c")]).unwrap();
    assert_eq!(one.subtrees[..], two.subtrees[..2]);
    assert_eq!(one.folders.iter().map(|folder| folder.below).collect::<Vec<_>>(), [3, 1, 0]);
    assert_ne!(one.root, two.root);
}

#[test]
fn times_and_owning_package_are_not_drift() {
    let plain = fold(&[dir("/")]).unwrap();
    let mut touched = dir("/");
    touched.times.modified = (5, 5);
    touched.package = Some(3);
    assert_eq!(fold(&[touched]).unwrap(), plain);
}

#[test]
fn entries_that_are_no_tree_are_refused() {
    assert!(matches!(fold(&[dir("/"), dir("/b"), dir("/a")]), Err(TreeError::Order(_))));
    assert!(matches!(fold(&[dir("/"), dir("/")]), Err(TreeError::Order(_))));
    assert!(matches!(fold(&[dir("/"), entry("/a/x", Kind::Fifo)]), Err(TreeError::Orphan(_))));
    assert!(matches!(fold(&[entry("/a", Kind::Fifo)]), Err(TreeError::Orphan(_))));
    assert!(matches!(fold(&[dir("/"), entry("/a", Kind::Fifo), dir("/a/b")]), Err(TreeError::Orphan(_))));
}

#[test]
fn several_roots_each_count() {
    let mut fold = Fold::new(&settings(&["/etc", "/usr"]));
    for entry in [dir("/etc"), dir("/usr"), dir("/usr/bin")] {
        fold.push(&entry).unwrap();
    }
    let print = fold.finish();
    assert_eq!(print.subtrees.len(), 1);
    let mut less = Fold::new(&settings(&["/etc", "/usr"]));
    less.push(&dir("/etc")).unwrap();
    assert_ne!(less.finish().root, print.root);
}
