//! The slot of an answer: an ask waits on it, a handler fills it once, whoever goes first.

use std::any::Any;
use std::cell::{Cell as Place, RefCell};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use crate::error::{AskError, discard, peek_text, wake};
use crate::exit::ExitReason;
use crate::instrument::{Caller, PanicWatch, in_actor};
use crate::lock::Lock;
use crate::travel::Reply;

/// A letter's way back to its sender, its type forgotten.
pub(crate) trait Port: Any + Send + Sync {
    /// Takes the answer out of an `Option<R>`.
    fn accept(&self, answer: &mut dyn Any);
    /// Takes a boxed answer of a type that only the asker knows.
    fn accept_boxed(&self, answer: Box<dyn Any + Send>);
    fn fail(&self, error: AskError);
    /// Whether somebody waits for an answer; a tell's port only carries the caller's context.
    fn is_ask(&self) -> bool;
    /// Whether what is waited for is an answer, and not only that the message was handled.
    fn takes_answer(&self) -> bool {
        true
    }
    /// Whether the asker's time has run out.
    fn is_expired(&self) -> bool;
    /// The asker's time has run out: a later answer is dropped, and a request still queued is skipped.
    fn expire(&self) {}
    /// Nobody looks after its deadline any more: the asker has to.
    fn nudge(&self) {}
    /// When the asker gives up.
    fn deadline(&self) -> Option<Instant>;
    fn caller(&self) -> &Caller;
}

/// The answer of one ask on its long way.
pub(crate) struct ReplyCell<R> {
    state: Lock<State<R>>,
    deadline: Option<Instant>,
    caller: Caller,
}

thread_local! {
    /// The slot of the last ask that was answered at once: most likely the next one wants such a slot, too.
    static SPARE: Place<Option<Arc<dyn Any + Send + Sync>>> = const { Place::new(None) };
}

fn take_spare() -> Option<Arc<dyn Any + Send + Sync>> {
    if cfg!(airssys_loom) {
        // What loom follows does not outlive one run of a model.
        return None;
    }
    SPARE.try_with(Place::take).ok().flatten()
}

fn keep_spare(spare: Arc<dyn Any + Send + Sync>) {
    if !cfg!(airssys_loom) {
        let _ = SPARE.try_with(|place| drop(place.replace(Some(spare))));
    }
}

enum State<R> {
    Empty,
    Waiting(Waker),
    Done(Result<R, AskError>),
    /// Nobody waits any more.
    Closed,
    /// Nobody waits any more, since the time ran out: not worth handling either.
    Expired,
}

impl<R> ReplyCell<R> {
    pub(crate) fn new(deadline: Option<Instant>, caller: Caller) -> Self {
        Self { state: Lock::new(State::Empty), deadline, caller }
    }

    /// One for an ask that is about to be sent.
    #[inline]
    pub(crate) fn fresh(deadline: Instant, caller: Caller) -> Arc<Self>
    where
        R: Send + 'static,
    {
        let spare = take_spare().and_then(|spare| spare.downcast::<Self>().ok());
        if let Some(mut spare) = spare
            && let Some(cell) = Arc::get_mut(&mut spare)
        {
            *cell.state.get_mut() = State::Empty;
            // Kept without one.
            std::mem::forget(std::mem::replace(&mut cell.caller, caller));
            cell.deadline = Some(deadline);
            return spare;
        }
        Arc::new(Self::new(Some(deadline), caller))
    }

    /// Keeps a slot that nobody else holds for the next ask on this thread.
    #[inline]
    pub(crate) fn keep(self: Arc<Self>)
    where
        R: Send + 'static,
    {
        if !self.caller.is_some() {
            keep_spare(self);
        }
    }

    fn settle(&self, answer: Result<R, AskError>) {
        let mut state = self.state.lock();
        if matches!(*state, State::Empty) {
            // An empty one has no destructor that would have to look.
            std::mem::forget(std::mem::replace(&mut *state, State::Done(answer)));
            return;
        }
        match std::mem::replace(&mut *state, State::Closed) {
            State::Waiting(waker) => {
                *state = State::Done(answer);
                drop(state);
                wake(waker);
            }
            // The first answer stands; an answer to nobody is dropped, and its destructor is foreign code.
            old @ (State::Empty | State::Done(_) | State::Closed | State::Expired) => {
                *state = old;
                drop(state);
                let _ = discard(answer);
            }
        }
    }

