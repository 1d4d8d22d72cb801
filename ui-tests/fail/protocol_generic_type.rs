//! A generic method.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn store<T: Send + 'static>(&self, value: T);
}

fn main() {}
