//! The goldens of `expand/` as programs: what was written and what it expands to do the same.
//!
//! `airssys-rt-macros` keeps each `*.expanded.rs` equal to what the macros write now; here it is compiled like any code
//! that a person wrote, lints included, and run.

use airssys_rt::prelude::*;

#[path = "../expand/staff.rs"]
mod staff;

macro_rules! goldens {
    ($($name:ident: $written:literal, $expanded:literal;)*) => {
        mod written {
            $(pub mod $name {
                include!($written);
            })*
        }
        mod expanded {
            $(pub mod $name {
                include!($expanded);
            })*
        }
        $(mod $name {
            use super::*;

            #[tokio::test(start_paused = true)]
            async fn runs_as_it_was_written() {
                let system = System::new(stringify!($name));
                written::$name::run(&system).await.unwrap();
                assert!(system.shutdown().await.is_clean());
            }

            #[tokio::test(start_paused = true)]
            async fn runs_as_it_is_expanded() {
                let system = System::new(stringify!($name));
                expanded::$name::run(&system).await.unwrap();
                assert!(system.shutdown().await.is_clean());
            }
        })*
    };
}

goldens! {
    counter: "../expand/counter.rs", "../expand/counter.expanded.rs";
    cache: "../expand/cache.rs", "../expand/cache.expanded.rs";
    clock: "../expand/clock.rs", "../expand/clock.expanded.rs";
    newsroom: "../expand/newsroom.rs", "../expand/newsroom.expanded.rs";
    bank: "../expand/bank.rs", "../expand/bank.expanded.rs";
}
