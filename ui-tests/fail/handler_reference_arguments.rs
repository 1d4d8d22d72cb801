//! Every kind of reference, each with the type that is owned instead.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn many(&mut self, bytes: &[u8], path: &std::path::Path, all: &mut Vec<i64>, any: &dyn std::fmt::Debug) {
        let _ = (bytes, path, all, any);
    }
}

fn main() {}
