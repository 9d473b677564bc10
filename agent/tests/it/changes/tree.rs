//! The tree that is changed.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

use rustix::fs::{IFlags, XattrFlags, ioctl_getflags, ioctl_setflags};

pub(super) struct Tree(PathBuf);

impl Tree {
    pub(super) fn new(root: PathBuf) -> Self {
        Self(root)
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// A new file, in a folder that is made if need be.
    pub(super) fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(super) fn folder(&self, path: &str) {
        fs::create_dir_all(self.at(path)).unwrap();
    }

    pub(super) fn link(&self, path: &str, target: &str) {
        symlink(target, self.at(path)).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    pub(super) fn append(&self, path: &str, text: &str) {
        let mut old = fs::read(self.at(path)).unwrap();
        old.extend_from_slice(text.as_bytes());
        fs::write(self.at(path), old).unwrap();
    }

    pub(super) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn own(&self, path: &str, uid: u32, gid: u32) {
        chown(self.at(path), Some(uid), Some(gid)).unwrap();
    }

    pub(super) fn attribute(&self, path: &str, name: &str, value: &[u8]) {
        rustix::fs::lsetxattr(self.at(path), name, value, XattrFlags::empty()).unwrap();
    }

    pub(super) fn flag(&self, path: &str, flag: IFlags) {
        let file = OwnedFd::from(fs::File::open(self.at(path)).unwrap());
        ioctl_setflags(&file, ioctl_getflags(&file).unwrap() | flag).unwrap();
    }

    /// Takes away the flags that keep the tree from being removed.
    pub(super) fn thaw(&self) {
        for path in ["/opt/app/fixed", "/opt/app/journal"] {
            let file = OwnedFd::from(fs::File::open(self.at(path)).unwrap());
            let flags = ioctl_getflags(&file).unwrap() - IFlags::IMMUTABLE - IFlags::APPEND;
            ioctl_setflags(&file, flags).unwrap();
        }
    }

    /// Runs the agent on the tree, in a mount name space of its own after the script.
    pub(super) fn agent(&self, arguments: &[&str], script: &str) -> (i32, serde_json::Value) {
        let (program, root) = (env!("CARGO_BIN_EXE_cattleguard-agent"), self.0.to_str().unwrap());
        let line = format!("set -e; cd {root}; {script}\nexec \"$@\" --sysroot {root}");
        let output = Command::new("unshare")
            .args(["-m", "sh", "-c", &line, "sh", program])
            .args(arguments)
            .env_remove("CATTLEGUARD_AGENT_GOLDEN")
            .output()
            .unwrap();
        let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let code = output.status.code().unwrap();
        assert!(code < 2, "{code}: {}{json:#}", String::from_utf8_lossy(&output.stderr));
        (code, json)
    }

    /// What the changes need of a Debian server.
    pub(super) fn seed(&self) {
        for (path, mode) in [
            ("/usr/bin/find", 0o755),
            ("/usr/bin/sort", 0o755),
            ("/usr/bin/tail", 0o755),
            ("/usr/bin/passwd", 0o4755),
            ("/usr/bin/sha256sum", 0o755),
            ("/usr/sbin/nginx", 0o755),
            ("/usr/share/zoneinfo/Etc/UTC", 0o644),
            ("/usr/share/zoneinfo/Etc/GMT", 0o644),
            ("/etc/debian_version", 0o644),
            ("/etc/nginx/nginx.conf", 0o644),
            ("/etc/pam.d/other", 0o644),
            ("/etc/ssh/ssh_config", 0o644),
            ("/etc/ssh/sshd_config", 0o644),
        ] {
            self.file(path, format!("{path} of the image\n"));
            self.mode(path, mode);
        }
        for folder in [
            "/etc/cron.d",
            "/etc/sudoers.d",
            "/etc/systemd/system",
            "/root",
            "/var/spool/cron/crontabs",
            "/var/www/html",
        ] {
            self.folder(folder);
        }
        self.folder("/etc/systemd/system/multi-user.target.wants");
        self.file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
        self.file("/etc/shadow", "root:*:19000:0:99999:7:::\n");
        self.file("/etc/group", "root:x:0:\nsudo:x:27:\n");
        let package = |name: &str, version: &str, files: &str| {
            self.file(&format!("/var/lib/dpkg/info/{name}.list"), files);
            format!("Package: {name}\nStatus: install ok installed\nArchitecture: all\nVersion: {version}\n\n")
        };
        let zones = "/usr/share/zoneinfo/Etc/UTC\n/usr/share/zoneinfo/Etc/GMT\n";
        let status =
            [package("coreutils", "9.1-1", "/usr/bin/sha256sum\n"), package("tzdata", "2024a-0", zones)].concat();
        self.file("/var/lib/dpkg/status", status);
    }
}
