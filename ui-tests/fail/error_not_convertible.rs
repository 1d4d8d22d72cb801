//! A `?` on something that is no error.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: Option<i64>) -> ActorResult<()> {
        self.value += by?;
        Ok(())
    }
}

fn main() {}
