//! Giving way to everything else on the host.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

/// As far back as it goes.
const NICE: i32 = 19;

/// Lets every other process go first, for the processor and for the disk, and writes no core: it would hold what only
/// root may read. Also raises the number of open files to what is allowed: deep trees take one descriptor a level. A
/// service manager that forbids changing these two limits has set them itself.
///
/// # Errors
/// The first call that the kernel refuses; the rest is done all the same.
pub fn step_back(is_idle: bool) -> Result<(), Errno> {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let files = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum });
    let processor = if is_idle { nice(NICE).map(drop) } else { Ok(()) };
    let disk = if is_idle { idle_disk() } else { Ok(()) };
    processor.and(disk)
}

/// The idle class of ioprio_set(2), for the calling thread and those that it starts.
#[expect(unsafe_code, reason = "no library offers this system call; it takes three integers and touches no memory")]
fn idle_disk() -> Result<(), Errno> {
    const WHO_PROCESS: libc::c_int = 1;
    const CLASS_IDLE: libc::c_int = 3;
    const CLASS_SHIFT: libc::c_int = 13;
    const SELF: libc::c_int = 0;
    // SAFETY: ioprio_set(2) reads three integers by value.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, SELF, CLASS_IDLE << CLASS_SHIFT) };
    if result == 0 { Ok(()) } else { Err(Errno::PERM) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_left_to_others() {
        assert_eq!(std::thread::spawn(idle_disk).join().unwrap(), Ok(()));
    }
}
