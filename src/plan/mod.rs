//! Stage plan.

#![deny(clippy::disallowed_methods)]
