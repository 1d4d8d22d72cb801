//! A slot is one place in the start order: how its child, or its group of equal children, is started and ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::cell::{Begun, end_in_time};
use crate::error::StartError;
use crate::exit::ExitReason;
use crate::papers::Care;
use crate::process::{AnyCell, Ending, ProcessRole, Until};
use crate::process_id::ProcessId;
use crate::timer;
use crate::yields::yield_now;

use super::child_spec::Starter;
use super::command::ChildStatus;
use super::policy::{RestartPolicy, Shutdown};
use super::row::{Numbered, Row, kept, kept_mut};
use super::runner::Place;

/// When it is looked whether a child that is to end waits for a sibling that ended meanwhile, since nobody tells; each
/// time after twice as long.
const LOOK: Duration = Duration::from_millis(20);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// How many children are stopped before other tasks get their turn.
const TURN: usize = 64;

/// One place in the start order: a child, or a group of equal children.
pub(crate) enum Slot {
    One(Child),
    Group(Box<Group>),
    /// What was here is forgotten.
    Gap(u32),
}

/// Equal children: one-for-one inside, one child for the strategy.
pub(crate) struct Group {
    pub(super) id: Arc<str>,
    pub(super) care: Care,
    rank: u32,
    declared: bool,
    pub(super) members: Row<Child>,
    /// Whether they are started at run time.
    pub(super) dynamic: bool,
    pub(super) max: Option<usize>,
}

/// What a supervisor knows of one child: little, since there may be many.
///
/// With it goes what only the supervisor needs: its reference, and how the child is started.
pub(crate) struct Child {
    cell: Option<Arc<dyn Starter>>,
    /// Its place in the start order, or in its group.
    number: u32,
    /// The lower part of the number of the incarnation that runs: enough to know a notice that is stale.
    incarnation: u16,
    pub(super) state: ChildState,
    declared: bool,
}

