//! A recipient takes one type of message and forgets who it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::address::{Address, HasProcess, Here, Posting, Target, Town, Wait, WeakSender};
use crate::error::TrySendError;
use crate::letter::Letter;
use crate::process::ProcessInfo;
use crate::process_id::ProcessId;
use crate::request::{Request, Tell};

/// An address with its actor's type forgotten: it takes one type of message.
///
/// It keeps the actor alive as an [`ActorRef`](crate::ActorRef) does. Akka's `ActorRef[T]`, actix's `Recipient`.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[derive(Debug)]
/// struct Tick;
/// # #[actor] struct Clock { ticks: u32 }
/// #[handlers]
/// impl Clock {
///     #[handler(message)]
///     fn tick(&mut self, _tick: Tick) -> u32 {
///         self.ticks += 1;
///         self.ticks
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("doc");
/// let clock = system.spawn(Clock { ticks: 0 });
/// let anybody: Recipient<Tick> = clock.recipient();
/// anybody.tell(Tick).await?;
/// anybody.try_tell(Tick)?;
/// assert_eq!(anybody.ask::<u32>(Tick).await?, 3);
/// assert_eq!(anybody.pid(), Some(clock.pid()));
/// assert_eq!(anybody.process().map(|process| process.status()), Some(ProcessStatus::Waiting));
///
/// // Of an actor's own messages, too: the typed methods are there.
/// let by_protocol: Recipient<ClockMessage> = Recipient::new(clock.downgrade());
/// assert_eq!(by_protocol.pid(), Some(clock.pid()));
/// # Ok(()) }
/// ```
pub struct Recipient<M: Send + 'static> {
    to: Arc<dyn AnyAddress<M>>,
}

/// An [`Address`] whose type is forgotten.
trait AnyAddress<M>: Send + Sync {
    fn turn(&self) -> usize;
    fn ask_here(&self, turn: usize, message: M, spot: Here<'_>) -> Result<(), M>;
    fn post(&self, turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M>;
    fn target(&self) -> Option<Target>;
    fn target_of(&self, turn: usize) -> Option<Target>;
    fn weak(&self) -> WeakSender<M>;
    fn town(&self) -> Option<Town>;
    fn ask_timeout(&self) -> Duration;
}

impl<D: Address<M>, M: Send + 'static> AnyAddress<M> for D {
    fn turn(&self) -> usize {
        self.__turn()
    }

    fn ask_here(&self, turn: usize, message: M, spot: Here<'_>) -> Result<(), M> {
        self.__ask_here(turn, message, spot)
    }

    fn post(&self, turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M> {
        self.__post(turn, letter, wait)
    }

    fn target(&self) -> Option<Target> {
        self.__target()
    }

    fn target_of(&self, turn: usize) -> Option<Target> {
        self.__target_of(turn)
    }

    fn weak(&self) -> WeakSender<M> {
        self.__weak()
    }

    fn town(&self) -> Option<Town> {
        self.__town()
    }

    fn ask_timeout(&self) -> Duration {
        self.__ask_timeout()
    }
}

impl<M: Send + 'static> Recipient<M> {
    /// Any address as a recipient: of a weak reference, one that keeps nobody alive.
    #[must_use]
    pub fn new(address: impl Address<M>) -> Self {
        Self { to: Arc::new(address) }
    }

    /// Sends a message and waits for room only. Resolves when the mailbox has taken it.
    ///
    /// # Errors
    /// [`SendError`](crate::SendError) with the message, when the actor has ended or refuses what does not fit.
    ///
    /// # Cancel safety
    /// Dropped while it waits, the message is not sent.
    pub fn tell(&self, message: M) -> Tell<'_, Self, M> {
        Tell::new(self, message)
    }

    /// Sends a message without waiting.
    ///
    /// # Errors
    /// [`TrySendError`] with the message, when there is no room or the actor has ended.
    pub fn try_tell(&self, message: M) -> Result<(), TrySendError<M>> {
        Request::<_, M, ()>::new(self, message).try_tell()
    }

    /// Asks with a message: see [`Request`]. `R` has to be what the handler answers with, or `()` for "it was handled"; with any
    /// other the ask ends with [`AskError::NoReply`](crate::AskError::NoReply).
    pub fn ask<R: Send + 'static>(&self, message: M) -> Request<'_, Self, M, R> {
        Request::new(self, message)
    }

    /// The id of the actor behind it. None where there is no actor ([a probe](crate::testing::Probe)), or none left.
    #[must_use]
    pub fn pid(&self) -> Option<ProcessId> {
        self.process().map(|process| process.pid())
    }

    /// The process behind it, when there is one.
    #[must_use]
    pub fn process(&self) -> Option<ProcessInfo> {
        self.to.target().map(|target| ProcessInfo(target.0))
    }
}

impl<M: Send + 'static> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        Self { to: self.to.clone() }
    }
}

impl<M: Send + 'static> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient").field("pid", &self.pid()).finish()
    }
}

impl<M: Send + 'static> Address<M> for Recipient<M> {
    fn __turn(&self) -> usize {
        self.to.turn()
    }

    fn __ask_here(&self, turn: usize, message: M, spot: Here<'_>) -> Result<(), M> {
        self.to.ask_here(turn, message, spot)
    }

    fn __post(&self, turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M> {
        self.to.post(turn, letter, wait)
    }

    fn __target(&self) -> Option<Target> {
        self.to.target()
    }

    fn __target_of(&self, turn: usize) -> Option<Target> {
        self.to.target_of(turn)
    }

    fn __weak(&self) -> WeakSender<M> {
        self.to.weak()
    }

    fn __town(&self) -> Option<Town> {
        self.to.town()
    }

    fn __ask_timeout(&self) -> Duration {
        self.to.ask_timeout()
    }
}

impl<M: Send + 'static> HasProcess for Recipient<M> {
    fn __process(&self) -> Option<Target> {
        self.to.target()
    }
}
