//! Hand-over: an actor that an actor's turn has made runnable runs next, on the same thread, before Tokio hears of it.
//!
//! A message from actor to actor mostly wakes somebody who has nothing else to do, while its sender is about to
//! fall idle. The wake and the task switch between them cost more than both handlers. So the task of an actor keeps,
//! while it is polled, a short line. Before the task returns to Tokio, it runs whoever waits there, and whoever these make
//! runnable.
//!
//! Rules:
//!
//! 1. There is one line a thread, open only while a task of the same system is polled on it. The first place is anybody's, the
//!    further ones are for parcels of actors that are known to be swift: what several actors can do at the same time, they do,
//!    unless it is done sooner than another worker is awake. Whoever finds no place goes to the crowd, or to Tokio.
//! 2. A cell in the line is `Scheduled`, as if its task had been woken, and owed that wake: it is paid by running it here
//!    until it is idle again, or else by the real thing. Whoever takes the turn first, the debt is settled once. With a parcel, it
//!    is the turn itself that waits.
//! 3. Plain messages run here as on an asker's turn. Of anything else, the first poll happens here, of a message of an async
//!    handler without the actor's task around it (`visit`); Tokio gets it only if it is not done by then.
//! 4. A chain of hand-overs ends after a bounded number of messages: Tokio's other tasks wait meanwhile.
//! 5. It ends where one who was run here goes on in a task of its own: that lies where this worker alone takes it, and would wait
//!    for whoever came next.

