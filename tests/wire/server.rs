//! Starts the emulator, steers it, and stops it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running emulator. It ends when this is dropped, and by itself when the test process ends.
pub(crate) struct Emulator {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    http: reqwest::Client,
}

impl Emulator {
    /// Starts one on a free port; it answers when this returns.
    pub(crate) fn start() -> Self {
        let python = environment().join("bin/python");
        let mut child = Command::new(&python)
            .arg(folder().join("server.py"))
            .env_remove("AWS_PROFILE")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", python.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("no address but `{line}`"));
        Self { url: url.to_owned(), child, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// One steering call, see `emulator/extension/control.py`.
    pub(crate) async fn steer(&self, path: &str, order: Value) {
        let answer = self.http.post(format!("{}/{path}", self.url)).json(&order).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} {order}: {}", answer.status());
    }

    /// The log of requests, oldest first, see `emulator/extension/calls.py`.
    pub(crate) async fn calls(&self) -> Vec<Value> {
        let answer = self.http.get(format!("{}/_calls", self.url)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// An AWS JSON call for services that have no SDK client here. The emulator does not check signatures,
    /// only whose key it is.
    pub(crate) async fn json_call(&self, key: &str, region: &str, service: &str, target: &str, body: Value) {
        let scope = format!("{key}/20261102/{region}/{service}/aws4_request");
        let answer = self
            .http
            .post(&self.url)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"))
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{target}: {}", answer.status());
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/emulator")
}

/// The Python environment; made when it is missing or its pins changed. Tests run as processes of their
/// own, so a file lock lets one of them make it.
fn environment() -> PathBuf {
    let given = std::env::var_os("CATTLEGUARD_TEST_VENV").map(PathBuf::from);
    let venv = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-venv"));
    std::fs::create_dir_all(venv.parent().unwrap()).unwrap();
    let lock = File::create(venv.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let status = Command::new("sh").arg(folder().join("setup.sh")).arg(&venv).status().unwrap();
    assert!(status.success(), "emulator/setup.sh failed: {status}");
    venv
}
