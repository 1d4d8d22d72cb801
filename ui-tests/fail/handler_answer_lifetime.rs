//! An answer that borrows.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn name(&self) -> std::borrow::Cow<'_, str> {
        "counter".into()
    }
}

fn main() {}
