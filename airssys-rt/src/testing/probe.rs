//! A probe is an address that records and answers: a mock for nothing, since the typed methods exist on it.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::address::{Address, Here, Posting, Target, Wait, WeakSender};
use crate::error::AskError;
use crate::letter::Letter;
use crate::lock::Lock;
use crate::protocol::ProtocolAddress;
use crate::recipient::Recipient;
use crate::reply::Port;

/// An address of messages of type `M` that records them and answers as it is told: a mock of any actor, since the typed methods
/// are on every [`Address`].
///
/// Code that is to be tested with one takes an `impl CounterApi`, an [`impl Address<M>`](Address) or a [`Recipient`].
/// A probe is of no system: a timer set on it (`tell_after`, `tell_every`) does nothing, and `blocking_ask` gives
/// [`AskError::Stopped`].
///
/// ```
/// use airssys_rt::prelude::*;
/// use airssys_rt::testing::Probe;
///
/// # #[actor] struct Ledger;
/// # #[handlers(message(derive(Debug, Clone, PartialEq)))] impl Ledger { #[handler] fn deposit(&mut self, amount: u64) -> u64 { amount } }
/// async fn save(ledger: &impl LedgerApi) -> Result<u64, AskError> {
///     ledger.deposit(7).await // the code under test
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let ledger = Probe::<LedgerMessage>::new();
/// ledger.answer_with(|message| match message {
///     LedgerMessage::Deposit { amount } => Box::new(amount + 1),
///     _ => Box::new(()),
/// });
/// assert_eq!(save(&ledger).await, Ok(8));
/// assert_eq!(ledger.received(), 1);
/// assert_eq!(ledger.next().await, LedgerMessage::Deposit { amount: 7 });
/// assert_eq!(ledger.try_next(), None);
///
/// ledger.end();
/// assert_eq!(save(&ledger).await, Err(AskError::Stopped));
/// # }
/// ```
pub struct Probe<M: Send + 'static> {
    inside: Arc<Inside<M>>,
}

type Answerer<M> = Box<dyn FnMut(&M) -> Box<dyn Any + Send> + Send>;

struct Inside<M> {
    state: Lock<State<M>>,
    arrived: Notify,
}

struct State<M> {
    received: VecDeque<M>,
    unanswered: VecDeque<Arc<dyn Port>>,
    answerer: Option<Answerer<M>>,
    stopped: bool,
}

