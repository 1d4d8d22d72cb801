//! What an annotated item means. Every generated name and type is decided here, none later.

pub mod actor;
pub mod generics;
pub mod handlers;
pub mod known;
pub mod mentions;
pub mod method;
pub mod names;
pub mod owned;
pub mod protocol;
pub mod selfless;
pub mod supervisor;

use syn::{Path, parse_quote};

/// The path under which generated code finds the runtime.
pub fn krate(given: Option<Path>) -> Path {
    given.unwrap_or_else(|| parse_quote!(::airssys_rt))
}
