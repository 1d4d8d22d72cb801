//! All that generated code may name beside the public paths. Not for direct use; may change at any time.

use std::future::Future;

use crate::actor::{Actor, Plain};
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorError, ActorResult};
use crate::reply::Answer;

pub use crate::protocol::{
    Absent, Call, Handler, Is, Named, Nobody, Protocol, handle_protocol, name, pack, unpack,
};
pub use crate::request::Again;
pub use crate::travel::{Argument, Failure, Reply, SyncState};

/// What `#[actor]` says about a type, for `#[handlers]` to find.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has `#[handlers]` but is not marked `#[actor]`",
    label = "write `#[actor]` above the definition of this type",
    note = "`#[actor]` on the struct says how the actor is run, `#[handlers]` on its impl block what it handles"
)]
pub trait Annotated {
    /// How the actor is run.
    const CONFIG: ActorConfig;
}

/// The message of an actor's `N`-th `every` or `after` handler.
#[derive(Clone, Debug)]
pub struct Timer<const N: usize>;

/// Runs a plain handler where an async one was expected.
///
/// # Errors
/// What the handler failed with.
pub fn handle_plain<A: Actor>(actor: &mut A, message: A::Message, ctx: &mut Context<A>) -> ActorResult<()> {
    let mut answer = std::mem::replace(ctx.answer(), Answer::told());
    let outcome = actor.handle_plain(message, ctx, &mut answer);
    *ctx.answer() = answer;
    match outcome {
        Plain::Done(outcome) => outcome,
        Plain::Later(_) => Err(ActorError::msg("a message has neither a plain nor an async handler")),
    }
}

/// The future of an actor whose handlers are all plain: it runs the one that the message is for.
///
/// # Errors
/// What the handler failed with.
#[expect(
    clippy::manual_async_fn,
    reason = "that it is `Send` is promised here, and not looked for by every actor"
)]
pub fn handle_at_once<A: Actor>(
    actor: &mut A,
    message: A::Message,
    ctx: &mut Context<A>,
) -> impl Future<Output = ActorResult<()>> + Send {
    async { handle_plain(actor, message, ctx) }
}

/// "The answer was taken away": what a shared message's handler with a `ReplyTo` argument returns.
#[must_use]
pub fn deferred() -> ActorError {
    ActorError::deferred()
}

/// Says at an argument's type that it has to be [`Argument`].
pub const fn travels<T: Argument>() {}

/// What a start, stop, down or exit handler that has a `Result` of its own says about its actor.
///
/// # Errors
/// What the handler returned.
pub fn outcome<T, E: Failure>(result: Result<T, E>) -> ActorResult<()> {
    match result {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Stands where nothing could be generated, so that the mistakes that were reported are the only errors.
#[must_use]
pub fn missing<T>() -> T {
    unreachable!("code with a mistake in it does not compile")
}

/// The state as an async handler with `&self` has it.
pub const fn shared<T: SyncState>(state: &mut T) -> &T {
    state
}