use std::cell::{Cell as Place, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;

use pin_project_lite::pin_project;

use crate::actor::Actor;
use crate::config::BackpressureStrategy;
use crate::context::Context;
use crate::crowd::{self, Crowd};
use crate::kernel::Kernel;
use crate::mail::Mail;
use crate::process::AnyCell;

use super::gate::{Locked, is_sampled};
use super::handle::{Step, run_plain};
use super::pace::{BUDGET, Pace};
use super::parcel::{self, Carried};
use super::run::VISIT;
use super::state::{Linger, Phase};
use super::{Action, Cell, signal};

/// Who waits in the line.
enum Next {
    /// A cell that is owed a wake.
    Owed { cell: Arc<dyn AnyCell>, action: Action },
    /// A message on its way, with the turn of whom it is for.
    Parcel(Box<dyn Carried>),
}

impl Next {
    fn run(self, budget: &mut u32) {
        match self {
            Self::Owed { cell, action } => cell.run_owed(action, budget),
            Self::Parcel(mut parcel) => {
                parcel.deliver(budget);
                parcel::keep(parcel);
            }
        }
    }

    /// It is not run here.
    fn send_on(self) {
        match self {
            Self::Owed { cell, action } => join_crowd(cell, action),
            Self::Parcel(mut parcel) => {
                parcel.hand_in();
                parcel::keep(parcel);
            }
        }
    }
}

/// How many parcels lie in the line at most.
const MOST: usize = 16;

/// What the line of a thread is like. All of it without a destructor: a tell may come when others have run.
struct Head {
    /// The system whose task is polled on this thread: the address of its kernel, 0 for none.
    host: Place<usize>,
    length: Place<usize>,
    /// Whether the first in the line is swift: else nobody is to wait for it.
    swift: Place<bool>,
    /// Whether an actor that was run here since the line was opened goes on in its own task.
    gone: Place<bool>,
    /// The first place, if it is a parcel's. Empty before the thread ends: a line is emptied when it is closed.
    first: ManuallyDrop<Place<Option<Box<dyn Carried>>>>,
    /// The box of the last parcel, for the next one; with the others once the chain is over.
    spare: ManuallyDrop<Place<Option<Box<dyn Carried>>>>,
}

impl Head {
    /// One more comes to the line. Says whether it is the first.
    #[inline]
    fn lengthen(&self, swift: bool) -> bool {
        let length = self.length.replace(self.length.get() + 1);
        if length == 0 {
            self.swift.set(swift);
        }
        length == 0
    }
}

thread_local! {
    static HEAD: Head = const {
        Head {
            host: Place::new(0),
            length: Place::new(0),
            swift: Place::new(false),
            gone: Place::new(false),
            first: ManuallyDrop::new(Place::new(None)),
            spare: ManuallyDrop::new(Place::new(None)),
        }
    };
    /// All others in the line; touched while there are some alone.
    static REST: RefCell<VecDeque<Next>> = const { RefCell::new(VecDeque::new()) };
}

/// The last in the line.
#[inline]
fn push(next: Next, swift: bool) {
    HEAD.with(|head| {
        head.lengthen(swift);
        REST.with_borrow_mut(|rest| rest.push_back(next));
    });
}

/// The parcel in the first place.
#[inline]
fn take_first() -> Option<Box<dyn Carried>> {
    HEAD.with(|head| {
        let first = head.first.take()?;
        head.length.set(head.length.get() - 1);
        Some(first)
    })
}

/// Whoever is next, unless it is in the first place.
#[inline(never)]
fn take_rest() -> Option<Next> {
    HEAD.with(|head| {
        let length = head.length.get();
        if length == 0 {
            return None;
        }
        head.length.set(length - 1);
        REST.with_borrow_mut(VecDeque::pop_front)
    })
}

/// The box of a parcel that this chain has delivered.
#[inline]
pub(super) fn spare() -> Option<Box<dyn Carried>> {
    HEAD.with(|head| head.spare.take())
}

#[inline]
fn put_spare(empty: Box<dyn Carried>) {
    if let Some(before) = HEAD.with(|head| head.spare.replace(Some(empty))) {
        parcel::keep(before);
    }
}

fn pop() -> Option<Next> {
    take_first().map(Next::Parcel).or_else(take_rest)
}

/// Whoever is in the line goes another way.
fn send_on() {
    while let Some(left) = pop() {
        left.send_on();
    }
}

/// Whether a task of the system is polled on this thread.
#[inline]
fn hosts(kernel: &Arc<Kernel>) -> bool {
    HEAD.with(|head| head.host.get()) == Arc::as_ptr(kernel).addr()
}

/// Whether an actor that the last host on this thread has run goes on in its own task.
#[inline]
pub(crate) fn has_gone() -> bool {
    HEAD.with(|head| head.gone.get())
}

/// An actor that was run on this thread goes on in its own task.
#[inline]
pub(super) fn note_gone() {
    HEAD.with(|head| head.gone.set(true));
}

/// How many wait in the line of this thread, where a task of the system is polled on it and there is room for one more.
#[inline]
pub(super) fn place(kernel: &Arc<Kernel>) -> Option<usize> {
    HEAD.with(|head| {
        let length = head.length.get();
        let room = length == 0 || (head.swift.get() && length < MOST);
        (room && head.host.get() == Arc::as_ptr(kernel).addr()).then_some(length)
    })
}

/// Delivers what this thread was about to bring to an actor: its own task asks the same one now, and may wait for the answer.
#[inline]
pub(super) fn deliver_to<A: Actor>(cell: &Arc<Cell<A>>) {
    if HEAD.with(|head| head.length.get()) > 0 {
        deliver_first(Arc::as_ptr(cell).addr());
    }
}

#[cold]
fn deliver_first(target: usize) {
    let (length, swift) = HEAD.with(|head| (head.length.get(), head.swift.get()));
    let mut found = None;
    // Each is taken out and put back, but that one.
    for next in std::iter::from_fn(pop).take(length) {
        match next {
            Next::Parcel(parcel) if parcel.target() == target => found = Some(parcel),
            next => push(next, swift),
        }
    }
    if let Some(parcel) = found {
        Next::Parcel(parcel).run(&mut 1);
    }
}

/// Runs what may take long: nobody waits in the line for it.
pub(super) fn closed<T>(run: impl FnOnce() -> T) -> T {
    let _shut = Shut::new();
    run()
}

/// The line of a thread that may block is shut: it is empty, and nobody comes to it until this is dropped.
pub(crate) struct Shut(usize);

impl Shut {
    /// Whoever waits in the line goes another way.
    pub(crate) fn new() -> Self {
        let shut = Self(HEAD.with(|head| head.host.replace(0)));
        send_on();
        shut
    }
}

impl Drop for Shut {
    fn drop(&mut self) {
        HEAD.with(|head| head.host.set(self.0));
    }
}

/// Puts a parcel into the line, where there is a place.
#[inline]
pub(super) fn carry(parcel: Box<dyn Carried>, swift: bool) {
    HEAD.with(|head| {
        if !head.lengthen(swift) {
            return REST.with_borrow_mut(|rest| rest.push_back(Next::Parcel(parcel)));
        }
        let before = head.first.replace(Some(parcel));
        debug_assert!(before.is_none());
        // There is none, which the compiler cannot see: so no destructor that looks.
        std::mem::forget(before);
    });
}

/// Keeps the line open; closed, whoever waits in it is woken.
struct Open;

impl Drop for Open {
    fn drop(&mut self) {
        HEAD.with(|head| head.host.set(0));
        send_on();
    }
}

/// Polls a task, and runs whom it hands over to.
#[inline]
pub(super) fn host_for<T>(kernel: &Arc<Kernel>, pace: Pace, poll: impl FnOnce() -> T) -> T {
    host(kernel, pace, &mut { BUDGET }, |_| poll())
}

/// As [`host_for`], as far as the budget goes.
#[inline]
pub(crate) fn host_within<T>(kernel: &Arc<Kernel>, budget: &mut u32, poll: impl FnOnce(&mut u32) -> T) -> T {
    host(kernel, Pace::Short, budget, poll)
}

#[inline]
fn host<T>(kernel: &Arc<Kernel>, pace: Pace, budget: &mut u32, poll: impl FnOnce(&mut u32) -> T) -> T {
    // Loom's threads share those of the test: the line of one would be the line of all.
    if cfg!(airssys_loom) || HEAD.with(|head| head.host.get()) != 0 {
        return poll(budget);
    }
    HEAD.with(|head| {
        head.host.set(Arc::as_ptr(kernel).addr());
        head.gone.set(false);
    });
    let open = Open;
    let polled = poll(budget);
    if HEAD.with(|head| head.length.get()) > 0 {
        run_chain(kernel, pace, budget);
        drop(open);
    } else {
        // There is nobody to wake.
        std::mem::forget(open);
        HEAD.with(|head| head.host.set(0));
    }
    polled
}

#[inline(never)]
fn run_chain(kernel: &Kernel, mut pace: Pace, budget: &mut u32) {
    // Rule 5.
    while !has_gone() {
        if *budget == 0 {
            let Some(more) = pace.more(kernel.schedule.is_some()) else { break };
            *budget = more;
        }
        if let Some(mut parcel) = take_first() {
            parcel.deliver(budget);
            put_spare(parcel);
        } else if let Some(next) = take_rest() {
            next.run(budget);
        } else {
            break;
        }
    }
    if let Some(spare) = spare() {
        parcel::keep(spare);
    }
}

pin_project! {
    /// The task of an actor, which hosts those whom it hands over to.
    pub(super) struct Hosting<F> {
        kernel: Arc<Kernel>,
        #[pin]
        task: F,
    }
}

impl<F> Hosting<F> {
    pub(super) fn new(kernel: Arc<Kernel>, task: F) -> Self {
        Self { kernel, task }
    }
}

impl<F: Future<Output = ()>> Future for Hosting<F> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let this = self.project();
        host_for(this.kernel, Pace::Fresh(BUDGET), || this.task.poll(cx))
    }
}

