//! The contract that every implementation of [`super::Store`] keeps.
