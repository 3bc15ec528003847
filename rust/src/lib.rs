//! The compiled twin of flakestorm's hottest functions.
//!
//! Each module computes one thing, gives the same results as the Python module of its name, and knows nothing of
//! Python. `bindings` hands them over: one file for each, one line for each function.

#[cfg(feature = "python")]
mod bindings;
pub mod bootstrap;
pub mod canary;
pub mod folding;
pub mod patterns;
