//! Every way to answer, from a plain and from an async handler.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
struct Answering {
    value: i64,
}

#[handlers]
impl Answering {
    #[handler]
    fn nothing(&mut self) {}

    #[handler]
    fn unit(&mut self) -> () {}

    #[handler]
    fn value(&self) -> (i64, &'static str) {
        (self.value, "static")
    }

    #[handler]
    fn result(&self) -> std::io::Result<i64> {
        Ok(self.value)
    }

    #[handler]
    fn fallible(&self) -> ActorResult<i64> {
        Ok(self.value)
    }

    #[handler]
    fn fallible_unit(&self) -> airssys_rt::ActorResult<()> {
        Ok(())
    }

    #[handler]
    fn deferred(&self, reply: ReplyTo<Vec<i64>>) {
        reply.send(vec![self.value]);
    }

    #[handler]
    fn deferred_with_context(&self, ctx: &mut Context<Self>, reply: airssys_rt::ReplyTo<i64>, by: i64) {
        let _ = ctx;
        reply.send(self.value + by);
    }

    #[handler]
    async fn later_nothing(&mut self) {}

    #[handler]
    async fn later_value(&self, ctx: &mut Context<Self>) -> Option<fn(&str) -> usize> {
        let _ = ctx;
        Some(str::len)
    }

    #[handler]
    async fn later_result(&self) -> Result<i64, String> {
        Err(String::new())
    }

    #[handler]
    async fn later_fallible(&self, boxed: Box<dyn Fn(&str) -> bool + Send + Sync>) -> ActorResult<bool> {
        Ok(boxed(""))
    }

    #[handler]
    async fn later_fallible_unit(&self) -> ActorResult<()> {
        Ok(())
    }

    #[handler]
    async fn later_deferred(&self, ctx: &mut Context<Self>, reply: ReplyTo<i64>) {
        let _ = ctx;
        reply.send(self.value);
    }
}

fn types(to: &ActorRef<Answering>) {
    fn is<'a, R: Send + 'static>(_: airssys_rt::Request<'a, ActorRef<Answering>, AnsweringMessage, R>) {}
    is::<()>(to.nothing());
    is::<()>(to.unit());
    is::<(i64, &'static str)>(to.value());
    is::<std::io::Result<i64>>(to.result());
    is::<i64>(to.fallible());
    is::<()>(to.fallible_unit());
    is::<Vec<i64>>(to.deferred());
    is::<i64>(to.deferred_with_context(1));
    is::<()>(to.later_nothing());
    is::<Option<fn(&str) -> usize>>(to.later_value());
    is::<Result<i64, String>>(to.later_result());
    is::<bool>(to.later_fallible(Box::new(str::is_empty)));
    is::<()>(to.later_fallible_unit());
    is::<i64>(to.later_deferred());
}

fn main() {
    let _ = (types, Answering { value: 1 });
}
