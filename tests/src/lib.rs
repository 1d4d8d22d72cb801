//! Shared helpers of the tests.
mod readme;
pub mod actors;
pub mod supervision;
