//! A method on a box.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn close(self: Box<Self>);
}

fn main() {}
