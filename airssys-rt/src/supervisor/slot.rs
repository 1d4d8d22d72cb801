//! A slot is one place in the start order: how its child, or its group of equal children, is started and ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::cell::{Begun, end_in_time};
use crate::error::StartError;
use crate::exit::ExitReason;
use crate::process::{AnyCell, Ending, ProcessRole, Until};
use crate::process_id::ProcessId;
use crate::timer;

use super::child_spec::{Fresh, Options, Starter};
use super::command::ChildStatus;
use super::policy::{RestartPolicy, Shutdown};

/// When it is looked whether a child that is to end waits for a sibling that ended meanwhile, since nobody tells; each
/// time after twice as long.
const LOOK: Duration = Duration::from_millis(20);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// One place in the start order: a child, or a group of equal children.
pub(crate) struct Slot {
    pub(crate) id: Arc<str>,
    pub(super) options: Arc<Options>,
    pub(super) declared: bool,
    /// Its place among the declared ones.
    pub(super) order: u32,
    pub(super) body: Body,
}

pub(super) enum Body {
    One(Child),
    /// Equal children: one-for-one inside, one child for the strategy.
    Group {
        members: BTreeMap<u64, Child>,
        next: u64,
        dynamic: bool,
        max: Option<usize>,
    },
}

pub(super) struct Child {
    starter: Arc<dyn Starter>,
    pub(super) state: ChildState,
    /// Only where there is a backoff.
    pub(super) attempts: u32,
    pub(super) up_since: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ChildState {
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
    pub(super) fn is_anchor(&self) -> bool {
        matches!(self, Self::Restarting { group: true, .. })
    }

    pub(super) fn status(&self) -> ChildStatus {
        match self {
            Self::Running { .. } => ChildStatus::Running,
            Self::Waiting | Self::Restarting { .. } => ChildStatus::Restarting,
            Self::Stopped | Self::Retired => ChildStatus::Stopped,
        }
    }
}

impl Child {
    pub(super) fn new(starter: Arc<dyn Starter>) -> Self {
        Self { starter, state: ChildState::Stopped, attempts: 0, up_since: None }
    }

    pub(super) fn cell(&self) -> Arc<dyn AnyCell> {
        self.starter.cell()
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, ChildState::Running { .. })
    }

    /// Starts an incarnation. A child that does not come up is left stopped, with its cell buried if `bury`.
    pub(super) async fn start(
        &mut self,
        options: &Options,
        id: &Arc<str>,
        declared: bool,
        bury: bool,
    ) -> Result<(), StartError> {
        self.up_since = None;
        let outcome = self.starter.start(options, id.clone(), declared).await;
        self.started(outcome, bury)
    }

    /// Starts an incarnation here and now, as far as nothing of it awaits.
    pub(super) fn start_here(&mut self, options: &Options) -> Begun {
        let begun = self.starter.start_here(options);
        if !matches!(begun, Begun::No) {
            // One that is still being made is ended as one that runs.
            let known = self.cell().incarnation();
            let made = matches!(begun, Begun::Started);
            self.state = ChildState::Running { incarnation: if made { known } else { known + 1 } };
            self.up_since = made.then(Instant::now);
        }
        begun
    }

    /// What came of a start.
    pub(super) fn started(&mut self, outcome: Result<(), StartError>, bury: bool) -> Result<(), StartError> {
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
    pub(super) async fn stop(&mut self, options: &Options, for_good: bool) {
        let stopping = self.begin_stop(options, for_good);
        let reason = match stopping {
            None => ExitReason::Shutdown,
            Some(mut stopping) => match stopping.in_time().await {
                Some(reason) => reason,
                None => stopping.killed().await,
            },
        };
        if for_good {
            self.cell().bury(reason);
        }
    }

    /// Asks the child to end. `None` when it does not run.
    fn begin_stop(&mut self, options: &Options, for_good: bool) -> Option<Stopping> {
        if for_good {
            self.starter.part();
        }
        match std::mem::replace(&mut self.state, ChildState::stopped(for_good)) {
            ChildState::Running { .. } => Some(Stopping::begin(self.cell(), options.shutdown, for_good)),
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

    pub(super) fn children(&self) -> impl DoubleEndedIterator<Item = (Option<u64>, &Child)> {
        let (one, many) = match &self.body {
            Body::One(child) => (Some((None, child)), None),
            Body::Group { members, .. } => {
                (None, Some(members.iter().map(|(number, child)| (Some(*number), child))))
            }
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    pub(super) fn children_mut(&mut self) -> impl Iterator<Item = &mut Child> {
        let (one, many) = match &mut self.body {
            Body::One(child) => (Some(child), None),
            Body::Group { members, .. } => (None, Some(members.values_mut())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Whether it is a supervisor below.
    pub(crate) fn is_supervisor(&self) -> bool {
        matches!(&self.body, Body::One(child) if child.cell().role() == ProcessRole::Supervisor)
    }

    /// Whether its children outlive an incarnation of their supervisor.
    pub(super) fn outlives(&self) -> bool {
        self.declared && !self.is_dynamic()
    }

    /// Whether its children are started at run time.
    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self.body, Body::Group { dynamic: true, .. })
    }

    pub(super) fn child_mut(&mut self, member: Option<u64>) -> Option<&mut Child> {
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
        let declared = self.outlives();
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
    pub(super) async fn stop(&mut self, for_good: bool) {
        let Self { options, body, .. } = self;
        match body {
            Body::One(child) => child.stop(options, for_good).await,
            Body::Group { members, .. } => stop_together(members, options, for_good).await,
        }
    }

    /// Whether the restart of a group starts what runs here again: no temporary child, but each member of a pool.
    pub(super) fn stays_in_group(&self) -> bool {
        let temporary = self.options.restart == RestartPolicy::Temporary;
        !temporary || matches!(self.body, Body::Group { dynamic: false, .. })
    }

    /// Forgets the children started at run time that ended for good: a group restart stopped those that are
    /// temporary, and started none of those that asked not to be.
    pub(super) fn forget_ended(&mut self) -> Vec<ProcessId> {
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
    let asked: Vec<_> =
        members.values_mut().rev().map(|child| (child.cell(), child.begin_stop(options, for_good))).collect();
    let bury = |cell: Arc<dyn AnyCell>, reason| {
        if for_good {
            cell.bury(reason);
        }
    };
    let mut late = Vec::new();
    for (cell, stopping) in asked {
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
