//! Bad days: what cannot be seen is said, judges nothing, and resolves nothing.

mod apis;
mod pages;
