//! Effective settings with their origins, as `config show` prints them.

use serde_json::{Value as Json, json};

/// Where an effective value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownOrigin {
    /// Nobody set it.
    Default,
    /// The file.
    File {
        /// Path as given.
        file: String,
        /// Line.
        line: usize,
    },
    /// A variable.
    Env(String),
    /// A flag.
    Flag(String),
}

impl std::fmt::Display for ShownOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.pad("default"),
            Self::File { file, line } => f.pad(&format!("{file}:{line}")),
            Self::Env(name) => f.pad(&format!("env {name}")),
            Self::Flag(flag) => f.pad(&format!("flag {flag}")),
        }
    }
}

/// One effective setting. Secrets are shown as their references.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Key with the names of the entries, e.g. `fleet.web.budget.count`.
    pub key: String,
    /// Key as documented, e.g. `fleet[].budget.count`.
    pub pattern: String,
    /// Type as documented.
    pub kind: String,
    /// Default as TOML, `required`, or `none`.
    pub default: String,
    /// Value; null when there is none.
    pub value: Json,
    /// Origin.
    pub origin: ShownOrigin,
}

/// A value as TOML would spell it. JSON's string escapes are a subset of those of TOML basic strings.
pub fn toml_literal(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::Array(items) => format!("[{}]", items.iter().map(toml_literal).collect::<Vec<_>>().join(", ")),
        Json::Object(table) if table.is_empty() => "{ }".to_owned(),
        Json::Object(table) => {
            let pairs: Vec<_> =
                table.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml_literal(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Json::String(text) => Json::from(crate::app::terminal::clean(text)).to_string(),
        other => other.to_string(),
    }
}

fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { key.to_owned() } else { Json::from(crate::app::terminal::clean(key)).to_string() }
}

/// `key = value`, one a line; with `origin`, where each comes from.
pub fn to_text(settings: &[Shown], origin: bool) -> String {
    let lines: Vec<(String, &Shown)> = settings
        .iter()
        .filter(|setting| origin || setting.value != Json::Null)
        .map(|setting| (format!("{} = {}", setting.key, toml_literal(&setting.value)), setting))
        .collect();
    let mut text = String::new();
    for (line, setting) in lines {
        text.push_str(&line);
        if origin {
            text.push_str(&format!("  # {}", setting.origin));
        }
        text.push('\n');
    }
    text
}

/// The same as one JSON document.
pub fn to_json(settings: &[Shown]) -> Json {
    let items: Vec<Json> = settings
        .iter()
        .map(|setting| {
            let Shown { key, pattern: _, kind: _, default: _, value, origin } = setting;
            let origin = match origin {
                ShownOrigin::Default => json!({ "kind": "default" }),
                ShownOrigin::File { file, line } => json!({ "kind": "file", "file": file, "line": line }),
                ShownOrigin::Env(name) => json!({ "kind": "env", "name": name }),
                ShownOrigin::Flag(flag) => json!({ "kind": "flag", "name": flag }),
            };
            json!({ "key": key, "value": value, "origin": origin })
        })
        .collect();
    json!({ "schema": "cattleguard.dev/config/v1", "settings": items })
}
