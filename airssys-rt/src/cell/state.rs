//! What the cell's lock guards: the phase, the mailbox, and a box of rare things made on need.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::error::{ActorError, ActorResult, answer};
use crate::exit::{ExitReason, MonitorId};
use crate::kernel::{Kernel, count};
use crate::mail::Mail;
use crate::mailbox::Mailbox;
use crate::papers::Papers;
use crate::process::{AnyCell, Boss, LinkKey, Until, Watcher};
use crate::reply::Port;
use crate::sorted::Sorted;
use crate::timer::Wanted;

use super::Action;
use super::handle::Trouble;
use super::visit::Done;
use super::wards::Wards;

/// Where a cell stands.
///
/// ```text
///            launch                started              offer
/// Unborn ───────────▶ Starting ───────────▶ Scheduled ◀──────── Idle
///   ▲                    │                      │ turn           ▲
///   │                    │ failed               ▼       empty    │
///   └────────────────────┤◀─────────────────  Running ───────────┘
///                        ▼      ended
///            launch ◀── Down ──bury──▶ Ended ──launch──▶ Starting
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No incarnation yet.
    Unborn,
    /// An incarnation is being made.
    Starting,
    Idle,
    /// There is work, and nobody has the turn.
    Scheduled,
    /// A task or an asker has the turn.
    Running,
    /// The incarnation is over, the supervisor decides.
    Down,
    Ended,
}

/// Whether the parked task of an idle cell stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linger {
    Out,
    /// It has been active once, or twice, and keeps no task: a further time shows that the actor is hot.
    Once,
    Twice,
    In,
    /// In the line, and used since the clock looked.
    Used,
    /// Asked to go.
    Leave,
}

impl Linger {
    /// After an activation, once the task of the idle actor has gone or it was run without one.
    pub(super) fn cooler(self) -> Self {
        match self {
            // Not hot yet: so far, a parked task would have cost more than the next spawn.
            Self::Out => Self::Once,
            // At its third activation it knocks at the line, again and again if turned away.
            Self::Once | Self::Twice => Self::Twice,
            Self::In | Self::Used | Self::Leave => Self::Out,
        }
    }
}

pub(crate) struct State<A: Actor> {
    pub(super) mailbox: Mailbox<Mail<A>>,
    pub(super) waker: Option<Waker>,
    pub(super) rare: Option<Box<Rare<A>>>,
    pub(super) accepted: u32,
    pub(super) handled: u32,
    pub(super) phase: Phase,
    /// Sends fail.
    pub(super) closed: bool,
    pub(super) task: bool,
    /// The task waits for a wake: it is parked, or its handler is pending.
    pub(super) asleep: bool,
    pub(super) ending: bool,
    /// Its state was made in no time when it last was.
    pub(super) starts_fast: bool,
    pub(super) linger: Linger,
    /// How it ended, where that needs no words and nothing else is rare about it.
    pub(super) reason: Option<Simple>,
}

/// An end of which nothing more is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Simple {
    Normal,
    Shutdown,
    Killed,
}

impl Simple {
    pub(super) fn of(reason: &ExitReason) -> Option<Self> {
        match reason {
            ExitReason::Normal => Some(Self::Normal),
            ExitReason::Shutdown => Some(Self::Shutdown),
            ExitReason::Killed => Some(Self::Killed),
            _ => None,
        }
    }

    fn reason(self) -> ExitReason {
        match self {
            Self::Normal => ExitReason::Normal,
            Self::Shutdown => ExitReason::Shutdown,
            Self::Killed => ExitReason::Killed,
        }
    }
}

/// What a named, supervised or watched actor gives up when it ends for good.
pub(super) struct Belongings {
    pub(super) name: Option<Arc<str>>,
    pub(super) owner: Option<Boss>,
    pub(super) more: Option<Box<Had>>,
}

/// What a watched, linked or owning one gives up, besides.
pub(super) struct Had {
    pub(super) owned: Wards,
    pub(super) links: Sorted<LinkKey, Weak<dyn AnyCell>>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) groups: Sorted<GroupKey, Membership>,
    pub(super) buses: Vec<Weak<Kernel>>,
}

impl<A: Actor> Rare<A> {
    pub(super) fn give_up(&mut self) -> Belongings {
        let had = |more: &mut Box<More>| {
            Box::new(Had {
                owned: std::mem::take(&mut more.owned),
                links: std::mem::take(&mut more.links),
                subscriptions: std::mem::take(&mut more.subscriptions),
                groups: std::mem::take(&mut more.groups),
                buses: std::mem::take(&mut more.buses),
            })
        };
        Belongings {
            name: self.name().map(Arc::from),
            owner: self.owner.clone(),
            more: self.more.as_mut().map(had),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.papers.as_ref()?.sheet().name()
    }
}

/// What a named, supervised or watched actor has and others do not.
pub(crate) struct Rare<A: Actor> {
    pub(crate) owner: Option<Boss>,
    pub(crate) papers: Option<Arc<dyn Papers<A>>>,
    /// Where its supervisor finds it: under which number, and in a group, under which there.
    pub(crate) place: (u32, u32),
    interim: Option<Box<Interim<A>>>,
    /// What the parked task goes on with.
    pub(super) adopted: Option<Adopted<A>>,
    pub(super) more: Option<Box<More>>,
}

/// What there is to know while no incarnation runs: one of the two, never both.
pub(super) enum Interim<A> {
    /// How to start the next one.
    Launch(Launch<A>),
    /// How the last one ended.
    Reason(ExitReason),
}

impl<A: Actor> Rare<A> {
    pub(super) fn put_launch(&mut self, launch: Launch<A>) {
        self.interim = Some(Box::new(Interim::Launch(launch)));
    }

