//! Stage evaluate.

#![deny(clippy::disallowed_methods)]
