//! A request is a message with its address, waiting to be asked or told.

use std::future::{Future, IntoFuture, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep};

use crate::address::{Address, Here, Posting, Target, Timer, Town, Wait, Waits};
use crate::cell::{Current, current, down_error};
use crate::deadline::{Deadlines, Noted};
use crate::error::{AskError, SendError, TrySendError, discard};
use crate::instrument::Caller;
use crate::kernel::Kernel;
use crate::letter::Letter;
use crate::process::AnyCell;
use crate::process_id::ProcessId;
use crate::reply::{Port, ReplyCell, Spot};
use crate::timer::{self, Timers, Wanted};
use crate::yields;

/// A request whose message `M` can be sent again and again: `M` is `Clone`.
#[diagnostic::on_unimplemented(
    message = "a message that is told again and again is cloned each time, and `{M}` is not `Clone`",
    label = "`{M}` cannot be cloned",
    note = "write `#[handlers(message(derive(Clone)))]` above the actor's impl block"
)]
pub trait Again<M> {
    /// The same message, once more.
    fn again(message: &M) -> M;
}

#[diagnostic::do_not_recommend]
impl<D, M: Clone, R> Again<M> for Request<'_, D, M, R> {
    fn again(message: &M) -> M {
        message.clone()
    }
}

/// The three ways to send, as every reference to an actor of type `A` has them.
///
/// The compiler shows the line of a bound where somebody sends what the actor does not handle: the remedy stands on it.
macro_rules! sends {
    () => {
        /// Sends a message and waits for room only. Resolves when the mailbox has taken it.
        ///
        /// # Errors
        /// [`SendError`](crate::SendError) with the message, when the actor has ended or refuses what does not fit.
        ///
        /// # Cancel safety
        /// Dropped while it waits, the message is not sent.
        pub fn tell<M: Send + 'static>(&self, message: M) -> crate::Tell<'_, Self, M>
        where
            A: Handles<M>, // give the actor a `#[handler(message)]` with one argument of this type
        {
            crate::Tell::new(self, message)
        }

        /// Sends a message without waiting.
        ///
        /// # Errors
        /// [`TrySendError`](crate::TrySendError) with the message, when there is no room or the actor has ended.
        pub fn try_tell<M: Send + 'static>(&self, message: M) -> Result<(), crate::TrySendError<M>>
        where
            A: Handles<M>, // give the actor a `#[handler(message)]` with one argument of this type
        {
            crate::Request::<_, M, ()>::new(self, message).try_tell()
        }

        /// Asks with a message shared by many actors: see [`Request`](crate::Request).
        pub fn ask<M: Send + 'static>(
            &self,
            message: M,
        ) -> crate::Request<'_, Self, M, <A as Handles<M>>::Reply>
        where
            A: Handles<M>, // give the actor a `#[handler(message)]` with one argument of this type
        {
            crate::Request::new(self, message)
        }
    };
}

pub(crate) use sends;

/// A message with its address, not sent yet: nothing happens until it is awaited (asked) or told.
///
/// Each typed method of an address makes one.
///
/// | call | meaning |
/// | --- | --- |
/// | `.await`, [`.ask().await`](Self::ask) | send, wait for the answer |
/// | [`.tell().await`](Self::tell) | send, wait for room only |
/// | [`.try_tell()`](Self::try_tell) | send now or not at all |
/// | [`.blocking_ask()`](Self::blocking_ask), [`.blocking_tell()`](Self::blocking_tell) | from a thread outside Tokio |
/// | [`.tell_after(d)`](Self::tell_after), [`.tell_every(d)`](Self::tell_every) | by a timer |
/// | [`.timeout(d)`](Self::timeout), [`.ignore_cycle()`](Self::ignore_cycle) | settings of an ask |
/// | [`.owned()`](Self::owned) | the same, holding the address |
/// | [`.into_message()`](Self::into_message) | the message alone |
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[actor]
/// #[derive(Default)]
/// struct Counter(i64);
///
/// #[handlers(message(derive(Debug, PartialEq)))]
/// impl Counter {
///     #[handler]
///     fn add(&mut self, by: i64) -> i64 {
///         self.0 += by;
///         self.0
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter::default());
/// assert_eq!(counter.add(1).await?, 1);
/// counter.add(1).tell().await?;
/// counter.add(1).try_tell()?;
/// assert_eq!(counter.add(1).timeout(Duration::from_millis(50)).ask().await?, 4);
/// assert_eq!(counter.add(7).into_message(), CounterMessage::Add { by: 7 });
/// # Ok(()) }
/// ```
#[must_use = "a request does nothing until it is awaited or told"]
pub struct Request<'a, D, M, R> {
    to: To<'a, D>,
    message: M,
    limit: Option<Duration>,
    ignore_cycle: bool,
    marker: PhantomData<fn() -> R>,
}

