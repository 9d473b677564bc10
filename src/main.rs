//! The `cattleguard` command: the application over AWS.

fn main() {}
