//! Wire tests: the real SDK adapters over HTTP against an emulator.
