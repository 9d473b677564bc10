//! Paths as bytes, absolute from the tree's top, and the one order in which entries are walked, stored and
//! compared.

use std::cmp::Ordering;

/// The order of entries: a folder comes before what is in it, and names compare byte by byte.
///
/// `/` counts as the lowest byte, so `/a/b` comes before `/a-b` and a folder's entries stay together.
pub fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let key = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    left.iter().map(key).cmp(right.iter().map(key))
}

/// The path of `name` in `folder`.
pub fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(folder.len() + name.len() + 1);
    path.extend_from_slice(folder);
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The folder a path is in; `None` for `/` and for what is not absolute.
pub fn parent(path: &[u8]) -> Option<&[u8]> {
    match path.iter().rposition(|byte| *byte == b'/')? {
        0 if path.len() == 1 => None,
        0 => path.get(..1),
        at => path.get(..at),
    }
}

/// The last component.
pub fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// Whether `path` is inside `folder`, at any depth; a folder is not inside itself.
pub fn is_below(path: &[u8], folder: &[u8]) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) if folder == b"/" => !rest.is_empty(),
        Some(rest) => rest.first() == Some(&b'/'),
        None => false,
    }
}

/// The components of an absolute path.
pub fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
}

/// An absolute path without empty, `.` and `..` components; `None` for anything that has `..` or is relative.
pub fn clean(path: &[u8]) -> Option<Vec<u8>> {
    if path.first() != Some(&b'/') {
        return None;
    }
    let mut out = Vec::with_capacity(path.len());
    for component in components(path).filter(|component| *component != b".") {
        if component == b".." {
            return None;
        }
        out.push(b'/');
        out.extend_from_slice(component);
    }
    if out.is_empty() {
        out.push(b'/');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_entries_stay_together() {
        let mut paths: Vec<&[u8]> = vec![b"/a-b", b"/a/b", b"/", b"/a", b"/a/b/c", b"/a/b-"];
        paths.sort_by(|left, right| compare(left, right));
        assert_eq!(paths, [&b"/"[..], b"/a", b"/a/b", b"/a/b/c", b"/a/b-", b"/a-b"]);
    }

    #[test]
    fn parts_of_paths() {
        assert_eq!(parent(b"/"), None);
        assert_eq!(parent(b"/a"), Some(&b"/"[..]));
        assert_eq!(parent(b"/a/b"), Some(&b"/a"[..]));
        assert_eq!(name(b"/a/b"), b"b");
        assert!(is_below(b"/a", b"/") && is_below(b"/a/b", b"/a") && !is_below(b"/ab", b"/a") && !is_below(b"/", b"/"));
        assert_eq!(join(b"/", b"x"), b"/x");
        assert_eq!(clean(b"//a/./b/"), Some(b"/a/b".to_vec()));
        assert_eq!(clean(b"/a/../b"), None);
        assert_eq!(clean(b"a"), None);
    }
}