impl<M: Send + 'static> Probe<M> {
    /// A probe that has received nothing. Asks wait until they are answered or time out.
    #[must_use]
    pub fn new() -> Self {
        let state =
            State { received: VecDeque::new(), unanswered: VecDeque::new(), answerer: None, stopped: false };
        Self { inside: Arc::new(Inside { state: Lock::new(state), arrived: Notify::new() }) }
    }

    /// Answers every further ask with what `answer` returns, which has to be of the handler's return type: of another one, the ask
    /// ends with [`AskError::NoReply`].
    pub fn answer_with(&self, answer: impl FnMut(&M) -> Box<dyn Any + Send> + Send + 'static) {
        self.inside.state.lock().answerer = Some(Box::new(answer));
    }

    /// Answers the oldest unanswered ask. False when there is none.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # use airssys_rt::testing::Probe;
    /// # #[actor] struct Ledger;
    /// # #[handlers(message(derive(Debug, PartialEq)))] impl Ledger { #[handler] fn deposit(&mut self, amount: u64) -> u64 { amount } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ledger = Probe::<LedgerMessage>::new();
    /// let asked = tokio::spawn(ledger.deposit(7).owned().ask());
    /// assert_eq!(ledger.next().await, LedgerMessage::Deposit { amount: 7 });
    /// assert!(ledger.answer(8_u64));
    /// assert_eq!(asked.await?, Ok(8));
    /// # Ok(()) }
    /// ```
    pub fn answer<R: Send + 'static>(&self, answer: R) -> bool {
        let port = self.inside.state.lock().unanswered.pop_front();
        port.map(|port| port.accept(&mut Some(answer))).is_some()
    }

    /// Fails the oldest unanswered ask. False when there is none.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # use airssys_rt::testing::Probe;
    /// # #[actor] struct Ledger;
    /// # #[handlers] impl Ledger { #[handler] fn deposit(&mut self, amount: u64) -> u64 { amount } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ledger = Probe::<LedgerMessage>::new();
    /// let asked = tokio::spawn(ledger.deposit(7).owned().ask());
    /// ledger.next().await;
    /// assert!(ledger.fail(AskError::Full));
    /// assert_eq!(asked.await?, Err(AskError::Full));
    /// # Ok(()) }
    /// ```
    pub fn fail(&self, error: AskError) -> bool {
        let port = self.inside.state.lock().unanswered.pop_front();
        port.map(|port| port.fail(error)).is_some()
    }

    /// Refuses everything from now on, as an actor does that has ended. Asks without an answer get [`AskError::Stopped`].
    pub fn end(&self) {
        let unanswered = {
            let mut state = self.inside.state.lock();
            state.stopped = true;
            std::mem::take(&mut state.unanswered)
        };
        for port in unanswered {
            port.fail(AskError::Stopped);
        }
    }

    /// The oldest message that was received and not taken out. Waits for one, without limit.
    ///
    /// # Cancel safety
    /// Dropped, no message is lost.
    pub async fn next(&self) -> M {
        loop {
            let arrived = self.inside.arrived.notified();
            if let Some(message) = self.try_next() {
                return message;
            }
            arrived.await;
        }
    }

    /// The oldest message that was received and not taken out.
    #[must_use]
    pub fn try_next(&self) -> Option<M> {
        self.inside.state.lock().received.pop_front()
    }

    /// How many messages were received and not taken out.
    #[must_use]
    pub fn received(&self) -> usize {
        self.inside.state.lock().received.len()
    }

    /// The probe as a [`Recipient`]: for code that takes one.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// use airssys_rt::testing::Probe;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let probe = Probe::<&str>::new();
    /// let to: Recipient<&str> = probe.recipient();
    /// to.tell("hello").await?;
    /// assert_eq!(probe.next().await, "hello");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn recipient(&self) -> Recipient<M> {
        Recipient::new(self.clone())
    }

    fn take(&self, letter: Letter<M>) -> Posting<M> {
        let mut state = self.inside.state.lock();
        if state.stopped {
            return Posting::Stopped(letter);
        }
        let Letter { message, port } = letter;
        let port = port.filter(|port| port.is_ask());
        let answerer = state.answerer.take();
        drop(state);
        // Outside the lock: the answerer may use the probe.
        let mut answer = None;
        let answerer = answerer.map(|mut answerer| {
            if port.is_some() {
                answer = Some(answerer(&message));
            }
            answerer
        });
        let mut state = self.inside.state.lock();
        if state.answerer.is_none() {
            state.answerer = answerer;
        }
        state.received.push_back(message);
        match (port, answer) {
            (Some(port), Some(answer)) => {
                drop(state);
                port.accept_boxed(answer);
            }
            (Some(port), None) => state.unanswered.push_back(port),
            (None, _) => {}
        }
        self.inside.arrived.notify_one();
        Posting::Done
    }
}

impl<M: Send + 'static> Default for Probe<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Send + 'static> Clone for Probe<M> {
    fn clone(&self) -> Self {
        Self { inside: self.inside.clone() }
    }
}

impl<M: Send + 'static> fmt::Debug for Probe<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("received", &self.received()).finish()
    }
}

impl<M: Send + 'static> Address<M> for Probe<M> {
    fn __ask_here(&self, _turn: usize, message: M, _spot: Here<'_>) -> Result<(), M> {
        Err(message)
    }

    fn __post(&self, _turn: usize, letter: Letter<M>, _wait: Wait) -> Posting<M> {
        self.take(letter)
    }

    fn __target(&self) -> Option<Target> {
        None
    }

    fn __weak(&self) -> WeakSender<M> {
        let probe = self.clone();
        Box::new(move |message, timer| {
            timer.0.arrived();
            matches!(probe.take(Letter::told(message)), Posting::Done)
        })
    }
}

impl<M: Send + 'static> ProtocolAddress<M> for Probe<M> {}