enum To<'a, D> {
    Borrowed(&'a D),
    Owned(D),
}

impl<D> To<'_, D> {
    #[inline]
    fn get(&self) -> &D {
        match self {
            Self::Borrowed(address) => address,
            Self::Owned(address) => address,
        }
    }
}

// Without the bounds of what can be done with it: what is not `Send` is reported once, where a handler takes it.
impl<'a, D: Address<M>, M, R> Request<'a, D, M, R> {
    /// A request to `to`; the macros write one for each handler.
    ///
    /// `R` has to be what the handler answers with: another type is answered with
    /// [`AskError::NoReply`], and `()` takes any answer.
    ///
    /// ```
    /// use airssys_rt::Request;
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let answer = Request::<_, _, i64>::new(&counter, CounterMessage::Add { by: 7 }).await;
    /// assert_eq!(answer, Ok(7));
    /// let wrong_type = Request::<_, _, u8>::new(&counter, CounterMessage::Add { by: 7 }).await;
    /// assert_eq!(wrong_type, Err(AskError::NoReply));
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn new(to: &'a D, message: M) -> Self {
        Self { to: To::Borrowed(to), message, limit: None, ignore_cycle: false, marker: PhantomData }
    }
}

impl<'a, D: Address<M>, M: Send + 'static, R: Send + 'static> Request<'a, D, M, R> {
    /// Sets the time limit of an ask; without it the system's holds (5 s). It has no meaning for a tell.
    ///
    /// The limit covers waiting for room, for the actor's turn and for its answer. While a handler runs, the
    /// limit of the request it handles bounds the asks it makes, too. The request of an asker whose time has run out is not
    /// handled any more, unless it is in hand already.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] struct Oracle;
    /// # #[handlers] impl Oracle { #[handler] async fn ponder(&mut self) -> u32 { std::future::pending().await } }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let oracle = system.spawn(Oracle);
    /// let limit = Duration::from_millis(50);
    /// assert_eq!(oracle.ponder().timeout(limit).await, Err(AskError::Timeout { limit }));
    /// # Ok(()) }
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Waits even when the ask goes round to the asking actor itself.
    ///
    /// For a handler that can go on without the answer: it gets [`AskError::Timeout`] instead of
    /// [`AskError::Deadlock`] unless somebody in the ring gives way.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// #[actor]
    /// struct Narcissus;
    ///
    /// #[handlers]
    /// impl Narcissus {
    ///     #[handler]
    ///     async fn ask_myself(&mut self, insist: bool, ctx: &mut Context<Self>) -> Option<AskError> {
    ///         let this = ctx.this();
    ///         let echo = this.echo().timeout(Duration::from_millis(50));
    ///         if insist { echo.ignore_cycle().await.err() } else { echo.await.err() }
    ///     }
    ///
    ///     #[handler]
    ///     fn echo(&self) {}
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let narcissus = system.spawn(Narcissus);
    /// assert!(matches!(narcissus.ask_myself(false).await?, Some(AskError::Deadlock { .. }))); // at once
    /// assert!(matches!(narcissus.ask_myself(true).await?, Some(AskError::Timeout { .. })));
    /// # Ok(()) }
    /// ```
    pub fn ignore_cycle(mut self) -> Self {
        self.ignore_cycle = true;
        self
    }