/// Settles a debt by the crowd, where that is less than a task of its own, or by the wake itself.
fn join_crowd(cell: Arc<dyn AnyCell>, action: Action) {
    // A simulation decides about each by itself.
    if cell.kernel().schedule.is_some() {
        return cell.settle_owed(action);
    }
    if let Err((cell, action)) = Crowd::join(cell, action) {
        cell.settle_owed(action);
    }
}

impl<A: Actor> Cell<A> {
    /// As [`act`](Self::act), for an actor that a message has made runnable: whoever is polled on this thread may run it next, or
    /// the crowd.
    #[inline]
    pub(super) fn act_next(self: &Arc<Self>, action: Action, plain: bool, linger: Linger) {
        match action {
            Action::Nothing => {}
            // It is hot: its task, once awake, handles many, each of which would be a visit here.
            Action::Wake(_) if !plain => self.act(action),
            action if !A::CONFIG.allows_inline() => self.act(action),
            Action::Spawn if plain && crowd::gathers() && self.may_gather() => {
                join_crowd(self.clone(), action);
            }
            action if hosts(&self.kernel) => self.hand_over(action),
            // Loom's models are of the cell and its task.
            Action::Spawn
                if plain && self.may_gather() && !self.becomes_hot(linger) && !cfg!(airssys_loom) =>
            {
                join_crowd(self.clone(), action);
            }
            action => self.act(action),
        }
    }

