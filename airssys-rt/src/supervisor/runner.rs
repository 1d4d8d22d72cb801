//! The supervisor itself: it carries out what `policy`, `strategy`, `intensity` and `backoff` decide.
//!
//! Rules:
//!
//! 1. A child's end is acted on once: a notice of an incarnation that is not the running one is stale, and
//!    buries a child that did not yield when it was ended for good.
//! 2. Children are in start order in `slots`, whatever happens to them; they are stopped in reverse.
//! 3. A restart that fails is tried again by a message to itself, so that requests are served in between;
//!    each try counts. A try whose ticket is not the child's present one is cancelled; tickets are never
//!    used again, not even by a later incarnation.
//! 4. Declared children outlive an incarnation in the [`Estate`]; those added at run time do not.
//! 5. Whatever is started is first owned by the cell, so that a kill at any await leaves no orphan.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::actor::Actor;
use crate::cell::{GRACE, caught, end_within};
use crate::config::ActorConfig;
use crate::context::Context;
use crate::error::{ActorError, ActorResult, ChildError, StartError};
use crate::exit::ExitReason;
use crate::instrument;
use crate::kernel::count;
use crate::lock::Lock;
use crate::process::{AnyCell, Ending, ProcessRole, Until};
use crate::process_id::ProcessId;
use crate::timer::{self, Timers, Wanted};

use super::backoff::Backoff;
use super::child_spec::{Fresh, Options, Parting, Starter, significance};
use super::command::{ChildInfo, ChildStatus, Command, Health, Order};
use super::home::Home;
use super::intensity::Intensity;
use super::policy::{AfterExit, AutoShutdown, RestartPolicy, Shutdown};
use super::spec::{Plan, Starting, SupervisorBuilder};
use super::strategy::RestartStrategy;

/// The settings of a supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Flags {
    pub(crate) label: Option<Arc<str>>,
    pub(crate) strategy: RestartStrategy,
    pub(crate) max_restarts: u32,
    pub(crate) within: Duration,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) auto_shutdown: AutoShutdown,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            label: None,
            strategy: RestartStrategy::OneForOne,
            max_restarts: 3,
            within: Duration::from_secs(5),
            backoff: None,
            auto_shutdown: AutoShutdown::Never,
        }
    }
}

impl Flags {
    pub(crate) fn problem(&self) -> Option<String> {
        self.within.is_zero().then(|| "`within` has to be longer than zero".to_owned())
    }
}

/// What of a supervisor outlives its incarnations.
pub(crate) struct Estate {
    plan: Option<Plan>,
    slots: Vec<Slot>,
}

impl Estate {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan: Some(plan), slots: Vec::new() }
    }
}

/// One place in the start order: a child, or a group of equal children.
pub(crate) struct Slot {
    pub(crate) id: Arc<str>,
    options: Arc<Options>,
    declared: bool,
    /// Its place among the declared ones.
    order: u32,
    body: Body,
}

enum Body {
    One(Child),
    /// Equal children: one-for-one inside, one child for the strategy.
    Group {
        members: BTreeMap<u64, Child>,
        next: u64,
        dynamic: bool,
        max: Option<usize>,
    },
}

struct Child {
    starter: Arc<dyn Starter>,
    state: ChildState,
    /// Only where there is a backoff.
    attempts: u32,
    up_since: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ChildState {
    Running {
        incarnation: u32,
    },
    /// It ended for good, unless somebody asks for it again.
    Stopped,
    /// A restart of its group took it down and has not come to it yet.
    Waiting,
    Restarting {
        ticket: u64,
        counted: bool,
        /// Whether its group is restarted with it.
        group: bool,
    },
    /// Temporary, and over: kept in the estate alone.
    Retired,
}

impl ChildState {
    fn stopped(for_good: bool) -> Self {
        if for_good { Self::Stopped } else { Self::Waiting }
    }

    /// Whether the restart of a group goes on from here.
    fn is_anchor(&self) -> bool {
        matches!(self, Self::Restarting { group: true, .. })
    }

    fn status(&self) -> ChildStatus {
        match self {
            Self::Running { .. } => ChildStatus::Running,
            Self::Waiting | Self::Restarting { .. } => ChildStatus::Restarting,
            Self::Stopped | Self::Retired => ChildStatus::Stopped,
        }
    }
}

/// Where a process is found: its slot's rank, and its number in a group.
type Place = (u32, Option<u64>);

impl Child {
    fn new(starter: Arc<dyn Starter>) -> Self {
        Self { starter, state: ChildState::Stopped, attempts: 0, up_since: None }
    }

    fn cell(&self) -> Arc<dyn AnyCell> {
        self.starter.cell()
    }

    fn is_running(&self) -> bool {
        matches!(self.state, ChildState::Running { .. })
    }

