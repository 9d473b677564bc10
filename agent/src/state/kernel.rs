//! What the running kernel was told: proc_modules(5), proc_sys(5).

use super::files::lines;
use super::volatile::SETTINGS;
use super::{Item, Read, Section};

/// Loaded modules by name.
pub(super) fn modules() -> Read {
    match std::fs::read("/proc/modules") {
        Ok(table) => {
            let name = |line: &[u8]| line.split(|byte| *byte == b' ').next().unwrap_or_default().to_vec();
            Ok(lines(&table).map(|line| Item::new(Section::Module, b"", &name(line), "")).collect())
        }
        // A kernel without modules.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("/proc/modules cannot be read: {error}")),
    }
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
