//! An answer that borrows the state.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self) -> &i64 {
        &self.value
    }
}

fn main() {}
