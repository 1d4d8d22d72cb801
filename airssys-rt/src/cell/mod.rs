//! A cell is one logical actor: its identity, mailbox and phase, through all its incarnations.
//!
//! Rules:
//!
//! 1. `phase` and everything in [`State`] change under the cell's lock alone.
//! 2. The state of the actor is touched by whoever has the turn of the [`Seat`]; a turn is taken after
//!    setting the phase to `Running` (or `Starting`) and given back before setting it to anything else.
//! 3. `task` is true from the moment a task is spawned until it decides, under the lock, to leave:
//!    there is one task a cell at most. `waker` is set while that task is parked or its handler is pending.
//! 4. No foreign code runs under the lock: wakers, destructors and hooks are called after it.
//! 5. No two cells are locked at once.
//! 6. While the gate of the lock is open, an asker takes the turn without it: see `gate`.
//! 7. `ahead` is written by the holder of the turn alone; senders read it to know how full the mailbox is.

mod again;
mod ending;
mod gate;
mod guard;
mod handle;
mod inline;
#[cfg(all(test, airssys_loom))]
mod loom_tests;
mod pace;
mod parcel;
mod relay;
mod run;
mod state;
mod visit;
mod wards;

use std::any::Any;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::Waker;

use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::address::Wait;
use crate::config::MailboxConfig;
use crate::context::Context;
use crate::error::{ActorError, AskError, answer};
use crate::exit::{Down, Exit, ExitReason, MonitorId};
use crate::kernel::{Kernel, count};
use crate::letter::Letter;
use crate::mail::{DownNotice, ExitNotice, Mail};
use crate::mailbox::{Item, Offer, Room};
use crate::papers::Papers;
use crate::process::{
    AnyCell, Boss, Ending, LinkKey, Overdue, ProcessRole, ProcessStatus, Tally, Until, Watcher,
};
use crate::process_id::ProcessId;
use crate::reply::Port;
use crate::seat::Seat;
use crate::sync::{AtomicBool, AtomicU8, AtomicU32};
use crate::testing::log::Event;
use crate::timer::Wanted;
use crate::yields::{Either, either};

use gate::{Gated, Locked};
use state::{Linger, Membership, More, Phase, Rare, State, Waiter};

pub(crate) use again::{Begun, Left};
pub(crate) use ending::end_in_time;
pub(crate) use guard::{Current, caught, current};
use handle::Stopped;
pub(crate) use handle::{Record, Trouble};
pub(crate) use relay::{Shut, has_gone, host_within};
pub(crate) use state::{Failure, Launch, Limit, Make, Subscription};

/// Bits of [`Cell::signal`]: what somebody wants of the actor.
pub(crate) mod signal {
    /// End at the next await.
    pub(crate) const KILL: u8 = 1;
    /// A linked actor ended: end at the next await with its reason.
    pub(crate) const EXIT: u8 = 2;
    /// End after the message in hand.
    pub(crate) const STOP: u8 = 4;
    /// End after what is queued.
    pub(crate) const DRAIN: u8 = 8;
    /// Those that drop a pending handler.
    pub(crate) const DROPS: u8 = KILL | EXIT;
    /// Those that are looked at between two messages.
    pub(crate) const INTERRUPTS: u8 = KILL | EXIT | STOP;
}

/// Public only because hidden methods of public traits name it.
///
/// In this order: what senders write lies last, away from what the holder of the turn looks at between two messages.
#[repr(C)]
pub struct Cell<A: Actor> {
    kernel: Arc<Kernel>,
    signal: AtomicU8,
    /// Whether senders wait for room.
    waiting: AtomicBool,
    incarnation: AtomicU32,
    seat: Seat<A>,
    pid: ProcessId,
    /// How many strong addresses there are.
    references: AtomicU32,
    /// How many messages the holder of the turn has taken out and not begun.
    ahead: AtomicU32,
    state: Gated<A>,
}

/// What is to be done after the lock is released.
#[must_use]
pub(crate) enum Action {
    Nothing,
    Wake(Waker),
    Spawn,
}

/// What became of a letter.
pub(crate) enum Posted<A: Actor> {
    Done,
    Full(Mail<A>),
    Stopped(Mail<A>),
    Waits(Room<Mail<A>>),
}