    /// Whether it is to have a task that stays: one that is told time and again knocks at the line of those.
    fn becomes_hot(self: &Arc<Self>, linger: Linger) -> bool {
        match linger {
            Linger::Out | Linger::Once => false,
            Linger::Twice => self.knock(),
            Linger::In | Linger::Used | Linger::Leave => true,
        }
    }

    /// Whether it may run in the crowd.
    fn may_gather(&self) -> bool {
        self.kernel.schedule.is_none() && !self.state.is_slow()
    }

    fn hand_over(self: &Arc<Self>, action: Action) {
        if self.state.is_slow()
            || self.kernel.schedule.as_ref().is_some_and(|schedule| !schedule.runs_at_once(self.pid))
        {
            return self.act(action);
        }
        if place(&self.kernel) == Some(0) {
            push(Next::Owed { cell: self.clone(), action }, false);
        } else {
            join_crowd(self.clone(), action);
        }
    }

    /// Takes back the wake that this cell, now idle, was owed. The action itself where somebody relies on it.
    fn forgive(&self, state: &mut super::State<A>, action: Action) -> Action {
        match action {
            Action::Nothing => {}
            Action::Spawn => state.task = false,
            // Told to leave while its wake seemed to be under way.
            Action::Wake(_) if state.linger == Linger::Leave || state.waker.is_none() => return action,
            Action::Wake(_) => state.asleep = true,
        }
        Action::Nothing
    }
}

impl<A: Actor> Cell<A> {
    /// As [`act`](Self::act), for an actor that was run on this thread, by which it goes on in its own task.
    pub(super) fn depart(self: &Arc<Self>, action: Action) {
        if !matches!(action, Action::Nothing) {
            note_gone();
        }
        self.act(action);
    }

