//! What every handle of an actor can do: take a letter. The typed methods are written once, for all of them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::kernel::Kernel;
use crate::letter::Letter;
use crate::process::{AnyCell, ProcessInfo};
use crate::process_id::ProcessId;
use crate::reply::AnySpot;
use crate::timer::Wanted;

/// Where messages of type `M` can be sent: an [`ActorRef`](crate::ActorRef), a
/// [`WeakRef`](crate::WeakRef), a [`Recipient`](crate::Recipient), a [`Pool`](crate::Pool), a
/// [`Probe`](crate::testing::Probe).
///
/// The `…Api` trait that `#[handlers]` generates is implemented for every `Address` of the actor's
/// message type, so code that is generic over it works with any of them:
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn increment(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// async fn twice(counter: &impl CounterApi) -> Result<i64, AskError> {
///     counter.increment(1).await?;
///     counter.increment(1).await
/// }
///
/// /// The same, said by the message.
/// async fn once(counter: &impl Address<CounterMessage>) -> Result<i64, AskError> {
///     counter.increment(1).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), AskError> {
/// let counter = System::new("doc").spawn(Counter(0));
/// assert_eq!(twice(&counter).await?, 2);
/// assert_eq!(once(&counter.downgrade()).await?, 3);
/// # Ok(()) }
/// ```
///
/// It is implemented by the framework alone; its methods are not for direct use.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take messages of type `{M}`",
    label = "not an address of `{M}`",
    note = "this method belongs to another actor, or the message to another type"
)]
pub trait Address<M>: Clone + Send + Sync + 'static {
    /// Which of several actors is next; the same number then goes with the message, whichever way it takes.
    #[doc(hidden)]
    fn __turn(&self) -> usize {
        0
    }
    #[doc(hidden)]
    fn __ask_here(&self, turn: usize, message: M, spot: Here<'_>) -> Result<(), M>;
    /// Tells, where nothing is in the way of that: true, and the message is taken. Else nothing is done.
    #[doc(hidden)]
    #[inline]
    fn __tell_here(&self, turn: usize, message: &mut Option<M>) -> bool {
        let _ = (turn, message);
        false
    }
    #[doc(hidden)]
    fn __post(&self, turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M>;
    #[doc(hidden)]
    fn __target(&self) -> Option<Target>;
    /// Who gets the message of this turn, where the address alone does not say.
    #[doc(hidden)]
    fn __target_of(&self, turn: usize) -> Option<Target> {
        let _ = turn;
        self.__target()
    }
    #[doc(hidden)]
    fn __weak(&self) -> WeakSender<M>;
    /// The system behind it: it keeps the time.
    #[doc(hidden)]
    fn __town(&self) -> Option<Town> {
        self.__target().map(|target| Town(target.0.kernel().clone()))
    }
    #[doc(hidden)]
    fn __ask_timeout(&self) -> Duration {
        self.__town().map_or(DEFAULT_ASK_TIMEOUT, |town| town.0.ask_timeout)
    }
}

/// How long an ask waits when nobody said otherwise.
pub(crate) const DEFAULT_ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// A zero-hop ask: a place for its answer, and whose poll it is (the address behind the waker).
pub struct Here<'a> {
    pub(crate) spot: &'a mut (dyn AnySpot + 'static),
    pub(crate) poll: usize,
}

/// What the sender of a letter does meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It goes on, whether the letter was taken or not.
    No,
    /// It waits for room.
    ForRoom,
    /// It waits for the answer; `poll` is the address behind the waker of the future that does.
    ForAnswer {
        /// Whose poll it is.
        poll: usize,
    },
}

/// The cell behind an address.
#[derive(Clone)]
pub struct Target(pub(crate) Arc<dyn AnyCell>);

/// The system behind an address.
pub struct Town(pub(crate) Arc<Kernel>);

/// The timer that sends a message.
#[derive(Clone)]
pub struct Timer(pub(crate) Wanted);

/// Sends what a timer has to send, while somebody is there to take it.
pub type WeakSender<M> = Box<dyn Fn(M, Timer) -> bool + Send + Sync>;

pub(crate) type Waits<M> = Pin<Box<dyn Future<Output = Result<(), Letter<M>>> + Send>>;

/// What became of a letter.
pub enum Posting<M> {
    /// It lies in the mailbox.
    Done,
    /// There is no room.
    Full(Letter<M>),
    /// The actor has ended.
    Stopped(Letter<M>),
    /// The sender waits for room; dropped, it withdraws the letter.
    Waits(Pin<Box<dyn Future<Output = Result<(), Letter<M>>> + Send>>),
}

/// Something that stands for one process: what [monitors](crate::Context::monitor) and [links](crate::Context::link) take.
///
/// An [`ActorRef`](crate::ActorRef), a [`WeakRef`](crate::WeakRef), a [`Recipient`](crate::Recipient), a
/// [`Supervised`](crate::Supervised) and a [`ProcessInfo`]. It is implemented by the framework alone.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// fn watch_both(one: &impl HasProcess, other: &impl HasProcess, ctx: &Context<Nurse>) {
///     ctx.monitor(one);
///     ctx.monitor(other);
/// }
///
/// #[actor]
/// #[derive(Default)]
/// struct Nurse {
///     gone: usize,
/// }
///
/// #[handlers]
/// impl Nurse {
///     #[handler]
///     fn watch(&mut self, strong: ActorRef<Counter>, any: ProcessInfo, ctx: &mut Context<Self>) {
///         watch_both(&strong, &any, ctx);
///     }
///
///     #[handler(down)]
///     fn gone(&mut self, _down: Down) {
///         self.gone += 1;
///     }
///
///     #[handler]
///     fn count(&self) -> usize {
///         self.gone
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let nurse = system.spawn(Nurse::default());
/// let (one, other) = (system.spawn(Counter(0)), system.spawn(Counter(0)));
/// nurse.watch(one.clone(), other.process()).await?;
/// one.stop().await?;
/// other.stop().await?;
/// assert_eq!(nurse.count().await?, 2);
/// # Ok(()) }
/// ```
pub trait HasProcess {
    #[doc(hidden)]
    fn __process(&self) -> Option<Target>;
    /// Its id, also when nothing else is left of it.
    #[doc(hidden)]
    fn __pid(&self) -> Option<ProcessId> {
        self.__process().map(|target| target.0.pid())
    }
}

impl HasProcess for ProcessInfo {
    fn __process(&self) -> Option<Target> {
        Some(Target(self.0.clone()))
    }
}

crate::opaque::opaque_debug! {
    Posting<M>;
    Wait;
    Timer;
    Target;
    Town;
    Here<'a>;
}
