//! The on-host fingerprinter.
