//! Truth tables of the gates, and properties of whole plans.

mod capacity;
mod early_gates;
mod kept;
mod late_gates;
mod properties;
mod table;
mod world;
mod zones;