    /// Sends and waits for the answer; the same as awaiting the request.
    ///
    /// # Errors
    /// [`AskError`], which says why there is no answer. An ask always ends: with its time limit at the latest.
    ///
    /// # Cancel safety
    /// Dropped while it waits for room, the message is not sent; later, the message is handled and the
    /// answer dropped, unless its time limit has passed by then.
    pub fn ask(self) -> Ask<'a, D, M, R> {
        self.into_future()
    }

    /// Sends and waits for room only: as long as the mailbox is full and its actor has
    /// [`Block`](crate::BackpressureStrategy::Block), else not at all. Nobody hears what comes of it; an `Err` that the handler
    /// returns is traced as a warning and counted.
    ///
    /// # Errors
    /// [`SendError`] with the message, when the actor has ended or refuses what does not fit.
    ///
    /// # Cancel safety
    /// Dropped while it waits, the message is not sent.
    pub fn tell(self) -> Tell<'a, D, M> {
        Tell { to: self.to, message: Some(self.message), waits: None }
    }

    /// Sends now or not at all: also from code that is not async.
    ///
    /// # Errors
    /// [`TrySendError`] with the message, when there is no room or the actor has ended.
    pub fn try_tell(self) -> Result<(), TrySendError<M>> {
        let to = self.to.get();
        let turn = to.__turn();
        let mut message = Some(self.message);
        if to.__tell_here(turn, &mut message) {
            return Ok(());
        }
        let Some(message) = message else { return Ok(()) };
        match to.__post(turn, Letter::told(message), Wait::No) {
            Posting::Done | Posting::Waits(_) => Ok(()),
            Posting::Full(letter) => Err(TrySendError::Full(letter.message)),
            Posting::Stopped(letter) => Err(TrySendError::Stopped(letter.message)),
        }
    }

    /// Asks from a thread outside Tokio and blocks it until the answer is there.
    ///
    /// # Errors
    /// As for an awaited ask.
    ///
    /// # Panics
    /// Inside a Tokio worker, where blocking would stop other tasks: await the request there, or
    /// use `tokio::task::spawn_blocking`. An actor that [may block](crate::ActorConfig::blocking) does not run there.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// let runtime = tokio::runtime::Runtime::new().unwrap();
    /// let system = System::builder().runtime(runtime.handle().clone()).build().unwrap();
    /// let counter = system.spawn(Counter(0));
    ///
    /// // This thread is none of Tokio's.
    /// counter.add(1).blocking_tell().unwrap();
    /// assert_eq!(counter.add(1).blocking_ask(), Ok(2));
    /// ```
    pub fn blocking_ask(self) -> Result<R, AskError> {
        let Some(runtime) = self.runtime() else { return Err(AskError::Stopped) };
        block("blocking_ask", ".await", &runtime, self.into_future())
    }

    /// Tells from a thread outside Tokio and blocks it until there is room: see [`blocking_ask`](Self::blocking_ask).
    ///
    /// # Errors
    /// As for an awaited tell.
    ///
    /// # Panics
    /// Inside a Tokio worker: use `.tell().await` or `.try_tell()` there. An actor that
    /// [may block](crate::ActorConfig::blocking) does not run there.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// let runtime = tokio::runtime::Runtime::new().unwrap();
    /// let system = System::builder().runtime(runtime.handle().clone()).build().unwrap();
    /// let counter = system.spawn(Counter(0));
    /// std::thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| counter.add(1).blocking_tell().unwrap());
    ///     }
    /// });
    /// assert_eq!(counter.add(0).blocking_ask(), Ok(4));
    /// ```
    pub fn blocking_tell(self) -> Result<(), SendError<M>> {
        let Some(runtime) = self.runtime() else { return Err(SendError::Stopped(self.message)) };
        block("blocking_tell", ".tell().await", &runtime, self.tell())
    }

    fn runtime(&self) -> Option<Handle> {
        self.to.get().__town().map(|town| town.0.runtime.clone())
    }

    /// Tells once, `delay` from now. The message takes no room in the mailbox.
    ///
    /// The timer keeps nobody alive: if the actor has ended by then, nothing happens. Dropped, the handle cancels it.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let timer = counter.add(7).tell_after(Duration::from_secs(1));
    /// assert_eq!(counter.add(0).await?, 0);
    /// tokio::time::sleep(Duration::from_secs(2)).await; // the time of this example is paused: it takes none
    /// assert_eq!(counter.add(0).await?, 7);
    /// # drop(timer);
    /// # Ok(()) }
    /// ```
    pub fn tell_after(self, delay: Duration) -> TimerHandle {
        let mut message = Some(self.message);
        set_timer(self.to.get(), delay, None, move || message.take())
    }

    /// Tells again and again, a message that is `Clone`: the first time one `period` from now.
    ///
    /// The ticks lie on a grid of periods from now on; one that falls due while the last is still queued is
    /// skipped, and so are those missed in a stall: there is no burst. Dropped, the handle cancels the timer.
    ///
    /// # Panics
    /// When `period` is zero.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers(message(derive(Clone)))] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let timer = counter.add(1).tell_every(Duration::from_secs(1));
    /// tokio::time::sleep(Duration::from_millis(3_500)).await; // the time of this example is paused: it takes none
    /// timer.cancel();
    /// assert_eq!(counter.add(0).await?, 3);
    /// # Ok(()) }
    /// ```
    pub fn tell_every(self, period: Duration) -> TimerHandle
    where
        Self: Again<M>, // `M: Clone`, in words
    {
        assert!(!period.is_zero(), "a timer needs a period longer than zero");
        let (message, again): (M, fn(&M) -> M) = (self.message, Self::again);
        set_timer(self.to.get(), period, Some(period), move || Some(again(&message)))
    }

    /// The same request, holding its address: for a task of its own.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let asked = tokio::spawn(counter.add(7).owned().ask());
    /// assert_eq!(asked.await?, Ok(7));
    /// # Ok(()) }
    /// ```
    pub fn owned(self) -> Request<'static, D, M, R> {
        let to = match self.to {
            To::Borrowed(address) => address.clone(),
            To::Owned(address) => address,
        };
        Request {
            to: To::Owned(to),
            message: self.message,
            limit: self.limit,
            ignore_cycle: self.ignore_cycle,
            marker: PhantomData,
        }
    }

    /// The message itself, unsent.
    pub fn into_message(self) -> M {
        self.message
    }
}

