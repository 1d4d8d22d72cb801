//! An impl that borrows.

use airssys_rt::prelude::*;

struct Counter<'a>(&'a str);

#[handlers]
impl<'a> Counter<'a> {
    #[handler]
    fn increment(&mut self) {}
}

fn main() {}
