//! A small file tree that stands for a host, and the program run on it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one run of the program did.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `Null` when the output was not JSON.
    pub(crate) json: serde_json::Value,
}

impl Run {
    /// Path, code and aspects of each difference.
    pub(crate) fn differences(&self) -> Vec<(String, String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let aspects = |item: &serde_json::Value| {
            item["aspects"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(",")
        };
        let list = self.json["differences"].as_array().unwrap_or_else(|| panic!("no JSON: {}", self.stderr));
        list.iter().map(|item| (text(&item["path"]), text(&item["code"]), aspects(item))).collect()
    }
}

pub(crate) struct Host {
    folder: tempfile::TempDir,
    golden: String,
    sysroot: String,
}

impl Host {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The temporary folder is private; another user must reach the tree in one test.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (tree, golden) = (folder.path().join("tree"), folder.path().join("golden.cgm"));
        let (golden, sysroot) = (golden.to_str().unwrap().to_owned(), tree.to_str().unwrap().to_owned());
        let host = Self { folder, golden, sysroot };
        for directory in ["bin", "etc", "opt/empty"] {
            fs::create_dir_all(host.path(directory)).unwrap();
        }
        for (file, content) in [
            ("bin/tool", "tool content"),
            ("bin/setuid", "x"),
            ("etc/shadow", "secret"),
            ("etc/gone", "x"),
            ("etc/case", "x"),
            ("etc/file", "x"),
            ("opt/attr", ""),
        ] {
            fs::write(host.path(file), content).unwrap();
            fs::set_permissions(host.path(file), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(host.path("etc/shadow"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(host.path("bin/tool"), host.path("bin/tool2")).unwrap();
        symlink("file", host.path("etc/link")).unwrap();
        host
    }

    /// In the tree.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        Path::new(&self.sysroot).join(inside)
    }

    /// Outside of it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn golden(&self) -> &str {
        &self.golden
    }

    pub(crate) fn sysroot(&self) -> &str {
        &self.sysroot
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-agent"));
        command.args(arguments);
        // Tests would wait for everything else that the machine does.
        if matches!(arguments.first(), Some(&"check" | &"report")) {
            command.args(["--priority", "normal"]);
        }
        finish(&mut command)
    }

    pub(crate) fn bake(&self, more: &[&str]) -> Run {
        let base = ["bake", "-o", "json", "--sysroot", &self.sysroot, "--out", &self.golden];
        let run = self.run(&[&base, more].concat());
        assert!(run.code == 0 || run.code == 3, "{}", run.stderr);
        run
    }

    pub(crate) fn check(&self) -> Run {
        self.run(&["check", "-o", "json", "--sysroot", &self.sysroot, "--golden", &self.golden])
    }

    /// The same host, seen by a user without rights.
    pub(crate) fn for_nobody(&self) -> Nobody<'_> {
        let program = self.beside("agent");
        // By another process: a descriptor open for writing here could be inherited by the program of a test that
        // runs at the same time, and what is open for writing cannot be executed.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_cattleguard-agent")).arg(&program).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(&self.golden, fs::Permissions::from_mode(0o644)).unwrap();
        Nobody { host: self, program }
    }

    /// A chain of `levels` folders in `inside`.
    pub(crate) fn deepen(&self, inside: &str, levels: usize) {
        use rustix::fs::{Mode, OFlags, mkdirat, openat};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut current = openat(rustix::fs::CWD, self.path(inside), flags, Mode::empty()).unwrap();
        for _ in 0..levels {
            mkdirat(&current, "deep", Mode::RWXU).unwrap();
            current = openat(&current, "deep", flags, Mode::empty()).unwrap();
        }
    }

    /// Books a package as dpkg does.
    pub(crate) fn install(&self, name: &str, version: &str, files: &[&str]) {
        let info = self.path("var/lib/dpkg/info");
        fs::create_dir_all(&info).unwrap();
        let status =
            format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n");
        fs::write(self.path("var/lib/dpkg/status"), status).unwrap();
        fs::write(info.join(format!("{name}.list")), files.join("\n") + "\n").unwrap();
    }
}

pub(crate) struct Nobody<'a> {
    host: &'a Host,
    program: PathBuf,
}

impl Nobody<'_> {
    pub(crate) fn check(&self) -> Run {
        let mut command = Command::new(&self.program);
        let golden = &self.host.golden;
        // Its own configuration is in a folder that this user may not enter.
        command.args(["check", "-o", "json", "--config", "/dev/null", "--priority", "normal"]);
        command.args(["--sysroot", &self.host.sysroot, "--golden", golden]);
        if is_root() {
            command.uid(65_534).gid(65_534);
        }
        finish(&mut command)
    }
}

/// Whether the tests run with rights that pass every permission check.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn finish(command: &mut Command) -> Run {
    let output = command.env_remove("CATTLEGUARD_AGENT_GOLDEN").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    Run {
        code: output.status.code().unwrap(),
        json: serde_json::from_str(&stdout).unwrap_or_default(),
        stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
