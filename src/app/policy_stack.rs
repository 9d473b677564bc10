//! Runs policy work on a thread whose stack is large enough for it.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

use super::error::AppError;
use super::exit::Exit;
use crate::evaluate::STACK_BYTES;

/// Compiles or evaluates on a thread with [`STACK_BYTES`] of stack: the main thread's stack is the user's limit,
/// and deeply nested policies need more than some of them allow.
///
/// # Errors
/// When the thread cannot be started. A panic of the work goes on in the caller.
pub fn on_policy_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, AppError> {
    scope(|scope| {
        let worker = Builder::new()
            .name("policy".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| AppError::new(Exit::Unavailable, format!("no thread for policies: {error}")))?;
        worker.join().map_err(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_gets_more_stack_than_a_default_thread_has() {
        fn deep(left: usize) -> usize {
            let room = std::hint::black_box([left; 512]);
            if left == 0 { 0 } else { deep(left - 1) + usize::from(room[0] == left) }
        }
        // About 8 MiB of frames: four times the stack of a test thread.
        assert_eq!(on_policy_stack(|| deep(2_000)).expect("a result"), 2_000);
    }
}
