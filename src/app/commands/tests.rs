//! Commands that need no cloud.
