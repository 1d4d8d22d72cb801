//! A process is an actor with its type forgotten: what the table, supervisors and monitors deal with.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Weak};

use tokio::sync::oneshot;

use crate::cell::Action;
use crate::exit::{Down, Exit, ExitReason, MonitorId};
use crate::kernel::Kernel;
use crate::process_id::ProcessId;
use crate::reply::Port;

/// What an actor is doing.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.start(Counter(0)).await?;
/// let process = counter.process();
/// assert_eq!(process.status(), ProcessStatus::Waiting);
/// counter.stop().await?;
/// assert_eq!(process.status(), ProcessStatus::Stopped);
/// assert_eq!(process.status().to_string(), "stopped");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessStatus {
    /// An incarnation is being made, or a supervisor is about to make one.
    Starting,
    /// It handles a message or is about to.
    Running,
    /// It waits for a message.
    Waiting,
    /// It was told to end and has not ended yet.
    Stopping,
    /// It has ended.
    Stopped,
}

impl fmt::Display for ProcessStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

/// What kind of actor a process is.
///
/// ```
/// use airssys_rt::ProcessRole;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[supervisor] struct App { #[child] counter: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// assert_eq!(app.process().role(), ProcessRole::Supervisor);
/// assert_eq!(app.counter.process().role(), ProcessRole::Worker);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessRole {
    /// An actor that does the work.
    Worker,
    /// An actor that looks after others.
    Supervisor,
}

/// Names a linked process, also one of another system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkKey(ProcessId, usize);

impl LinkKey {
    pub(crate) fn of(cell: &dyn AnyCell) -> Self {
        Self(cell.pid(), Arc::as_ptr(cell.kernel()) as usize)
    }

    /// Where those of a process id begin, of whichever system.
    pub(crate) fn first_of(pid: ProcessId) -> Self {
        Self(pid, usize::MIN)
    }

    pub(crate) fn is_of(self, pid: ProcessId) -> bool {
        self.0 == pid
    }
}

/// How an actor is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// After the message in hand.
    Stop,
    /// After everything that is queued now.
    Drain,
    /// At the next await.
    Kill,
}

/// What the one who waits wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The incarnation is over: its state is dropped.
    Down,
    /// It is also settled what comes next: a new incarnation, or the end.
    Settled,
    /// The end for good.
    Ended,
}

/// Why a killed actor has not let go in time.
pub(crate) enum Overdue {
    /// It has, at the last moment.
    Ended,
    /// It yields, and waits for what it owns.
    Reaps,
    Leaked,
}

/// Who hears of the end of an actor.
pub(crate) enum Watcher {
    Future(oneshot::Sender<Down>),
    Actor(Weak<dyn AnyCell>),
}

/// Figures of one actor, added up by the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) accepted: u64,
    pub(crate) handled: u64,
    pub(crate) queued: u64,
    pub(crate) monitors: usize,
    pub(crate) links: usize,
}

/// The end of an incarnation, as its actor tells its owner.
pub(crate) struct ChildEnd<'a> {
    pub(crate) pid: ProcessId,
    pub(crate) incarnation: u32,
    pub(crate) reason: &'a ExitReason,
    /// What becomes of the child is decided with its supervisor.
    pub(crate) escalate: bool,
    /// Told by the actor's own task, which goes on with the next incarnation if there is one when this returns.
    pub(crate) at_home: bool,
}

/// An owner, shared by many: one word.
pub(crate) type Boss = Arc<Box<dyn Owner>>;

