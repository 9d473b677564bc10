//! The scanner's side of the pipes: never waits longer than it wants to, whatever the worker does.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::frame::{self, HEADER, Kind};
use super::{Death, Launch, PATIENCE};

/// What the allocator of the program (mimalloc, options of its `mi_option_t`) has to know where address space is limited:
/// to reserve little of it at a time, where it would take a GiB at the start. And to keep what it has: giving pages back to the
/// system between two inputs only costs time.
pub const ALLOCATOR: [(&str, &str); 2] = [("MIMALLOC_ARENA_RESERVE", "64MiB"), ("MIMALLOC_PURGE_DELAY", "-1")];

/// Read and written at once.
const CHUNK: usize = 256 * 1024;

/// Most that is kept of what a worker prints.
const PRINTED: usize = 4 * 1024;

/// A pipe holds this much, where the system allows it: a window of questions.
const PIPE: usize = 1024 * 1024;

/// How often the limit of processor time is raised.
const RENEW: Duration = Duration::from_secs(5);

/// How long a worker that says no more may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// A running worker.
pub(super) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    unsent: VecDeque<u8>,
    received: VecDeque<u8>,
    printed: Vec<u8>,
    started: Instant,
    renewed: Instant,
}

impl Process {
    /// Starts a worker: with nothing of our environment but two words to the allocator, in the root folder.
    pub(super) fn start(launch: &Launch) -> io::Result<Self> {
        let mut child = Command::new(&launch.program)
            .arg0("cattleguard-policy")
            .args(&launch.args)
            .env_clear()
            .envs(ALLOCATOR)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("a pipe is missing"));
        };
        let no_wait = |flags: OFlags| flags | OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&stdin, no_wait(rustix::fs::fcntl_getfl(&stdin)?))?;
        rustix::fs::fcntl_setfl(&stdout, no_wait(rustix::fs::fcntl_getfl(&stdout)?))?;
        rustix::fs::fcntl_setfl(&stderr, no_wait(rustix::fs::fcntl_getfl(&stderr)?))?;
        // Only speed: a refusal leaves the usual size.
        let _ = rustix::pipe::fcntl_setpipe_size(&stdin, PIPE);
        let now = Instant::now();
        Ok(Self {
            child,
            stdin,
            stdout,
            stderr,
            unsent: VecDeque::new(),
            received: VecDeque::new(),
            printed: Vec::new(),
            started: now,
            renewed: now,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Puts a frame on its way. It is written here as far as the pipe takes it, and else while an answer is waited for.
    pub(super) fn send(&mut self, kind: Kind, parts: &[&[u8]]) -> io::Result<()> {
        let length = parts.iter().map(|part| part.len()).sum();
        self.unsent.extend(frame::header(kind, length)?);
        parts.iter().for_each(|part| self.unsent.extend(*part));
        if self.unsent.len() >= CHUNK { self.write() } else { Ok(()) }
    }

    /// The next frame; waits as long as bytes come at least this often. On an error the worker is of no use any more:
    /// see [`end`](Self::end).
    pub(super) fn receive(&mut self, patience: Duration) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let mut last = Instant::now();
        loop {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
            let left = patience.saturating_sub(last.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            self.renew();
            self.write()?;
            let before = self.received.len();
            self.wait(left)?;
            if self.received.len() > before {
                last = Instant::now();
            }
        }
    }

    fn wait(&mut self, most: Duration) -> io::Result<()> {
        let mut streams = vec![PollFd::new(&self.stdout, PollFlags::IN), PollFd::new(&self.stderr, PollFlags::IN)];
        if !self.unsent.is_empty() {
            streams.push(PollFd::new(&self.stdin, PollFlags::OUT));
        }
        let most = Timespec::try_from(most.min(RENEW)).map_err(io::Error::other)?;
        match poll(&mut streams, Some(&most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.hear()?;
        let mut chunk = vec![0; CHUNK];
        match self.stdout.read(&mut chunk) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.received.extend(chunk.get(..count).unwrap_or_default());
                Ok(())
            }
            Err(error) if is_nothing_yet(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes what it printed; whether it can print no more.
    fn hear(&mut self) -> io::Result<bool> {
        let mut chunk = [0; PRINTED];
        loop {
            match self.stderr.read(&mut chunk) {
                Ok(0) => return Ok(true),
                Ok(count) => {
                    let room = PRINTED.saturating_sub(self.printed.len());
                    self.printed.extend(chunk.get(..count.min(room)).unwrap_or_default());
                }
                Err(error) if is_nothing_yet(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        loop {
            let (chunk, _) = self.unsent.as_slices();
            if chunk.is_empty() {
                return Ok(());
            }
            match self.stdin.write(chunk) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if is_nothing_yet(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let mut header = [0; HEADER];
        if self.received.len() < HEADER {
            return Ok(None);
        }
        header.iter_mut().zip(&self.received).for_each(|(to, from)| *to = *from);
        let Some((kind, length)) = frame::announced(&header)? else { return Ok(None) };
        if self.received.len() < HEADER + length {
            return Ok(None);
        }
        self.received.drain(..HEADER);
        Ok(Some((kind, self.received.drain(..length).collect())))
    }

    /// Processor time can be no more than the time since the start: with that much and the patience on top only a
    /// worker that nobody waits for any more runs into the limit.
    fn renew(&mut self) {
        if self.renewed.elapsed() < RENEW {
            return;
        }
        self.renewed = Instant::now();
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        let soft = self.started.elapsed() + PATIENCE * 2;
        let limit = Rlimit { current: Some(soft.as_secs()), maximum: None };
        // A service manager may forbid it; then the first limit holds, and a new worker takes over when it is reached.
        let _ = prlimit(Some(pid), Resource::Cpu, limit);
    }

    /// Ends it, if it has not ended by itself, and says how it died. `why` is what the caller saw.
    pub(super) fn end(mut self, why: Option<Death>) -> Death {
        // A process that ends closes all its pipes; one that closed only one of them is ended here.
        if why.is_some() || !self.is_ending() {
            let _ = self.child.kill();
        }
        let status = self.child.wait();
        let _ = self.hear();
        match (why, status) {
            (Some(why), _) => why,
            (None, Ok(status)) => Death::of(status, &self.printed),
            (None, Err(error)) => Death::Ended(error.to_string()),
        }
    }
}

impl Process {
    /// Waits for the end of what it prints.
    fn is_ending(&mut self) -> bool {
        let started = Instant::now();
        while let Some(left) = ENDING.checked_sub(started.elapsed()) {
            match self.hear() {
                Ok(true) => return true,
                Ok(false) => {}
                Err(_) => return false,
            }
            let Ok(left) = Timespec::try_from(left) else { return false };
            let _ = poll(&mut [PollFd::new(&self.stderr, PollFlags::IN)], Some(&left));
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody waits for an answer any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_nothing_yet(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
