//! A type that borrows without saying `&`.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn rename(&mut self, name: std::borrow::Cow<'_, str>) {
        let _ = name;
    }
}

fn main() {}
