//! Scenario tests over the simulated account: the whole pipeline, no network.
