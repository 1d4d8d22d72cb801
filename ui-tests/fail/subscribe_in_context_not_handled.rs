//! A subscription of the actor itself to an event that it does not handle.

use airssys_rt::prelude::*;

#[derive(Clone)]
struct Tick;

#[actor]
struct Counter;

#[handlers]
impl Counter {
    #[handler]
    fn listen(&mut self, ctx: &mut Context<Self>) {
        ctx.subscribe::<Tick>();
    }
}

fn main() {}