    /// The answer; `None` when its time has run out.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<R, AskError>>> {
        let mut state = self.state.lock();
        match &mut *state {
            State::Waiting(waker) if waker.will_wake(cx.waker()) => Poll::Pending,
            State::Empty | State::Waiting(_) => {
                let old = std::mem::replace(&mut *state, State::Waiting(cx.waker().clone()));
                drop(state);
                drop(old);
                Poll::Pending
            }
            State::Expired => Poll::Ready(None),
            State::Done(_) | State::Closed => match std::mem::replace(&mut *state, State::Closed) {
                State::Done(answer) => {
                    if answer.is_err() {
                        // Answered before it was handled: not worth handling any more.
                        *state = State::Expired;
                    }
                    Poll::Ready(Some(answer))
                }
                _ => Poll::Ready(Some(Err(AskError::NoReply))),
            },
        }
    }

    /// The answer, if it is there and nobody else holds the slot any more.
    #[inline]
    pub(crate) fn take_alone(this: &mut Arc<Self>) -> Option<Result<R, AskError>> {
        let state = Arc::get_mut(this)?.state.get_mut();
        if !matches!(state, State::Done(_)) {
            return None;
        }
        match std::mem::replace(state, State::Closed) {
            State::Done(answer) => Some(answer),
            _ => None,
        }
    }

    /// The answer, if it is there.
    pub(crate) fn try_take(&self) -> Option<Result<R, AskError>> {
        let mut state = self.state.lock();
        match &*state {
            State::Done(_) => match std::mem::replace(&mut *state, State::Closed) {
                State::Done(answer) => Some(answer),
                _ => None,
            },
            _ => None,
        }
    }

    /// Nobody waits any more: a later answer is dropped.
    pub(crate) fn close(&self) {
        let old = {
            let mut state = self.state.lock();
            if matches!(*state, State::Expired) {
                return;
            }
            std::mem::replace(&mut *state, State::Closed)
        };
        let _ = discard(old);
    }
}

