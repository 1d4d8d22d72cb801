//! Two handlers whose messages would have one name.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn set_value(&mut self, value: i64) {
        self.value = value;
    }

    #[handler]
    fn set__value(&mut self, value: i64) {
        self.value = value;
    }
}

fn main() {}
