//! Raw identifiers as names of actors, handlers, arguments and children.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
#[allow(non_camel_case_types)]
struct r#struct {
    r#type: u8,
}

#[handlers(message(name = "Command"))]
impl r#struct {
    #[handler]
    fn r#match(&mut self, r#type: u8, r#in: impl Into<u8>) -> u8 {
        self.r#type = r#type + r#in.into();
        self.r#type
    }

    #[handler]
    async fn r#move(&mut self, r#fn: (u8, u8)) -> u8 {
        r#fn.0 + r#fn.1
    }
}

#[supervisor]
struct Office {
    r#where: u8,
    #[child(start = { let _ = r#where; Default::default() })]
    r#loop: ActorRef<r#struct>,
}

fn requests(actor: &ActorRef<r#struct>) {
    let _ = actor.r#match(1, 2u8);
    let _ = actor.r#move((1, 2));
}

fn main() {
    let Command::Match { r#type, r#in } = (Command::Match { r#type: 1, r#in: 2 }) else { panic!() };
    assert_eq!(r#type + r#in, 3);
    let _ = (requests, Office::spec(1));
}
