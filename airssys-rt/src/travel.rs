//! What goes from one task to another is `Send`: these traits say so in a user's words where something is not.
//!
//! Each means no more than the standard bound it stands for, which everything that has it implements.

use crate::error::ActorError;

/// An argument of a handler: a part of its message.
#[diagnostic::on_unimplemented(
    message = "a handler's arguments travel to another task, and `{Self}` cannot: it is not `Send`",
    label = "take something that is `Send`, such as an `Arc` instead of an `Rc`, a `Box<dyn … + Send>`, or an id"
)]
pub trait Argument: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Argument for T {}

/// What a handler answers with.
#[diagnostic::on_unimplemented(
    message = "a handler's answer travels to another task, and `{Self}` cannot: it is not `Send`",
    label = "return something that is `Send`, such as an `Arc` instead of an `Rc`, or a copy of what it holds"
)]
pub trait Reply: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Reply for T {}

/// What a handler can fail with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become an `ActorError`",
    label = "return `ActorResult<()>`, or an error that is `std::error::Error + Send + Sync + 'static`"
)]
pub trait Failure: Into<ActorError> {}

#[diagnostic::do_not_recommend]
impl<T: Into<ActorError>> Failure for T {}

/// A state that an async handler with `&self` may share across threads.
#[diagnostic::on_unimplemented(
    message = "an async handler with `&self` needs a state that is `Sync`, and `{Self}` is not",
    label = "take `&mut self` instead",
    note = "while the handler awaits, `&self` travels between threads: `&mut self` needs no `Sync`"
)]
pub trait SyncState: Sync {}

#[diagnostic::do_not_recommend]
impl<T: Sync + ?Sized> SyncState for T {}
