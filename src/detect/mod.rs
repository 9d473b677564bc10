//! Stage detect.

#![deny(clippy::disallowed_methods)]