fn block<F: Future>(call: &str, instead: &str, runtime: &Handle, future: F) -> F::Output {
    // An actor that this thread was about to run next is left to others.
    let _shut = crate::cell::Shut::new();
    if Handle::try_current().is_ok() {
        // Tokio knows whether this thread may block (it may in `spawn_blocking`), but tells only by a panic.
        let probe = std::panic::catch_unwind(|| runtime.block_on(ready(())));
        if probe.is_err() {
            panic!(
                "`{call}` blocks its thread, and this thread runs Tokio tasks that would stop with it: \
                 use `{instead}` here, or move the call to `tokio::task::spawn_blocking`"
            );
        }
    }
    runtime.block_on(future)
}

fn set_timer<D: Address<M>, M: Send + 'static>(
    to: &D,
    delay: Duration,
    period: Option<Duration>,
    next: impl FnMut() -> Option<M> + Send + 'static,
) -> TimerHandle {
    let Some(Town(kernel)) = to.__town() else { return TimerHandle { timer: None } };
    // A strong address would keep the actor alive.
    let send = to.__weak();
    let send = move |message, wanted| send(message, Timer(wanted));
    let wanted = Timers::send(&kernel, delay, period, next, send);
    TimerHandle { timer: Some((wanted, kernel)) }
}

impl<'a, D: Address<M>, M: Send + 'static, R: Send + 'static> IntoFuture for Request<'a, D, M, R> {
    type Output = Result<R, AskError>;
    type IntoFuture = Ask<'a, D, M, R>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Ask {
            to: self.to,
            message: Some(self.message),
            limit: self.limit,
            ignore_cycle: self.ignore_cycle,
            journey: None,
        }
    }
}