impl<A: Actor> Cell<A> {
    /// A cell without references, its first state in place or not, which is not started yet.
    pub(crate) fn new(kernel: Arc<Kernel>, pid: ProcessId, actor: Option<A>) -> Arc<Self> {
        Self::with_references(kernel, pid, actor, 0)
    }

    /// A cell with its first state in place, and one reference.
    #[inline]
    pub(crate) fn referenced(kernel: Arc<Kernel>, pid: ProcessId, actor: A) -> Arc<Self> {
        Self::with_references(kernel, pid, Some(actor), 1)
    }

    #[inline]
    fn with_references(kernel: Arc<Kernel>, pid: ProcessId, actor: Option<A>, references: u32) -> Arc<Self> {
        Arc::new(Self {
            kernel,
            pid,
            references: AtomicU32::new(references),
            ahead: AtomicU32::new(0),
            incarnation: AtomicU32::new(0),
            signal: AtomicU8::new(0),
            waiting: AtomicBool::new(false),
            state: Gated::new(State::new()),
            seat: Seat::new(actor),
        })
    }

    pub(crate) fn mailbox_config(&self) -> MailboxConfig {
        A::CONFIG.mailbox(self.kernel.mailbox)
    }

    /// Begins the life of an actor whose state is in place.
    pub(crate) fn begin(self: &Arc<Self>) {
        if A::STARTS {
            self.launch(Launch { make: None, started: None });
            return;
        }
        self.incarnation.store(1, Ordering::Relaxed);
        if A::PREPARES {
            let mut ctx = Context::new(self.clone());
            let prepared = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ctx.prepare()));
            if let Err(payload) = prepared {
                let reason = ActorError::panic(payload).reason();
                crate::instrument::start_failed(self.pid, None, std::any::type_name::<A>(), &reason);
                return self.end_for_good(reason);
            }
        }
        self.kernel.note(&**self, || Event::Started { incarnation: 1 });
        let mut state = self.state.lock();
        state.phase = Phase::Idle;
        if !state.mailbox.is_empty() {
            let action = state.schedule();
            drop(state);
            self.act(action);
        }
    }

    /// Starts an incarnation in the actor's own task.
    pub(crate) fn launch(self: &Arc<Self>, launch: Launch<A>) {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Unborn | Phase::Down | Phase::Ended) {
            drop(state);
            if let Some(started) = launch.started {
                answer(started, Err(Failure::Overlap));
            }
            return;
        }
        let revived = state.phase == Phase::Ended;
        let settled = self.begin_start(&mut state);
        state.rare().put_launch(launch);
        let action = state.rouse();
        drop(state);
        if revived {
            self.kernel.table.insert(self.pid, self.clone());
        }
        Self::resolve(settled, &ExitReason::Shutdown);
        self.act(action);
    }

    /// Leaves nothing of the incarnation before. Gives back who waited for its end.
    fn begin_start(&self, state: &mut State<A>) -> Vec<Waiter> {
        state.phase = Phase::Starting;
        state.closed = false;
        self.signal.store(0, Ordering::Release);
        if let Some(rare) = &mut state.rare {
            rare.forget_reason();
            if let Some(more) = &mut rare.more {
                more.exit_signal = None;
            }
        }
        state.take_waiters(|until| until == Until::Settled)
    }

    pub(crate) fn act(self: &Arc<Self>, action: Action) {
        match action {
            Action::Nothing => {}
            Action::Wake(waker) => waker.wake(),
            Action::Spawn if A::CONFIG.may_block() => {
                self.kernel.spawn_blocking(self, Box::pin(run::live(self.clone())));
            }
            Action::Spawn => {
                let task = relay::Hosting::new(self.kernel.clone(), run::live(self.clone()));
                self.kernel.spawn_actor(self, task);
            }
        }
    }

    /// Tells a message of the actor's own, where nobody watches and there is room: it is taken then. Else nothing is done.
    ///
    /// The message is left where it lies until the lock is taken: taken out right after it was put there, the processor
    /// would have to wait for that.
    #[inline(never)]
    pub(crate) fn tell_here(self: &Arc<Self>, message: &mut Option<A::Message>) -> bool {
        if crate::instrument::is_on() {
            return false;
        }
        if let Some(before) = relay::place(&self.kernel)
            && let Some(parcel) = self.pack(message, before)
        {
            relay::carry(parcel, self.state.is_swift());
            return true;
        }
        let config = self.mailbox_config();
        let mut state = self.state.lock();
        if state.closed || !state.mailbox.has_room(config, self.ahead()) {
            return false;
        }
        let Some(message) = message.take() else { return false };
        state.mailbox.push_counted(Mail::Message(Letter { message, port: None }));
        self.taken(state);
        true
    }

    /// A message was put into the mailbox.
    #[inline]
    fn taken<'a>(self: &'a Arc<Self>, mut state: Locked<'a, A>) {
        state.count_accepted(1, &self.kernel);
        let action = state.schedule();
        if matches!(action, Action::Nothing) {
            return;
        }
        // Nothing else is queued: the actor was idle.
        let plain = state.mailbox.iter().next().is_some_and(Mail::is_plain);
        let linger = state.linger;
        drop(state);
        self.act_next(action, plain, linger);
    }

    /// Puts a letter into the mailbox, or says why not; that of an asker may be handled at once.
    #[inline]
    pub(crate) fn post_for(self: &Arc<Self>, mail: Mail<A>, wait: Wait) -> Posted<A> {
        match wait {
            Wait::No => self.post(mail, false),
            Wait::ForRoom => self.post(mail, true),
            Wait::ForAnswer { poll } => match mail {
                Mail::Message(Letter { message, port: Some(port) }) => {
                    match self.attend(message, port, poll) {
                        Ok(()) => Posted::Done,
                        Err(letter) => self.post(Mail::Message(letter), true),
                    }
                }
                mail => self.post(mail, true),
            },
        }
    }

    /// Puts a letter into the mailbox, or says why not.
    #[inline]
    pub(crate) fn post(self: &Arc<Self>, mail: Mail<A>, wait: bool) -> Posted<A> {
        let config = self.mailbox_config();
        let mut state = self.state.lock();
        if state.mailbox.has_waiting() {
            // They are before this one, and there may be room for all.
            drop(state);
            self.admit();
            state = self.state.lock();
        }
        if wait && !state.mailbox.has_room(config, self.ahead()) {
            state = self.make_room(state);
        }
        if state.closed {
            drop(state);
            return Posted::Stopped(mail);
        }
        match state.mailbox.offer(mail, config, self.ahead(), wait) {
            Offer::Taken => {
                self.taken(state);
                Posted::Done
            }
            Offer::Evicted(oldest) => {
                state.count_accepted(1, &self.kernel);
                let action = state.schedule();
                drop(state);
                count(&self.kernel.totals.evicted, 1);
                self.act(action);
                self.dead_letter(oldest, &ExitReason::Normal, AskError::Evicted);
                Posted::Done
            }
            Offer::Refused(mail) => {
                drop(state);
                count(&self.kernel.totals.refused, 1);
                Posted::Full(mail)
            }
            Offer::Waits(ticket) => {
                self.waiting.store(true, Ordering::SeqCst);
                // The reader may have made room since: whoever runs next lets the sender in.
                let action = state.schedule();
                drop(state);
                self.act(action);
                Posted::Waits(Room { ticket })
            }
        }
    }

    /// Puts in what takes no room: a notice, a due timer. False when the actor has ended.
    pub(crate) fn notice(self: &Arc<Self>, mail: Mail<A>) -> bool {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            drop(state);
            return false;
        }
        state.mailbox.push(mail);
        let action = state.schedule();
        drop(state);
        self.act(action);
        true
    }

    /// A message that was taken in and will not be handled.
    fn dead_letter(&self, mut mail: Mail<A>, reason: &ExitReason, error: AskError) {
        if let Some(port) = mail.take_port() {
            port.fail(error);
        }
        let counts = mail.takes_room();
        let message = mail.message_type();
        let _ = crate::error::discard(mail);
        if counts {
            self.kernel.dead_letters.add(crate::dead_letter::DeadLetter {
                to: self.pid,
                actor: std::any::type_name::<A>(),
                message,
                reason: reason.clone(),
            });
        }
    }

    /// How many messages were taken out of the mailbox, or never lay there, and are not begun; looked at under the lock.
    #[inline]
    fn ahead(&self) -> u32 {
        self.ahead.load(Ordering::Relaxed) + u32::from(self.state.is_carried())
    }

    /// Takes out all that is queued, for whoever has the turn; it takes room until it is begun.
    #[inline]
    fn take_queued(&self, state: &mut State<A>, batch: &mut VecDeque<Mail<A>>) {
        self.ahead.store(state.mailbox.swap(batch), Ordering::Relaxed);
    }

    /// Runs `change` on the parts that most actors never need.
    pub(crate) fn with_rare<T>(&self, change: impl FnOnce(&mut Rare<A>) -> T) -> T {
        change(self.state.lock().rare())
    }

    /// Forgets a monitor that this actor set. False when it was taken back before.
    pub(crate) fn forget_watching(&self, id: MonitorId) -> bool {
        self.with_more(|more| more.watching.remove(&id)).flatten().is_some()
    }

    /// Notes a monitor that this actor set.
    pub(crate) fn note_watching(&self, id: MonitorId, target: Arc<dyn AnyCell>) {
        let target = Arc::downgrade(&target);
        self.state.lock().more().watching.insert(id, target);
    }

    /// Takes a monitor of this actor back; a notice that is queued already will be skipped.
    pub(crate) fn unwatch(&self, id: MonitorId) {
        let watched = self.with_more(|more| more.watching.remove(&id)).flatten();
        if let Some(target) = watched.and_then(|target| target.upgrade()) {
            target.remove_monitor(id);
        }
    }

    /// Notes a timer that ends with the incarnation.
    pub(crate) fn note_timer(&self, timer: Wanted) {
        let mut state = self.state.lock();
        let timers = &mut state.more().timers;
        if timers.len() == timers.capacity() {
            timers.retain(Wanted::is_set);
        }
        timers.push(timer);
    }

    /// Notes a subscription. False when it is there already, `None` when the actor has ended.
    pub(crate) fn note_subscription(&self, subscription: Subscription) -> Option<bool> {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return None;
        }
        let more = state.more();
        if !more.buses.iter().any(|known| known.ptr_eq(&subscription.kernel)) {
            more.buses.push(subscription.kernel.clone());
        }
        if let Some(known) = more
            .subscriptions
            .iter_mut()
            .find(|known| known.event == subscription.event && known.kernel.ptr_eq(&subscription.kernel))
        {
            known.declared |= subscription.declared;
            return Some(false);
        }
        more.subscriptions.push(subscription);
        Some(true)
    }

    pub(crate) fn forget_subscription(&self, event: std::any::TypeId, kernel: &Arc<Kernel>) {
        let mut state = self.state.lock();
        if let Some(more) = state.more_if_any() {
            more.subscriptions.retain(|known| {
                known.event != event || !std::ptr::eq(known.kernel.as_ptr(), Arc::as_ptr(kernel))
            });
        }
    }

    /// Notes that it is in a group. False when it is noted already, `None` when the actor has ended.
    pub(crate) fn note_group(&self, group: Arc<str>, kernel: &Arc<Kernel>, number: u64) -> Option<bool> {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return None;
        }
        let groups = &mut state.more().groups;
        let key = (group, Arc::as_ptr(kernel) as usize);
        let fresh = !groups.contains_key(&key);
        if fresh {
            groups.insert(key, Membership { kernel: Arc::downgrade(kernel), number });
        }
        Some(fresh)
    }

    pub(crate) fn forget_group(&self, group: &Arc<str>, kernel: &Arc<Kernel>) {
        let key = (group.clone(), Arc::as_ptr(kernel) as usize);
        drop(self.with_more(|more| more.groups.remove(&key)));
    }

    /// Runs a task that ends with the incarnation.
    pub(crate) fn spawn_task(self: &Arc<Self>, future: impl Future<Output = ()> + Send + 'static) {
        let weak = Arc::downgrade(self);
        let (pid, kernel) = (self.pid, self.kernel.clone());
        let mut state = self.state.lock();
        let more = state.more();
        let number = more.next_task;
        more.next_task += 1;
        // Noted before it can end, so that its end always finds the note.
        let (abort, aborted) = oneshot::channel::<()>();
        more.tasks.insert(number, abort);
        drop(state);
        kernel.spawn(async move {
            if let Either::Right(Err(text)) = either(aborted, caught(future)).await {
                crate::instrument::task_panicked(pid, std::any::type_name::<A>(), &text);
            }
            if let Some(cell) = weak.upgrade() {
                drop(cell.with_more(|more| more.tasks.remove(&number)));
            }
        });
    }

    /// Looks at the parts that most actors do not have. What it takes out is the caller's to drop, after the lock.
    fn with_more<T>(&self, look: impl FnOnce(&mut More) -> T) -> Option<T> {
        self.state.lock().more_if_any().map(look)
    }

    /// Whom it owns, in order of starting, each with whether it is declared.
    fn wards(&self) -> Vec<(ProcessId, bool)> {
        self.with_more(|more| more.owned.iter().collect()).unwrap_or_default()
    }

    /// Puts the making of its first state there, for who starts it.
    pub(crate) fn put_made(&self, make: Make<A>) {
        self.with_rare(|rare| rare.put_launch(Launch { make: Some(make), started: None }));
    }

    pub(crate) fn take_made(&self) -> Option<Make<A>> {
        let mut state = self.state.lock();
        let fresh = matches!(state.phase, Phase::Unborn);
        state.rare.as_mut().filter(|_| fresh)?.take_launch()?.make
    }

    /// Who starts and restarts it.
    pub(crate) fn boss(&self) -> Option<Boss> {
        self.state.lock().rare.as_ref()?.owner.clone()
    }

    /// The papers, as they are now.
    pub(crate) fn papers(&self) -> Option<Arc<dyn Papers<A>>> {
        self.state.lock().rare.as_ref()?.papers.clone()
    }

    /// Takes what it has counted, by the holder of the turn or after the last one.
    fn take_counts(&self, state: &mut State<A>) -> (u32, u32) {
        let (accepted, handled) = state.take_counts();
        let inside = self.state.take_counted();
        (accepted + inside, handled + inside)
    }

    /// Ends every wait of the given kind.
    fn resolve(waiters: Vec<Waiter>, reason: &ExitReason) {
        for waiter in waiters {
            waiter.tell(reason);
        }
    }
}

