//! Handlers of something that is no struct.

use airssys_rt::prelude::*;

#[handlers]
impl (u8, u8) {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
