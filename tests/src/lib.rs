//! Shared helpers of the tests.
pub mod actors;
pub mod supervision;
