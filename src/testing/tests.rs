//! The simulated account against what it promises.

mod behaviour;
mod enforce;
mod fleet;
mod paging;
mod records;
mod scenario;