const _: () = assert!(size_of::<Slot>() == 24 && size_of::<Child>() == 24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChildState {
    Running,
    /// It ended for good, unless somebody asks for it again.
    Stopped,
    /// A restart of its group took it down and has not come to it yet.
    Waiting,
    /// It is tried again.
    Restarting,
    /// It is tried again, and its group is restarted with it.
    Anchor,
    /// Temporary, and over: kept in the estate alone.
    Retired,
}

impl ChildState {
    fn stopped(for_good: bool) -> Self {
        if for_good { Self::Stopped } else { Self::Waiting }
    }

    pub(super) fn status(self) -> ChildStatus {
        match self {
            Self::Running => ChildStatus::Running,
            Self::Waiting | Self::Restarting | Self::Anchor => ChildStatus::Restarting,
            Self::Stopped | Self::Retired => ChildStatus::Stopped,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(cell) = self.cell.take() {
            cell.forget_start();
            cell.drop_reference();
        }
    }
}

impl Numbered for Child {
    fn number(&self) -> u32 {
        self.number
    }

    fn set_number(&mut self, number: u32) {
        self.number = number;
    }

    fn gap(number: u32) -> Self {
        Self { cell: None, number, incarnation: 0, state: ChildState::Stopped, declared: false }
    }

    fn is_gap(&self) -> bool {
        self.cell.is_none()
    }
}

impl Numbered for Slot {
    fn number(&self) -> u32 {
        match self {
            Self::One(child) => child.number,
            Self::Group(group) => group.rank,
            Self::Gap(rank) => *rank,
        }
    }

    fn set_number(&mut self, number: u32) {
        match self {
            Self::One(child) => child.number = number,
            Self::Group(group) => group.rank = number,
            Self::Gap(rank) => *rank = number,
        }
        let place = |child: &Child, member| {
            if let Some(cell) = &child.cell {
                cell.set_place((number, member));
            }
        };
        match self {
            Self::One(child) => place(child, 0),
            Self::Group(group) => group.members.iter().for_each(|child| place(child, child.number)),
            Self::Gap(_) => {}
        }
    }

    fn gap(number: u32) -> Self {
        Self::Gap(number)
    }

    fn is_gap(&self) -> bool {
        matches!(self, Self::Gap(_))
    }
}

impl Group {
    pub(super) fn new(id: Arc<str>, care: Care) -> Self {
        Self { id, care, rank: 0, declared: false, members: Row::new(), dynamic: false, max: None }
    }

    /// Takes in one that was started at run time.
    pub(super) fn append(&mut self, child: Child) {
        if self.members.is_used_up() {
            self.members.renumber();
            for child in self.members.iter() {
                child.tell_place((self.rank, child.number));
            }
        }
        let cell = child.cell.clone();
        let number = self.members.push(child);
        if let Some(cell) = cell {
            cell.set_place((self.rank, number));
        }
    }
}

impl Child {
    pub(crate) fn new(cell: Arc<dyn Starter>) -> Self {
        cell.add_reference();
        Self { cell: Some(cell), number: 0, incarnation: 0, state: ChildState::Stopped, declared: false }
    }

    fn tell_place(&self, place: (u32, u32)) {
        if let Some(cell) = &self.cell {
            cell.set_place(place);
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Its cell, which is there but in a gap, which nobody gets to see.
    pub(super) fn cell(&self) -> Option<Arc<dyn Starter>> {
        self.cell.clone()
    }

    pub(super) fn is(&self, pid: ProcessId) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.pid() == pid)
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.has_id(id))
    }

    pub(super) fn care(&self) -> Care {
        self.cell.as_ref().map_or(Care::WORKER, |cell| cell.care())
    }

    pub(super) fn is_running(&self) -> bool {
        self.state == ChildState::Running
    }

    /// Whether this incarnation of it is the one that runs.
    pub(super) fn runs_as(&self, incarnation: u32) -> bool {
        self.is_running() && self.incarnation == incarnation as u16
    }

    /// Starts an incarnation. A child that does not come up is left stopped, with its cell buried if `bury`.
    pub(super) async fn start(&mut self, declared: bool, bury: bool) -> Result<(), StartError> {
        let Some(cell) = self.cell() else { return Err(StartError::NoSupervisor) };
        let outcome = cell.start(declared).await;
        self.started(outcome, bury)
    }

    /// Starts an incarnation here and now, as far as nothing of it awaits.
    pub(super) fn start_here(&mut self) -> Begun {
        let Some(cell) = self.cell() else { return Begun::No };
        let begun = cell.clone().start_here();
        if !matches!(begun, Begun::No) {
            // One that is still being made is ended as one that runs.
            self.incarnation = (cell.incarnation() + u32::from(!matches!(begun, Begun::Started))) as u16;
            self.state = ChildState::Running;
        }
        begun
    }

    /// What came of a start.
    pub(super) fn started(&mut self, outcome: Result<(), StartError>, bury: bool) -> Result<(), StartError> {
        let Some(cell) = self.cell() else { return outcome };
        match outcome {
            Ok(()) => {
                self.incarnation = cell.incarnation() as u16;
                self.state = ChildState::Running;
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
    pub(super) async fn stop(&mut self, for_good: bool) {
        let stopping = self.begin_stop(for_good);
        let reason = match stopping {
            None => ExitReason::Shutdown,
            Some(mut stopping) => match stopping.in_time().await {
                Some(reason) => reason,
                None => stopping.killed().await,
            },
        };
        if for_good && let Some(cell) = self.cell() {
            cell.bury(reason);
        }
    }

    /// Asks the child to end. `None` when it does not run.
    fn begin_stop(&mut self, for_good: bool) -> Option<Stopping> {
        let cell = self.cell()?;
        if for_good {
            cell.part();
        }
        match std::mem::replace(&mut self.state, ChildState::stopped(for_good)) {
            ChildState::Running => {
                let shutdown = cell.care().shutdown;
                Some(Stopping::begin(cell, shutdown, for_good))
            }
            _ => None,
        }
    }
}

/// An incarnation that was asked to end: waited for, killed, and at last left behind.
struct Stopping {
    cell: Arc<dyn AnyCell>,
    ended: oneshot::Receiver<ExitReason>,
    /// When it is killed.
    until: Option<Instant>,
    for_good: bool,
}

impl Stopping {
    fn begin(cell: Arc<dyn AnyCell>, shutdown: Shutdown, for_good: bool) -> Self {
        let ended = cell.wait(Until::Down);
        let (ending, until) = match shutdown {
            Shutdown::Kill => (Ending::Kill, Some(Instant::now())),
            Shutdown::After(limit) => (Ending::Stop, Some(timer::after(limit))),
            Shutdown::Wait => (Ending::Stop, None),
        };
        cell.clone().request(ending, for_good);
        cell.release_asks();
        Self { cell, ended, until, for_good }
    }

    /// Waits for the end. `None`, and a kill, when its time is over.
    async fn in_time(&mut self) -> Option<ExitReason> {
        if let Ok(reason) = self.ended.try_recv() {
            return Some(reason);
        }
        if self.until.is_some() {
            self.cell.kernel().keep_time();
        }
        let mut look = LOOK;
        loop {
            let now = Instant::now();
            if self.until.is_some_and(|until| until <= now) {
                self.cell.clone().request(Ending::Kill, self.for_good);
                return None;
            }
            let again = now + look;
            let until = self.until.map_or(again, |until| until.min(again));
            if let Ok(reason) = tokio::time::timeout_at(until, &mut self.ended).await {
                return Some(reason.unwrap_or(ExitReason::Killed));
            }
            self.release_chain();
            look = LONGEST_LOOK.min(look * 2);
        }
    }

    /// Fails the asks that it waits for, however indirectly, and that an actor between two incarnations would have to
    /// answer: that one may be a sibling, whose supervisor waits here.
    fn release_chain(&self) {
        let mut chain = vec![self.cell.clone()];
        let mut next = 0;
        while let Some(cell) = chain.get(next).cloned() {
            next += 1;
            cell.release_asks();
            for target in cell.asking() {
                if !chain.iter().any(|known| Arc::ptr_eq(known, &target)) {
                    chain.push(target);
                }
            }
        }
    }

    /// Waits until the killed one has let go, but not for ever.
    async fn killed(mut self) -> ExitReason {
        end_in_time(&self.cell).await;
        self.ended.try_recv().unwrap_or(ExitReason::Killed)
    }
}

impl Slot {
    /// Its children outlive an incarnation of their supervisor, unless they are started at run time.
    pub(crate) fn declare(&mut self) {
        match self {
            Self::One(child) => child.declared = true,
            Self::Group(group) => group.declared = true,
            Self::Gap(_) => {}
        }
    }

    pub(super) fn is_declared(&self) -> bool {
        match self {
            Self::One(child) => child.declared,
            Self::Group(group) => group.declared,
            Self::Gap(_) => false,
        }
    }

    pub(super) fn care(&self) -> Care {
        match self {
            Self::One(child) => child.care(),
            Self::Group(group) => group.care,
            Self::Gap(_) => Care::WORKER,
        }
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        match self {
            Self::One(child) => child.has_id(id),
            Self::Group(group) => *group.id == *id,
            Self::Gap(_) => false,
        }
    }

    pub(super) fn id(&self) -> Arc<str> {
        match self {
            Self::One(child) => child.cell().and_then(|cell| cell.label()).unwrap_or_default(),
            Self::Group(group) => group.id.clone(),
            Self::Gap(_) => Arc::default(),
        }
    }

    pub(super) fn children(&self) -> impl DoubleEndedIterator<Item = &Child> {
        kept(match self {
            Self::One(child) => std::slice::from_ref(child),
            Self::Group(group) => group.members.items(),
            Self::Gap(_) => &[],
        })
    }

    pub(super) fn children_mut(&mut self) -> impl Iterator<Item = &mut Child> {
        kept_mut(match self {
            Self::One(child) => std::slice::from_mut(child),
            Self::Group(group) => group.members.items_mut(),
            Self::Gap(_) => &mut [],
        })
    }

    /// Where a child of this slot is found.
    pub(super) fn place_of(&self, child: &Child) -> Place {
        (self.number(), matches!(self, Self::Group(_)).then_some(child.number))
    }

    /// Which child of this slot has this id, which says that it is found under this number.
    pub(super) fn find(&self, pid: ProcessId, number: u32) -> Option<Place> {
        let child = match self {
            Self::One(child) => child,
            Self::Group(group) => group.members.get(number)?,
            Self::Gap(_) => return None,
        };
        child.is(pid).then(|| self.place_of(child))
    }

    /// Whether it is a supervisor below.
    pub(crate) fn is_supervisor(&self) -> bool {
        let supervises = |cell: Arc<dyn Starter>| cell.role() == ProcessRole::Supervisor;
        matches!(self, Self::One(child) if child.cell().is_some_and(supervises))
    }

    /// Whether its children outlive an incarnation of their supervisor.
    pub(super) fn outlives(&self) -> bool {
        self.is_declared() && !self.is_dynamic()
    }

    /// Whether its children are started at run time.
    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self, Self::Group(group) if group.dynamic)
    }

    pub(super) fn child_mut(&mut self, member: Option<u32>) -> Option<&mut Child> {
        match (self, member) {
            (Self::One(child), None) => Some(child),
            (Self::Group(group), Some(number)) => group.members.get_mut(number),
            _ => None,
        }
    }

    /// Starts what is to run here. On a failure, what was started of a group is stopped again.
    ///
    /// `again` says that the processes exist and keep their mailboxes when they fail to start.
    pub(crate) async fn start(&mut self, again: bool) -> Result<(), StartError> {
        let declared = self.outlives();
        let members = match self {
            Self::One(child) => return child.start(declared, !again).await,
            Self::Group(group) => &mut group.members,
            Self::Gap(_) => return Ok(()),
        };
        let mut failed = None;
        for child in members.iter_mut() {
            match child.start(declared, !again).await {
                Ok(()) | Err(StartError::Ignored { .. }) => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let Some(error) = failed else { return Ok(()) };
        self.stop(!again).await;
        Err(error)
    }

    /// Ends what runs here: the members of a group at the same time.
    pub(super) async fn stop(&mut self, for_good: bool) {
        match self {
            Self::One(child) => child.stop(for_good).await,
            Self::Group(group) => stop_together(&mut group.members, for_good).await,
            Self::Gap(_) => {}
        }
    }

    /// Whether the restart of a group starts what runs here again: no temporary child, but each member of a pool.
    pub(super) fn stays_in_group(&self) -> bool {
        let temporary = self.care().restart == RestartPolicy::Temporary;
        !temporary || matches!(self, Self::Group(group) if !group.dynamic)
    }

    /// Forgets the children started at run time that ended for good: a group restart stopped those that are
    /// temporary, and started none of those that asked not to be.
    pub(super) fn forget_ended(&mut self) {
        let Self::Group(group) = self else { return };
        if group.dynamic {
            let ended = group.members.iter().filter(|child| child.state == ChildState::Stopped);
            let ended: Vec<u32> = ended.map(Child::number).collect();
            for number in ended {
                group.members.remove(number);
            }
        }
    }
}

/// Lets other tasks run now and then: most children end at once, so that stopping a hundred thousand of them need not wait
/// for anything.
pub(super) async fn give_way(done: usize) {
    if done % TURN == TURN - 1 {
        yield_now().await;
    }
}

/// Ends many children at once: as long as the slowest of them takes, not as all of them.
async fn stop_together(members: &mut Row<Child>, for_good: bool) {
    let mut asked = Vec::with_capacity(members.len());
    for child in members.iter_mut().rev() {
        give_way(asked.len()).await;
        asked.push((child.cell(), child.begin_stop(for_good)));
    }
    let bury = |cell: Option<Arc<dyn Starter>>, reason| {
        if for_good && let Some(cell) = cell {
            cell.bury(reason);
        }
    };
    let mut late = Vec::new();
    for (ended, (cell, stopping)) in asked.into_iter().enumerate() {
        give_way(ended).await;
        let Some(mut stopping) = stopping else {
            bury(cell, ExitReason::Shutdown);
            continue;
        };
        match stopping.in_time().await {
            Some(reason) => bury(cell, reason),
            None => late.push((cell, stopping)),
        }
    }
    for (cell, stopping) in late {
        let reason = stopping.killed().await;
        bury(cell, reason);
    }
}