/// The future of an answer: what awaiting a [`Request`] makes. It is not boxed.
///
/// # Cancel safety
/// Dropped while it waits for room, the message is not sent; later, the message is handled and the
/// answer dropped, unless its time limit has passed by then.
///
/// ```
/// use airssys_rt::Ask;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let ask: Ask<'_, ActorRef<Counter>, CounterMessage, i64> = counter.add(7).ask();
/// assert_eq!(ask.await, Ok(7));
/// # Ok(()) }
/// ```
#[must_use = "an ask does nothing until it is awaited"]
pub struct Ask<'a, D, M, R> {
    to: To<'a, D>,
    /// Until it is sent.
    message: Option<M>,
    limit: Option<Duration>,
    ignore_cycle: bool,
    /// In a box: most asks are answered at once, and ought to be small.
    journey: Option<Box<dyn Travels<R>>>,
}

impl<D, M, R> Unpin for Ask<'_, D, M, R> {}

/// A [`Journey`], its message type forgotten.
trait Travels<R>: Send {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<R, AskError>>;
}

/// An ask that took the long way.
struct Journey<M, R> {
    stage: Stage<M, R>,
    /// The limit that holds, to be told when it has passed.
    limit: Duration,
    asking: Option<Asking>,
    alarm: Alarm,
}

/// What tells an ask that its time has run out.
enum Alarm {
    System {
        noted: Noted,
        until: Instant,
    },
    /// There is no system behind the address, or its runtime has gone.
    Own(Pin<Box<Sleep>>),
    /// It has the answer.
    Off,
}

/// What came of sending an ask.
enum Begun<M, R> {
    /// The actor was idle and has answered, or it cannot.
    Answered(Result<R, AskError>),
    Waits(Journey<M, R>),
}

enum Stage<M, R> {
    Posting { waits: Waits<M>, cell: Option<Waiting<R>> },
    Waiting(Waiting<R>),
    Done,
}

/// The wait for an answer; dropped, the answer is, too.
struct Waiting<R>(Arc<ReplyCell<R>>);

impl<R: Send + 'static> Waiting<R> {
    /// It is over: if nobody else holds the slot, the next ask may have it.
    fn finish(self) {
        let mut cell = self.0.clone();
        drop(self);
        if Arc::get_mut(&mut cell).is_some() {
            cell.keep();
        }
    }
}

impl<R> Drop for Waiting<R> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The note that the asking actor waits for somebody; dropped, it is taken back.
pub(crate) struct Asking {
    asker: Arc<dyn AnyCell>,
    number: u64,
}

impl Asking {
    /// Notes that `asker` waits for `target`; an error when that closes a ring.
    pub(crate) fn begin(
        asker: Arc<dyn AnyCell>,
        target: &Arc<dyn AnyCell>,
        port: Weak<dyn Port>,
        ignore_cycle: bool,
    ) -> Result<Self, AskError> {
        // Noted first: of two asks that meet head-on, one sees the other.
        let number = asker.begin_asking(target.clone(), port);
        let asking = Self { asker, number };
        if !ignore_cycle && let Some(path) = ring(&asking.asker, target) {
            return Err(AskError::Deadlock { path });
        }
        if asking.asker.is_ending() && target.is_down() {
            // The supervisor that would bring the target back may be waiting for the asker.
            return Err(down_error(&**target));
        }
        Ok(asking)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.asker.end_asking(self.number);
    }
}

impl<D: Address<M>, M: Send + 'static, R: Send + 'static> Future for Ask<'_, D, M, R> {
    type Output = Result<R, AskError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(message) = this.message.take() else { return this.poll_journey(cx) };
        if yields::poll_send(yields::ASKS, cx).is_pending() {
            this.message = Some(message);
            return Poll::Pending;
        }
        let mut spot = Spot::Empty;
        let to = this.to.get();
        let turn = to.__turn();
        match to.__ask_here(turn, message, Here { spot: &mut spot, poll: cx.waker().data().addr() }) {
            Ok(()) => {
                if let Spot::Value(answer) = spot {
                    return Poll::Ready(answer);
                }
                // The handler took the answer away.
                let Spot::Later(cell) = spot else { return Poll::Ready(Err(AskError::NoReply)) };
                this.set_out(turn, None, Some(cell), cx)
            }
            Err(message) => this.set_out(turn, Some(message), None, cx),
        }
    }
}

