//! A derive that an argument cannot keep.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

struct Order;

#[handlers(message(derive(Clone)))]
impl Counter {
    #[handler]
    fn take(&mut self, order: Order) {}
}

fn main() {}
