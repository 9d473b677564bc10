//! A worker with policies in it, that is started anew whenever it dies.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::frame::{Kind, VERSION};
use super::level::{Hello, SandboxLevel};
use super::load::{Load, LoadError, Loaded};
use super::process::Process;
use super::{Death, Launch};
use crate::evaluate::{Answered, MAX_INPUT_BYTES, PolicyPackage, PolicyProblem, PolicySource};

/// Questions on their way: enough that neither side waits for the other, few enough to be tried again one by one.
const WINDOW: usize = 64;

/// Bytes of questions on their way.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// All packages but those set aside.
const ALL: u16 = u16::MAX;

/// Deaths by one package alone after which it is set aside for the rest of the scan: the others go on.
const MAX_KILLS: u32 = 3;

/// Policies in a process of their own.
pub struct Worker {
    launch: Launch,
    load: Vec<u8>,
    digest: String,
    packages: Vec<PolicyPackage>,
    level: SandboxLevel,
    process: Option<Process>,
    deaths: u32,
    /// How often each package killed the process when it alone was asked.
    kills: Vec<u32>,
    /// Somebody has begun to ask and not finished.
    owes: bool,
}

impl Worker {
    /// Starts a process and lets it compile.
    ///
    /// # Errors
    /// What is wrong with the files, or what happened to the process.
    pub fn start(launch: Launch, sources: Vec<PolicySource>, data: Value) -> Result<Self, LoadError> {
        let load = Load { sources, data };
        let bytes = serde_json::to_vec(&load).map_err(|error| LoadError::Start(error.into()))?;
        match loaded(&launch, &bytes) {
            Ok((process, level, Loaded { digest, packages })) => Ok(Self {
                launch,
                load: bytes,
                digest,
                kills: vec![0; packages.len()],
                packages,
                level,
                process: Some(process),
                deaths: 0,
                owes: false,
            }),
            Err(LoadError::Died { death, .. }) => Err(LoadError::Died { death, file: culprit(&launch, load) }),
            Err(error) => Err(error),
        }
    }

    /// How far a worker is shut in here, without any policies.
    ///
    /// # Errors
    /// When the process cannot be started or does not speak.
    pub fn probe(launch: &Launch) -> Result<SandboxLevel, LoadError> {
        let mut process = Process::start(launch).map_err(LoadError::Start)?;
        match hello(&mut process, launch) {
            Ok(level) => Ok(level),
            Err(why) => Err(LoadError::Early(process.end(why))),
        }
    }

    /// Digest of the policies.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The packages that decide.
    pub fn packages(&self) -> &[PolicyPackage] {
        &self.packages
    }

    /// How far the process is shut in.
    pub fn level(&self) -> &SandboxLevel {
        &self.level
    }

    /// The running process, if there is one.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Deaths since [`forgive`](Self::forgive).
    pub fn deaths(&self) -> u32 {
        self.deaths
    }

    /// Begins to count deaths anew, and asks every package again: for another scan.
    pub fn forgive(&mut self) {
        self.deaths = 0;
        if !self.aside().is_empty() {
            self.process = None;
        }
        self.kills.fill(0);
    }

    /// The places of packages that are not asked any more.
    fn aside(&self) -> BTreeSet<usize> {
        let kills = self.kills.iter().enumerate();
        kills.filter(|(_, kills)| **kills >= MAX_KILLS).map(|(index, _)| index).collect()
    }

