//! Every way to say that an actor's code may block its thread, or does not.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor(blocking)]
struct Bare<T>(T);

#[handlers]
impl<T: Send + 'static> Bare<T> {
    #[handler]
    fn sleep(&mut self) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[actor(blocking = true, inline = false, mailbox(capacity = 8),)]
struct Said;

#[handlers]
impl Said {}

#[actor(blocking = "false", inline = true)]
struct Denied;

#[handlers]
impl Denied {}

fn main() {
    assert_eq!(Bare::<u8>::CONFIG, ActorConfig::DEFAULT.blocking(true));
    assert_eq!(Said::CONFIG, ActorConfig::DEFAULT.capacity(8).inline(false).blocking(true));
    assert_eq!(Denied::CONFIG, ActorConfig::DEFAULT);
    let _ = (Bare(1), Said, Denied);
    let _ = |actor: &ActorRef<Bare<u8>>| drop(actor.sleep());
}
