//! References to an actor: strong ones keep it alive, weak ones do not; both survive its restarts.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context as TaskContext, Poll};

use tokio::sync::oneshot;

use crate::actor::{Actor, Handles};
use crate::address::{Address, HasProcess, Here, Posting, Target, Wait, WeakSender};
use crate::cell::{Cell, Posted};
use crate::error::NotRunning;
use crate::exit::{Down, ExitReason, MonitorId};
use crate::letter::Letter;
use crate::mail::Mail;
use crate::process::{AnyCell, Ending, ProcessInfo, Until, Watcher};
use crate::process_id::ProcessId;
use crate::recipient::Recipient;
use crate::request::sends;

/// A reference to an actor of type `A`: it asks, tells, watches and ends it.
///
/// It outlives every restart, with the same id, name and mailbox. An actor that nobody supervises drains
/// its mailbox and ends when its last reference (this, a [`Recipient`], its name) is gone. Cloning is cheap; two references
/// are equal when they are of the same actor.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[derive(Debug)]
/// struct Tick; // a message that many actors share
///
/// #[actor]
/// struct Counter(i64);
///
/// #[handlers]
/// impl Counter {
///     #[handler]
///     fn increment(&mut self, by: i64) -> i64 {
///         self.0 += by;
///         self.0
///     }
///
///     #[handler(message)]
///     fn tick(&mut self, _tick: Tick) -> i64 {
///         self.increment(1)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("doc");
/// let counter: ActorRef<Counter> = system.spawn(Counter(0));
/// assert_eq!(counter.increment(2).await?, 2); // each handler is a method of the reference
/// counter.tell(Tick).await?; // a shared message is handed over by value
/// counter.try_tell(Tick)?;
/// assert_eq!(counter.ask(Tick).await?, 5);
///
/// assert_eq!(counter.process().incarnation(), 1);
/// assert_eq!(system.actor_ref(counter.pid()), Some(counter.clone()));
/// let ticks: Recipient<Tick> = counter.recipient(); // for who is to know of ticks alone
/// assert_eq!(ticks.ask::<i64>(Tick).await?, 6);
/// assert_eq!(counter.downgrade().upgrade(), Some(counter.clone()));
///
/// let monitor = counter.monitor();
/// assert_eq!(counter.stop().await?, ExitReason::Shutdown);
/// assert_eq!(monitor.await.reason, ExitReason::Shutdown);
/// assert_eq!(counter.increment(2).await, Err(AskError::Stopped));
/// # Ok(()) }
/// ```
pub struct ActorRef<A: Actor> {
    pub(crate) cell: Arc<Cell<A>>,
}

impl<A: Actor> ActorRef<A> {
    /// Counts as a reference from now on.
    pub(crate) fn new(cell: Arc<Cell<A>>) -> Self {
        cell.add_reference();
        Self { cell }
    }

    /// A reference to a live actor that may have lost its last one.
    pub(crate) fn revive(cell: Arc<Cell<A>>) -> Option<Self> {
        cell.try_add_reference().then_some(Self { cell })
    }

    /// The process behind it, when it is one of this actor type and still referenced.
    pub(crate) fn of(cell: Arc<dyn AnyCell>) -> Option<Self> {
        let cell = cell.into_any().downcast::<Cell<A>>().ok()?;
        Self::revive(cell)
    }

    sends!();

    /// Its id, the same through all restarts.
    #[must_use]
    pub fn pid(&self) -> ProcessId {
        self.cell.pid()
    }

    /// Everything else about it: status, name, incarnation, mailbox. It keeps the record of the actor, not the actor.
    #[must_use]
    pub fn process(&self) -> ProcessInfo {
        ProcessInfo(self.cell.clone())
    }

    /// Ends it after the message in hand; what is queued becomes dead letters.
    ///
    /// Takes effect at once: what is sent afterwards is refused. Await it for the [`ExitReason`], which is that of the
    /// incarnation: a permanent child is then restarted by its supervisor.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// counter.add(1).tell().await?; // still queued
    /// assert_eq!(counter.stop().await?, ExitReason::Shutdown);
    /// assert_eq!(system.dead_letters().count(), 1);
    /// assert!(counter.stop().await.is_err(), "it had ended before");
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Ended {
        Ended::request(self.cell.clone(), Ending::Stop)
    }

    /// Ends it after everything that is queued now. What is sent afterwards is refused.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// for by in 1..=3 {
    ///     counter.add(by).tell().await?;
    /// }
    /// assert_eq!(counter.drain().await?, ExitReason::Normal);
    /// assert_eq!(system.counters().handled, 3);
    /// # Ok(()) }
    /// ```
    pub fn drain(&self) -> Ended {
        Ended::request(self.cell.clone(), Ending::Drain)
    }