/// Who starts and restarts an actor, as the actor sees it.
pub(crate) trait Owner: Send + Sync {
    fn pid(&self) -> ProcessId;
    /// An incarnation ended by itself. False when nobody is there to decide what comes next.
    fn child_ended(&self, end: ChildEnd<'_>) -> bool;
    /// Makes the actor end with its owner, whatever happens to that. False when it has ended.
    fn adopt(&self, pid: ProcessId, declared: bool) -> bool;
    /// The actor has ended for good.
    fn child_gone(&self, pid: ProcessId);
}

/// A cell with its actor's type forgotten.
pub(crate) trait AnyCell: Any + Send + Sync {
    fn pid(&self) -> ProcessId;
    fn kernel(&self) -> &Arc<Kernel>;
    fn type_name(&self) -> &'static str;
    fn role(&self) -> ProcessRole;
    fn status(&self) -> ProcessStatus;
    fn name(&self) -> Option<Arc<str>>;
    fn is_named(&self, name: &str) -> bool;
    /// Where its supervisor finds it: under which number, and in a group, under which there.
    fn place(&self) -> (u32, u32);
    fn label(&self) -> Option<Arc<str>>;
    fn incarnation(&self) -> u32;
    fn restarts(&self) -> u32;
    fn mailbox_len(&self) -> usize;
    fn owner(&self) -> Option<ProcessId>;
    /// The actors that end with this one, in order of starting.
    fn owned(&self) -> Vec<Arc<dyn AnyCell>>;
    fn tally(&self) -> Tally;
    fn exit_reason(&self) -> Option<ExitReason>;

    /// Asks for the end. False when it has ended already.
    fn request(self: Arc<Self>, ending: Ending, for_good: bool) -> bool;
    /// Ends here and now, where that is possible. Says how it ended.
    fn end_at_once(self: Arc<Self>, ending: Ending) -> Option<ExitReason>;
    /// Resolves with the reason when `until` is reached; at once when it has been.
    fn wait(&self, until: Until) -> oneshot::Receiver<ExitReason>;
    /// Ends for good an actor that has no incarnation: dead letters, name, monitors, in this order.
    fn bury(self: Arc<Self>, reason: ExitReason);
    /// The supervisor has decided to start a new incarnation.
    fn settle(&self);

    fn add_monitor(&self, id: MonitorId, watcher: Watcher) -> Result<(), (Watcher, ExitReason)>;
    fn remove_monitor(&self, id: MonitorId);
    fn down(self: Arc<Self>, down: Down);
    /// True when the link was made; false when the process has ended.
    fn add_link(&self, other: &Arc<dyn AnyCell>) -> bool;
    fn remove_link(&self, other: LinkKey);
    fn exit_signal(self: Arc<Self>, exit: Exit);

    /// Makes another end with this one, whatever happens to it. False when it has ended.
    fn own(&self, child: ProcessId, declared: bool) -> bool;
    fn disown(&self, child: ProcessId);

    /// Notes that the handler in hand waits for `target`; the number takes the note back.
    fn begin_asking(&self, target: Arc<dyn AnyCell>, port: Weak<dyn Port>) -> u64;
    /// Fails the asks in hand that wait for an actor between two incarnations: its own supervisor waits for this one.
    fn release_asks(&self);
    /// Whether there is no incarnation, and a supervisor decides about the next.
    fn is_down(&self) -> bool;
    /// Whether it was told to end.
    fn is_ending(&self) -> bool;
    fn end_asking(&self, number: u64);
    /// Whom the handler in hand waits for.
    fn asking(&self) -> Vec<Arc<dyn AnyCell>>;

    fn add_reference(&self);
    /// A reference more, unless there was none left.
    fn try_add_reference(&self) -> bool;
    fn drop_reference(self: Arc<Self>);
    /// It was killed and has not let go in time: says why, and reports it where it does not yield.
    fn overdue(&self) -> Overdue;
    /// Whether it was reported, and has not yielded since.
    fn is_leaked(&self) -> bool;
    /// Lets the parked task of an idle actor go. True when it was used since it was last looked at.
    fn cool(self: Arc<Self>) -> bool;
    /// Runs an actor that is owed its task or a wake, as far as the budget goes; what is left, its task gets.
    fn run_owed(self: Arc<Self>, action: Action, budget: &mut u32);
    /// Gives an actor the task or the wake that it is owed.
    fn settle_owed(self: Arc<Self>, action: Action);
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// A live view of one process, whatever its type: each call says how it is now.
///
/// It keeps the record of the actor, not the actor, alive: after the end it still tells how that was.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct App {
///     #[child(name = "the counter")]
///     counter: ActorRef<Counter>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// let process: ProcessInfo = app.counter.process();
/// assert_eq!(process.pid(), app.counter.pid());
/// assert!(process.actor_type().ends_with("Counter"));
/// assert_eq!(process.name().as_deref(), Some("the counter"));
/// assert_eq!(process.child_id().as_deref(), Some("counter"));
/// assert_eq!(process.supervisor(), Some(app.pid()));
/// assert_eq!(app.process().children().len(), 1);
/// assert_eq!(app.process().role(), airssys_rt::ProcessRole::Supervisor);
/// assert_eq!((process.status(), process.mailbox_len()), (ProcessStatus::Waiting, 0));
/// assert_eq!((process.incarnation(), process.restarts(), process.exit_reason()), (1, 0, None));
///
/// app.stop().await?;
/// assert_eq!(process.wait().await, ExitReason::Shutdown);
/// assert!(!process.is_alive());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ProcessInfo(pub(crate) Arc<dyn AnyCell>);

impl ProcessInfo {
    /// Its id.
    #[must_use]
    pub fn pid(&self) -> ProcessId {
        self.0.pid()
    }