/// What an asker is told whose own supervisor is about to restart both.
pub(crate) fn down_error(target: &dyn AnyCell) -> AskError {
    match target.exit_reason() {
        Some(reason) if reason.is_abnormal() => AskError::Crashed { reason },
        _ => AskError::Stopped,
    }
}

impl<A: Actor> AnyCell for Cell<A> {
    fn pid(&self) -> ProcessId {
        self.pid
    }

    fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<A>()
    }

    fn role(&self) -> ProcessRole {
        if A::SUPERVISES { ProcessRole::Supervisor } else { ProcessRole::Worker }
    }

    fn status(&self) -> ProcessStatus {
        let state = self.state.lock();
        let ending = self.signal.load(Ordering::Relaxed) != 0 || state.ending;
        match state.phase {
            Phase::Ended => ProcessStatus::Stopped,
            Phase::Unborn | Phase::Down => ProcessStatus::Starting,
            _ if ending => ProcessStatus::Stopping,
            Phase::Starting => ProcessStatus::Starting,
            Phase::Idle => ProcessStatus::Waiting,
            Phase::Scheduled | Phase::Running => ProcessStatus::Running,
        }
    }

    fn name(&self) -> Option<Arc<str>> {
        self.state.lock().rare.as_ref()?.name().map(Arc::from)
    }

    fn place(&self) -> (u32, u32) {
        self.state.lock().rare.as_ref().map_or((0, 0), |rare| rare.place)
    }

    fn is_named(&self, name: &str) -> bool {
        self.state.lock().rare.as_ref().is_some_and(|rare| rare.name() == Some(name))
    }

    fn label(&self) -> Option<Arc<str>> {
        let state = self.state.lock();
        let rare = state.rare.as_ref()?;
        rare.papers.as_ref()?.sheet().label(rare.place.1)
    }

    fn incarnation(&self) -> u32 {
        self.incarnation.load(Ordering::Relaxed)
    }

    fn restarts(&self) -> u32 {
        self.incarnation().saturating_sub(1)
    }

    fn mailbox_len(&self) -> usize {
        let state = self.state.lock();
        state.mailbox.load() as usize + self.ahead() as usize
    }

    fn owner(&self) -> Option<ProcessId> {
        Some(self.state.lock().rare.as_ref()?.owner.as_ref()?.pid())
    }

    fn owned(&self) -> Vec<Arc<dyn AnyCell>> {
        self.wards().into_iter().filter_map(|(ward, _)| self.kernel.table.get(ward)).collect()
    }

    fn tally(&self) -> Tally {
        let mut state = self.state.lock();
        let (monitors, links) =
            state.more_if_any().map_or((0, 0), |more| (more.monitors.len(), more.links.len()));
        Tally {
            accepted: u64::from(state.mailbox_accepted()) + u64::from(self.state.counted()),
            handled: u64::from(state.handled) + u64::from(self.state.counted()),
            queued: u64::from(state.mailbox.load() + self.ahead()),
            monitors,
            links,
        }
    }

    fn exit_reason(&self) -> Option<ExitReason> {
        let state = self.state.lock();
        if !matches!(state.phase, Phase::Ended | Phase::Down) {
            return None;
        }
        Some(state.end_reason())
    }

    fn request(self: Arc<Self>, ending: Ending, for_good: bool) -> bool {
        self.request_end(ending, for_good)
    }

    fn end_at_once(self: Arc<Self>, ending: Ending) -> Option<ExitReason> {
        Cell::end_at_once(&self, ending)
    }

    fn wait(&self, until: Until) -> oneshot::Receiver<ExitReason> {
        let (tell, told) = oneshot::channel();
        let mut state = self.state.lock();
        let reached = match state.phase {
            Phase::Ended => !state.ending || until == Until::Down,
            Phase::Down | Phase::Unborn => until == Until::Down,
            _ => false,
        };
        if reached {
            let reason = state.end_reason();
            drop(state);
            let _ = tell.send(reason);
        } else {
            state.more().waiters.push(Waiter { until, tell });
        }
        told
    }

    fn bury(self: Arc<Self>, reason: ExitReason) {
        self.end_for_good(reason);
    }

    fn settle(&self) {
        let (waiters, reason) = {
            let mut state = self.state.lock();
            (state.take_waiters(|until| until == Until::Settled), state.end_reason())
        };
        Self::resolve(waiters, &reason);
    }

    fn add_monitor(&self, id: MonitorId, watcher: Watcher) -> Result<(), (Watcher, ExitReason)> {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended && !state.ending {
            return Err((watcher, ExitReason::NoProcess));
        }
        state.more().monitors.insert(id, watcher);
        Ok(())
    }

    fn remove_monitor(&self, id: MonitorId) {
        drop(self.with_more(|more| more.monitors.remove(&id)));
    }

    fn down(self: Arc<Self>, down: Down) {
        self.notice(Mail::Other(Box::new(DownNotice(down))));
    }

    fn add_link(&self, other: &Arc<dyn AnyCell>) -> bool {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return false;
        }
        state.more().links.insert(LinkKey::of(&**other), Arc::downgrade(other));
        true
    }

    fn remove_link(&self, other: LinkKey) {
        drop(self.with_more(|more| more.links.remove(&other)));
    }

    fn exit_signal(self: Arc<Self>, exit: Exit) {
        if A::TRAPS_EXITS {
            self.notice(Mail::Other(Box::new(ExitNotice(exit))));
            return;
        }
        if !exit.reason.is_abnormal() {
            return;
        }
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Ended | Phase::Down | Phase::Unborn) {
            return;
        }
        state.more().exit_signal = Some(exit.reason);
        self.signal.fetch_or(signal::EXIT, Ordering::AcqRel);
        let action = state.interrupt();
        drop(state);
        self.act(action);
    }

    fn own(&self, child: ProcessId, declared: bool) -> bool {
        let mut state = self.state.lock();
        if state.phase == Phase::Ended {
            return false;
        }
        state.more().owned.own(child, declared);
        true
    }

    fn disown(&self, child: ProcessId) {
        self.with_more(|more| more.owned.disown(child));
    }

    fn begin_asking(&self, target: Arc<dyn AnyCell>, port: Weak<dyn Port>) -> u64 {
        let mut state = self.state.lock();
        let more = state.more();
        let number = more.next_task;
        more.next_task += 1;
        more.asking.push(state::Asked { number, target, port });
        number
    }

    fn end_asking(&self, number: u64) {
        drop(self.with_more(|more| {
            // The latest first: who waits for many takes the notes back in this order.
            let place = more.asking.iter().rposition(|asked| asked.number == number)?;
            Some(more.asking.swap_remove(place))
        }));
    }

    fn release_asks(&self) {
        let pairs = |more: &mut More| -> Vec<_> {
            more.asking.iter().map(|asked| (asked.target.clone(), asked.port.clone())).collect()
        };
        for (target, port) in self.with_more(pairs).unwrap_or_default() {
            if target.is_down()
                && let Some(port) = port.upgrade()
            {
                port.fail(down_error(&*target));
            }
        }
    }

    fn is_down(&self) -> bool {
        self.state.lock().phase == Phase::Down
    }

    fn is_ending(&self) -> bool {
        self.signal.load(Ordering::Acquire) != 0
    }

    fn asking(&self) -> Vec<Arc<dyn AnyCell>> {
        // Who waits for many still has the notes of those that have answered.
        let waits = |asked: &&state::Asked| asked.port.strong_count() > 0;
        let target = |asked: &state::Asked| asked.target.clone();
        let targets = |more: &mut More| more.asking.iter().filter(waits).map(target).collect();
        self.with_more(targets).unwrap_or_default()
    }

    fn add_reference(&self) {
        self.references.fetch_add(1, Ordering::Relaxed);
    }

    fn try_add_reference(&self) -> bool {
        self.references
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                if count == 0 { None } else { count.checked_add(1) }
            })
            .is_ok()
    }

    fn drop_reference(self: Arc<Self>) {
        Self::release(&self);
    }

    fn overdue(&self) -> Overdue {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Unborn | Phase::Down | Phase::Ended) {
            return Overdue::Ended;
        }
        if state.more_if_any().is_some_and(|more| more.reaps) {
            return Overdue::Reaps;
        }
        if !std::mem::replace(&mut state.more().leaked, true) {
            count(&self.kernel.totals.leaked, 1);
            drop(state);
            crate::instrument::leaked(self.pid, self.type_name());
        }
        Overdue::Leaked
    }

    fn is_leaked(&self) -> bool {
        self.with_more(|more| more.leaked).unwrap_or(false)
    }

    fn cool(self: Arc<Self>) -> bool {
        let mut state = self.state.lock();
        if state.linger == Linger::Used {
            state.linger = Linger::In;
            return true;
        }
        state.linger = Linger::Leave;
        let action = if state.phase == Phase::Idle { state.wake() } else { Action::Nothing };
        drop(state);
        self.act(action);
        false
    }

    fn run_owed(self: Arc<Self>, action: Action, budget: &mut u32) {
        self.run_here(action, budget);
    }

    fn settle_owed(self: Arc<Self>, action: Action) {
        self.act(action);
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<A: Actor> Cell<A> {
    /// Whether it has not ended for good.
    pub(crate) fn is_alive(&self) -> bool {
        self.state.lock().phase != Phase::Ended
    }

    /// Whether it takes messages.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.state.lock();
        !state.closed && state.phase != Phase::Ended
    }

    pub(crate) fn kernel_ref(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// One strong address less; without any, an actor that nobody supervises drains and ends.
    #[inline]
    pub(crate) fn release(this: &Arc<Self>) {
        if this.references.fetch_sub(1, Ordering::AcqRel) == 1 {
            this.abandon();
        }
    }

    #[inline(never)]
    fn abandon(self: &Arc<Self>) {
        if !self.end_unnoticed() {
            self.request_end(Ending::Drain, true);
        }
    }
}

crate::opaque::opaque_debug! {
    Cell<A> where A: Actor;
}
