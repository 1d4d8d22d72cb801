//! All that generated code may name beside the public paths. Not for direct use; may change at any time.

use crate::actor::{Actor, Plain};
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorError, ActorResult};
use crate::reply::Answer;

pub use crate::protocol::{
    Absent, Call, Handler, Is, Named, Nobody, Protocol, handle_protocol, name, pack, unpack,
};

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

/// "The answer was taken away": what a shared message's handler with a `ReplyTo` argument returns.
#[must_use]
pub fn deferred() -> ActorError {
    ActorError::deferred()
}

/// A state that an async handler with `&self` may share across threads.
#[diagnostic::on_unimplemented(
    message = "an async handler with `&self` needs a state that is `Sync`, and `{Self}` is not",
    label = "take `&mut self` instead",
    note = "while the handler awaits, `&self` travels between threads: `&mut self` needs no `Sync`"
)]
pub trait SyncState {}

#[diagnostic::do_not_recommend]
impl<T: Sync + ?Sized> SyncState for T {}

/// Checked where an async handler takes `&self`.
pub const fn needs_sync_state<T: SyncState + ?Sized>() {}
