//! The same application over a simulated account.

fn main() {}