    /// Starts an incarnation. A child that does not come up is left stopped, with its cell buried if `bury`.
    async fn start(
        &mut self,
        options: &Options,
        id: &Arc<str>,
        declared: bool,
        bury: bool,
    ) -> Result<(), StartError> {
        let outcome = self.starter.start(options, id.clone(), declared).await;
        let cell = self.cell();
        match outcome {
            Ok(()) => {
                self.state = ChildState::Running { incarnation: cell.incarnation() };
                self.up_since = Some(Instant::now());
                Ok(())
            }
            Err(error) => {
                let for_good = bury || matches!(error, StartError::Ignored { .. });
                self.state = ChildState::stopped(for_good);
                if for_good {
                    let reason = match &error {
                        StartError::Panicked { message, .. } => {
                            ExitReason::Panicked { message: message.clone() }
                        }
                        StartError::Ignored { .. } => ExitReason::Normal,
                        StartError::Killed { .. } | StartError::Timeout { .. } => ExitReason::Killed,
                        error => ExitReason::Failed { message: error.to_string().into() },
                    };
                    cell.bury(reason);
                }
                Err(error)
            }
        }
    }

    /// Ends the child by its `shutdown`, and for good if asked.
    async fn stop(&mut self, options: &Options, for_good: bool) {
        let cell = self.cell();
        if for_good {
            self.starter.part();
        }
        let reason = match std::mem::replace(&mut self.state, ChildState::stopped(for_good)) {
            ChildState::Running { .. } => stop_cell(&cell, options.shutdown, for_good).await,
            _ => ExitReason::Shutdown,
        };
        if for_good {
            cell.bury(reason);
        }
    }
}

/// Ends one incarnation: asked, waited for, killed, and at last left behind.
async fn stop_cell(cell: &Arc<dyn AnyCell>, shutdown: Shutdown, for_good: bool) -> ExitReason {
    let mut ended = cell.wait(Until::Down);
    let limit = match shutdown {
        Shutdown::Kill => Duration::ZERO,
        Shutdown::After(limit) => limit,
        Shutdown::Wait => {
            cell.clone().request(Ending::Stop, for_good);
            cell.release_asks();
            return ended.await.unwrap_or(ExitReason::Killed);
        }
    };
    if shutdown != Shutdown::Kill {
        cell.clone().request(Ending::Stop, for_good);
        cell.release_asks();
        if let Ok(reason) = ended.try_recv() {
            return reason;
        }
        if let Ok(reason) = tokio::time::timeout(limit, &mut ended).await {
            return reason.unwrap_or(ExitReason::Killed);
        }
    }
    cell.clone().request(Ending::Kill, for_good);
    end_within(cell, GRACE).await;
    ended.try_recv().unwrap_or(ExitReason::Killed)
}

impl Slot {
    pub(crate) fn new(id: Arc<str>, options: Arc<Options>, body: Fresh, declared: bool) -> Self {
        let body = match body {
            Fresh::One(starter) => Body::One(Child::new(starter)),
            Fresh::Pool(starters) => {
                let members: BTreeMap<_, _> = (0..).zip(starters.into_iter().map(Child::new)).collect();
                let next = members.len() as u64;
                Body::Group { members, next, dynamic: false, max: None }
            }
            Fresh::Dynamic { max } => Body::Group { members: BTreeMap::new(), next: 0, dynamic: true, max },
        };
        Self { id, options, declared, order: 0, body }
    }

