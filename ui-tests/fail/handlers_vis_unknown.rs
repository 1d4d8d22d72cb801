//! A visibility that is none.

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(vis = "public")]
impl Counter {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