impl<R: Send + 'static> Port for ReplyCell<R> {
    fn accept(&self, answer: &mut dyn Any) {
        self.settle(convert(answer));
    }

    fn accept_boxed(&self, answer: Box<dyn Any + Send>) {
        match answer.downcast::<R>() {
            Ok(answer) => self.settle(Ok(*answer)),
            Err(answer) => {
                let mut answer = Some(answer);
                self.settle(convert(&mut answer));
                let _ = discard(answer);
            }
        }
    }

    fn fail(&self, error: AskError) {
        self.settle(Err(error));
    }

    fn is_ask(&self) -> bool {
        true
    }

    fn is_expired(&self) -> bool {
        match *self.state.lock() {
            State::Expired | State::Done(Err(_)) => true,
            // Dropped by its asker: its limit holds all the same.
            State::Closed => self.deadline.is_some_and(|deadline| deadline <= Instant::now()),
            State::Empty | State::Waiting(_) | State::Done(Ok(_)) => false,
        }
    }

    fn expire(&self) {
        let old = {
            let mut state = self.state.lock();
            if matches!(*state, State::Done(_) | State::Closed) {
                return;
            }
            std::mem::replace(&mut *state, State::Expired)
        };
        if let State::Waiting(waker) = old {
            waker.wake();
        }
    }

    fn nudge(&self) {
        let waker = match &*self.state.lock() {
            State::Waiting(waker) => Some(waker.clone()),
            _ => None,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// The answer as the asker's type. An asker of `()` takes any answer and forgets it.
fn convert<R: 'static>(answer: &mut dyn Any) -> Result<R, AskError> {
    if let Some(answer) = answer.downcast_mut::<Option<R>>() {
        return answer.take().ok_or(AskError::NoReply);
    }
    let mut unit = Some(());
    let unit: &mut dyn Any = &mut unit;
    match unit.downcast_mut::<Option<R>>() {
        Some(unit) => unit.take().ok_or(AskError::NoReply),
        None => Err(AskError::NoReply),
    }
}

/// Drops an answer that nobody took; whatever its destructor does, it is no failure of who answered.
#[inline]
fn discard_untaken<R>(answer: Option<R>) {
    if std::mem::needs_drop::<R>() && answer.is_some() {
        let _ = discard(answer);
    }
}

#[inline]
fn drop_untaken<R>(answer: R) {
    discard_untaken(Some(answer));
}

/// A tell's port: it carries the caller's context and takes no answer.
pub(crate) struct Told(pub(crate) Caller);

impl Port for Told {
    fn accept(&self, _answer: &mut dyn Any) {}

    fn accept_boxed(&self, _answer: Box<dyn Any + Send>) {}

    fn fail(&self, _error: AskError) {}

    fn is_ask(&self) -> bool {
        false
    }

    fn is_expired(&self) -> bool {
        false
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn caller(&self) -> &Caller {
        &self.0
    }
}

/// A place on the asker's own stack for the answer of a zero-hop ask.
pub(crate) enum Spot<R> {
    Empty,
    Value(Result<R, AskError>),
    /// The handler took the reply away: the asker waits for it after all.
    Later(Arc<ReplyCell<R>>),
}

pub(crate) trait AnySpot: Any + Send {
    fn accept(&mut self, answer: &mut dyn Any);
    fn later(&mut self) -> Arc<dyn Port>;
    fn fail(&mut self, error: AskError);
    fn is_empty(&self) -> bool;
}

impl<R> Spot<R> {
    #[inline]
    fn fill(&mut self, answer: R) {
        if matches!(self, Self::Empty) {
            // An empty one has no destructor that would have to look.
            std::mem::forget(std::mem::replace(self, Self::Value(Ok(answer))));
        }
    }
}

impl<R: Send + 'static> AnySpot for Spot<R> {
    fn accept(&mut self, answer: &mut dyn Any) {
        *self = Self::Value(convert(answer));
    }

    fn later(&mut self) -> Arc<dyn Port> {
        let cell = Arc::new(ReplyCell::<R>::new(None, Caller::none()));
        *self = Self::Later(cell.clone());
        cell
    }

    fn fail(&mut self, error: AskError) {
        // An answer that was given stands; where the handler took the reply away, its holder may answer yet.
        if matches!(self, Self::Empty) {
            *self = Self::Value(Err(error));
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// Where the answer of the message in hand goes; the macros give each handler's result to it.
///
/// An actor that is written by hand gets it from [`Context::answer`](crate::Context::answer), or as an argument of
/// [`Actor::handle_plain`](crate::Actor::handle_plain).
///
/// ```
/// use airssys_rt::{Answer, ReplyTo};
/// # use airssys_rt::prelude::*;
/// enum Sum {
///     Of(i64, i64),
///     Parsed(String),
///     Later,
/// }
///
/// #[derive(Default)]
/// struct Adder {
///     later: Option<ReplyTo<i64>>,
/// }
///
/// impl Actor for Adder {
///     type Message = Sum;
///
///     async fn handle(&mut self, sum: Sum, ctx: &mut Context<Self>) -> ActorResult<()> {
///         let answer: &mut Answer<'_> = ctx.answer();
///         match sum {
///             Sum::Of(a, b) if answer.is_awaited() => answer.send(a + b),
///             Sum::Of(..) => {} // it was told: nobody wants to know
///             Sum::Parsed(text) => answer.result(text.parse::<i64>()),
///             Sum::Later => self.later = Some(answer.defer()),
///         }
///         if let Some(later) = self.later.take() {
///             later.send(0);
///         }
///         Ok(())
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let adder = system.spawn(Adder::default());
/// assert_eq!(Request::<_, _, i64>::new(&adder, Sum::Of(1, 2)).await, Ok(3));
/// assert_eq!(Request::<_, _, i64>::new(&adder, Sum::Later).await, Ok(0));
/// let parsed = Request::<_, _, Result<i64, std::num::ParseIntError>>::new(&adder, Sum::Parsed("7".into()));
/// assert_eq!(parsed.await?, Ok(7));
/// # Ok(()) }
/// ```
pub struct Answer<'a>(Way<'a>);

enum Way<'a> {
    /// Nobody asked.
    Told,
    Asked(Arc<dyn Port>),
    Here(&'a mut (dyn AnySpot + 'static)),
    /// Given, or taken away to be given later.
    Gone,
}

impl<'a> Answer<'a> {
    pub(crate) fn told() -> Self {
        Self(Way::Told)
    }

    #[inline]
    pub(crate) fn here(spot: &'a mut (dyn AnySpot + 'static)) -> Self {
        Self(Way::Here(spot))
    }

    pub(crate) fn of(port: Option<Arc<dyn Port>>) -> Self {
        match port {
            Some(port) if port.is_ask() => Self(Way::Asked(port)),
            _ => Self(Way::Told),
        }
    }

    /// Whether nobody asked.
    #[inline]
    pub(crate) fn is_told(&self) -> bool {
        matches!(self.0, Way::Told)
    }

    /// Whether somebody waits for an answer that was not given yet.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        match &self.0 {
            Way::Asked(port) => port.takes_answer(),
            Way::Here(_) => true,
            Way::Told | Way::Gone => false,
        }
    }

    /// Answers. A second answer, or one to a tell, is dropped. The asker of another type than `R` gets
    /// [`AskError::NoReply`], but for `()`, which takes any answer.
    #[inline]
    pub fn send<R: Reply>(&mut self, value: R) {
        match &mut self.0 {
            Way::Told => drop_untaken(value),
            Way::Here(spot) => match (&mut **spot as &mut dyn Any).downcast_mut::<Spot<R>>() {
                Some(spot) => {
                    spot.fill(value);
                    self.0 = Way::Gone;
                }
                None => self.send_far(value),
            },
            Way::Asked(_) | Way::Gone => self.send_far(value),
        }
    }

    #[inline(never)]
    fn send_far<R: Send + 'static>(&mut self, value: R) {
        if let Way::Asked(port) = &self.0
            && let Some(cell) = (&**port as &dyn Any).downcast_ref::<ReplyCell<R>>()
        {
            cell.settle(Ok(value));
            self.0 = Way::Gone;
            return;
        }
        let mut value = Some(value);
        match std::mem::replace(&mut self.0, Way::Gone) {
            Way::Told => self.0 = Way::Told,
            Way::Here(spot) => spot.accept(&mut value),
            Way::Asked(port) => port.accept(&mut value),
            Way::Gone => {}
        }
        discard_untaken(value);
    }

    /// Answers with a handler's own `Result`. Told, an `Err` is traced as a warning and counted.
    #[inline]
    pub fn result<T, E>(&mut self, value: Result<T, E>)
    where
        Result<T, E>: Reply,
    {
        if value.is_err() && !self.is_awaited() {
            crate::instrument::told_error(std::any::type_name::<E>());
        }
        self.send(value);
    }

    /// Takes the answer away, to be given later or by somebody else. What the handler sends afterwards is dropped.
    pub fn defer<R: Reply>(&mut self) -> ReplyTo<R> {
        let port = match std::mem::replace(&mut self.0, Way::Gone) {
            Way::Told => {
                self.0 = Way::Told;
                None
            }
            // No answer is awaited, and whoever waits for the handler waits no longer than it runs.
            Way::Asked(port) if !port.takes_answer() => {
                self.0 = Way::Asked(port);
                None
            }
            Way::Asked(port) => Some(port),
            Way::Here(spot) => Some(spot.later()),
            Way::Gone => None,
        };
        ReplyTo { port, marker: PhantomData }
    }

    /// Answers with an error of the runtime, when an answer is still awaited.
    pub(crate) fn fail(&mut self, error: AskError) {
        if let Way::Asked(port) = std::mem::replace(&mut self.0, Way::Gone) {
            port.fail(error);
        }
    }

    /// The port again, when nothing was answered yet.
    pub(crate) fn take_port(&mut self) -> Option<Arc<dyn Port>> {
        match std::mem::replace(&mut self.0, Way::Told) {
            Way::Asked(port) => Some(port),
            _ => None,
        }
    }

    /// Takes over an answer that was not given yet.
    pub(crate) fn take_over(&mut self, other: &mut Answer<'static>) {
        self.0 = match std::mem::replace(&mut other.0, Way::Told) {
            Way::Asked(port) => Way::Asked(port),
            _ => Way::Gone,
        };
    }

    #[inline]
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.0, Way::Gone)
    }
}

