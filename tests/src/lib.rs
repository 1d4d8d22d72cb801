//! Shared helpers of the tests.
pub mod actors;
mod readme;
pub mod scratch;
pub mod supervision;
