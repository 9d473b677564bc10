//! A bundle that is ready to be asked: in a process of its own, or in this one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::diag::Diag;
use super::error::AppError;
use super::exit::Exit;
use super::policy_files;
use super::policy_worker::{Launch, LoadError, Questions, SandboxLevel, Worker};
use super::stopwatch::stopwatch;
use crate::evaluate::{
    Answered, Evaluator, MAX_INPUT_BYTES, PolicyPackage, PolicyProblem, PolicySet, PolicySource, STACK_BYTES,
    check_nesting,
};

/// Compiled policies.
pub struct Policies {
    place: Home,
    revision: Option<String>,
}

enum Home {
    /// In this process. What kills the engine kills the program.
    Here(Box<PolicySet>),
    /// In a process of their own.
    Apart(Box<Mutex<Worker>>),
}

impl From<Home> for Policies {
    fn from(place: Home) -> Self {
        Self { place, revision: None }
    }
}

impl Policies {
    /// Compiles in a process of its own when there is a way to start one, else here.
    ///
    /// # Errors
    /// Every problem of every file, with its line; or what happened to the process.
    pub fn load(launch: Option<Launch>, sources: Vec<PolicySource>, data: Value) -> Result<Self, AppError> {
        let diags = |problems: Vec<PolicyProblem>, sources: &[PolicySource]| {
            let diags = problems.into_iter().map(|problem| policy_files::diag(problem, sources));
            AppError::config(diags.collect())
        };
        // What would keep the engine's parser busy for ever is found without it.
        let too_deep: Vec<PolicyProblem> = sources.iter().filter_map(check_nesting).collect();
        if !too_deep.is_empty() {
            return Err(diags(too_deep, &sources));
        }
        let Some(launch) = launch else {
            let compiled = super::policy_stack::on_policy_stack(|| PolicySet::compile(sources.clone(), data))?;
            return compiled.map(|set| Home::Here(Box::new(set)).into()).map_err(|problems| diags(problems, &sources));
        };
        match Worker::start(launch, sources.clone(), data) {
            Ok(worker) => {
                if !worker.level().is_full() {
                    tracing::info!(sandbox = %worker.level(), notes = ?worker.level().notes, "policies are not fully shut in");
                }
                Ok(Home::Apart(Box::new(Mutex::new(worker))).into())
            }
            Err(LoadError::Refused(problems)) => Err(diags(problems, &sources)),
            Err(error @ LoadError::Died { .. }) => {
                let file = match &error {
                    LoadError::Died { file: Some(file), .. } => file.clone(),
                    _ => "policies".to_owned(),
                };
                Err(AppError::config(vec![Diag::whole_file("policy", file, error.to_string())]))
            }
            Err(error) => Err(AppError::new(Exit::Unavailable, error.to_string())
                .with_hint("`policy.sandbox = false` evaluates policies in this process")),
        }
    }

    /// Names the revision of the bundle that is among them.
    #[must_use]
    pub fn of_revision(self, revision: Option<String>) -> Self {
        Self { revision, ..self }
    }

    /// Revision of the bundle that is among them.
    pub fn revision(&self) -> Option<String> {
        self.revision.clone()
    }

    /// Digest of the bundle: see [`PolicySet::digest`].
    pub fn digest(&self) -> String {
        match &self.place {
            Home::Here(set) => set.digest().to_owned(),
            Home::Apart(worker) => lock(worker).digest().to_owned(),
        }
    }

    /// The packages that decide.
    pub fn packages(&self) -> Vec<PolicyPackage> {
        match &self.place {
            Home::Here(set) => set.packages().to_vec(),
            Home::Apart(worker) => lock(worker).packages().to_vec(),
        }
    }

    /// The process that evaluates; `None` in this process, or while none runs.
    pub fn process_id(&self) -> Option<u32> {
        match &self.place {
            Home::Here(_) => None,
            Home::Apart(worker) => lock(worker).process_id(),
        }
    }

    /// How far the process is shut in; `None` in this process.
    pub fn level(&self) -> Option<SandboxLevel> {
        match &self.place {
            Home::Here(_) => None,
            Home::Apart(worker) => Some(lock(worker).level().clone()),
        }
    }

    /// Evaluates what `feed` asks about; `answer` gets each answer, in no particular order. `None` when the thread for
    /// it could not be started or died: then nothing may be concluded from what was answered.
    pub fn evaluate<T>(
        &self,
        feed: impl FnOnce(&mut dyn FnMut(T, String)) + Send,
        mut answer: impl FnMut(T, Answered) + Send,
    ) -> Option<()> {
        match &self.place {
            Home::Here(set) => on_stack(|| {
                let mut evaluator = Evaluator::fast(set).timed(stopwatch);
                feed(&mut |about, text| {
                    let answered = if text.len() > MAX_INPUT_BYTES {
                        let error = format!("the input has {} bytes, more than {MAX_INPUT_BYTES}", text.len());
                        Answered::failed(set.packages(), &error)
                    } else {
                        evaluator.results_of(&text)
                    };
                    answer(about, answered);
                });
            }),
            Home::Apart(worker) => {
                let mut worker = lock(worker);
                worker.forgive();
                let mut questions: Questions<'_, T, _> = worker.questions(answer);
                feed(&mut |about, text| questions.ask(about, text));
                questions.finish();
                Some(())
            }
        }
    }
}

fn on_stack(work: impl FnOnce() + Send) -> Option<()> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("policy".to_owned()).stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

fn lock(worker: &Mutex<Worker>) -> MutexGuard<'_, Worker> {
    worker.lock().unwrap_or_else(PoisonError::into_inner)
}
