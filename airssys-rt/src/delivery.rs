//! A publish that waits: until every subscriber has handled the event, or the time has passed.
//!
//! The event travels as a request does, with a port; what comes back is not an answer but that it was handled.

use std::any::Any;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep};

use crate::cell::current;
use crate::error::AskError;
use crate::event_bus::{Delivered, Subscriber};
use crate::instrument::Caller;
use crate::kernel::Kernel;
use crate::letter::Letter;
use crate::lock::Lock;
use crate::reply::Port;
use crate::request::Asking;
use crate::timer;

/// What became of an event that was published with
/// [`publish_and_wait`](crate::EventBus::publish_and_wait): how many subscribers of each sort.
///
/// ```
/// use airssys_rt::Delivery;
/// # use airssys_rt::prelude::*;
/// #[derive(Clone)]
/// struct Flush;
///
/// #[actor]
/// struct Disk {
///     broken: bool,
/// }
///
/// #[handlers]
/// impl Disk {
///     #[handler(event)]
///     fn flush(&mut self, _flush: Flush) -> ActorResult<()> {
///         if self.broken { Err(ActorError::msg("bad sector")) } else { Ok(()) }
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let _good = system.start(Disk { broken: false }).await?;
/// let _bad = system.start(Disk { broken: true }).await?;
/// let delivery: Delivery = system.events().publish_and_wait(Flush).await;
/// assert_eq!((delivery.handled, delivery.failed), (1, 1));
/// assert_eq!(delivery.subscribers(), 2);
/// assert!(!delivery.is_complete());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Have handled it.
    pub handled: usize,
    /// Failed while they handled it, or ended before they did.
    pub failed: usize,
    /// Had no room for it, or lost it to newer messages: it is lost for them.
    pub lost: usize,
    /// Had not handled it in time; they will, as it stands in their queue.
    pub timed_out: usize,
    /// Were not waited for, since they wait for the publisher, or are the publishing actor itself; they will handle
    /// it, as it stands in their queue.
    pub deadlocked: usize,
}

impl Delivery {
    /// How many subscribers there were.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.handled + self.failed + self.lost + self.timed_out + self.deadlocked
    }

    /// Whether every subscriber has handled the event; also when there was none.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.handled == self.subscribers()
    }
}

/// An event to be published and waited for: what
/// [`EventBus::publish_and_wait`](crate::EventBus::publish_and_wait) makes; await it for the [`Delivery`].
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[derive(Clone)]
/// struct Nobody;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let delivery = system.events().publish_and_wait(Nobody).timeout(Duration::from_secs(1)).await;
/// assert_eq!(delivery.subscribers(), 0);
/// # Ok(()) }
/// ```
#[must_use = "nothing is published until it is awaited"]
pub struct PublishAndWait<E> {
    kernel: Arc<Kernel>,
    event: E,
    limit: Option<Duration>,
}

impl<E> PublishAndWait<E> {
    pub(crate) fn new(kernel: Arc<Kernel>, event: E) -> Self {
        Self { kernel, event, limit: None }
    }

    /// How long to wait for all subscribers together; without it the system's limit of asks holds (5 s).
    ///
    /// While an actor handles a request, the limit of that request bounds the wait, too.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl<E: Clone + Send + 'static> IntoFuture for PublishAndWait<E> {
    type Output = Delivery;
    type IntoFuture = Delivering<E>;

    fn into_future(self) -> Delivering<E> {
        let limit = self.limit.unwrap_or(self.kernel.ask_timeout);
        Delivering {
            kernel: self.kernel,
            event: Some(self.event),
            limit,
            wait: Wait(Arc::new(Tally::new(Caller::none()))),
            notes: Notes(Vec::new()),
            sleep: None,
        }
    }
}

pin_project! {
    /// The future of a [`Delivery`], by its name: for a struct that holds it. Awaiting a [`PublishAndWait`] makes one.
    ///
    /// ```
    /// use airssys_rt::{Delivering, System};
    ///
    /// #[derive(Clone)]
    /// struct Nobody;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let delivering: Delivering<Nobody> = system.events().publish_and_wait(Nobody).into_future();
    /// assert!(delivering.await.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use = "nothing is published until it is awaited"]
    pub struct Delivering<E> {
        kernel: Arc<Kernel>,
        event: Option<E>,
        limit: Duration,
        wait: Wait,
        notes: Notes,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl<E: Clone + Send + 'static> Future for Delivering<E> {
    type Output = Delivery;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Delivery> {
        let mut this = self.project();
        if this.event.is_some() {
            // A loop of publishes that never wait has to give way to other tasks now and then.
            ready!(tokio::task::coop::poll_proceed(cx)).made_progress();
        }
        if let Some(event) = this.event.take() {
            let until = publish(this.kernel, event, *this.limit, &mut this.wait.0, this.notes);
            // Polled outside Tokio, the system's runtime keeps the time.
            let _here = Handle::try_current().is_err().then(|| this.kernel.runtime.enter());
            this.sleep.set(Some(tokio::time::sleep_until(until)));
        }
        let delivery = match this.wait.0.poll(cx) {
            Poll::Ready(delivery) => delivery,
            Poll::Pending => {
                if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
                    ready!(sleep.poll(cx));
                }
                this.wait.0.close()
            }
        };
        this.notes.take_back();
        this.sleep.set(None);
        Poll::Ready(delivery)
    }
}