    /// What it is doing.
    #[must_use]
    pub fn status(&self) -> ProcessStatus {
        self.0.status()
    }

    /// Whether it has not ended for good: true also between two incarnations.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.status() != ProcessStatus::Stopped
    }

    /// The name it is registered under.
    #[must_use]
    pub fn name(&self) -> Option<Arc<str>> {
        self.0.name()
    }

    /// The id that its supervisor knows it by: the name of its field. None without a supervisor.
    #[must_use]
    pub fn child_id(&self) -> Option<Arc<str>> {
        self.0.label()
    }

    /// The type of the actor, as Rust prints it.
    #[must_use]
    pub fn actor_type(&self) -> &'static str {
        self.0.type_name()
    }

    /// Worker or supervisor.
    #[must_use]
    pub fn role(&self) -> ProcessRole {
        self.0.role()
    }

    /// The number of its present incarnation, counted from 1; 0 before the first.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.0.incarnation()
    }

    /// How often it was restarted by its supervisor.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.0.restarts()
    }

    /// How many messages wait in its mailbox; the one in hand is not among them.
    #[must_use]
    pub fn mailbox_len(&self) -> usize {
        self.0.mailbox_len()
    }

    /// The supervisor (or the actor) that owns it.
    #[must_use]
    pub fn supervisor(&self) -> Option<ProcessId> {
        self.0.owner()
    }

    /// The processes it owns, in order of starting.
    #[must_use]
    pub fn children(&self) -> Vec<ProcessInfo> {
        self.0.owned().into_iter().map(ProcessInfo).collect()
    }

    /// How it, or its last incarnation, ended; `None` while one runs.
    #[must_use]
    pub fn exit_reason(&self) -> Option<ExitReason> {
        self.0.exit_reason()
    }

    /// Waits until it has ended for good: at that moment its state is dropped, its name is free and
    /// its monitors are told. A restart is no end.
    ///
    /// # Cancel safety
    /// Dropped, nothing but the wait is over.
    pub async fn wait(&self) -> ExitReason {
        self.0.wait(Until::Ended).await.unwrap_or(ExitReason::Killed)
    }
}

impl fmt::Debug for ProcessInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessInfo")
            .field("pid", &self.pid())
            .field("actor", &self.actor_type())
            .field("name", &self.name())
            .field("status", &self.status())
            .field("incarnation", &self.incarnation())
            .finish()
    }
}

/// The last part of a type's path, with its parameters.
pub(crate) fn short_name(full: &str) -> String {
    let mut out = String::with_capacity(full.len());
    let mut word = 0;
    for character in full.chars() {
        if character.is_alphanumeric() || character == '_' {
            out.push(character);
        } else if character == ':' {
            out.truncate(word);
            continue;
        } else {
            out.push(character);
            word = out.len();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn a_type_is_shown_without_its_path() {
        assert_eq!(short_name("a::b::Counter"), "Counter");
        assert_eq!(short_name("a::Cache<alloc::string::String, (u8, b::C)>"), "Cache<String, (u8, C)>");
    }
}
