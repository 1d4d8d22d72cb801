//! An error in an answer that cannot travel.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn value(&self) -> Result<i64, Box<dyn std::error::Error>> {
        Ok(self.value)
    }
}

fn main() {}
