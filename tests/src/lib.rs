//! Shared helpers of the tests.
pub mod actors;
pub mod bank;
pub mod breakages;
pub mod latch;
pub mod machine;
pub mod model;
mod readme;
pub mod scratch;
pub mod scripts;
pub mod supervision;
