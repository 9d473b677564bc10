//! Truth tables of the gates, and properties of whole plans.

mod gates;
mod properties;
mod world;
