//! The demo's folder: configuration, secrets and state, removed at the end.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::failed;
use crate::app::error::AppError;

/// The folder of one demo run.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn create() -> Result<Self, AppError> {
        let path = std::env::temp_dir().join(format!("cattleguard-demo-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| failed("the demo's folder cannot be made", error))?;
        Ok(Self(path))
    }

    /// Writes the configuration and the secrets it refers to; returns the configuration's path.
    pub(super) fn write(&self, receiver: SocketAddr, signing_secret: &str) -> Result<PathBuf, AppError> {
        self.file("slack-url", &format!("http://{receiver}/services/T000/B000/demo"))?;
        self.file("webhook-url", &format!("http://{receiver}/hook"))?;
        self.file("webhook-secret", signing_secret)?;
        let folder = self.0.display();
        let text = format!(
            r#"mode = "replace"                        # a ceiling; a scan plans and alerts, `enforce` acts

[state]
url = "sqlite:{folder}/state.db"

[[account]]
id = "000000000000"
regions = ["eu-central-1", "eu-west-1"]

[[account]]
id = "000000000001"
regions = ["eu-central-1", "eu-west-1"]

[[fleet]]
name = "web"
select = {{ tags = {{ app = "web" }} }}
golden = "web"
enforcement = "replace"
budget = {{ count = 1, percent = 5 }}

[[fleet.windows]]
days = ["mon", "tue", "wed", "thu"]
from = "09:00"
to = "16:00"
zone = "Europe/Berlin"

[[notify]]
name = "slack"
kind = "slack"
url = {{ file = "{folder}/slack-url" }}
allow_private = true                    # the receiver is on loopback

[[notify]]
name = "siem"
kind = "webhook"
url = {{ file = "{folder}/webhook-url" }}
secrets = [{{ file = "{folder}/webhook-secret" }}]
allow_private = true
"#
        );
        self.file("cattleguard.toml", &text)
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf, AppError> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(|error| failed(&format!("{} cannot be written", path.display()), error))?;
        restrict(&path)?;
        Ok(path)
    }
}

/// Secrets are for their owner alone, in a demo too.
fn restrict(path: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .map_err(|error| failed(&format!("{} cannot be protected", path.display()), error))
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in the system's temporary folder under our process id.
        let _ = fs::remove_dir_all(&self.0);
    }
}
