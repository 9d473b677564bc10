//! `cattleguard-agent`.

fn main() {}