/// Gives every subscriber its copy. Returns until when they are waited for.
fn publish<E: Clone + Send + 'static>(
    kernel: &Kernel,
    event: E,
    limit: Duration,
    tally: &mut Arc<Tally>,
    notes: &mut Notes,
) -> Instant {
    *tally = Arc::new(Tally::new(Caller::current()));
    let publisher = current();
    let give = |event: E, to: &Subscriber<E>| {
        let receipt = Receipt::new(tally);
        let port: Arc<dyn Port> = receipt.clone();
        let mut taken = None;
        let letter = match (&publisher, to.cell()) {
            (Some(publisher), Some(target)) => {
                let port_too = Arc::downgrade(&port);
                match Asking::begin(publisher.process.clone(), &target, port_too, false) {
                    Ok(note) => {
                        notes.0.push(note);
                        Letter::asked(event, port)
                    }
                    // It cannot handle the event while the publisher waits: an event all the same.
                    Err(_) => {
                        taken = Some(Outcome::Deadlocked);
                        Letter::told(event)
                    }
                }
            }
            _ => Letter::asked(event, port),
        };
        let delivered = to.deliver(letter);
        let outcome = match delivered {
            Delivered::Taken => taken,
            Delivered::Lost => Some(Outcome::Lost),
            Delivered::Gone => Some(Outcome::Gone),
        };
        if let Some(outcome) = outcome {
            receipt.settle(outcome);
        }
        delivered
    };
    kernel.bus.publish_by(event, give);
    let until = timer::after(limit);
    publisher.and_then(|publisher| publisher.deadline).map_or(until, |outer| until.min(outer))
}

/// The notes that the publishing actor waits for the subscribers.
struct Notes(Vec<Asking>);

impl Notes {
    fn take_back(&mut self) {
        // The latest first, as they are looked for.
        while self.0.pop().is_some() {}
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// The wait for the receipts; dropped, they wake nobody.
struct Wait(Arc<Tally>);

impl Drop for Wait {
    fn drop(&mut self) {
        let waker = self.0.state.lock().waker.take();
        drop(waker);
    }
}

/// What the receipts have said so far.
struct Tally {
    state: Lock<State>,
    caller: Caller,
}

struct State {
    delivery: Delivery,
    /// How many have said nothing yet.
    open: usize,
    waker: Option<Waker>,
}

enum Outcome {
    Handled,
    Failed,
    Lost,
    Deadlocked,
    /// It was no subscriber any more.
    Gone,
}

impl Tally {
    fn new(caller: Caller) -> Self {
        let state = State { delivery: Delivery::default(), open: 0, waker: None };
        Self { state: Lock::new(state), caller }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Delivery> {
        let mut state = self.state.lock();
        if state.open == 0 {
            return Poll::Ready(state.delivery);
        }
        let old = state.waker.replace(cx.waker().clone());
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// The time has passed: whoever is open is late.
    fn close(&self) -> Delivery {
        let state = self.state.lock();
        Delivery { timed_out: state.open, ..state.delivery }
    }

    fn settle(&self, outcome: Outcome) {
        let mut state = self.state.lock();
        state.open -= 1;
        match outcome {
            Outcome::Handled => state.delivery.handled += 1,
            Outcome::Failed => state.delivery.failed += 1,
            Outcome::Lost => state.delivery.lost += 1,
            Outcome::Deadlocked => state.delivery.deadlocked += 1,
            Outcome::Gone => {}
        }
        let waker = if state.open == 0 { state.waker.take() } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// What travels with one subscriber's copy, and says once what became of it.
struct Receipt {
    tally: Arc<Tally>,
    settled: AtomicBool,
}

impl Receipt {
    fn new(tally: &Arc<Tally>) -> Arc<Self> {
        tally.state.lock().open += 1;
        Arc::new(Self { tally: tally.clone(), settled: AtomicBool::new(false) })
    }

    fn settle(&self, outcome: Outcome) {
        if !self.settled.swap(true, Ordering::AcqRel) {
            self.tally.settle(outcome);
        }
    }
}

impl Port for Receipt {
    fn accept(&self, _answer: &mut dyn Any) {
        self.settle(Outcome::Handled);
    }

    fn accept_boxed(&self, _answer: Box<dyn Any + Send>) {
        self.settle(Outcome::Handled);
    }

    fn fail(&self, error: AskError) {
        self.settle(match error {
            // It was handled, and nothing was to be answered.
            AskError::NoReply => Outcome::Handled,
            AskError::Evicted | AskError::Full => Outcome::Lost,
            _ => Outcome::Failed,
        });
    }

    fn is_ask(&self) -> bool {
        true
    }

    fn takes_answer(&self) -> bool {
        false
    }

    fn is_expired(&self) -> bool {
        // An event is handled however late.
        false
    }

    fn deadline(&self) -> Option<Instant> {
        // The publisher's patience is nothing to the asks of a subscriber.
        None
    }

    fn caller(&self) -> &Caller {
        &self.tally.caller
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        // Dropped with the copy, which nobody handled: nothing waits for ever.
        self.settle(Outcome::Failed);
    }
}

crate::opaque::opaque_debug! {
    PublishAndWait<E>;
    Delivering<E>;
}
