//! An event that cannot be given to several subscribers.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

struct Published;

#[handlers]
impl Counter {
    #[handler(event)]
    fn published(&mut self, event: Published) {
        let _ = event;
    }
}

fn main() {}
