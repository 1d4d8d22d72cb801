//! An argument that is there only sometimes.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, #[cfg(unix)] by: i64) {
        self.value += by;
    }
}

fn main() {}
