//! Scenario tests: the whole program over the simulated account, through its command line.
//!
//! Most run it in process ([`harness::TestApp`]) and read what it wrote back; what concerns processes (killing,
//! leases, standard streams) runs the built `cattleguard-sim`.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod approving;
mod authors;
#[cfg(test)]
mod baseline;
#[cfg(test)]
mod buckets;
mod calls;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod containing;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod dead_letters;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod enforcing;
mod formats;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod hashes;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod midway;
#[cfg(test)]
mod noise;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod policy_worker;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod queues;
mod reading;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod rollouts;
#[cfg(test)]
mod trail_bucket;
#[cfg(test)]
mod trail_state;
#[cfg(test)]
mod trail_verify;
#[cfg(test)]
mod trails;
#[cfg(test)]
mod turns;
#[cfg(test)]
mod turns_gates;
#[cfg(test)]
mod unbegun;
#[cfg(test)]
mod undoing;
#[cfg(test)]
mod upkeep;
