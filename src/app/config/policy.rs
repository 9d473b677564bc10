//! `[policy]`: which Rego is evaluated.

use std::path::{Path, PathBuf};

use super::reader::Fault;
use super::section::Section;

/// The policy settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Files and folders of Rego, beside the shipped pack.
    pub paths: Vec<PathBuf>,
    /// JSON files that policies see as `data`: parameters of the shipped pack, for example.
    pub data: Vec<PathBuf>,
    /// Whether the shipped pack is evaluated.
    pub builtin: bool,
    /// A bundle of policies and data.
    pub bundle: Option<PathBuf>,
    /// Public keys whose signature of the bundle is trusted, as PEM files.
    pub trusted_keys: Vec<PathBuf>,
    /// Whether an unsigned bundle is refused, and everything that could not be signed with it.
    pub require_signed: bool,
    /// Whether policies are parsed and evaluated in a process of their own.
    pub sandbox: bool,
    /// JSON pointers into decision records whose values are left out of what is shown and exported.
    pub mask: Vec<String>,
}

pub(super) fn read(section: &mut Section<'_, '_>) -> PolicyConfig {
    let paths: Vec<String> = section.list("paths", Some(Vec::new()));
    let data: Vec<String> = section.list("data", Some(Vec::new()));
    let builtin = section.or("builtin", true);
    let bundle = section.optional::<String>("bundle");
    let trusted_keys: Vec<String> = section.list("trusted_keys", Some(Vec::new()));
    let require_signed = section.or("require_signed", true);
    if paths.is_empty() && bundle.is_none() && !builtin {
        let fault = Fault::bad("`policy.builtin`: no policy at all would pass everything")
            .help("give `paths` or a `bundle`, or leave the shipped pack on");
        section.fault("builtin", fault);
    }
    if bundle.is_some() && require_signed {
        if trusted_keys.is_empty() {
            let fault = Fault::bad("`policy.bundle`: a signature is required, and no key is trusted")
                .help("trusted_keys = [\"policy.pub\"], or require_signed = false");
            section.fault("bundle", fault);
        }
        for (key, given) in [("paths", &paths), ("data", &data)] {
            if !given.is_empty() {
                let message = format!("`policy.{key}`: what stands beside a signed bundle is not signed");
                section.fault(key, Fault::bad(message).help("put it into the bundle, or require_signed = false"));
            }
        }
    }
    if bundle.is_none() && !trusted_keys.is_empty() {
        section.fault("trusted_keys", Fault::bad("`policy.trusted_keys` has no effect without `bundle`"));
    }
    let sandbox = section.or("sandbox", true);
    let mask: Vec<String> = section.list("mask", Some(Vec::new()));
    for pointer in mask.iter().filter(|pointer| !pointer.starts_with('/')) {
        let fault = Fault::bad(format!("`policy.mask`: `{pointer}` is no JSON pointer"))
            .help("a path such as \"/input/instance/tags\"; `*` stands for every member");
        section.fault("mask", fault);
    }
    let resolve = |paths: Vec<String>| paths.iter().map(|path| section.resolve(Path::new(path))).collect();
    PolicyConfig {
        paths: resolve(paths),
        data: resolve(data),
        builtin,
        bundle: bundle.map(|path| section.resolve(Path::new(&path))),
        trusted_keys: resolve(trusted_keys),
        require_signed,
        sandbox,
        mask,
    }
}
