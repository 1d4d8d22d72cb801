//! `impl Into<T>` travels as `T`, converted where it is sent.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
struct Greeter {
    name: String,
}

#[handlers(message(derive(Debug, PartialEq)))]
impl Greeter {
    #[handler]
    fn rename(&mut self, name: impl Into<String>, times: impl std::convert::Into<u64>) -> String {
        let _: u64 = times.into();
        std::mem::replace(&mut self.name, name.into())
    }

    #[handler(message)]
    fn greet(&mut self, whom: impl Into<String>) -> String {
        format!("{}: hello {}", self.name, whom.into())
    }
}

fn requests(greeter: &ActorRef<Greeter>) {
    let _ = greeter.rename("a", 1u32);
    let _ = greeter.rename(String::from("a"), 1u64);
}

fn main() {
    let message = GreeterMessage::Rename { name: String::from("a"), times: 1u64 };
    assert_eq!(message, GreeterMessage::Rename { name: String::from("a"), times: 1 });
    let _ = (requests, Greeter { name: String::new() });
}
