//! A reference inside an owned type.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn rename(&mut self, name: Option<&str>) {
        let _ = name;
    }
}

fn main() {}
