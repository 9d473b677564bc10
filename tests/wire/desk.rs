//! One user's folder, with configuration and state, from which the built binary runs against an emulator.

use std::path::PathBuf;
use std::process::{Child, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{cattleguard, run_cattleguard};
use crate::scene::{EXTERNAL_ID, IRELAND, SHOP, Scene, reader};

/// The base credentials.
const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIABASE"), ("AWS_SECRET_ACCESS_KEY", "secret")];

/// One user's folder.
pub(crate) struct Desk {
    folder: TempDir,
    url: String,
}

impl Desk {
    /// One account-region and the fleet `web`, which is observed.
    pub(crate) fn new(scene: &Scene) -> Self {
        Self::with(scene, "", "", "")
    }

    /// The same with more lines at the top, of the account, and of the fleet; sections may follow there.
    pub(crate) fn with(scene: &Scene, top: &str, account: &str, fleet: &str) -> Self {
        let desk = Self { folder: TempDir::new().unwrap(), url: scene.emulator.url.clone() };
        let role = reader(SHOP);
        let state = desk.path("state.db");
        let text = format!(
            r#"
{top}
[state]
url = "sqlite:{}"
[[account]]
id = "{SHOP}"
regions = ["{IRELAND}"]
role = "{role}"
external_id = "{EXTERNAL_ID}"
{account}
[[fleet]]
name = "web"
select = {{ tags = {{ app = "web" }} }}
golden = "web"
{fleet}
"#,
            state.display()
        );
        std::fs::write(desk.path("cattleguard.toml"), text).unwrap();
        desk
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.run_as(args, &KEYS)
    }

    /// Runs it with these credentials, or other variables.
    pub(crate) fn run_as(&self, args: &[&str], credentials: &[(&str, &str)]) -> Output {
        let config = self.path("cattleguard.toml");
        run_cattleguard(&line(config.to_str().unwrap(), args), &self.environment(credentials))
    }

    /// Runs it to its end with one more variable.
    pub(crate) fn run_with(&self, args: &[&str], variable: (&str, &str)) -> Output {
        self.run_as(args, &[KEYS[0], KEYS[1], variable])
    }

    /// Starts it; what it says goes nowhere.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let config = self.path("cattleguard.toml");
        let mut command = cattleguard(&line(config.to_str().unwrap(), args), &self.environment(&KEYS));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    }

    /// What it prints; it must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Exit code and document.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Value) {
        let output = self.run(&[args, &["-o", "json"]].concat());
        let document = serde_json::from_slice(&output.stdout);
        let document = document.unwrap_or_else(|_| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), document)
    }

    /// Exit code and document of a scan.
    pub(crate) fn scan(&self) -> (i32, Value) {
        self.json(&["scan"])
    }

    fn environment<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut env = vec![("AWS_ENDPOINT_URL", self.url.as_str()), ("AWS_REGION", IRELAND)];
        env.extend(more);
        env
    }
}

fn line<'a>(config: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    [&["-C", config], args].concat()
}