    /// Ends it at its next await: no handler goes on, no stop handler runs.
    ///
    /// A plain handler has no await and runs to its end. Erlang's `exit(Pid, kill)`.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] struct Sleeper;
    /// # #[handlers] impl Sleeper { #[handler] async fn sleep(&mut self) { std::future::pending().await } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let sleeper = system.spawn(Sleeper);
    /// let asked = tokio::spawn(sleeper.sleep().owned().ask());
    /// tokio::task::yield_now().await; // it sleeps
    /// assert_eq!(sleeper.kill().await?, ExitReason::Killed);
    /// assert_eq!(asked.await?, Err(AskError::Crashed { reason: ExitReason::Killed }));
    /// # Ok(()) }
    /// ```
    pub fn kill(&self) -> Ended {
        Ended::request(self.cell.clone(), Ending::Kill)
    }

    /// A future of the notice that it has ended for good; a restart is no end. See [`Monitor`].
    pub fn monitor(&self) -> Monitor {
        Monitor::new(self.cell.clone())
    }

    /// A reference that does not keep it alive. See [`WeakRef`].
    #[must_use]
    pub fn downgrade(&self) -> WeakRef<A> {
        WeakRef::new(&self.cell)
    }

    /// A reference that knows one message type and not the actor's. See [`Recipient`].
    #[must_use]
    pub fn recipient<M: Send + 'static>(&self) -> Recipient<M>
    where
        A: Handles<M>,
    {
        Recipient::new(self.clone())
    }

    /// Keeps it alive without references, until it is stopped.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let counter = system.spawn(Counter(0));
    /// let pid = counter.pid();
    /// counter.detach();
    /// drop(counter);
    /// # tokio::task::yield_now().await;
    /// let again: ActorRef<Counter> = system.actor_ref(pid).expect("it lives");
    /// assert_eq!(again.add(1).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn detach(&self) {
        self.cell.add_reference();
    }
}

impl<A: Actor> Clone for ActorRef<A> {
    #[inline]
    fn clone(&self) -> Self {
        Self::new(self.cell.clone())
    }
}

impl<A: Actor> Drop for ActorRef<A> {
    #[inline]
    fn drop(&mut self) {
        Cell::release(&self.cell);
    }
}

impl<A: Actor> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cell, &other.cell)
    }
}

impl<A: Actor> Eq for ActorRef<A> {}

impl<A: Actor> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRef<{}>{}", crate::process::short_name(std::any::type_name::<A>()), self.pid())
    }
}

impl<A: Handles<M>, M: Send + 'static> Address<M> for ActorRef<A> {
    #[inline]
    fn __ask_here(&self, _turn: usize, message: M, spot: Here<'_>) -> Result<(), M> {
        A::ask_here(&self.cell, message, spot)
    }

    #[inline]
    fn __tell_here(&self, _turn: usize, message: &mut Option<M>) -> bool {
        A::tell_here(&self.cell, message)
    }

    #[inline]
    fn __post(&self, _turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M> {
        match self.cell.post_for(<A as Handles<M>>::into_mail(letter), wait) {
            Posted::Done => Posting::Done,
            refused => unpack::<A, M>(refused),
        }
    }

    fn __target(&self) -> Option<Target> {
        Some(Target(self.cell.clone()))
    }

    fn __weak(&self) -> WeakSender<M> {
        weak_sender::<A, M>(Arc::downgrade(&self.cell))
    }

    #[inline]
    fn __ask_timeout(&self) -> std::time::Duration {
        self.cell.kernel_ref().ask_timeout
    }
}

fn weak_sender<A: Handles<M>, M: Send + 'static>(cell: Weak<Cell<A>>) -> WeakSender<M> {
    Box::new(move |message, timer| {
        cell.upgrade().is_some_and(|cell| cell.notice(Mail::timed(Letter::told(message), timer.0)))
    })
}

#[cold]
fn unpack<A: Handles<M>, M: Send + 'static>(posted: Posted<A>) -> Posting<M> {
    let (mail, full) = match posted {
        Posted::Done => return Posting::Done,
        Posted::Waits(room) => {
            return Posting::Waits(Box::pin(async move {
                match room.await {
                    Ok(()) => Ok(()),
                    // What came back is what went in.
                    Err(mail) => <A as Handles<M>>::from_mail(mail).map_or(Ok(()), Err),
                }
            }));
        }
        Posted::Full(mail) => (mail, true),
        Posted::Stopped(mail) => (mail, false),
    };
    match <A as Handles<M>>::from_mail(mail) {
        Some(letter) if full => Posting::Full(letter),
        Some(letter) => Posting::Stopped(letter),
        None => Posting::Done,
    }
}