    /// Runs its plain messages, as far as the budget goes; settles the debt.
    pub(super) fn run_here(self: Arc<Self>, action: Action, budget: &mut u32) {
        let mut batch = VecDeque::new();
        let mut state = self.state.lock();
        match state.phase {
            Phase::Scheduled => {}
            Phase::Idle => {
                // A guest was faster.
                state.mailbox.shrink(0);
                let action = self.forgive(&mut state, action);
                drop(state);
                return self.depart(action);
            }
            _ => {
                drop(state);
                return self.depart(action);
            }
        }
        let plain = state.mailbox.iter().next().is_some_and(Mail::is_plain)
            && !state.mailbox.has_waiting()
            && self.mailbox_config().backpressure != BackpressureStrategy::DropOldest
            && state.more_if_any().is_none_or(|more| more.verdict.is_none());
        if !plain {
            // A visit handles some of them.
            let visited = u32::try_from(state.mailbox.len()).unwrap_or(VISIT).clamp(1, VISIT);
            *budget = budget.saturating_sub(visited);
            return self.visit_queued(state, action);
        }
        // Not the first: most that come here have one message in their life.
        let timed = is_sampled(state.handled.wrapping_sub(1));
        state.note_use();
        state.phase = Phase::Running;
        self.pass_on_counts();
        self.take_queued(&mut state, &mut batch);
        drop(state);
        let Some(mut seat) = self.seat.try_take() else {
            // Somebody is about to give the turn back: the task waits for it.
            return self.leave_to_task(batch, 0, None, action);
        };
        let mut ctx = Context::new(self.clone());
        let mut handled = 0;
        let mut began = timed.then(Instant::now);
        loop {
            let step = match seat.as_mut() {
                Some(actor) => run_plain(&self, actor, &mut ctx, &mut batch, budget, &mut handled),
                None => Step::Signalled,
            };
            if let Some(began) = began.take_if(|_| handled > 0) {
                self.note_speed(began.elapsed() / handled);
            }
            let verdict = match step {
                Step::Drained => {
                    let mut state = self.state.lock();
                    state.count_handled(std::mem::take(&mut handled), &self.kernel);
                    let signal = self.signal.load(Ordering::Acquire);
                    if signal == signal::DRAIN && state.mailbox.is_at_rest() {
                        drop(seat);
                        return self.end_drained(state, action);
                    } else if signal != 0 || state.mailbox.has_waiting() {
                        None
                    } else if state.mailbox.is_empty() {
                        // Rule 2 of the cell: the turn first, then the phase.
                        drop(seat);
                        state.phase = Phase::Idle;
                        let action = self.forgive(&mut state, action);
                        if state.linger == Linger::Out || state.linger == Linger::Once {
                            state.linger = state.linger.cooler();
                        } else {
                            // Hot: the next message finds room made.
                            state.mailbox.reuse(batch);
                        }
                        drop(state);
                        return self.depart(action);
                    } else {
                        self.take_queued(&mut state, &mut batch);
                        continue;
                    }
                }
                Step::Trouble(trouble) => Some(trouble),
                Step::Async(mail) => {
                    batch.push_front(mail);
                    None
                }
                Step::Budget | Step::Signalled => None,
            };
            drop(seat);
            return self.leave_to_task(batch, handled, verdict, action);
        }
    }
}

impl<A: Actor> Cell<A> {
    /// All that was queued is handled, and that was the last: nobody has the turn.
    fn end_drained<'a>(self: &'a Arc<Self>, mut state: Locked<'a, A>, action: Action) {
        let action = self.forgive(&mut state, action);
        if let Err(mut state) = self.end_quietly(state) {
            state.phase = Phase::Scheduled;
            let again = state.rouse();
            drop(state);
            self.depart(again);
        }
        self.depart(action);
    }

    /// The actor's own task goes on from here.
    pub(super) fn leave_to_task(
        self: &Arc<Self>,
        mut batch: VecDeque<Mail<A>>,
        handled: u32,
        verdict: Option<super::Trouble>,
        action: Action,
    ) {
        let mut state = self.state.lock();
        state.count_handled(handled, &self.kernel);
        state.mailbox.restore(&mut batch);
        self.ahead.store(0, Ordering::Relaxed);
        if let Some(verdict) = verdict {
            state.more().verdict = Some(verdict);
        }
        state.phase = Phase::Scheduled;
        // Its runtime, which goes away, may have dropped the task meanwhile.
        let again = if state.task { Action::Nothing } else { state.rouse() };
        drop(state);
        self.depart(action);
        self.depart(again);
    }
}
