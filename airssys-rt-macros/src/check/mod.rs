//! The rules that an item must keep. Every breach is reported, and what breaches one is left out of the rest.

pub mod handlers;
pub mod once;
pub mod owned;
pub mod protocol;
pub mod roles;
pub mod signature;
pub mod supervisor;