    /// Begins to ask. A process that still owes answers, because whoever asked before panicked, is not used again.
    /// `answer` is called once for everything asked, in no particular order.
    pub fn questions<T, F: FnMut(T, Answered)>(&mut self, answer: F) -> Questions<'_, T, F> {
        if std::mem::take(&mut self.owes) {
            self.process = None;
        }
        self.owes = true;
        Questions { worker: self, waiting: VecDeque::new(), bytes: 0, answer }
    }

    /// Asks one question and waits for its answer.
    fn alone(&mut self, text: &str, only: Option<u16>) -> Result<Answered, Death> {
        let process = self.running()?;
        let sent = process.send(Kind::Ask, &[&only.unwrap_or(ALL).to_le_bytes(), text.as_bytes()]);
        let sent = sent.map_err(told_of);
        sent.and_then(|()| self.next(only)).map_err(|why| self.died(why))
    }

    /// The next answer; the error is what was seen of the process's end, if it has not just ended.
    fn next(&mut self, only: Option<u16>) -> Result<Answered, Option<Death>> {
        let patience = self.launch.patience;
        let Some(process) = &mut self.process else { return Err(None) };
        match process.receive(patience).map_err(told_of)? {
            Some((Kind::Answer, bytes)) => {
                let aside = self.aside();
                let is_asked = |index: &usize| match only {
                    Some(only) => usize::from(only) == *index,
                    None => !aside.contains(index),
                };
                let asked = self.packages.iter().enumerate().filter(|(index, _)| is_asked(index));
                let asked: Vec<&PolicyPackage> = asked.map(|(_, package)| package).collect();
                let answered = Answered::read(&asked, &bytes).map_err(|error| Some(Death::Nonsense(error)))?;
                Ok(if only.is_none() { self.with_those_aside(answered, &aside) } else { answered })
            }
            Some((kind, _)) => Err(Some(Death::Nonsense(format!("{kind:?} where an answer was due")))),
            None => Err(Some(Death::Silent(patience))),
        }
    }

    /// An answer, with errors in the places of what was set aside.
    fn with_those_aside(&self, mut answered: Answered, aside: &BTreeSet<usize>) -> Answered {
        let error = format!("not evaluated: it ended the process for policies {MAX_KILLS} times before");
        for index in aside {
            let failed = Answered::failed(self.packages.get(*index), &error).policies;
            let place = (*index).min(answered.policies.len());
            answered.policies.splice(place..place, failed);
        }
        answered
    }

    fn running(&mut self) -> Result<&mut Process, Death> {
        if self.process.is_none() {
            let aside = self.aside();
            let (mut process, _, again) = loaded(&self.launch, &self.load).map_err(|error| match error {
                LoadError::Died { death, .. } | LoadError::Early(death) => death,
                other => Death::Ended(other.to_string()),
            })?;
            if again.packages != self.packages {
                return Err(Death::Nonsense("other policies than before".to_owned()));
            }
            if !aside.is_empty() {
                let numbers = aside.iter().filter_map(|index| u16::try_from(*index).ok());
                let numbers: Vec<u8> = numbers.flat_map(u16::to_le_bytes).collect();
                let sent = process.send(Kind::Aside, &[&numbers]).map_err(told_of);
                if let Err(why) = sent {
                    return Err(process.end(why));
                }
            }
            self.process = Some(process);
        }
        self.process.as_mut().ok_or_else(|| Death::Ended("no process".to_owned()))
    }

    fn died(&mut self, why: Option<Death>) -> Death {
        self.deaths += 1;
        let death = match self.process.take() {
            Some(process) => process.end(why),
            None => why.unwrap_or_else(|| Death::Ended("no process".to_owned())),
        };
        tracing::warn!(death = %death, deaths = self.deaths, "the process for policies ended; its inputs are tried again");
        death
    }

    /// Answers one question after a death: as a whole, and if it kills the process again policy by policy.
    fn isolate(&mut self, text: &str) -> Answered {
        match self.alone(text, None) {
            Ok(answered) => return answered,
            Err(death) if self.packages.len() < 2 => {
                self.killed_by(0);
                return Answered::failed(&self.packages, &blame(&death));
            }
            Err(_) => {}
        }
        let packages = self.packages.clone();
        let mut whole = Answered::failed([], "");
        let aside = self.aside();
        for (index, package) in packages.iter().enumerate() {
            let only = u16::try_from(index).unwrap_or(ALL);
            // What was set aside has its error below.
            if aside.contains(&index) {
                continue;
            }
            let said = if self.deaths >= self.launch.max_deaths {
                Answered::failed([package], &self.given_up())
            } else {
                self.alone(text, Some(only)).unwrap_or_else(|death| {
                    self.killed_by(index);
                    Answered::failed([package], &blame(&death))
                })
            };
            whole.policies.extend(said.policies);
            whole.took += said.took;
        }
        self.with_those_aside(whole, &aside)
    }

    /// A package ended the process alone. The process that was started since, if any, still asks it with the others.
    fn killed_by(&mut self, index: usize) {
        let Some(kills) = self.kills.get_mut(index) else { return };
        *kills += 1;
        if *kills == MAX_KILLS {
            self.process = None;
            let package = self.packages.get(index).map(|package| package.name.as_str()).unwrap_or_default();
            tracing::warn!(
                package,
                kills = MAX_KILLS,
                "a policy keeps ending the process and is left out of this scan"
            );
        }
    }

    fn given_up(&self) -> String {
        format!("not evaluated: the process for policies had died {} times before", self.deaths)
    }
}

fn blame(death: &Death) -> String {
    format!("the process for policies {death}")
}

/// What an I/O error tells of a worker: the end of its output nothing that is not better told by its status.
fn told_of(error: io::Error) -> Option<Death> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => None,
        _ => Some(Death::Nonsense(error.to_string())),
    }
}

