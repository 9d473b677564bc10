//! The simulated account in which the documents' commands are typed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cattleguard::testing::SimWorld;
use cattleguard::types::Place;

pub(super) const ACCOUNT: &str = "000000000000";
pub(super) const REGION: &str = "eu-west-1";

/// One account-region of the demo's, with everything allowed.
const CONFIGURATION: &str = r#"mode = "replace"

[state]
url = "sqlite:state.db"

[enforcement]
kill_switch = { file = "stop" }

[[account]]
id = "000000000000"
regions = ["eu-west-1"]

[[fleet]]
name = "web"
select = { tags = { app = "web" } }
golden = "web"
enforcement = "replace"
budget = { count = 2, percent = 50 }
windows = [{ from = "00:00", to = "24:00" }]
"#;

/// Who takes part.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) image: String,
    /// Pristine, and no member of the fleet.
    pub(super) reference: String,
    /// Drifted; nothing was done about it yet.
    pub(super) drifted: String,
    /// Drifted, and quarantined since.
    pub(super) contained: String,
}

struct Base {
    folder: PathBuf,
    cast: Cast,
}

/// The program in a world, with nothing of the caller's environment.
pub(super) fn sim(world: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"));
    command.env_clear().env("LC_ALL", "C.UTF-8").env("USER", "tester").env("PATH", "/usr/bin:/bin");
    command.arg("--world").arg(world).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, which has to be one of these; what it printed.
pub(super) fn ran(world: &Path, args: &[&str], fine: &[i32]) -> String {
    let output = sim(world, args).output().expect("the program starts");
    let code = output.status.code().unwrap_or(-1);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(fine.contains(&code), "{args:?}: exit {code}\n{out}\n{err}");
    out.into_owned()
}

fn build() -> Base {
    // Tests of one process share it, and copy it; it is made anew for each process.
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    let folder = all.join(std::process::id().to_string());
    for entry in fs::read_dir(&all).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() || entry.path() == folder {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    fs::create_dir_all(&folder).expect("a folder");
    SimWorld::create(&folder).expect("a world");
    fs::write(folder.join("cattleguard.toml"), CONFIGURATION).expect("written");
    let cast = {
        let world = SimWorld::open(&folder).expect("the world");
        let (place, facts) = (Place::new(ACCOUNT, REGION), &world.facts);
        let pristine = |id: &cattleguard::types::InstanceId| {
            !facts.members.contains(id) && world.cloud.place_of(id).is_ok_and(|at| at == place)
        };
        let image = facts.images.iter().find(|(region, _)| *region == place.region).expect("an image").1.to_string();
        let reference = world.cloud.instance_ids().into_iter().find(pristine).expect("a reference").to_string();
        Cast { image, reference, drifted: facts.upgraded.to_string(), contained: facts.regrouped.to_string() }
    };
    let (image, reference) = (cast.image.as_str(), cast.reference.as_str());
    let record = ["golden", "record", "web", "--version", "1", "--ami", image, "--reference-instance", reference];
    ran(&folder, &[&record[..], &["--promote"]].concat(), &[0]);
    ran(&folder, &["scan"], &[0]);
    SimWorld::open(&folder).expect("the world").morning().expect("the bad morning");
    ran(&folder, &["scan"], &[1]);
    ran(&folder, &["quarantine", &cast.contained], &[0]);
    // The budget rests after each operation.
    ran(&folder, &["world", "wait", "40m"], &[0]);
    ran(&folder, &["scan"], &[1]);
    Base { folder, cast }
}

fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(build)
}

/// Puts a copy of the world into a new folder.
pub(super) fn copy_to(folder: &Path) -> Cast {
    let base = base();
    let copied = Command::new("cp").arg("-r").arg(&base.folder).arg(folder).status().expect("cp");
    assert!(copied.success());
    base.cast.clone()
}