    fn children(&self) -> impl DoubleEndedIterator<Item = (Option<u64>, &Child)> {
        let (one, many) = match &self.body {
            Body::One(child) => (Some((None, child)), None),
            Body::Group { members, .. } => {
                (None, Some(members.iter().map(|(number, child)| (Some(*number), child))))
            }
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Whether it is a supervisor below.
    pub(crate) fn is_supervisor(&self) -> bool {
        matches!(&self.body, Body::One(child) if child.cell().role() == ProcessRole::Supervisor)
    }

    /// Whether its children are started at run time.
    fn is_dynamic(&self) -> bool {
        matches!(self.body, Body::Group { dynamic: true, .. })
    }

    fn child_mut(&mut self, member: Option<u64>) -> Option<&mut Child> {
        match (&mut self.body, member) {
            (Body::One(child), None) => Some(child),
            (Body::Group { members, .. }, Some(number)) => members.get_mut(&number),
            _ => None,
        }
    }

    /// Starts what is to run here. On a failure, what was started of a group is stopped again.
    ///
    /// `again` says that the processes exist and keep their mailboxes when they fail to start.
    pub(crate) async fn start(&mut self, again: bool) -> Result<(), StartError> {
        let declared = self.declared && !self.is_dynamic();
        let Self { id, options, body, .. } = self;
        match body {
            Body::One(child) => child.start(options, id, declared, !again).await,
            Body::Group { members, .. } => {
                let mut failed = None;
                for child in members.values_mut() {
                    match child.start(options, id, declared, !again).await {
                        Ok(()) | Err(StartError::Ignored { .. }) => {}
                        Err(error) => {
                            failed = Some(error);
                            break;
                        }
                    }
                }
                match failed {
                    None => Ok(()),
                    Some(error) => {
                        self.stop(!again).await;
                        Err(error)
                    }
                }
            }
        }
    }

    /// Ends what runs here: the members of a group at the same time.
    async fn stop(&mut self, for_good: bool) {
        let Self { options, body, .. } = self;
        match body {
            Body::One(child) => {
                child.stop(options, for_good || options.restart == RestartPolicy::Temporary).await
            }
            Body::Group { members, dynamic, .. } => {
                let for_good = for_good || (*dynamic && options.restart == RestartPolicy::Temporary);
                stop_together(members, options, for_good).await;
            }
        }
    }

    /// Forgets the children started at run time that ended for good: a group restart stopped those that are
    /// temporary, and started none of those that asked not to be.
    fn forget_ended(&mut self) -> Vec<ProcessId> {
        match &mut self.body {
            Body::Group { members, dynamic: true, .. } => {
                let mut gone = Vec::new();
                members.retain(|_, child| {
                    let ended = child.state == ChildState::Stopped;
                    if ended {
                        gone.push(child.cell().pid());
                    }
                    !ended
                });
                gone
            }
            _ => Vec::new(),
        }
    }
}

/// Ends many children at once: as long as the slowest of them takes, not as all of them.
async fn stop_together(members: &mut BTreeMap<u64, Child>, options: &Options, for_good: bool) {
    let until = Instant::now();
    let mut waits = Vec::new();
    for child in members.values_mut().rev() {
        let cell = child.cell();
        if for_good {
            child.starter.part();
        }
        if child.is_running() {
            let ended = cell.wait(Until::Down);
            let ending = if options.shutdown == Shutdown::Kill { Ending::Kill } else { Ending::Stop };
            cell.clone().request(ending, for_good);
            cell.release_asks();
            waits.push((cell, Some(ended)));
        } else {
            waits.push((cell, None));
        }
        child.state = ChildState::stopped(for_good);
    }
    let limit = match options.shutdown {
        Shutdown::Kill => Some(until),
        Shutdown::After(limit) => Some(until + limit),
        Shutdown::Wait => None,
    };
    let mut late = Vec::new();
    for (cell, ended) in waits {
        let Some(mut ended) = ended else {
            if for_good {
                cell.bury(ExitReason::Shutdown);
            }
            continue;
        };
        let reason = match ended.try_recv() {
            Ok(reason) => Some(reason),
            Err(_) => match limit {
                None => (&mut ended).await.ok(),
                Some(limit) => tokio::time::timeout_at(limit, &mut ended).await.ok().and_then(Result::ok),
            },
        };
        match reason {
            Some(reason) if for_good => cell.bury(reason),
            Some(_) => {}
            None => {
                cell.clone().request(Ending::Kill, for_good);
                late.push(cell);
            }
        }
    }
    for cell in late {
        end_within(&cell, GRACE).await;
        if for_good {
            cell.bury(ExitReason::Killed);
        }
    }
}

/// Takes a delayed restart back; one that is queued already is stale by its ticket.
fn cancel_retry(retries: &mut HashMap<ProcessId, Wanted>, cell: &Arc<dyn AnyCell>) {
    if let Some(wanted) = retries.remove(&cell.pid()) {
        cell.kernel().timers.cancel(&wanted);
    }
}

/// A supervisor: an actor that starts, restarts and ends others.
///
/// Made by [`Supervisor::builder`] or by `#[supervisor]` on a struct; run by
/// [`System::start`](crate::System::start).
pub struct Supervisor {
    flags: Flags,
    intensity: Intensity,
    slots: BTreeMap<u32, Slot>,
    ranks: HashMap<Arc<str>, u32>,
    places: HashMap<ProcessId, Place>,
    next_rank: u32,
    next_ticket: u64,
    retries: HashMap<ProcessId, Wanted>,
    estate: Arc<Lock<Estate>>,
    /// Set by the supervisor above when the end it asks for is the last.
    parting: Option<Parting>,
}

/// Whether the supervisor goes on.
type Verdict = Option<ExitReason>;

impl Supervisor {
    /// Builds the spec of a supervisor by hand.
    pub fn builder() -> SupervisorBuilder {
        SupervisorBuilder::new()
    }

    pub(crate) fn new(flags: Flags, estate: Arc<Lock<Estate>>, parting: Option<Parting>) -> Self {
        Self {
            intensity: Intensity::new(flags.max_restarts, flags.within),
            flags,
            slots: BTreeMap::new(),
            ranks: HashMap::new(),
            places: HashMap::new(),
            next_rank: 0,
            next_ticket: 0,
            retries: HashMap::new(),
            estate,
            parting,
        }
    }

    /// Puts a slot last in the start order.
    fn append(&mut self, slot: Slot) -> u32 {
        let rank = self.next_rank;
        self.next_rank += 1;
        self.ranks.insert(slot.id.clone(), rank);
        for (member, child) in slot.children() {
            self.places.insert(child.cell().pid(), (rank, member));
        }
        self.slots.insert(rank, slot);
        rank
    }

    fn child(&mut self, (rank, member): Place) -> Option<(&mut Child, Arc<Options>, Arc<str>)> {
        let slot = self.slots.get_mut(&rank)?;
        let (options, id) = (slot.options.clone(), slot.id.clone());
        slot.child_mut(member).map(|child| (child, options, id))
    }

    /// Forgets a child: its id may be used again, and nothing of it is held.
    fn forget(&mut self, (rank, member): Place) {
        let Some(slot) = self.slots.get_mut(&rank) else { return };
        let gone = match (&mut slot.body, member) {
            (Body::Group { members, .. }, Some(number)) => members.remove(&number),
            (Body::One(_), None) => {
                let declared = slot.declared;
                self.ranks.remove(&slot.id);
                let Some(mut slot) = self.slots.remove(&rank) else { return };
                if let Body::One(child) = &mut slot.body {
                    self.places.remove(&child.cell().pid());
                    child.state = ChildState::Retired;
                }
                if declared {
                    // It comes back when the supervisor itself is restarted.
                    self.estate.lock().slots.push(slot);
                }
                return;
            }
            _ => None,
        };
        if let Some(child) = gone {
            self.places.remove(&child.cell().pid());
        }
    }

    /// The first start: by the plan. What came up is stopped in reverse when something did not.
    async fn start_by_plan(&mut self, plan: Plan, home: Home) -> ActorResult<()> {
        let slots = Arc::new(Lock::new(Vec::new()));
        let (auto_shutdown, ids) = (self.flags.auto_shutdown, Arc::new(Lock::new(HashSet::new())));
        let starting = Starting { home, auto_shutdown, slots: slots.clone(), ids };
        // A panic in the plan itself unwinds like an error: what came up is stopped in order.
        let outcome = match caught(plan(starting)).await {
            Ok(outcome) => outcome,
            Err(message) => {
                let child = self.flags.label.clone().unwrap_or_else(|| "supervisor".into());
                Err(StartError::Panicked { child, message })
            }
        };
        let started = std::mem::take(&mut *slots.lock());
        for (order, mut slot) in (0..).zip(started) {
            slot.order = order;
            self.append(slot);
        }
        self.settle_start(outcome).await
    }

    async fn settle_start(&mut self, outcome: Result<(), StartError>) -> ActorResult<()> {
        match outcome {
            Ok(()) => {
                let ended: Vec<_> = self.idle_temporaries();
                for place in ended {
                    self.forget(place);
                }
                Ok(())
            }
            Err(error) => {
                self.stop_all(true).await;
                Err(error.into())
            }
        }
    }

    /// Temporary children that asked not to be started are not kept.
    fn idle_temporaries(&self) -> Vec<Place> {
        let temporary =
            self.slots.iter().filter(|(_, slot)| slot.options.restart == RestartPolicy::Temporary);
        let idle = temporary.flat_map(|(rank, slot)| {
            slot.children().filter(|(_, child)| !child.is_running()).map(|(member, _)| (*rank, member))
        });
        idle.collect()
    }

    /// A later start: the declared children under the references they have.
    async fn start_again(&mut self, mut slots: Vec<Slot>) -> ActorResult<()> {
        slots.sort_by_key(|slot| slot.order);
        for slot in slots {
            self.append(slot);
        }
        let ranks: Vec<_> = self.slots.keys().copied().collect();
        let mut outcome = Ok(());
        for rank in ranks {
            let Some(slot) = self.slots.get_mut(&rank) else { continue };
            match slot.start(true).await {
                Ok(()) | Err(StartError::Ignored { .. }) => {}
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        match outcome {
            Ok(()) => Ok(()),
            Err(error) => {
                self.stop_all(false).await;
                Err(error.into())
            }
        }
    }

    /// Ends all children, the last one first. Those added at run time end for good in any case.
    async fn stop_all(&mut self, for_good: bool) {
        for slot in self.slots.values_mut().rev() {
            for (_, child) in slot.children() {
                cancel_retry(&mut self.retries, &child.cell());
            }
            let passing = !slot.declared || slot.is_dynamic();
            slot.stop(for_good || passing).await;
        }
    }

    /// A child ended by itself.
    async fn ended(
        &mut self,
        ctx: &mut Context<Self>,
        pid: ProcessId,
        incarnation: u32,
        reason: ExitReason,
        escalate: bool,
    ) -> Verdict {
        let Some(&place) = self.places.get(&pid) else {
            // Forgotten while it did not yield: nobody else will bury it.
            if let Some(cell) = ctx.cell.kernel_ref().table.get(pid) {
                cell.bury(reason);
            }
            return None;
        };
        let dynamic = self.slots.get(&place.0).is_some_and(Slot::is_dynamic);
        let (child, options, id) = self.child(place)?;
        let cell = child.cell();
        match child.state {
            ChildState::Running { incarnation: present } if present == incarnation => {}
            ChildState::Stopped => {
                cell.bury(reason);
                return None;
            }
            _ => return None,
        }
        if escalate {
            // What becomes of the child is decided with this supervisor, by the one above.
            child.state = ChildState::Waiting;
            instrument::gave_up(ctx.pid(), &reason);
            return Some(reason);
        }
        child.state = ChildState::Stopped;
        match options.restart.after(&reason) {
            AfterExit::Restart => {
                cell.settle();
                instrument::restarting(pid, &id, ctx.pid(), &reason);
                self.failed(ctx, place).await
            }
            AfterExit::Keep => {
                cell.bury(reason);
                if dynamic {
                    // Nobody could ask for it again.
                    self.forget(place);
                }
                self.significant_end(&options)
            }
            AfterExit::Forget => {
                cell.bury(reason);
                self.forget(place);
                self.significant_end(&options)
            }
        }
    }

    /// A significant child has ended by itself and is not restarted.
    fn significant_end(&self, options: &Options) -> Verdict {
        if !options.significant {
            return None;
        }
        let ends = match self.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !self.slots.values().any(|slot| {
                slot.options.significant
                    && slot.children().any(|(_, child)| child.state != ChildState::Stopped)
            }),
        };
        ends.then_some(ExitReason::Shutdown)
    }

    /// A child is to be restarted: now, or after its delay.
    async fn failed(&mut self, ctx: &mut Context<Self>, place: Place) -> Verdict {
        let now = Instant::now();
        if !self.intensity.allows(now) {
            instrument::gave_up(ctx.pid(), &ExitReason::Shutdown);
            return Some(ExitReason::Shutdown);
        }
        let group = place.1.is_none() && self.flags.strategy != RestartStrategy::OneForOne;
        if let Some(backoff) = self.flags.backoff {
            let chance = ctx.cell.kernel_ref().chance();
            let (child, ..) = self.child(place)?;
            let attempt = backoff.attempt(child.attempts, child.up_since.take(), now);
            child.attempts = attempt.saturating_add(1);
            let delay = backoff.delay(attempt, chance);
            self.retry(ctx, place, Some(delay), true, group);
            return None;
        }
        self.restart(ctx, place, group).await;
        None
    }

    /// Has the restart tried later: after the requests that are queued now, or after a delay.
    fn retry(
        &mut self,
        ctx: &Context<Self>,
        place: Place,
        delay: Option<Duration>,
        counted: bool,
        group: bool,
    ) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let Some((child, ..)) = self.child(place) else { return };
        child.state = ChildState::Restarting { ticket, counted, group };
        let pid = child.cell().pid();
        let home = Home::of(&ctx.cell);
        match delay {
            None => {
                home.send(Order::Retry { pid, ticket });
            }
            Some(delay) => {
                let wanted = Wanted::new();
                let fire = Box::new(move |_| {
                    home.send(Order::Retry { pid, ticket });
                    None
                });
                self.retries.insert(pid, wanted.clone());
                Timers::add(ctx.cell.kernel_ref(), timer::after(delay), wanted, fire);
            }
        }
    }

    /// A try is due. One that no longer is the child's present one was cancelled.
    async fn try_again(&mut self, ctx: &mut Context<Self>, pid: ProcessId, ticket: u64) -> Verdict {
        let place = *self.places.get(&pid)?;
        let (child, ..) = self.child(place)?;
        let (counted, group) = match child.state {
            ChildState::Restarting { ticket: present, counted, group } if present == ticket => {
                (counted, group)
            }
            _ => return None,
        };
        self.retries.remove(&pid);
        // The first try was counted when the child failed; a further one counts now.
        if !counted && !self.intensity.allows(Instant::now()) {
            instrument::gave_up(ctx.pid(), &ExitReason::Shutdown);
            return Some(ExitReason::Shutdown);
        }
        self.restart(ctx, place, group).await;
        None
    }

    /// Restarts the child or, by the strategy, its group. What does not come up is tried again later.
    async fn restart(&mut self, ctx: &mut Context<Self>, place: Place, group: bool) {
        if !group {
            self.restart_one(ctx, place).await;
            return;
        }
        let (rank, _) = place;
        let ranks: Vec<u32> = self.slots.keys().copied().collect();
        let Some(failed) = ranks.iter().position(|other| *other == rank) else { return };
        let affected = ranks[self.flags.strategy.affected(failed, ranks.len())].to_vec();
        // Who of them waits for the answer of one that is down would wait for this very restart.
        for slot in affected.iter().filter_map(|rank| self.slots.get(rank)) {
            for (_, child) in slot.children() {
                child.cell().release_asks();
            }
        }
        for &rank in affected.iter().rev() {
            let Some(slot) = self.slots.get_mut(&rank) else { continue };
            slot.stop(false).await;
            for gone in slot.forget_ended() {
                self.places.remove(&gone);
            }
            let temporary = slot.options.restart == RestartPolicy::Temporary;
            if temporary && matches!(slot.body, Body::One(_)) {
                self.forget((rank, None));
            }
        }
        for rank in affected {
            let Some(slot) = self.slots.get_mut(&rank) else { continue };
            for (_, child) in slot.children() {
                cancel_retry(&mut self.retries, &child.cell());
            }
            count(&ctx.cell.kernel_ref().totals.restarts, slot.children().count() as u64);
            match slot.start(true).await {
                Ok(()) | Err(StartError::Ignored { .. }) => {
                    for gone in slot.forget_ended() {
                        self.places.remove(&gone);
                    }
                }
                Err(_) => {
                    self.start_failed(ctx, rank);
                    return;
                }
            }
        }
    }

    /// A restart came to nothing: the child it stopped at is tried again, and the group with it.
    fn start_failed(&mut self, ctx: &Context<Self>, rank: u32) {
        let Some(slot) = self.slots.get(&rank) else { return };
        let first = slot.children().next().map(|(member, _)| member);
        let Some(member) = first else { return };
        let now = Instant::now();
        let delay = self.next_delay(ctx, (rank, member), now);
        self.retry(ctx, (rank, member), delay, false, true);
    }

    fn next_delay(&mut self, ctx: &Context<Self>, place: Place, now: Instant) -> Option<Duration> {
        let backoff = self.flags.backoff?;
        let chance = ctx.cell.kernel_ref().chance();
        let (child, ..) = self.child(place)?;
        let attempt = backoff.attempt(child.attempts, None, now);
        child.attempts = attempt.saturating_add(1);
        Some(backoff.delay(attempt, chance))
    }

    async fn restart_one(&mut self, ctx: &mut Context<Self>, place: Place) {
        let kernel = ctx.cell.kernel_ref().clone();
        let Some(slot) = self.slots.get(&place.0) else { return };
        let (declared, dynamic) = (slot.declared && !slot.is_dynamic(), slot.is_dynamic());
        let Some((child, options, id)) = self.child(place) else { return };
        count(&kernel.totals.restarts, 1);
        match child.start(&options, &id, declared, false).await {
            Ok(()) => {}
            Err(StartError::Ignored { .. }) => {
                // A dynamic child that wants no process is dropped; a declared one is kept stopped.
                if dynamic {
                    self.forget(place);
                }
            }
            Err(_) => {
                let delay = self.next_delay(ctx, place, Instant::now());
                self.retry(ctx, place, delay, false, false);
            }
        }
    }

    async fn start_child(
        &mut self,
        id: Arc<str>,
        options: Arc<Options>,
        body: Fresh,
    ) -> Result<(), StartError> {
        if let Some(known) = self.ranks.get(&id).and_then(|rank| self.slots.get(rank)) {
            let running = known.children().find(|(_, child)| child.is_running());
            return Err(match running {
                Some((_, child)) => StartError::AlreadyStarted { child: id, pid: child.cell().pid() },
                None => StartError::AlreadyPresent { child: id },
            });
        }
        let dynamic = matches!(body, Fresh::Dynamic { .. });
        if let Some(problem) = significance(self.flags.auto_shutdown, &id, &options, dynamic) {
            return Err(StartError::Invalid { message: problem.into() });
        }
        let temporary = options.restart == RestartPolicy::Temporary;
        let mut slot = Slot::new(id, options, body, false);
        match slot.start(false).await {
            Ok(()) => {
                self.append(slot);
                Ok(())
            }
            // The plan of a supervisor is used up: there is nothing to keep.
            Err(StartError::Ignored { .. }) if !temporary && !slot.is_supervisor() => {
                self.append(slot);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn start_member(&mut self, group: &Arc<str>, starter: Arc<dyn Starter>) -> Result<(), StartError> {
        let rank = *self.ranks.get(group).ok_or(StartError::NoSupervisor)?;
        let slot = self.slots.get_mut(&rank).ok_or(StartError::NoSupervisor)?;
        let options = slot.options.clone();
        let Body::Group { members, next, max, .. } = &mut slot.body else {
            return Err(StartError::NoSupervisor);
        };
        if let Some(max) = *max
            && members.len() >= max
        {
            return Err(StartError::MaxChildren { max });
        }
        let mut child = Child::new(starter);
        child.start(&options, group, false, true).await?;
        let number = *next;
        *next += 1;
        let pid = child.cell().pid();
        members.insert(number, child);
        self.places.insert(pid, (rank, Some(number)));
        Ok(())
    }

    async fn terminate_member(
        &mut self,
        ctx: &mut Context<Self>,
        group: &Arc<str>,
        pid: ProcessId,
    ) -> Result<(), ChildError> {
        let missing = || ChildError::NotFound { child: format!("{group}{pid}").into() };
        let rank = *self.ranks.get(group).ok_or_else(missing)?;
        let place = *self.places.get(&pid).filter(|place| place.0 == rank).ok_or_else(missing)?;
        if let Some((child, ..)) = self.child(place) {
            let cell = child.cell();
            cancel_retry(&mut self.retries, &cell);
        }
        let (child, options, _) = self.child(place).ok_or_else(missing)?;
        let anchor = child.state.is_anchor();
        child.stop(&options, true).await;
        self.forget(place);
        if anchor {
            // It goes alone: its group is tried again without it.
            let next = self.waiting().next();
            if let Some(next) = next {
                self.retry(ctx, next, None, true, true);
            }
        }
        Ok(())
    }

    async fn terminate(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let missing = || ChildError::NotFound { child: id.clone() };
        let rank = *self.ranks.get(id).ok_or_else(missing)?;
        let slot = self.slots.get_mut(&rank).ok_or_else(missing)?;
        for (_, child) in slot.children() {
            cancel_retry(&mut self.retries, &child.cell());
        }
        let anchor = slot.children().any(|(_, child)| child.state.is_anchor());
        slot.stop(true).await;
        if anchor {
            self.give_group_up();
        }
        let slot = self.slots.get_mut(&rank).ok_or_else(missing)?;
        let dynamic = match &mut slot.body {
            Body::Group { members, dynamic: true, .. } => std::mem::take(members),
            _ => BTreeMap::new(),
        };
        for child in dynamic.values() {
            self.places.remove(&child.cell().pid());
        }
        let slot = self.slots.get(&rank).ok_or_else(missing)?;
        if slot.options.restart == RestartPolicy::Temporary && matches!(slot.body, Body::One(_)) {
            self.forget((rank, None));
        }
        Ok(())
    }

    /// Those that wait for a group restart, in start order.
    fn waiting(&self) -> impl Iterator<Item = Place> {
        self.slots.iter().flat_map(|(rank, slot)| {
            let waiting = slot.children().filter(|(_, child)| child.state == ChildState::Waiting);
            waiting.map(|(member, _)| (*rank, member))
        })
    }

    /// Those that wait for a group restart have ended for good when no try of one is left.
    fn give_group_up(&mut self) {
        if self.slots.values().flat_map(Slot::children).any(|(_, child)| child.state.is_anchor()) {
            return;
        }
        let waiting: Vec<_> = self.waiting().collect();
        for place in waiting {
            if let Some((child, ..)) = self.child(place) {
                child.state = ChildState::Stopped;
                child.cell().bury(ExitReason::Shutdown);
            }
        }
    }

    async fn restart_child(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let rank = self.stopped(id)?;
        let missing = || ChildError::NotFound { child: id.clone() };
        let slot = self.slots.get_mut(&rank).ok_or_else(missing)?;
        slot.start(false).await?;
        Ok(())
    }

    fn delete(&mut self, id: &Arc<str>) -> Result<(), ChildError> {
        let rank = self.stopped(id)?;
        self.ranks.remove(id);
        if let Some(slot) = self.slots.remove(&rank) {
            for (_, child) in slot.children() {
                self.places.remove(&child.cell().pid());
            }
        }
        Ok(())
    }

    /// The rank of a stopped child.
    fn stopped(&self, id: &Arc<str>) -> Result<u32, ChildError> {
        let missing = || ChildError::NotFound { child: id.clone() };
        let rank = *self.ranks.get(id).ok_or_else(missing)?;
        let slot = self.slots.get(&rank).ok_or_else(missing)?;
        for (_, child) in slot.children() {
            match child.state.status() {
                ChildStatus::Running => return Err(ChildError::Running { child: id.clone() }),
                ChildStatus::Restarting => return Err(ChildError::Restarting { child: id.clone() }),
                ChildStatus::Stopped => {}
            }
        }
        Ok(rank)
    }

    fn which(&self) -> Vec<ChildInfo> {
        let rows = self.slots.values().flat_map(|slot| {
            slot.children().map(|(_, child)| {
                let cell = child.cell();
                ChildInfo {
                    id: slot.id.clone(),
                    pid: cell.pid(),
                    status: child.state.status(),
                    role: cell.role(),
                    restart: slot.options.restart,
                    shutdown: slot.options.shutdown,
                    incarnation: cell.incarnation(),
                }
            })
        });
        rows.collect()
    }

    fn health(&mut self) -> Health {
        let mut health = Health {
            running: 0,
            restarting: 0,
            stopped: 0,
            recent_restarts: self.intensity.used(Instant::now()),
            max_restarts: self.flags.max_restarts,
        };
        for (_, child) in self.slots.values().flat_map(Slot::children) {
            match child.state.status() {
                ChildStatus::Running => health.running += 1,
                ChildStatus::Restarting => health.restarting += 1,
                ChildStatus::Stopped => health.stopped += 1,
            }
        }
        health
    }

    fn find(&self, id: &Arc<str>) -> Option<Arc<dyn AnyCell>> {
        let slot = self.slots.get(self.ranks.get(id)?)?;
        slot.children().next().map(|(_, child)| child.cell())
    }

    async fn obey(&mut self, order: Order, ctx: &mut Context<Self>) -> Verdict {
        match order {
            Order::Ended { pid, incarnation, reason, escalate } => {
                return self.ended(ctx, pid, incarnation, reason, escalate).await;
            }
            Order::Retry { pid, ticket } => return self.try_again(ctx, pid, ticket).await,
            Order::Start { id, options, body, tell } => {
                let outcome = self.start_child(id, options, body).await;
                let _ = tell.send(outcome);
            }
            Order::StartMember { group, starter, tell } => {
                let outcome = self.start_member(&group, starter).await;
                let _ = tell.send(outcome);
            }
            Order::TerminateMember { group, pid, tell } => {
                let outcome = self.terminate_member(ctx, &group, pid).await;
                let _ = tell.send(outcome);
            }
            Order::Terminate { id, tell } => {
                let outcome = self.terminate(&id).await;
                let _ = tell.send(outcome);
            }
            Order::Restart { id, tell } => {
                let outcome = self.restart_child(&id).await;
                let _ = tell.send(outcome);
            }
            Order::Delete { id, tell } => {
                let outcome = self.delete(&id);
                let _ = tell.send(outcome);
            }
            Order::Members { group, tell } => {
                let slot = self.ranks.get(&group).and_then(|rank| self.slots.get(rank));
                let cells = slot.map(|slot| slot.children().map(|(_, child)| child.cell()).collect());
                let _ = tell.send(cells.unwrap_or_default());
            }
            Order::Find { id, tell } => {
                let _ = tell.send(self.find(&id));
            }
            Order::Which { tell } => {
                let _ = tell.send(self.which());
            }
            Order::Health { tell } => {
                let _ = tell.send(self.health());
            }
        }
        None
    }
}

impl Actor for Supervisor {
    type Message = Command;
    const CONFIG: ActorConfig = ActorConfig::DEFAULT.unbounded();

    async fn handle(&mut self, command: Command, ctx: &mut Context<Self>) -> ActorResult<()> {
        if let Some(reason) = self.obey(command.0, ctx).await {
            ctx.stop = Some(reason);
        }
        Ok(())
    }

    async fn on_start(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.next_ticket = u64::from(ctx.incarnation()) << 32;
        let (plan, slots) = {
            let mut estate = self.estate.lock();
            (estate.plan.take(), std::mem::take(&mut estate.slots))
        };
        match plan {
            Some(plan) => self.start_by_plan(plan, Home::of(&ctx.cell)).await,
            None => self.start_again(slots).await,
        }
    }

    async fn on_stop(&mut self, _reason: ExitReason, ctx: &mut Context<Self>) -> ActorResult<()> {
        // Nobody will start it again: then the children end for good, each before the next is told to. Else the one
        // above decides; what it does not start again it buries.
        let for_good = match &self.parting {
            None => true,
            Some(parting) => parting.load(Ordering::Acquire) || ctx.cell.owner().is_none(),
        };
        self.stop_all(for_good).await;
        Ok(())
    }

    async fn on_error(&mut self, _error: &ActorError, _ctx: &mut Context<Self>) -> crate::error::ErrorAction {
        crate::error::ErrorAction::Restart
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Rule 4: the declared children wait in the estate; the others' references go.
        let mut kept: Vec<Slot> = Vec::new();
        for (_, mut slot) in std::mem::take(&mut self.slots) {
            // After a kill, delayed restarts are still set.
            for (_, child) in slot.children() {
                cancel_retry(&mut self.retries, &child.cell());
            }
            if !slot.declared {
                continue;
            }
            match &mut slot.body {
                Body::One(child) => child.state = ChildState::Stopped,
                Body::Group { members, dynamic: true, .. } => members.clear(),
                Body::Group { members, .. } => {
                    for child in members.values_mut() {
                        child.state = ChildState::Stopped;
                    }
                }
            }
            kept.push(slot);
        }
        let mut estate = self.estate.lock();
        estate.slots.extend(kept);
        for slot in &mut estate.slots {
            if let Body::One(child) = &mut slot.body {
                child.state = ChildState::Stopped;
            }
        }
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("flags", &self.flags).field("children", &self.slots.len()).finish()
    }
}
