//! The program of the book's "Coming from" chapters, in actix.

// ANCHOR: program
use actix::prelude::*;

#[derive(Default)]
struct Counter {
    value: u64,
}

impl Actor for Counter {
    type Context = Context<Self>;
}

/// A supervised actor is run again when it has stopped, with the state that it had: cleaning up is its own affair.
impl Supervised for Counter {
    fn restarting(&mut self, _: &mut Context<Self>) {
        *self = Self::default();
    }
}

struct Add(u64);

impl Message for Add {
    type Result = u64;
}

impl Handler<Add> for Counter {
    type Result = u64;

    fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> u64 {
        self.value += by;
        self.value
    }
}

struct Share(u64);

impl Message for Share {
    type Result = Result<u64, &'static str>;
}

impl Handler<Share> for Counter {
    type Result = Result<u64, &'static str>;

    /// A panic here would end the whole thread, so the fault has to be seen first.
    fn handle(&mut self, Share(among): Share, ctx: &mut Context<Self>) -> Self::Result {
        let share = self.value.checked_div(among).ok_or("nobody to share with");
        if share.is_err() {
            ctx.stop();
        }
        share
    }
}

fn main() -> Result<(), MailboxError> {
    System::new().block_on(async {
        let counter = Supervisor::start(|_| Counter::default());

        counter.do_send(Add(2)); // tell
        assert_eq!(counter.send(Add(40)).await?, 42); // ask
        assert!(counter.send(Share(0)).await?.is_err()); // it stops itself
        assert_eq!(counter.send(Add(1)).await?, 1); // the same address
        Ok(())
    })
}
// ANCHOR_END: program
