//! A handler that takes its actor pinned.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(self: std::pin::Pin<&mut Self>) {}
}

fn main() {}