impl<D: Address<M>, M: Send + 'static, R: Send + 'static> Ask<'_, D, M, R> {
    /// Begins the long way.
    #[inline(never)]
    fn set_out(
        &mut self,
        turn: usize,
        unsent: Option<M>,
        later: Option<Arc<ReplyCell<R>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<R, AskError>> {
        let poll = cx.waker().data().addr();
        match Journey::begin(self.to.get(), turn, unsent, later, self.limit, self.ignore_cycle, poll) {
            Begun::Answered(answer) => Poll::Ready(answer),
            Begun::Waits(journey) => self.journey.insert(Box::new(journey)).poll(cx),
        }
    }

    #[inline(never)]
    fn poll_journey(&mut self, cx: &mut Context<'_>) -> Poll<Result<R, AskError>> {
        match &mut self.journey {
            Some(journey) => journey.poll(cx),
            None => Poll::Ready(Err(AskError::NoReply)),
        }
    }
}

impl<M: Send + 'static, R: Send + 'static> Journey<M, R> {
    /// Sends the message, unless its handler has run and answers later.
    fn begin<D: Address<M>>(
        to: &D,
        turn: usize,
        unsent: Option<M>,
        later: Option<Arc<ReplyCell<R>>>,
        limit: Option<Duration>,
        ignore_cycle: bool,
        poll: usize,
    ) -> Begun<M, R> {
        let asker = current();
        let (limit, until) = deadline(limit, to, asker.as_ref());
        let cell = later.unwrap_or_else(|| ReplyCell::fresh(until, Caller::current()));
        let mut cell = cell;
        let asking = match asker {
            None => None,
            Some(asker) => {
                let port: Weak<dyn Port> = Arc::downgrade(&cell) as Weak<ReplyCell<R>>;
                match note(asker, to.__target_of(turn), port, ignore_cycle) {
                    Ok(asking) => asking,
                    Err(error) => return Begun::Answered(Err(unsent_for(unsent, error))),
                }
            }
        };
        let posting = unsent
            .map(|message| to.__post(turn, Letter::asked(message, cell.clone()), Wait::ForAnswer { poll }));
        if matches!(posting, Some(Posting::Done)) {
            if let Some(answer) = ReplyCell::take_alone(&mut cell) {
                cell.keep();
                return Begun::Answered(answer);
            }
            if let Some(answer) = cell.try_take() {
                return Begun::Answered(answer);
            }
        }
        let watched: Arc<dyn Port> = cell.clone();
        let cell = Waiting(cell);
        let stage = match posting {
            None | Some(Posting::Done) => Stage::Waiting(cell),
            Some(Posting::Waits(waits)) => Stage::Posting { waits, cell: Some(cell) },
            Some(Posting::Full(letter)) => return Begun::Answered(Err(unsent_for(letter, AskError::Full))),
            Some(Posting::Stopped(letter)) => {
                return Begun::Answered(Err(unsent_for(letter, AskError::Stopped)));
            }
        };
        let noted = to.__town().and_then(|town| Deadlines::note(&town.0, until, watched));
        let alarm = match noted {
            Some(noted) => Alarm::System { noted, until },
            None => Alarm::Own(Box::pin(sleep_until(until, to))),
        };
        Begun::Waits(Self { stage, limit, asking, alarm })
    }

