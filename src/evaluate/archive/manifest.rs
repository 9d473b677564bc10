//! `.manifest`: what a bundle says of itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::BundleError;

/// Longest revision.
const MOST_REVISION: usize = 200;

/// Most roots.
const MOST_ROOTS: usize = 100;

/// The manifest of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// A name for this state of the policies: a tag, a commit.
    pub revision: String,
    /// The paths below `data` that the bundle owns, with `/` between their parts; the empty one is everything.
    pub roots: Vec<String>,
    /// Grows from bundle to bundle; `None` in one that another tool built.
    pub sequence: Option<u64>,
}

/// As it is written. OPA knows more members; those are its own affair.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    revision: String,
    #[serde(default)]
    roots: Option<Vec<String>>,
    #[serde(default)]
    rego_version: Option<u8>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

impl Manifest {
    /// What a bundle without a manifest says of itself.
    pub(super) fn absent() -> Self {
        Self { revision: String::new(), roots: vec![String::new()], sequence: None }
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, BundleError> {
        let raw: Raw =
            serde_json::from_slice(text).map_err(|error| BundleError::Form(format!(".manifest: {error}")))?;
        let bad = |what: &str| BundleError::Form(format!(".manifest: {what}"));
        if raw.rego_version.is_some_and(|version| version != 1) {
            return Err(bad("`rego_version`: only Rego v1 is evaluated here"));
        }
        if raw.revision.chars().count() > MOST_REVISION || raw.revision.chars().any(char::is_control) {
            return Err(bad("`revision` is longer than 200 characters, or not text"));
        }
        let sequence = match raw.metadata.get("cattleguard").and_then(|own| own.get("sequence")) {
            None | Some(Value::Null) => None,
            Some(number) => {
                Some(number.as_u64().ok_or_else(|| bad("`metadata.cattleguard.sequence` is no whole number"))?)
            }
        };
        let roots: Vec<String> = match raw.roots {
            None => vec![String::new()],
            Some(roots) => roots.iter().map(|root| root.trim_matches('/').to_owned()).collect(),
        };
        let manifest = Self { revision: raw.revision, roots, sequence };
        manifest.check_roots()?;
        Ok(manifest)
    }

    fn check_roots(&self) -> Result<(), BundleError> {
        if self.roots.len() > MOST_ROOTS {
            return Err(BundleError::Form(format!(".manifest: more than {MOST_ROOTS} roots")));
        }
        for (index, root) in self.roots.iter().enumerate() {
            let others = self.roots.iter().enumerate().filter(|(other, _)| *other != index);
            if let Some((_, other)) = others.into_iter().find(|(_, other)| is_below(root, other)) {
                return Err(BundleError::Manifest(format!("the root `{root}` lies within the root `{other}`")));
            }
        }
        Ok(())
    }

    /// Whether a path is one of the roots' own.
    pub(super) fn owns(&self, path: &str) -> bool {
        self.roots.iter().any(|root| is_below(path, root))
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let own = json!({"sequence": self.sequence});
        let document = json!({
            "revision": self.revision, "roots": self.roots, "rego_version": 1, "metadata": {"cattleguard": own},
        });
        // Values made of maps with string keys always serialise.
        serde_json::to_vec_pretty(&document).unwrap_or_default()
    }
}

/// Whether a path is a root or lies within it, part by part.
fn is_below(path: &str, root: &str) -> bool {
    root.is_empty() || path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}
