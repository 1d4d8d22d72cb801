//! `#[handler]` on a constant.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    const LIMIT: i64 = 3;
}

fn main() {}
