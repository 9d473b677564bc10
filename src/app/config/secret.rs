//! Secrets, only ever by reference: a file, a systemd credential or an environment variable.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::reader::Fault;
use super::setting::{Setting, quoted};
use super::tree::Value;

/// A secret longer than this is a wrong file.
const LONGEST: u64 = 64 * 1024;

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// A file; a newline at its end is dropped.
    File(PathBuf),
    /// A credential of the systemd unit (`LoadCredential=`), found in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// An environment variable.
    Env(String),
}

impl SecretRef {
    /// What messages call it.
    pub(super) const NAME: &'static str = "secret reference";

    /// Reads the secret. The error never holds any part of it.
    pub fn read(&self, env: &[(String, String)]) -> Result<SecretString, String> {
        let variable = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let text = match self {
            Self::File(path) => read_file(path)?,
            Self::Credential(name) => {
                let folder = variable("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    format!(
                        "credential `{name}`: CREDENTIALS_DIRECTORY is not set; systemd sets it for the units, and in a \
                         shell it may name the folder that they load it from"
                    )
                })?;
                read_file(&Path::new(folder).join(name))?
            }
            Self::Env(name) => {
                variable(name).ok_or_else(|| format!("environment variable {name} is not set"))?.to_owned()
            }
        };
        let trimmed = text.trim_end_matches(['\n', '\r']);
        if trimmed.is_empty() {
            return Err(format!("{} is empty", self.describe()));
        }
        Ok(SecretString::from(trimmed.to_owned()))
    }

    /// Who else than its owner can get at the secret, where that is anybody on this host or a group that can write: a
    /// sentence. What cannot be looked at is for [`SecretRef::read`] to say; systemd protects credentials.
    pub fn exposed(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        let mode = std::fs::metadata(path).ok()?.permissions().mode();
        let who = match (mode & 0o022 != 0, mode & 0o004 != 0) {
            (true, _) => "others than its owner may write it",
            (false, true) => "everybody on this host may read it",
            (false, false) => return None,
        };
        Some(format!("{}: mode {:03o}, {who}", self.describe(), mode & 0o777))
    }

    /// The reference in words.
    pub fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Credential(name) => format!("credential {name}"),
            Self::Env(name) => format!("environment variable {name}"),
        }
    }

    /// With the path of a file made absolute.
    pub(super) fn resolved(self, resolve: impl FnOnce(&Path) -> PathBuf) -> Self {
        match self {
            Self::File(path) => Self::File(resolve(&path)),
            other => other,
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let size = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?.len();
    if size > LONGEST {
        return Err(format!("{shown}: {size} bytes are too many for a secret"));
    }
    // The text of a decoding error could quote the content; an I/O error cannot.
    let bytes = std::fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{shown}: not UTF-8 text"))
}

const SHAPE: &str = "refer to it: { file = \"/path\" }, { credential = \"name\" } or { env = \"NAME\" }";

impl Setting for SecretRef {
    const KIND: &'static str = "secret reference";
    const PLURAL: &'static str = "array of secret references";

    fn read(value: &Value) -> Result<Self, Fault> {
        let table = match value {
            Value::Table(table) => table,
            Value::Text(_) | Value::Raw(_) => {
                let message = "a secret must not be written here in plain text";
                return Err(Fault::new("plain-secret", message).help(SHAPE));
            }
            other => {
                let message = format!("expected a secret reference, found {}", other.kind());
                return Err(Fault::new("wrong-type", message).help(SHAPE));
            }
        };
        let mut entries = table.iter();
        let (Some((kind, entry)), None) = (entries.next(), entries.next()) else {
            return Err(Fault::bad("a secret reference has exactly one of file, credential, env").help(SHAPE));
        };
        let target = entry.node.value.text().filter(|text| !text.is_empty());
        let target = target.ok_or_else(|| Fault::bad(format!("`{kind}` wants a string that is not empty")))?;
        match kind.as_str() {
            "file" => Ok(Self::File(PathBuf::from(target))),
            "credential" if is_credential_name(target) => Ok(Self::Credential(target.to_owned())),
            "credential" => Err(Fault::bad("`credential` wants a name: letters, digits, `-`, `_` and `.`")),
            "env" if is_variable_name(target) => Ok(Self::Env(target.to_owned())),
            "env" => Err(Fault::bad("`env` wants the name of a variable: letters, digits and `_`")),
            other => Err(Fault::new("unknown-key", format!("unknown kind of secret {}", quoted(other))).help(SHAPE)),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::File(path) => json!({ "file": path.display().to_string() }),
            Self::Credential(name) => json!({ "credential": name }),
            Self::Env(name) => json!({ "env": name }),
        }
    }
}

/// A file name inside the credentials folder, see systemd.exec(5) `LoadCredential=`.
fn is_credential_name(name: &str) -> bool {
    !name.starts_with('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