impl Drop for Answer<'_> {
    fn drop(&mut self) {
        // Only where the message in hand went down with its task.
        if let Way::Asked(port) = &self.0 {
            port.fail(AskError::Crashed { reason: ExitReason::Killed });
        }
    }
}

/// The right to answer one ask, once, from anywhere.
///
/// A handler takes it by having an argument of this type and no return type. Dropped without an answer, the asker gets
/// [`AskError::NoReply`] at once. Akka and GenServer (`reply/2`) know the same.
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[actor]
/// #[derive(Default)]
/// struct Queue {
///     items: Vec<u32>,
///     waiting: Vec<ReplyTo<u32>>,
/// }
///
/// #[handlers]
/// impl Queue {
///     /// Answers when there is an item.
///     #[handler]
///     fn take(&mut self, reply: ReplyTo<u32>) {
///         match self.items.pop() {
///             Some(item) => reply.send(item),
///             None => self.waiting.push(reply),
///         }
///     }
///
///     #[handler]
///     fn put(&mut self, item: u32) {
///         match self.waiting.pop() {
///             Some(reply) if reply.is_awaited() => reply.send(item),
///             _ => self.items.push(item),
///         }
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let queue = system.spawn(Queue::default());
/// let taken = tokio::spawn(queue.take().owned().ask());
/// # tokio::task::yield_now().await;
/// queue.put(7).await?;
/// assert_eq!(taken.await?, Ok(7));
/// # Ok(()) }
/// ```
#[must_use = "dropping it tells the asker that there is no reply"]
pub struct ReplyTo<R> {
    port: Option<Arc<dyn Port>>,
    marker: PhantomData<fn(R)>,
}

