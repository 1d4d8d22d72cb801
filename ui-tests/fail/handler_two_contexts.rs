//! The context twice.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self, one: &mut Context<Self>, two: &mut Context<Self>) {
        let _ = (one, two);
    }
}

fn main() {}
