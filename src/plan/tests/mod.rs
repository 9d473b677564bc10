//! Truth tables of the gates, and properties of whole plans.

mod early_gates;
mod late_gates;
mod properties;
mod table;
mod world;