    /// The answer; `None` when the time has run out.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<R, AskError>>> {
        loop {
            let cell = match &mut self.stage {
                Stage::Posting { waits, cell } => match waits.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => {
                        self.stage = cell.take().map_or(Stage::Done, Stage::Waiting);
                        continue;
                    }
                    Poll::Ready(Err(letter)) => {
                        return Poll::Ready(Some(Err(unsent_for(letter, AskError::Stopped))));
                    }
                    Poll::Pending => cell.as_ref(),
                },
                Stage::Waiting(cell) => Some(&*cell),
                Stage::Done => None,
            };
            let Some(cell) = cell else { return Poll::Ready(Some(Err(AskError::NoReply))) };
            if let Poll::Ready(answer) = cell.0.poll(cx) {
                return Poll::Ready(answer);
            }
            match &mut self.alarm {
                Alarm::System { noted, .. } if noted.is_watched() => return Poll::Pending,
                Alarm::System { until, .. } => {
                    self.alarm = Alarm::Own(Box::pin(tokio::time::sleep_until(*until)));
                }
                Alarm::Off => return Poll::Pending,
                Alarm::Own(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    // Unless the answer was faster.
                    cell.0.expire();
                }
            }
        }
    }
}

impl<M: Send + 'static, R: Send + 'static> Travels<R> for Journey<M, R> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<R, AskError>> {
        let answer = ready!(self.poll_answer(cx));
        self.asking = None;
        self.alarm = Alarm::Off;
        if let Stage::Waiting(waiting) = std::mem::replace(&mut self.stage, Stage::Done) {
            waiting.finish();
        }
        Poll::Ready(answer.unwrap_or(Err(AskError::Timeout { limit: self.limit })))
    }
}

/// The error of an ask that was not sent. Its message is dropped here, so that a destructor that panics takes no answer
/// with it.
fn unsent_for<T>(unsent: T, error: AskError) -> AskError {
    let _ = discard(unsent);
    error
}

/// Notes that the asking actor waits for the asked one; the ring, when that closes one.
fn note(
    asker: Current,
    target: Option<Target>,
    port: Weak<dyn Port>,
    ignore_cycle: bool,
) -> Result<Option<Asking>, AskError> {
    let Some(target) = target else { return Ok(None) };
    Asking::begin(asker.process, &target.0, port, ignore_cycle).map(Some)
}

/// How long and until when an ask waits: its own limit, and no longer than the request that is being handled.
fn deadline<D: Address<M>, M: Send + 'static>(
    limit: Option<Duration>,
    to: &D,
    asker: Option<&Current>,
) -> (Duration, Instant) {
    let limit = limit.unwrap_or_else(|| to.__ask_timeout());
    let until = timer::after(limit);
    match asker.and_then(|asker| asker.deadline) {
        Some(outer) if outer < until => (outer.saturating_duration_since(Instant::now()), outer),
        _ => (limit, until),
    }
}

fn sleep_until<D: Address<M>, M: Send + 'static>(until: Instant, to: &D) -> Sleep {
    if Handle::try_current().is_ok() {
        return tokio::time::sleep_until(until);
    }
    // Polled outside Tokio: the system's runtime keeps the time.
    let town = to.__town();
    let _here = town.as_ref().map(|town| town.0.runtime.enter());
    tokio::time::sleep_until(until)
}

/// The ring that an ask of `target` by `asker` would close, from the asker round to itself.
fn ring(asker: &Arc<dyn AnyCell>, target: &Arc<dyn AnyCell>) -> Option<Vec<ProcessId>> {
    let mut path = vec![asker.pid()];
    let mut seen = Vec::new();
    follow(asker, target, &mut path, &mut seen).then_some(path)
}

fn follow(
    home: &Arc<dyn AnyCell>,
    at: &Arc<dyn AnyCell>,
    path: &mut Vec<ProcessId>,
    seen: &mut Vec<Arc<dyn AnyCell>>,
) -> bool {
    path.push(at.pid());
    // Cells, not ids: the ring may go through two systems.
    if same(home, at) {
        return true;
    }
    if seen.len() < DEEPEST && !seen.iter().any(|other| same(other, at)) {
        seen.push(at.clone());
        for next in at.asking() {
            if follow(home, &next, path, seen) {
                return true;
            }
        }
    }
    path.pop();
    false
}

/// How far a ring of asks is followed.
const DEEPEST: usize = 1_000;

fn same(one: &Arc<dyn AnyCell>, other: &Arc<dyn AnyCell>) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other))
}

