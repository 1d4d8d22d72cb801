//! Every role that a handler can have, in its shortest and in its longest form.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[derive(Clone)]
struct Published;
struct Shared;

#[actor]
struct Short;

#[handlers]
impl Short {
    #[handler(start)]
    fn begin(&mut self) {}

    #[handler(stop)]
    fn end(&mut self) {}

    #[handler(error)]
    fn failed(&mut self, _: &ActorError) -> ErrorAction {
        ErrorAction::Stop
    }

    #[handler(down)]
    fn gone(&mut self, _: Down) {}

    #[handler(exit)]
    fn linked(&mut self, _: Exit) {}

    #[handler(event)]
    fn published(&mut self, _: Published) {}

    #[handler(every = "1s")]
    fn tick(&mut self) {}

    #[handler(after = 1.5s)]
    fn tock(&self) {}

    #[handler(message)]
    fn shared(&self, _: Shared) {}
}

#[actor]
struct Long;

#[handlers]
impl Long {
    #[handler(start)]
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        let _ = ctx;
        Ok(())
    }

    #[handler(stop)]
    async fn end(&mut self, ctx: &mut Context<Self>, reason: &ExitReason) -> Result<(), std::io::Error> {
        let _ = (ctx, reason);
        Ok(())
    }

    #[handler(error)]
    async fn failed(&mut self, error: &ActorError, ctx: &mut Context<Self>) -> ErrorAction {
        let _ = (error, ctx);
        ErrorAction::Escalate
    }

    #[handler(down)]
    async fn gone(&mut self, down: Down, ctx: &mut Context<Self>) -> ActorResult<()> {
        let _ = (down, ctx);
        Ok(())
    }

    #[handler(exit)]
    async fn linked(&mut self, ctx: &mut Context<Self>, exit: Exit) -> std::io::Result<()> {
        let _ = (exit, ctx);
        Ok(())
    }

    #[handler(event)]
    async fn published(&mut self, event: Published, ctx: &mut Context<Self>) -> ActorResult<()> {
        let _ = (event, ctx);
        Ok(())
    }

    #[handler(every = 100ms)]
    async fn tick(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        let _ = ctx;
        Ok(())
    }

    #[handler(after = "2h")]
    async fn tock(&mut self, ctx: &mut Context<Self>) -> Result<(), std::io::Error> {
        let _ = ctx;
        Ok(())
    }

    #[handler(message)]
    async fn shared(&mut self, ctx: &mut Context<Self>, message: Shared, reply: ReplyTo<u8>) {
        let _ = (ctx, message);
        reply.send(1);
    }

    #[handler(message)]
    fn shared_plain(&mut self, message: u8) -> Result<u8, u16> {
        Ok(message)
    }

    #[handler(message)]
    fn shared_fallible(&mut self, message: u16) -> ActorResult<u16> {
        Ok(message)
    }
}

#[actor]
struct ByValue;

#[handlers]
impl ByValue {
    #[handler(stop)]
    fn end(self: &mut Self, reason: ExitReason) -> ActorResult<()> {
        let _ = reason;
        Ok(())
    }
}

fn handles<M: Send + 'static, A: Handles<M>>() {}

fn main() {
    handles::<Published, Short>();
    handles::<Shared, Short>();
    handles::<ShortMessage, Short>();
    handles::<Shared, Long>();
    handles::<u8, Long>();
    const {
        assert!(<Short as Actor>::STARTS && <Short as Actor>::STOPS && <Short as Actor>::TRAPS_EXITS);
        assert!(!<ByValue as Actor>::STARTS && <ByValue as Actor>::STOPS && !<ByValue as Actor>::TRAPS_EXITS);
    }
    assert!(<Long as Handles<u8>>::is_plain(&1));
    assert!(<Long as Handles<u8>>::is_error(&Err(1)));
    assert!(!<Long as Handles<Shared>>::is_plain(&Shared));
    let _ = (Short, Long, ByValue);
}
