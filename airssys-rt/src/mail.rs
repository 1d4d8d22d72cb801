//! What lies in an actor's mailbox: letters of its own protocol in place, everything else boxed.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::actor::{Actor, Handles};
use crate::context::Context;
use crate::error::ActorResult;
use crate::exit::{Down, Exit};
use crate::letter::Letter;
use crate::mailbox::Item;
use crate::reply::{Answer, Port};
use crate::timer::Wanted;

/// One thing for an actor to do.
pub enum Mail<A: Actor> {
    /// A message of the actor's own protocol.
    Message(Letter<A::Message>),
    /// A shared message, an event, a due timer or a notice.
    Other(Box<dyn Errand<A>>),
}

pub(crate) type Doing<'a> = Pin<Box<dyn Future<Output = ActorResult<()>> + Send + 'a>>;

/// Something to do that is not a message of the actor's own protocol.
///
/// A notice of the runtime says what type it is and how it is run; the rest is as it stands here.
pub trait Errand<A: Actor>: Send {
    /// Whether it takes room in the mailbox.
    fn takes_room(&self) -> bool {
        false
    }
    /// Whether [`run_plain`](Self::run_plain) does it, without awaiting.
    fn is_plain(&self) -> bool {
        false
    }
    /// Whether it still is to be done.
    fn is_wanted(&self) -> bool {
        true
    }
    /// The type of what it carries.
    fn message_type(&self) -> &'static str;
    #[doc(hidden)]
    fn take_port(&mut self) -> Option<ErasedPort> {
        None
    }
    /// Does it now.
    fn run_plain(
        self: Box<Self>,
        actor: &mut A,
        ctx: &mut Context<A>,
        answer: &mut Answer<'_>,
    ) -> ActorResult<()> {
        let _ = (actor, ctx, answer);
        Ok(())
    }
    #[doc(hidden)]
    fn run<'a>(self: Box<Self>, actor: &'a mut A, ctx: &'a mut Context<A>) -> Doing<'a>;
    /// The letter that it carries, its type forgotten.
    #[doc(hidden)]
    fn into_letter(self: Box<Self>) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// A port whose trait is not public.
pub struct ErasedPort(pub(crate) Arc<dyn Port>);

impl<A: Actor> Item for Mail<A> {
    #[inline]
    fn takes_room(&self) -> bool {
        match self {
            Self::Message(_) => true,
            Self::Other(errand) => errand.takes_room(),
        }
    }
}

impl<A: Actor> Mail<A> {
    pub(crate) fn shared<M: Send + 'static>(letter: Letter<M>) -> Self
    where
        A: Handles<M>,
    {
        Self::Other(Box::new(Shared { letter, timer: None, takes_room: true }))
    }

    pub(crate) fn into_shared<M: Send + 'static>(self) -> Option<Letter<M>> {
        match self {
            Self::Message(_) => None,
            Self::Other(errand) => errand.into_letter()?.downcast().ok().map(|letter| *letter),
        }
    }

    /// A message sent by a timer: it takes no room, and is dropped when the timer is no longer wanted.
    pub(crate) fn timed<M: Send + 'static>(letter: Letter<M>, timer: Wanted) -> Self
    where
        A: Handles<M>,
    {
        Self::Other(Box::new(Shared { letter, timer: Some(timer), takes_room: false }))
    }

    /// A follow-up step of the start handler.
    pub(crate) fn follow_up<M: Send + 'static>(message: M) -> Self
    where
        A: Handles<M>,
    {
        Self::Other(Box::new(Shared { letter: Letter::told(message), timer: None, takes_room: false }))
    }

    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Message(letter) => A::is_plain(&letter.message),
            Self::Other(errand) => errand.is_plain(),
        }
    }

    pub(crate) fn message_type(&self) -> &'static str {
        match self {
            Self::Message(_) => std::any::type_name::<A::Message>(),
            Self::Other(errand) => errand.message_type(),
        }
    }

    pub(crate) fn take_port(&mut self) -> Option<Arc<dyn Port>> {
        match self {
            Self::Message(letter) => letter.port.take(),
            Self::Other(errand) => errand.take_port().map(|port| port.0),
        }
    }
}

