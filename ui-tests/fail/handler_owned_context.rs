//! The context by value.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self, ctx: Context<Self>) {
        let _ = ctx;
    }
}

fn main() {}
