//! The built binary enforcing over HTTP: it drifts, is replaced, quarantined and released, and survives being killed.
//! What came of it is read from the emulator by other clients and from its log of requests, never from the program.

mod balanced;
mod contained;
mod counted;
mod grouped;
mod judge;
mod killed;
mod killing;
mod looking;
mod picture;
mod rights;
mod site;
mod standalone;
