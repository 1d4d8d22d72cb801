//! The message's name and derives; it is plain data.

#![deny(warnings)]

use std::collections::HashSet;

use airssys_rt::prelude::*;

#[actor]
struct Counter;

#[handlers(message(name = "Command", derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord,)))]
impl Counter {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        by
    }

    #[handler]
    async fn reset(&mut self) {}
}

#[actor]
struct Other;

#[handlers(message(name = OtherCommand))]
impl Other {
    #[handler]
    fn add(&mut self, by: u8) -> u8 {
        by
    }
}

/// Two actors with a handler of one name.
fn requests(counter: &ActorRef<Counter>, other: &ActorRef<Other>) {
    let _ = counter.add(1_000_000);
    let _ = other.add(1);
    let _ = OtherCommand::Add { by: 1 };
}

fn main() {
    let commands: HashSet<Command> = [Command::Add { by: 1 }, Command::Reset, Command::Reset].into();
    assert_eq!(commands.len(), 2);
    let _ = (requests, Counter, Other);
}