impl<A: Actor> HasProcess for ActorRef<A> {
    fn __process(&self) -> Option<Target> {
        Some(Target(self.cell.clone()))
    }
}

impl<A: Handles<M>, M: Send + 'static> From<ActorRef<A>> for Recipient<M> {
    fn from(actor: ActorRef<A>) -> Self {
        Self::new(actor)
    }
}

impl<A: Handles<M>, M: Send + 'static> From<&ActorRef<A>> for Recipient<M> {
    fn from(actor: &ActorRef<A>) -> Self {
        actor.recipient()
    }
}

/// A reference that does not keep its actor alive.
///
/// It sends as a strong one does, while the actor lives; then the message comes back, and an ask is
/// [`AskError::Stopped`](crate::AskError::Stopped).
///
/// For two actors that know each other: with strong references, neither would ever end for want of them.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[derive(Debug)]
/// struct Tick;
/// # #[actor] struct Clock(u32);
/// # #[handlers] impl Clock { #[handler(message)] fn tick(&mut self, _tick: Tick) -> u32 { self.0 += 1; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let clock = system.spawn(Clock(0));
/// let weak: WeakRef<Clock> = clock.downgrade();
/// weak.tell(Tick).await?;
/// weak.try_tell(Tick)?;
/// assert_eq!(weak.ask(Tick).await?, 3);
/// assert_eq!(weak.upgrade(), Some(clock.clone()));
/// assert_eq!(weak.process().expect("a process").pid(), weak.pid());
///
/// clock.stop().await?;
/// assert_eq!(weak.ask(Tick).await, Err(AskError::Stopped));
/// drop(clock);
/// assert!(weak.upgrade().is_none());
/// # Ok(()) }
/// ```
pub struct WeakRef<A: Actor> {
    pid: ProcessId,
    cell: Weak<Cell<A>>,
}

impl<A: Actor> WeakRef<A> {
    pub(crate) fn new(cell: &Arc<Cell<A>>) -> Self {
        Self { pid: cell.pid(), cell: Arc::downgrade(cell) }
    }

    /// Its id, also when it has ended.
    #[must_use]
    pub fn pid(&self) -> ProcessId {
        self.pid
    }

    sends!();

    /// Everything else about it, while its record exists.
    #[must_use]
    pub fn process(&self) -> Option<ProcessInfo> {
        self.__process().map(|target| ProcessInfo(target.0))
    }

    /// A recipient that does not keep it alive either.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// # struct Tick;
    /// # #[actor] struct Clock(u32);
    /// # #[handlers] impl Clock { #[handler(message)] fn tick(&mut self, _tick: Tick) -> u32 { self.0 += 1; self.0 } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let system = System::new("doc");
    /// let clock = system.spawn(Clock(0));
    /// let weak: Recipient<Tick> = clock.downgrade().recipient();
    /// assert_eq!(weak.ask(Tick).await, Ok(1_u32));
    /// let ended = clock.monitor();
    /// drop(clock);
    /// ended.await;
    /// assert_eq!(weak.ask::<u32>(Tick).await, Err(AskError::Stopped));
    /// # }
    /// ```
    #[must_use]
    pub fn recipient<M: Send + 'static>(&self) -> Recipient<M>
    where
        A: Handles<M>,
    {
        Recipient::new(self.clone())
    }

    /// A strong reference, while there is one somewhere: what has lost its last one is about to end.
    #[must_use]
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        ActorRef::revive(self.cell.upgrade()?)
    }
}

impl<A: Actor> Clone for WeakRef<A> {
    fn clone(&self) -> Self {
        Self { pid: self.pid, cell: self.cell.clone() }
    }
}

impl<A: Actor> fmt::Debug for WeakRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakRef<{}>", crate::process::short_name(std::any::type_name::<A>()))
    }
}

impl<A: Handles<M>, M: Send + 'static> Address<M> for WeakRef<A> {
    fn __ask_here(&self, _turn: usize, message: M, spot: Here<'_>) -> Result<(), M> {
        match self.cell.upgrade() {
            // Without references the actor drains, and takes nothing any more: no reference is needed to see that.
            Some(cell) => A::ask_here(&cell, message, spot),
            None => Err(message),
        }
    }

    fn __post(&self, _turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M> {
        match self.cell.upgrade() {
            Some(cell) => match cell.post_for(<A as Handles<M>>::into_mail(letter), wait) {
                Posted::Done => Posting::Done,
                refused => unpack::<A, M>(refused),
            },
            None => Posting::Stopped(letter),
        }
    }

    fn __target(&self) -> Option<Target> {
        self.cell.upgrade().map(|cell| Target(cell))
    }

    fn __weak(&self) -> WeakSender<M> {
        weak_sender::<A, M>(self.cell.clone())
    }
}

