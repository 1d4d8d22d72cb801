//! A union with handlers is one mistake.

use airssys_rt::prelude::*;

#[actor]
union Bits {
    word: u32,
    bytes: [u8; 4],
}

#[handlers]
impl Bits {
    #[handler]
    fn flip(&mut self) {}
}

fn main() {}