struct Shared<M> {
    letter: Letter<M>,
    timer: Option<Wanted>,
    takes_room: bool,
}

impl<A: Handles<M>, M: Send + 'static> Errand<A> for Shared<M> {
    fn takes_room(&self) -> bool {
        self.takes_room
    }

    fn is_plain(&self) -> bool {
        <A as Handles<M>>::is_plain(&self.letter.message)
    }

    fn is_wanted(&self) -> bool {
        match &self.timer {
            None => true,
            Some(timer) => {
                timer.arrived();
                timer.is_wanted()
            }
        }
    }

    fn message_type(&self) -> &'static str {
        std::any::type_name::<M>()
    }

    fn take_port(&mut self) -> Option<ErasedPort> {
        self.letter.port.take().map(ErasedPort)
    }

    fn run_plain(
        self: Box<Self>,
        actor: &mut A,
        ctx: &mut Context<A>,
        answer: &mut Answer<'_>,
    ) -> ActorResult<()> {
        // The handler finds the answer where an async one does: it may take it away.
        *ctx.answer() = Answer::of(answer.take_port());
        match <A as Handles<M>>::handle_plain(actor, self.letter.message, ctx) {
            Ok(outcome) => {
                let failed = ctx.has_failed();
                let outcome = settle::<A, M>(outcome, ctx.answer(), failed);
                answer.take_over(ctx.answer());
                outcome
            }
            // `is_plain` said otherwise: the impl contradicts itself.
            Err(_) => Err(crate::error::ActorError::msg(
                "`Handles::is_plain` promised a plain handler, and `handle_plain` gave the message back",
            )),
        }
    }

    fn run<'a>(self: Box<Self>, actor: &'a mut A, ctx: &'a mut Context<A>) -> Doing<'a> {
        Box::pin(async move {
            let outcome = <A as Handles<M>>::handle(actor, self.letter.message, ctx).await;
            let failed = ctx.has_failed();
            settle::<A, M>(outcome, ctx.answer(), failed)
        })
    }

    fn into_letter(self: Box<Self>) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(self.letter))
    }
}

fn settle<A: Handles<M>, M: Send + 'static>(
    outcome: ActorResult<A::Reply>,
    answer: &mut Answer<'_>,
    failed: bool,
) -> ActorResult<()> {
    match outcome {
        Ok(reply) => {
            if !failed && !answer.is_gone() {
                if A::is_error(&reply) && !answer.is_awaited() {
                    crate::instrument::told_error(std::any::type_name::<A::Reply>());
                }
                answer.send(reply);
            }
            Ok(())
        }
        Err(error) if error.is_deferred() => Ok(()),
        Err(error) => Err(error),
    }
}

/// A notice that a monitored actor has ended; dropped if the monitor is gone by the time it is its turn.
pub(crate) struct DownNotice(pub(crate) Down);

impl<A: Actor> Errand<A> for DownNotice {
    fn message_type(&self) -> &'static str {
        "Down"
    }

    fn run<'a>(self: Box<Self>, actor: &'a mut A, ctx: &'a mut Context<A>) -> Doing<'a> {
        Box::pin(async move {
            if !ctx.cell.forget_watching(self.0.monitor) {
                return Ok(());
            }
            actor.on_down(self.0, ctx).await
        })
    }
}

/// A notice that a linked actor has ended, for an actor that traps exits.
pub(crate) struct ExitNotice(pub(crate) Exit);

impl<A: Actor> Errand<A> for ExitNotice {
    fn message_type(&self) -> &'static str {
        "Exit"
    }

    fn run<'a>(self: Box<Self>, actor: &'a mut A, ctx: &'a mut Context<A>) -> Doing<'a> {
        Box::pin(async move { actor.on_exit(self.0, ctx).await })
    }
}

crate::opaque::opaque_debug! {
    Mail<A> where A: Actor;
    ErasedPort;
}
