//! What the running kernel was told: proc_modules(5), proc_sys(5).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::files::lines;
use super::volatile::SETTINGS;
use super::{Item, Read, Section};

/// The most that is read of a list of modules.
const LONGEST_LIST: u64 = 16 * 1024 * 1024;

/// What is said of a module that is in none of the lists of this kernel.
pub(super) const STRANGER: &str = "not from the modules of this kernel";

/// Loaded modules by name.
pub(super) fn modules() -> Read {
    match std::fs::read("/proc/modules") {
        Ok(table) => {
            let name = |line: &[u8]| line.split(|byte| *byte == b' ').next().unwrap_or_default().to_vec();
            let own = own_modules();
            let origin = |name: &[u8]| if own.as_ref().is_none_or(|own| own.contains(name)) { "" } else { STRANGER };
            let item = |name: Vec<u8>| Item::new(Section::Module, b"", &name, origin(&name));
            Ok(lines(&table).map(name).map(item).collect())
        }
        // A kernel without modules.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("/proc/modules cannot be read: {error}")),
    }
}

/// The modules below `/lib/modules` for the running kernel, by the name that they have when loaded (modules.dep(5)); `None`
/// where there is no list. The files themselves are judged like any others.
fn own_modules() -> Option<BTreeSet<Vec<u8>>> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let list = File::open(Path::new("/lib/modules").join(release.trim()).join("modules.dep")).ok()?;
    let mut text = Vec::new();
    list.take(LONGEST_LIST).read_to_end(&mut text).ok()?;
    Some(lines(&text).filter_map(module_name).collect())
}

/// `kernel/drivers/net/virtio-net.ko.xz: …` -> `virtio_net`.
fn module_name(line: &[u8]) -> Option<Vec<u8>> {
    let path = line.split(|byte| *byte == b':').next()?;
    let file = path.rsplit(|byte| *byte == b'/').next()?;
    let end = file.windows(3).position(|bytes| bytes == b".ko")?;
    Some(file.get(..end)?.iter().map(|byte| if *byte == b'-' { b'_' } else { *byte }).collect())
}

/// The settings that matter, in sysctl(8)'s spelling. One that this kernel does not have, or does not let us read, is
/// left out.
pub(super) fn settings() -> Read {
    let items = SETTINGS.iter().filter_map(|(name, _)| {
        let value = std::fs::read(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
        let value: Vec<&[u8]> = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        Some(Item::new(Section::Sysctl, b"", name.as_bytes(), value.join(&b' ')))
    });
    Ok(items.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_loaded_under_the_name_of_its_file() {
        let name = |line: &str| module_name(line.as_bytes()).map(|name| String::from_utf8(name).unwrap());
        assert_eq!(
            name("kernel/drivers/net/virtio-net.ko.xz: kernel/net/core/failover.ko.xz").as_deref(),
            Some("virtio_net")
        );
        assert_eq!(name("updates/dkms/zfs.ko:").as_deref(), Some("zfs"));
        assert_eq!(name("kernel/x/README:"), None);
    }
}
