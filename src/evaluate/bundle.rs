//! A compiled policy bundle: checked, parsed once, with the rules that decide found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::{Engine, ModuleFacts};
use super::hit::HitKind;
use super::{PolicyProblem, PolicySource, calls, canonical_json, checks, nesting};

/// The root package of policies that decide.
const ROOT: &str = "cattleguard";

/// One policy package with the rules that decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyPackage {
    /// Without `data`, e.g. `cattleguard.host.in_place_modification`.
    pub name: String,
    /// Its `deny`, `violation` and `warn` rules (also `deny_x`, …).
    pub(super) rules: Vec<DecidingRule>,
}

/// One rule that decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct DecidingRule {
    pub(super) kind: HitKind,
    /// With `data` in front.
    pub(super) path: String,
    /// Where its first body is.
    pub(super) file: String,
    pub(super) line: u32,
}

impl PolicyPackage {
    /// Names of its deciding rules, e.g. `violation`.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.path.rsplit('.').next().unwrap_or(&rule.path))
    }

    /// Their full paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.path.as_str())
    }
}

/// A bundle that is ready to evaluate. Cloning it is cheap.
#[derive(Clone)]
pub struct PolicySet {
    pub(super) engine: Engine,
    pub(super) packages: Vec<PolicyPackage>,
    pub(super) digest: String,
    modules: Vec<ModuleFacts>,
}

impl std::fmt::Debug for PolicySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicySet").field("packages", &self.packages).field("digest", &self.digest).finish()
    }
}

impl PolicySet {
    /// Checks and compiles a bundle. `data` becomes the base of `data` in the policies: an object, or null
    /// for none.
    ///
    /// # Errors
    /// Everything that is wrong with the files, at once: too deep nesting, parse errors, functions that can
    /// call themselves, unknown or refused builtins, unsafe variables, data that would hide a package.
    pub fn compile(mut sources: Vec<PolicySource>, data: Value) -> Result<Self, Vec<PolicyProblem>> {
        sources.sort();
        let data = if data.is_null() { Value::Object(serde_json::Map::new()) } else { data };
        let too_deep: Vec<_> = sources.iter().filter_map(nesting::check).collect();
        if !too_deep.is_empty() {
            return Err(too_deep);
        }
        let digest = digest(&sources, &data);
        let mut engine = Engine::load(&sources, &data)?;
        let modules = engine.modules();
        let mut problems = calls::check(&modules);
        problems.extend(checks::functions(&modules));
        problems.extend(checks::overlaps(&modules, &data));
        if problems.is_empty()
            && let Some(rule) = modules.iter().find_map(|module| module.rules.first().map(|rule| (module, rule)))
            && let Err(problem) = engine.prepare(&calls::path_of(rule.0, rule.1))
        {
            problems.push(problem);
        }
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        Ok(Self { engine, packages: packages(&modules), digest, modules })
    }

    /// The packages that decide, sorted by name.
    pub fn packages(&self) -> &[PolicyPackage] {
        &self.packages
    }

    /// `blake3:` and 64 hex digits over the sorted names (in their bundle or folder) and texts of the files and the data.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(super) fn modules(&self) -> &[ModuleFacts] {
        &self.modules
    }
}

fn packages(modules: &[ModuleFacts]) -> Vec<PolicyPackage> {
    let mut found: BTreeMap<String, Vec<DecidingRule>> = BTreeMap::new();
    for module in modules {
        let Some((_, name)) = module.package.split_first() else { continue };
        let is_test = name.last().is_some_and(|last| last.ends_with("_test"));
        if name.first().is_none_or(|root| root != ROOT) || is_test {
            continue;
        }
        for rule in module.rules.iter().filter(|rule| !rule.function) {
            if let Some(kind) = HitKind::of_rule(&rule.name) {
                let path = calls::path_of(module, rule);
                let deciding = DecidingRule { kind, path, file: module.file.clone(), line: rule.line };
                found.entry(name.join(".")).or_default().push(deciding);
            }
        }
    }
    found
        .into_iter()
        .map(|(name, mut rules)| {
            rules.sort();
            rules.dedup_by(|a, b| a.path == b.path);
            PolicyPackage { name, rules }
        })
        .collect()
}

/// The digest of a bundle: see [`PolicySet::digest`].
fn digest(sources: &[PolicySource], data: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"cattleguard.dev/bundle/v1");
    let data = canonical_json(data);
    let mut sources: Vec<[&str; 2]> =
        sources.iter().map(|source| [source.within.as_str(), source.text.as_str()]).collect();
    sources.sort_unstable();
    let parts = sources.into_iter().flatten().chain([data.as_str()]);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}

#[cfg(test)]
mod tests;
