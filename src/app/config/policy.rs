//! `[policy]`: which Rego is evaluated.

use std::path::{Path, PathBuf};

use super::reader::Fault;
use super::section::Section;

/// The policy settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Files and folders of Rego, beside the shipped pack.
    pub paths: Vec<PathBuf>,
    /// Whether the shipped pack is evaluated.
    pub builtin: bool,
    /// Whether policies are parsed and evaluated in a process of their own.
    pub sandbox: bool,
    /// JSON pointers into decision records whose values are left out of what is shown and exported.
    pub mask: Vec<String>,
}

pub(super) fn read(section: &mut Section<'_, '_>) -> PolicyConfig {
    let paths: Vec<String> = section.list("paths", Some(Vec::new()));
    let builtin = section.or("builtin", true);
    if paths.is_empty() && !builtin {
        let fault = Fault::bad("`policy.builtin`: no policy at all would pass everything")
            .help("give `paths`, or leave the shipped pack on");
        section.fault("builtin", fault);
    }
    let paths = paths.iter().map(|path| section.resolve(Path::new(path))).collect();
    let sandbox = section.or("sandbox", true);
    let mask: Vec<String> = section.list("mask", Some(Vec::new()));
    for pointer in mask.iter().filter(|pointer| !pointer.starts_with('/')) {
        let fault = Fault::bad(format!("`policy.mask`: `{pointer}` is no JSON pointer"))
            .help("a path such as \"/input/instance/tags\"; `*` stands for every member");
        section.fault("mask", fault);
    }
    PolicyConfig { paths, builtin, sandbox, mask }
}