    pub(super) fn take_launch(&mut self) -> Option<Launch<A>> {
        match *self.interim.take_if(|interim| matches!(**interim, Interim::Launch(_)))? {
            Interim::Launch(launch) => Some(launch),
            Interim::Reason(_) => None,
        }
    }

    pub(super) fn reason(&self) -> Option<&ExitReason> {
        match self.interim.as_deref() {
            Some(Interim::Reason(reason)) => Some(reason),
            Some(Interim::Launch(_)) | None => None,
        }
    }

    /// Notes how it ended. A launch that came to nothing is the caller's to drop, after the lock.
    #[must_use]
    pub(super) fn note_reason(&mut self, reason: &ExitReason) -> Option<Box<Interim<A>>> {
        self.interim.replace(Box::new(Interim::Reason(reason.clone())))
    }

    /// Another incarnation begins.
    pub(super) fn forget_reason(&mut self) {
        self.interim.take_if(|interim| matches!(**interim, Interim::Reason(_)));
    }
}

/// A message that began to be handled on its asker's poll.
pub(super) type Adopted<A> = Pin<Box<dyn Future<Output = Done<A>> + Send>>;

/// How long a stop handler may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Default,
    After(Duration),
    Never,
}

/// What a watched, linked or owning actor has, and one with helpers.
pub(crate) struct More {
    pub(super) owned: Wards,
    pub(super) monitors: Sorted<MonitorId, Watcher>,
    pub(super) watching: Sorted<MonitorId, Weak<dyn AnyCell>>,
    pub(super) links: Sorted<LinkKey, Weak<dyn AnyCell>>,
    pub(super) waiters: Vec<Waiter>,
    pub(super) exit_signal: Option<ExitReason>,
    pub(super) tasks: Sorted<u64, oneshot::Sender<()>>,
    pub(super) timers: Vec<Wanted>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) groups: Sorted<GroupKey, Membership>,
    /// Whose buses count what it loses: also those that it is not subscribed to any more.
    pub(super) buses: Vec<Weak<Kernel>>,
    pub(super) asking: Vec<Asked>,
    pub(super) next_task: u64,
    pub(super) verdict: Option<Trouble>,
    /// The incarnation is over, but for what it owns, which is waited for.
    pub(super) reaps: bool,
    /// It did not yield to a kill, and was reported. It is taken back when the incarnation is over.
    pub(super) leaked: bool,
}

/// An ask that the handler in hand waits for.
pub(super) struct Asked {
    pub(super) number: u64,
    pub(super) target: Arc<dyn AnyCell>,
    pub(super) port: Weak<dyn Port>,
}

/// How to take a subscription back.
pub(crate) struct Subscription {
    pub(crate) event: std::any::TypeId,
    pub(crate) declared: bool,
    /// Whose bus it is.
    pub(crate) kernel: Weak<Kernel>,
    pub(crate) cancel: fn(&Kernel, LinkKey),
}

impl Subscription {
    pub(super) fn cancel(&self, subscriber: LinkKey) {
        if let Some(kernel) = self.kernel.upgrade() {
            (self.cancel)(&kernel, subscriber);
        }
    }
}

/// A group's name, and the address of the system whose it is: names of two systems are not related.
pub(super) type GroupKey = (Arc<str>, usize);

/// How to leave a group.
pub(super) struct Membership {
    pub(super) kernel: Weak<Kernel>,
    /// Which joining it was.
    pub(super) number: u64,
}

pub(super) struct Waiter {
    pub(super) until: Until,
    pub(super) tell: oneshot::Sender<ExitReason>,
}

impl Waiter {
    pub(super) fn tell(self, reason: &ExitReason) {
        answer(self.tell, reason.clone());
    }
}

/// Makes the state of one incarnation.
pub(crate) type Make<A> = Pin<Box<dyn Future<Output = ActorResult<A>> + Send>>;

/// An order to start an incarnation.
pub(crate) struct Launch<A> {
    /// Absent when the state is in place already.
    pub(crate) make: Option<Make<A>>,
    pub(crate) started: Option<oneshot::Sender<Result<(), Failure>>>,
}

