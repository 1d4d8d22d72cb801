//! A protocol is a message that many types of actors take: each as the message of its own that has the same name.
//!
//! `#[protocol]` generates the message and, for every actor with the handlers it asks for, [`Protocol`];
//! `#[handlers(protocols(…))]` generates a [`Handler`] for each handler of the actor. Where the two meet, in
//! `impl Handles<LedgerMessage> for Account`, the compiler sees what is missing, and says it in the words of the
//! protocol.

use std::marker::PhantomData;
use std::time::Duration;

use crate::actor::{Actor, Handles};
use crate::address::{Address, DEFAULT_ASK_TIMEOUT, Here, Posting, Target, Wait, WeakSender};
use crate::context::Context;
use crate::error::ActorResult;
use crate::letter::Letter;
use crate::recipient::Recipient;

/// An address that knows a protocol and not whose it is: a [`Recipient`], which a protocol calls its `…Ref`, or a
/// [`Probe`](crate::testing::Probe).
///
/// The trait of a [`protocol`](macro@crate::protocol) is implemented for each of them. An [`ActorRef`](crate::ActorRef)
/// is none, so that `account.deposit(7)` is the actor's own handler and nothing else, whatever the actor's protocols
/// call theirs; `account.recipient()` makes it one.
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::{ProtocolAddress, testing::Probe};
///
/// #[protocol(message(derive(Debug, PartialEq)))]
/// trait Ledger {
///     fn deposit(&self, amount: u64) -> u64;
/// }
///
/// /// Each method of `Ledger` comes with this bound, and `impl Ledger` says it shorter.
/// fn seven<L: ProtocolAddress<LedgerMessage>>(ledger: &L) -> LedgerMessage {
///     ledger.deposit(7).into_message()
/// }
///
/// # fn main() {
/// let probe = Probe::<LedgerMessage>::new();
/// assert_eq!(seven(&probe), LedgerMessage::Deposit { amount: 7 });
/// assert_eq!(seven(&probe.recipient()), LedgerMessage::Deposit { amount: 7 });
/// # }
/// ```
///
/// It is implemented by the framework alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address of a protocol with the messages `{M}`",
    label = "not an address of the protocol",
    note = "an actor's reference or pool becomes one by `.recipient()`, where the actor says `#[handlers(protocols(…))]`"
)]
pub trait ProtocolAddress<M: Send + 'static>: Address<M> {}

impl<M: Send + 'static> ProtocolAddress<M> for Recipient<M> {}

/// A message that is sent to any actor of type `A` as one of its own.
pub trait Protocol<A: Actor>: Sized {
    /// The actor's own message.
    ///
    /// # Errors
    /// The message itself, when it calls no handler.
    fn into_own(self) -> Result<A::Message, Self>;

    /// The message that [`into_own`](Self::into_own) made `own` of.
    ///
    /// # Errors
    /// `own` itself, when it is none of the protocol.
    fn from_own(own: A::Message) -> Result<Self, A::Message>;
}

/// The handler of an actor whose name has the number `NAME`.
pub trait Handler<const NAME: u128>: Actor {
    /// What it is given, in order.
    type Args;
    /// What it answers.
    type Reply;

    /// The message that calls it.
    fn pack(args: Self::Args) -> Self::Message;

    /// What a message gives it.
    ///
    /// # Errors
    /// The message itself, when it calls another handler.
    fn unpack(message: Self::Message) -> Result<Self::Args, Self::Message>;
}

/// The number of a name, the same in every crate (128 bits of FNV-1a).
#[must_use]
pub const fn name(text: &str) -> u128 {
    let bytes = text.as_bytes();
    let mut number: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let mut at = 0;
    while at < bytes.len() {
        number = (number ^ bytes[at] as u128).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
        at += 1;
    }
    number
}

/// A handler as a type of its own, so that what it takes and answers can be asked for only where it is.
pub trait Call {
    /// The actor's own message.
    type Message;
    /// What it is given, in order.
    type Args;
    /// What it answers.
    type Reply;
    /// The message that calls it.
    fn pack(args: Self::Args) -> Self::Message;
    /// What a message gives it.
    ///
    /// # Errors
    /// The message itself, when it calls another handler.
    fn unpack(message: Self::Message) -> Result<Self::Args, Self::Message>;
}

/// The handler `NAME` of `A`.
#[derive(Debug)]
pub struct Named<A, const NAME: u128>(PhantomData<fn() -> A>);

impl<A: Handler<NAME>, const NAME: u128> Call for Named<A, NAME> {
    type Message = A::Message;
    type Args = A::Args;
    type Reply = A::Reply;

    fn pack(args: A::Args) -> A::Message {
        A::pack(args)
    }

    fn unpack(message: A::Message) -> Result<A::Args, A::Message> {
        A::unpack(message)
    }
}

/// The handler of a method that is configured away: no message of the protocol calls it.
#[derive(Debug)]
pub struct Absent<A>(PhantomData<fn() -> A>);

impl<A: Actor> Call for Absent<A> {
    type Message = A::Message;
    type Args = Never;
    type Reply = ();

    fn pack(args: Never) -> A::Message {
        match args {}
    }

    fn unpack(message: A::Message) -> Result<Never, A::Message> {
        Err(message)
    }
}

/// There is none.
#[derive(Debug)]
pub enum Never {}

/// The same type, which generic code cannot see.
pub trait Is<T> {
    /// The value as this type.
    fn of(value: T) -> Self;
    /// The value as that type.
    fn get(self) -> T;
}

impl<T> Is<T> for T {
    fn of(value: T) -> T {
        value
    }

    fn get(self) -> T {
        self
    }
}

/// The message that calls the handler `C` with `args`.
pub fn pack<C: Call, Args>(args: Args) -> C::Message
where
    C::Args: Is<Args>,
{
    C::pack(Is::of(args))
}

/// What the handler `C` is called with by `message`.
///
/// # Errors
/// The message itself, when it calls another handler.
pub fn unpack<C: Call, Args>(message: C::Message) -> Result<Args, C::Message>
where
    C::Args: Is<Args>,
{
    C::unpack(message).map(Is::get)
}

/// Handles a protocol's message that is not sent as one of the actor's own, such as a timer's.
///
/// # Errors
/// What the handler failed with.
pub async fn handle_protocol<A: Handles<M>, M: Send + 'static>(
    actor: &mut A,
    message: M,
    ctx: &mut Context<A>,
) -> ActorResult<()> {
    match A::into_own(message) {
        Ok(own) => Actor::handle(actor, own, ctx).await,
        Err(_) => Ok(()),
    }
}

/// An address of every message, where nobody is: through it a protocol's trait leads to its message.
#[derive(Clone, Debug)]
pub struct Nobody;

impl<M: Send + 'static> ProtocolAddress<M> for Nobody {}

impl<M: Send + 'static> Address<M> for Nobody {
    fn __ask_here(&self, _turn: usize, message: M, _spot: Here<'_>) -> Result<(), M> {
        Err(message)
    }

    fn __post(&self, _turn: usize, letter: Letter<M>, _wait: Wait) -> Posting<M> {
        Posting::Stopped(letter)
    }

    fn __target(&self) -> Option<Target> {
        None
    }

    fn __weak(&self) -> WeakSender<M> {
        Box::new(|_, _| false)
    }

    fn __ask_timeout(&self) -> Duration {
        DEFAULT_ASK_TIMEOUT
    }
}
