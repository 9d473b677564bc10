//! What the agent gives up before it looks at anything that others have written: it reads untrusted names and files
//! with root's rights, and needs nothing but reading, and writing in one or two folders.
//!
//! Landlock (Linux 5.13) leaves reading, those folders, and no TCP; seccomp takes away the system calls by which a
//! program could reach the network, other processes, mounts or the kernel. Where the kernel lacks one, the other holds;
//! the unit files have all of it once more, from outside.

mod calls;
mod priority;

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use calls::Left;
pub use priority::step_back;

/// What is asked of kernels that have it; older ones give what they can.
const KERNEL: ABI = ABI::V6;

/// What a run still needs.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Folders in which files are written and replaced. Those that are not there are passed over.
    pub writes: Vec<PathBuf>,
    /// Whether another program has to be asked: some databases of packages only their own can read.
    pub runs_programs: bool,
}

/// What holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// All that was asked for.
    Full,
    /// What this kernel has of it.
    Partial,
    /// Nothing.
    #[default]
    None,
}

/// How far a run is shut in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sandbox {
    /// Files and TCP.
    pub landlock: Held,
    /// System calls.
    pub seccomp: Held,
}

/// Shuts this thread in, and all that it starts from now on. What the kernel refuses is told, not fatal: the agent must
/// report on old kernels too.
pub fn enter(needs: &Needs) -> (Sandbox, Vec<String>) {
    let left = if needs.runs_programs { Left::Programs } else { Left::Files };
    told(landlock(needs), calls::forbid(left))
}

/// Shuts this thread in altogether: no file is opened any more, no process or thread started. What is open
/// stays open. For code of strangers that needs nothing but its input.
pub fn enter_closed() -> (Sandbox, Vec<String>) {
    let closed = || ruleset()?.create()?.restrict_self().map(|status| held(&status));
    told(closed(), calls::forbid(Left::Nothing))
}

fn told(landlock: Result<Held, RulesetError>, seccomp: Result<(), seccompiler::Error>) -> (Sandbox, Vec<String>) {
    let mut notes = Vec::new();
    let landlock = landlock.unwrap_or_else(|error| {
        notes.push(format!("landlock: {error}"));
        Held::None
    });
    let seccomp = match seccomp {
        Ok(()) => Held::Full,
        Err(error) => {
            notes.push(format!("seccomp: {error}"));
            Held::None
        }
    };
    (Sandbox { landlock, seccomp }, notes)
}

/// Forbids everything that Landlock knows, but for the rules that follow.
fn ruleset() -> Result<Ruleset, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KERNEL))?
        .handle_access(AccessNet::from_all(KERNEL))?
        .scope(Scope::from_all(KERNEL))
}

fn landlock(needs: &Needs) -> Result<Held, RulesetError> {
    let mut reading: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    if needs.runs_programs {
        reading |= AccessFs::Execute;
    }
    let status = ruleset()?
        .create()?
        .add_rules(path_beneath_rules(["/"], reading))?
        .add_rules(path_beneath_rules(&needs.writes, AccessFs::from_all(KERNEL) & !AccessFs::Execute))?
        .restrict_self()?;
    Ok(held(&status))
}

fn held(status: &RestrictionStatus) -> Held {
    match status.ruleset {
        RulesetStatus::FullyEnforced => Held::Full,
        RulesetStatus::PartiallyEnforced => Held::Partial,
        RulesetStatus::NotEnforced => Held::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_was_shut_in_reads_everything_and_writes_only_where_it_may() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let needs = Needs { writes: vec![inside.path().to_owned(), "/nonexistent".into()], runs_programs: false };
        let (mine, others) = (inside.path().to_owned(), outside.path().to_owned());
        std::fs::write(others.join("old"), "x").unwrap();
        // Of this thread alone: the tests beside it go on as they were.
        let thread = std::thread::spawn(move || {
            let (sandbox, notes) = enter(&needs);
            assert_eq!(std::fs::read(others.join("old")).unwrap(), b"x");
            std::fs::write(mine.join(".new.partial"), "x").unwrap();
            std::fs::rename(mine.join(".new.partial"), mine.join("new")).unwrap();
            if sandbox.landlock != Held::None {
                assert!(std::fs::write(others.join("new"), "x").is_err());
                assert!(std::fs::remove_file(others.join("old")).is_err());
            }
            if sandbox.seccomp != Held::None {
                let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap_err();
                assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
                assert!(std::os::unix::net::UnixStream::pair().is_err());
                assert!(std::process::Command::new("/bin/true").status().is_err());
            }
            (sandbox, notes)
        });
        let (sandbox, notes) = thread.join().unwrap();
        assert_eq!(sandbox.seccomp, Held::Full, "{notes:?}");
    }

    #[test]
    fn a_thread_that_was_closed_reads_what_is_open_and_opens_nothing() {
        use std::io::Read as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("open");
        std::fs::write(&path, "x").unwrap();
        let mut open = std::fs::File::open(&path).unwrap();
        let thread = std::thread::spawn(move || {
            let (sandbox, notes) = enter_closed();
            let mut text = String::new();
            open.read_to_string(&mut text).unwrap();
            assert_eq!(text, "x");
            assert!(std::fs::read(&path).is_err(), "{sandbox:?}");
            if sandbox.seccomp != Held::None {
                assert!(std::net::TcpListener::bind("127.0.0.1:0").is_err());
                assert!(std::thread::Builder::new().spawn(|| ()).is_err());
            }
            (sandbox, notes)
        });
        let (sandbox, notes) = thread.join().unwrap();
        assert_eq!(sandbox.seccomp, Held::Full, "{notes:?}");
    }
}
