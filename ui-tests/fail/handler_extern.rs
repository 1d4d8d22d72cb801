//! A handler with a foreign calling convention.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    extern "C" fn increment(&mut self) {
        self.value += 1;
    }
}

fn main() {}