/// Why an incarnation did not start.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(ActorError),
    Killed,
    /// The one before still runs.
    Overlap,
}

impl<A: Actor> State<A> {
    pub(super) fn new() -> Self {
        Self {
            mailbox: Mailbox::new(),
            waker: None,
            rare: None,
            accepted: 0,
            handled: 0,
            phase: Phase::Unborn,
            closed: false,
            task: false,
            asleep: false,
            ending: false,
            starts_fast: false,
            linger: Linger::Out,
            reason: None,
        }
    }

    pub(super) fn rare(&mut self) -> &mut Rare<A> {
        self.rare.get_or_insert_with(|| {
            Box::new(Rare {
                owner: None,
                papers: None,
                place: (0, 0),
                interim: None,
                adopted: None,
                more: None,
            })
        })
    }

    pub(super) fn more(&mut self) -> &mut More {
        self.rare().more.get_or_insert_with(|| {
            Box::new(More {
                owned: Wards::default(),
                monitors: Sorted::new(),
                watching: Sorted::new(),
                links: Sorted::new(),
                waiters: Vec::new(),
                exit_signal: None,
                tasks: Sorted::new(),
                timers: Vec::new(),
                subscriptions: Vec::new(),
                groups: Sorted::new(),
                buses: Vec::new(),
                asking: Vec::new(),
                next_task: 0,
                verdict: None,
                reaps: false,
                leaked: false,
            })
        })
    }

    pub(super) fn more_if_any(&mut self) -> Option<&mut More> {
        self.rare.as_mut()?.more.as_deref_mut()
    }

    /// There is work: what has to be done so that somebody sees it.
    #[inline]
    pub(super) fn schedule(&mut self) -> Action {
        if self.phase != Phase::Idle {
            return Action::Nothing;
        }
        self.phase = Phase::Scheduled;
        self.rouse()
    }

    /// Gets the task to look, whatever the phase.
    #[inline]
    pub(super) fn rouse(&mut self) -> Action {
        if !self.task {
            self.task = true;
            Action::Spawn
        } else {
            self.wake()
        }
    }

    /// Wakes the task, unless it runs or a wake is under way.
    #[inline]
    pub(super) fn wake(&mut self) -> Action {
        if !std::mem::take(&mut self.asleep) {
            return Action::Nothing;
        }
        self.waker.clone().map_or(Action::Nothing, Action::Wake)
    }

    /// The actor is idle: a parked task that found it running when it was about to go, goes.
    #[inline]
    pub(super) fn dismiss(&mut self) -> Action {
        if self.asleep && !self.lingers() { self.wake() } else { Action::Nothing }
    }

    /// Gets a signal seen: by the task if the actor is idle, by a pending handler if it is not.
    pub(super) fn interrupt(&mut self) -> Action {
        match self.phase {
            Phase::Idle => self.schedule(),
            Phase::Starting | Phase::Scheduled | Phase::Running => self.wake(),
            Phase::Unborn | Phase::Down | Phase::Ended => Action::Nothing,
        }
    }

    #[inline]
    pub(super) fn count_accepted(&mut self, by: u32, kernel: &Kernel) {
        self.accepted += by;
        if self.accepted > u32::MAX / 2 {
            count(&kernel.totals.accepted, u64::from(std::mem::take(&mut self.accepted)));
        }
    }

    #[inline]
    pub(super) fn count_handled(&mut self, by: u32, kernel: &Kernel) {
        self.handled += by;
        if self.handled > u32::MAX / 2 {
            count(&kernel.totals.handled, u64::from(std::mem::take(&mut self.handled)));
        }
    }

    /// One that lingers was used since the clock looked.
    #[inline]
    pub(super) fn note_use(&mut self) {
        if self.linger == Linger::In {
            self.linger = Linger::Used;
        }
    }

    pub(super) fn mailbox_accepted(&self) -> u32 {
        self.accepted
    }

    pub(super) fn take_counts(&mut self) -> (u32, u32) {
        (std::mem::take(&mut self.accepted), std::mem::take(&mut self.handled))
    }

    pub(super) fn take_waiters(&mut self, which: impl Fn(Until) -> bool) -> Vec<Waiter> {
        let Some(more) = self.more_if_any() else { return Vec::new() };
        let (taken, kept) = std::mem::take(&mut more.waiters).into_iter().partition(|w| which(w.until));
        more.waiters = kept;
        taken
    }

    /// The incarnation is over: it has yielded, if late.
    pub(super) fn let_go(&mut self, kernel: &Kernel) {
        self.phase = Phase::Down;
        self.ending = false;
        let Some(more) = self.more_if_any() else { return };
        more.reaps = false;
        if std::mem::take(&mut more.leaked) {
            kernel.totals.leaked.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn end_reason(&self) -> ExitReason {
        let reason = self.rare.as_ref().and_then(|rare| rare.reason());
        reason.cloned().or_else(|| self.reason.map(Simple::reason)).unwrap_or(ExitReason::Normal)
    }
}