/// A process that has compiled these files.
fn loaded(launch: &Launch, load: &[u8]) -> Result<(Process, SandboxLevel, Loaded), LoadError> {
    let mut process = Process::start(launch).map_err(LoadError::Start)?;
    let level = match hello(&mut process, launch) {
        Ok(level) => level,
        Err(why) => return Err(LoadError::Early(process.end(why))),
    };
    match compiled(&mut process, launch, load) {
        Ok(Ok(loaded)) => Ok((process, level, loaded)),
        Ok(Err(problems)) => Err(LoadError::Refused(problems)),
        Err(why) => Err(LoadError::Died { death: process.end(why), file: None }),
    }
}

fn hello(process: &mut Process, launch: &Launch) -> Result<SandboxLevel, Option<Death>> {
    let hello: Hello = match process.receive(launch.patience).map_err(told_of)? {
        Some((Kind::Hello, bytes)) => parse(&bytes)?,
        Some((kind, _)) => return Err(Some(Death::Nonsense(format!("{kind:?} first")))),
        None => return Err(Some(Death::Silent(launch.patience))),
    };
    if (hello.version, hello.program.as_str()) == (VERSION, env!("CARGO_PKG_VERSION")) {
        return Ok(hello.level);
    }
    Err(Some(Death::Nonsense(format!("version {} of the protocol, of program {}", hello.version, hello.program))))
}

fn compiled(
    process: &mut Process,
    launch: &Launch,
    load: &[u8],
) -> Result<Result<Loaded, Vec<PolicyProblem>>, Option<Death>> {
    process.send(Kind::Load, &[load]).map_err(told_of)?;
    match process.receive(launch.patience).map_err(told_of)? {
        Some((Kind::Loaded, bytes)) => parse(&bytes).map(Ok),
        Some((Kind::Refused, bytes)) => parse(&bytes).map(Err),
        Some((kind, _)) => Err(Some(Death::Nonsense(format!("{kind:?} in place of the packages")))),
        None => Err(Some(Death::Silent(launch.patience))),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Option<Death>> {
    serde_json::from_slice(bytes).map_err(|error| Some(Death::Nonsense(error.to_string())))
}

/// The first file that kills a process by itself.
fn culprit(launch: &Launch, load: Load) -> Option<String> {
    load.sources.into_iter().find_map(|source| {
        let name = source.name.clone();
        let alone = Load { sources: vec![source], data: Value::Null };
        let bytes = serde_json::to_vec(&alone).ok()?;
        matches!(loaded(launch, &bytes), Err(LoadError::Died { .. })).then_some(name)
    })
}

/// Questions on their way to a worker.
pub struct Questions<'w, T, F: FnMut(T, Answered)> {
    worker: &'w mut Worker,
    waiting: VecDeque<(T, String)>,
    bytes: usize,
    answer: F,
}

impl<T, F: FnMut(T, Answered)> Questions<'_, T, F> {
    /// Asks about an input document; `about` comes back with the answer.
    pub fn ask(&mut self, about: T, text: String) {
        if text.len() > MAX_INPUT_BYTES {
            let error = format!("the input has {} bytes, more than {MAX_INPUT_BYTES}", text.len());
            return (self.answer)(about, Answered::failed(&self.worker.packages, &error));
        }
        if self.worker.deaths >= self.worker.launch.max_deaths {
            let error = self.worker.given_up();
            return (self.answer)(about, Answered::failed(&self.worker.packages, &error));
        }
        let sent = match self.worker.running() {
            Ok(process) => process.send(Kind::Ask, &[&ALL.to_le_bytes(), text.as_bytes()]).map_err(told_of),
            Err(death) => Err(Some(death)),
        };
        self.bytes += text.len();
        self.waiting.push_back((about, text));
        if let Err(why) = sent {
            return self.again(why);
        }
        if self.waiting.len() >= WINDOW || self.bytes >= WINDOW_BYTES {
            self.receive(WINDOW / 2);
        }
    }

    /// Waits for everything that was asked.
    pub fn finish(mut self) {
        self.receive(0);
        self.worker.owes = false;
    }

    /// Receives until so many are left.
    fn receive(&mut self, left: usize) {
        while self.waiting.len() > left || self.bytes >= WINDOW_BYTES {
            match self.worker.next(None) {
                Ok(answered) => self.answered(answered),
                Err(why) => return self.again(why),
            }
        }
    }

    fn answered(&mut self, answered: Answered) {
        // Answers come in the order of their questions.
        if let Some((about, text)) = self.waiting.pop_front() {
            self.bytes -= text.len();
            (self.answer)(about, answered);
        }
    }

    /// The process has died: what it held is tried again, one by one.
    fn again(&mut self, why: Option<Death>) {
        self.worker.died(why);
        while let Some((_, text)) = self.waiting.front() {
            let answered = if self.worker.deaths >= self.worker.launch.max_deaths {
                Answered::failed(&self.worker.packages, &self.worker.given_up())
            } else {
                self.worker.isolate(text)
            };
            self.answered(answered);
        }
    }
}
