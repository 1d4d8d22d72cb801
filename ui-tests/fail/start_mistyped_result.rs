//! A `start` handler that fails with what is no error.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler(start)]
    fn begin(&mut self) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
