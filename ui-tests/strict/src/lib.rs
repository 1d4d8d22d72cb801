//! A user's crate that denies every warning there is: what the macros write gives none.
//!
//! `cargo clippy --workspace --all-targets` is the test. An actor of each visibility, with a handler of each sort and
//! without a single `allow`.

#![deny(
    warnings,
    missing_docs,
    unused,
    private_interfaces,
    private_bounds,
    unreachable_pub,
    unnameable_types
)]
#![deny(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::expect_used)]
#![deny(rust_2018_idioms, rust_2021_compatibility, rust_2024_compatibility, future_incompatible)]
#![deny(missing_debug_implementations, single_use_lifetimes, unused_lifetimes, unused_qualifications)]
#![deny(let_underscore_drop, unused_results, unused_import_braces, trivial_casts, trivial_numeric_casts)]
#![forbid(unsafe_code)]

mod office;
mod shop;

pub use office::{Desk, DeskApi, DeskMessage, Floor, Office, annex};
pub use shop::{Closed, Item, Shop, ShopApi, ShopMessage, Stock, StockApi, StockMessage, count};