impl<R: Send + 'static> ReplyTo<R> {
    /// Answers. Nothing happens when the message was told or the asker has given up.
    pub fn send(mut self, value: R) {
        let mut value = Some(value);
        if let Some(port) = self.port.take() {
            port.accept(&mut value);
        }
        discard_untaken(value);
    }

    /// Whether the message was asked, so that an answer can have any effect. It says not whether the asker has given up
    /// meanwhile.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.port.is_some()
    }
}

impl<R> Drop for ReplyTo<R> {
    fn drop(&mut self) {
        let Some(port) = self.port.take() else { return };
        if std::thread::panicking() && in_actor() {
            // Its holder goes down: whoever catches the panic tells the asker why.
            ORPHANS.with(|orphans| orphans.borrow_mut().push(port));
        } else {
            port.fail(AskError::NoReply);
        }
    }
}

thread_local! {
    /// Asks whose right to answer was dropped by a panic that is on its way.
    static ORPHANS: RefCell<Vec<Arc<dyn Port>>> = const { RefCell::new(Vec::new()) };
}

/// Runs an actor's code and catches its panic; asks that it took down are told.
#[inline(always)]
pub(crate) fn watched<T>(run: impl FnOnce() -> T) -> std::thread::Result<T> {
    let watch = PanicWatch::new();
    let outcome = catch_unwind(AssertUnwindSafe(run));
    if let Err(payload) = &outcome {
        tell_orphans(&**payload);
    }
    drop(watch);
    outcome
}

#[cold]
fn tell_orphans(payload: &(dyn Any + Send)) {
    let orphans = ORPHANS.with(|orphans| std::mem::take(&mut *orphans.borrow_mut()));
    for port in orphans {
        port.fail(AskError::Crashed { reason: ExitReason::Panicked { message: peek_text(payload) } });
    }
}

impl<R> std::fmt::Debug for ReplyTo<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyTo").field("is_awaited", &self.port.is_some()).finish()
    }
}

crate::opaque::opaque_debug! {
    Answer<'a>;
}

#[cfg(all(test, not(airssys_loom)))]
mod tests {
    use super::ReplyCell;
    use crate::error::AskError;
    use crate::instrument::Caller;

    #[test]
    fn c100_c103_the_first_answer_stands_whoever_gives_the_next() {
        let slot = ReplyCell::new(None, Caller::none());
        slot.settle(Ok(1));
        slot.settle(Ok(2));
        slot.settle(Err(AskError::NoReply));
        assert_eq!(slot.try_take(), Some(Ok(1)));
        slot.settle(Ok(3));
        assert_eq!(slot.try_take(), None, "nobody waits any more");
    }
}