/// The future of a tell: it waits for room only.
///
/// # Cancel safety
/// Dropped while it waits, the message is not sent.
///
/// ```
/// use airssys_rt::Tell;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let tell: Tell<'_, ActorRef<Counter>, CounterMessage> = counter.add(7).tell();
/// tell.await?;
/// assert_eq!(counter.add(0).await?, 7);
/// # Ok(()) }
/// ```
#[must_use = "a tell does nothing until it is awaited"]
pub struct Tell<'a, D, M> {
    to: To<'a, D>,
    /// Until it is sent.
    message: Option<M>,
    waits: Option<Waits<M>>,
}

impl<D, M> Unpin for Tell<'_, D, M> {}

impl<'a, D: Address<M>, M: Send + 'static> Tell<'a, D, M> {
    pub(crate) fn new(to: &'a D, message: M) -> Self {
        Self { to: To::Borrowed(to), message: Some(message), waits: None }
    }
}

impl<D: Address<M>, M: Send + 'static> Future for Tell<'_, D, M> {
    type Output = Result<(), SendError<M>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waits.is_none() {
            ready!(yields::poll_send(yields::TELLS, cx));
            let this = &mut *self;
            let to = this.to.get();
            let turn = to.__turn();
            if this.message.is_none() || to.__tell_here(turn, &mut this.message) {
                return Poll::Ready(Ok(()));
            }
            return self.poll_post(turn, cx);
        }
        self.poll_room(cx)
    }
}

impl<D: Address<M>, M: Send + 'static> Tell<'_, D, M> {
    /// By the whole way.
    #[inline(never)]
    fn poll_post(&mut self, turn: usize, cx: &mut Context<'_>) -> Poll<Result<(), SendError<M>>> {
        let Some(message) = self.message.take() else { return Poll::Ready(Ok(())) };
        match self.to.get().__post(turn, Letter::told(message), Wait::ForRoom) {
            Posting::Done => return Poll::Ready(Ok(())),
            Posting::Full(letter) => return Poll::Ready(Err(SendError::Full(letter.message))),
            Posting::Stopped(letter) => return Poll::Ready(Err(SendError::Stopped(letter.message))),
            Posting::Waits(waits) => self.waits = Some(waits),
        }
        self.poll_room(cx)
    }
}

impl<D, M> Tell<'_, D, M> {
    #[inline(never)]
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError<M>>> {
        let Some(waits) = &mut self.waits else { return Poll::Ready(Ok(())) };
        let outcome = ready!(waits.as_mut().poll(cx));
        self.waits = None;
        Poll::Ready(outcome.map_err(|letter| SendError::Stopped(letter.message)))
    }
}

/// A running timer. Dropped, the timer is cancelled; [`detach`](Self::detach) lets it be.
///
/// ```
/// use airssys_rt::TimerHandle;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let timer: TimerHandle = counter.add(1).tell_after(Duration::from_secs(1));
/// counter.add(10).tell_after(Duration::from_secs(1)).detach();
/// timer.cancel();
/// tokio::time::sleep(Duration::from_secs(2)).await; // the time of this example is paused: it takes none
/// assert_eq!(counter.add(0).await?, 10);
/// # Ok(()) }
/// ```
#[must_use = "a timer whose handle is dropped is cancelled: keep it, or call `.detach()`"]
pub struct TimerHandle {
    timer: Option<(Wanted, Arc<Kernel>)>,
}

impl TimerHandle {
    /// Cancels the timer: also a message that it has sent and that is still queued is not handled.
    pub fn cancel(self) {}

    /// Lets the timer run without its handle, until it is through or its actor has ended.
    pub fn detach(mut self) {
        self.timer = None;
    }
}

impl Drop for TimerHandle {
    fn drop(&mut self) {
        if let Some((wanted, kernel)) = self.timer.take() {
            kernel.timers.cancel(&wanted);
        }
    }
}

impl std::fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TimerHandle")
    }
}

crate::opaque::opaque_debug! {
    Request<'a, D, M, R>;
    Ask<'a, D, M, R>;
    Tell<'a, D, M>;
}
