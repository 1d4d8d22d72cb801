//! A borrowed argument.

use airssys_rt::prelude::*;

#[protocol]
pub trait Ledger {
    fn rename(&self, name: &str, path: &std::path::Path);
}

fn main() {}
