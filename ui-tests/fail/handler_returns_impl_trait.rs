//! An answer without a name for its type.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn values(&mut self) -> impl Iterator<Item = i64> {
        std::iter::once(self.value)
    }
}

fn main() {}