impl<A: Actor> HasProcess for WeakRef<A> {
    fn __pid(&self) -> Option<ProcessId> {
        Some(self.pid)
    }

    fn __process(&self) -> Option<Target> {
        self.cell.upgrade().map(|cell| Target(cell))
    }
}

/// An end that was asked for by [`stop`](ActorRef::stop), [`drain`](ActorRef::drain) or [`kill`](ActorRef::kill); await it
/// for the [`ExitReason`]. It takes effect whether or not it is awaited.
///
/// Of a child that its supervisor restarts, it is the end of the incarnation.
///
/// # Errors
/// [`NotRunning`] when the actor had ended before.
///
/// # Cancel safety
/// Dropped, the end goes on all the same.
///
/// ```
/// use airssys_rt::{Ended, ExitReason, System};
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let ended: Ended = counter.stop();
/// assert!(counter.add(1).tell().await.is_err(), "it takes nothing any more");
/// assert_eq!(ended.await?, ExitReason::Shutdown);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Ended(End);

#[derive(Debug)]
enum End {
    /// It had ended before.
    Gone,
    /// It was idle, and ended within the request.
    Done(Option<ExitReason>),
    Told(oneshot::Receiver<ExitReason>),
}

impl Ended {
    pub(crate) fn request(cell: Arc<dyn AnyCell>, ending: Ending) -> Self {
        if let Some(reason) = cell.clone().end_at_once(ending) {
            return Self(End::Done(Some(reason)));
        }
        // The wait first: an idle actor may end within the request.
        let mut told = cell.wait(Until::Settled);
        // One that is about to be gone has the end that whoever asked before is told.
        let ends = cell.request(ending, true) || told.try_recv().is_err();
        Self(if ends { End::Told(told) } else { End::Gone })
    }
}

impl Future for Ended {
    type Output = Result<ExitReason, NotRunning>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            End::Gone => Poll::Ready(Err(NotRunning)),
            End::Done(reason) => Poll::Ready(reason.take().ok_or(NotRunning)),
            End::Told(told) => Pin::new(told).poll(cx).map(|reason| Ok(reason.unwrap_or(ExitReason::Killed))),
        }
    }
}

/// A monitor held by anybody who can await: one [`Down`], when the actor has ended for good.
///
/// By then its state is dropped and its name is free. A restart is no end. Dropped, the monitor is taken back. An actor that
/// is to go on with other messages meanwhile takes [`Context::monitor`](crate::Context::monitor).
///
/// # Cancel safety
/// A borrowed monitor (`&mut monitor`) can be awaited in a `select!` again and again.
///
/// ```
/// use airssys_rt::{ExitReason, Monitor};
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// let monitor: Monitor = counter.monitor();
/// let id = monitor.id();
/// counter.kill().await?;
/// let down = monitor.await;
/// assert_eq!((down.monitor, down.pid, down.reason), (id, counter.pid(), ExitReason::Killed));
///
/// // Nothing is left to watch:
/// assert_eq!(counter.monitor().await.reason, ExitReason::NoProcess);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a monitor that is dropped is taken back"]
pub struct Monitor {
    told: oneshot::Receiver<Down>,
    guard: Demonitor,
}

struct Demonitor {
    id: MonitorId,
    pid: ProcessId,
    target: Weak<dyn AnyCell>,
}

impl fmt::Debug for Demonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)
    }
}

impl Drop for Demonitor {
    fn drop(&mut self) {
        if let Some(target) = self.target.upgrade() {
            target.remove_monitor(self.id);
        }
    }
}

/// The next monitor: a number of the process's, since watcher and target may be of two systems.
pub(crate) fn next_monitor() -> MonitorId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    MonitorId(NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Monitor {
    pub(crate) fn new(target: Arc<dyn AnyCell>) -> Self {
        let (tell, told) = oneshot::channel();
        let id = next_monitor();
        let pid = target.pid();
        if let Err((Watcher::Future(tell), reason)) = target.add_monitor(id, Watcher::Future(tell)) {
            let _ = tell.send(Down { monitor: id, pid, reason });
        }
        Self { told, guard: Demonitor { id, pid, target: Arc::downgrade(&target) } }
    }

    /// Which monitor it is; its [`Down`] has the same.
    #[must_use]
    pub fn id(&self) -> MonitorId {
        self.guard.id
    }
}

impl Future for Monitor {
    type Output = Down;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Down> {
        let gone = Down { monitor: self.guard.id, pid: self.guard.pid, reason: ExitReason::Killed };
        Pin::new(&mut self.told).poll(cx).map(|down| down.unwrap_or(gone))
    }
}
