//! Every step of every kind of operation, and everything that can go wrong at each of them. Nothing is drawn: where the
//! other histories are long and random, this is short and complete.
//!
//! Each act of each scene is played once undisturbed, which tells its calls; then once for each call and each
//! thing that can go wrong at it. One such play is a [`Cell`], spelled `SCENE/ACT/AT/TROUBLE`, e.g.
//! `replace-serving/do/w7-register/once-killed-after`: the seventh write, which the step `register` makes.
//!
//! A cell in which a person is needed has all well again then, and that person acts; at its end the operation is done or
//! undone in every cell, the account is the one that the undisturbed play left or the one that was there before, and the
//! judge of the histories has nothing to blame.

mod cell;
mod check;
mod choice;
mod deed;
mod live;
mod run;
mod scene;
mod stage;
#[cfg(test)]
mod tests;
mod trouble;

pub use cell::Cell;
pub use run::{Failed, Options, Outcome, replay, run};
pub use scene::Act;
