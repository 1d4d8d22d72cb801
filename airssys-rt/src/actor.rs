//! What an actor is: a state, a message type, and what it does with each message. The macros write this impl.

use std::future::Future;
use std::sync::Arc;

use crate::address::Here;
use crate::cell::Cell;
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorError, ActorResult, ErrorAction};
use crate::exit::{Down, Exit, ExitReason};
use crate::letter::Letter;
use crate::mail::Mail;
use crate::reply::Answer;

/// What came of handing a message to a plain handler.
pub enum Plain<M> {
    /// The handler has run.
    Done(ActorResult<()>),
    /// The message has an async handler; here it is.
    Later(M),
}

/// An actor: one state, handled by one message at a time.
///
/// `#[actor]` and `#[handlers]` write this impl. By hand, `Message` and `handle` are enough:
///
/// ```
/// use airssys_rt::prelude::*;
///
/// struct Greeter;
///
/// impl Actor for Greeter {
///     type Message = String;
///
///     async fn handle(&mut self, name: String, ctx: &mut Context<Self>) -> ActorResult<()> {
///         ctx.answer().send(format!("hello, {name}"));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let system = System::new("greetings");
/// let greeter = system.spawn(Greeter);
/// let answer: String = Request::new(&greeter, "world".to_string()).await.unwrap();
/// assert_eq!(answer, "hello, world");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an actor",
    note = "write `#[actor]` above the struct and `#[handlers]` above its impl block, or `impl Actor for {Self}`"
)]
pub trait Actor: Sized + Send + 'static {
    /// The protocol: plain data.
    type Message: Send + 'static;
    /// How it is run.
    const CONFIG: ActorConfig = ActorConfig::DEFAULT;
    /// Whether [`on_start`](Self::on_start) does anything; false saves a task at every start.
    const STARTS: bool = true;
    /// Whether [`on_stop`](Self::on_stop) does anything; false lets an idle actor end in place.
    const STOPS: bool = true;
    /// Whether [`on_error`](Self::on_error) does anything; false lets a failure be dealt with in place.
    const HANDLES_ERRORS: bool = true;
    /// Whether [`on_exit`](Self::on_exit) gets the exits of linked actors, which otherwise end this one.
    const TRAPS_EXITS: bool = false;
    #[doc(hidden)]
    const SUPERVISES: bool = false;

    /// Handles one message. Its answer goes to [`Context::answer`]; an `Err` is a failure of the actor.
    ///
    /// The future is dropped at an await when the actor is killed.
    fn handle(
        &mut self,
        message: Self::Message,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send;

    /// Whether [`handle_plain`](Self::handle_plain) handles this message.
    #[must_use]
    fn is_plain(message: &Self::Message) -> bool {
        let _ = message;
        false
    }

    /// Handles a message whose handler does not await; gives any other message back.
    fn handle_plain(
        &mut self,
        message: Self::Message,
        ctx: &mut Context<Self>,
        answer: &mut Answer<'_>,
    ) -> Plain<Self::Message> {
        let _ = (ctx, answer);
        Plain::Later(message)
    }

    /// Sets up declared subscriptions and timers, at the beginning of every incarnation.
    fn prepare(ctx: &mut Context<Self>) {
        let _ = ctx;
    }

    /// Runs once per incarnation, before the first message. An `Err` ends the actor.
    fn on_start(&mut self, ctx: &mut Context<Self>) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = ctx;
        async { Ok(()) }
    }

    /// Runs once when the incarnation ends in an orderly way or by a failure without a panic; never on a kill.
    fn on_stop(
        &mut self,
        reason: ExitReason,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = (reason, ctx);
        async { Ok(()) }
    }

    /// Decides about a failure. By default the supervisor does, by the child's restart policy.
    fn on_error(
        &mut self,
        error: &ActorError,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ErrorAction> + Send {
        let _ = (error, ctx);
        async { ErrorAction::Restart }
    }

    /// A monitored actor has ended for good.
    fn on_down(
        &mut self,
        down: Down,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = (down, ctx);
        async { Ok(()) }
    }

    /// A linked actor has ended. Called only where [`TRAPS_EXITS`](Self::TRAPS_EXITS) is true.
    fn on_exit(
        &mut self,
        exit: Exit,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<()>> + Send {
        let _ = (exit, ctx);
        async { Ok(()) }
    }
}

/// An actor that handles messages of type `M`, which it may share with other actors.
///
/// `#[handler(message)]` and `#[handler(event)]` write this impl. Every actor handles its own
/// `Message`; asked with it by value, the answer is `()` once it was handled.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle messages of type `{M}`",
    label = "no handler for `{M}`",
    note = "give `{Self}` a `#[handler(message)]` (or `#[handler(event)]` for an event) with one argument of type `{M}`"
)]
pub trait Handles<M: Send + 'static>: Actor {
    /// What an ask is answered with.
    type Reply: Send + 'static;

    /// Handles one message; what it returns is the answer, an `Err` is a failure of the actor.
    fn handle(
        &mut self,
        message: M,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = ActorResult<Self::Reply>> + Send;

    /// Whether [`handle_plain`](Self::handle_plain) handles this message.
    #[must_use]
    fn is_plain(message: &M) -> bool {
        let _ = message;
        false
    }

    /// Handles a message without awaiting; gives it back where the handler is async.
    ///
    /// # Errors
    /// The message itself, when [`handle`](Self::handle) has to be called.
    fn handle_plain(&mut self, message: M, ctx: &mut Context<Self>) -> Result<ActorResult<Self::Reply>, M> {
        let _ = ctx;
        Err(message)
    }

    /// Whether an answer is an error of the handler's own, worth a warning when nobody asked.
    #[must_use]
    fn is_error(reply: &Self::Reply) -> bool {
        let _ = reply;
        false
    }

    #[doc(hidden)]
    fn ask_here(cell: &Arc<Cell<Self>>, message: M, spot: Here<'_>) -> Result<(), M> {
        let _ = (cell, spot);
        Err(message)
    }

    #[doc(hidden)]
    fn into_mail(letter: Letter<M>) -> Mail<Self> {
        Mail::shared(letter)
    }

    #[doc(hidden)]
    fn from_mail(mail: Mail<Self>) -> Option<Letter<M>> {
        mail.into_shared()
    }
}

impl<A: Actor> Handles<A::Message> for A {
    type Reply = ();

    async fn handle(&mut self, message: A::Message, ctx: &mut Context<Self>) -> ActorResult<()> {
        Actor::handle(self, message, ctx).await
    }

    #[inline]
    fn ask_here(cell: &Arc<Cell<Self>>, message: A::Message, spot: Here<'_>) -> Result<(), A::Message> {
        cell.ask_here(message, spot)
    }

    #[inline]
    fn into_mail(letter: Letter<A::Message>) -> Mail<Self> {
        Mail::Message(letter)
    }

    fn from_mail(mail: Mail<Self>) -> Option<Letter<A::Message>> {
        match mail {
            Mail::Message(letter) => Some(letter),
            Mail::Other(_) => None,
        }
    }
}

crate::opaque::opaque_debug! {
    Plain<M>;
}
