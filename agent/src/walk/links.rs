//! Which names are one inode.

use std::collections::HashMap;
use std::rc::Rc;

use super::known::Identity;
use crate::path;

/// The first path of each inode that has several names, until all of them were met.
#[derive(Default)]
pub(super) struct Links {
    first: HashMap<(u64, u64), First>,
    /// Folders of these paths, shared by their neighbours: a copy made with hard links has as many as files.
    folder: Option<Rc<[u8]>>,
}

struct First {
    folder: Rc<[u8]>,
    name: Box<[u8]>,
    /// Names still to come.
    left: u32,
}

impl Links {
    /// The first path of the same inode, in order; `None` if this is the first, or the only one. `names`: how many the
    /// inode has, in the whole file system.
    pub(super) fn first(&mut self, path: &[u8], identity: Identity, names: u32) -> Option<Vec<u8>> {
        if names < 2 {
            return None;
        }
        let key = (identity.device, identity.inode);
        let Some(first) = self.first.get_mut(&key) else {
            let (folder, name) = (self.folder_of(path), path::name(path).into());
            self.first.insert(key, First { folder, name, left: names - 1 });
            return None;
        };
        let found = path::join(&first.folder, &first.name);
        first.left = first.left.saturating_sub(1);
        if first.left == 0 {
            self.first.remove(&key);
        }
        Some(found)
    }

    fn folder_of(&mut self, path: &[u8]) -> Rc<[u8]> {
        let folder = path::parent(path).unwrap_or(b"/");
        match &self.folder {
            Some(last) if **last == *folder => Rc::clone(last),
            _ => {
                let folder: Rc<[u8]> = folder.into();
                self.folder = Some(Rc::clone(&folder));
                folder
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_later_name_leads_to_the_first_and_then_all_is_forgotten() {
        let mut links = Links::default();
        let identity = Identity { device: 1, inode: 7, size: 0 };
        assert_eq!(links.first(b"/a/x", identity, 3), None);
        assert_eq!(links.first(b"/a/y", identity, 3), Some(b"/a/x".to_vec()));
        assert_eq!(links.first(b"/x", identity, 3), Some(b"/a/x".to_vec()));
        assert!(links.first.is_empty());
        assert_eq!(links.first(b"/a/z", Identity { inode: 8, ..identity }, 1), None);
    }
}
