//! `impl Into` inside another type.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn rename(&mut self, name: Option<impl Into<String>>) {
        let _ = name.map(Into::into);
    }
}

fn main() {}
