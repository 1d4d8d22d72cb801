//! The spec of a supervisor: its flags, and the plan by which its children are first started.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cell::{Cell, Make};
use crate::error::StartError;
use crate::lock::Lock;
use crate::papers::{Care, Sheet};
use crate::system::{Startable, System, Unfinished, enroll, launch};

use super::Supervisor;
use super::backoff::Backoff;
use super::child_spec::{IntoChild, Parting, Prepared};
use super::handle::Supervised;
use super::home::Home;
use super::policy::AutoShutdown;
use super::runner::{Estate, Flags};
use super::slot::Slot;
use super::strategy::RestartStrategy;

/// How a supervisor first starts its children.
pub(crate) type Plan =
    Box<dyn FnOnce(Starting) -> Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>> + Send>;

/// Builds the spec of a supervisor by hand; `#[supervisor]` writes the same calls.
///
/// It is a spec itself when its children are all that is wanted; [`plan`](Self::plan) gives a typed handle.
///
/// ```
/// use airssys_rt::SupervisorBuilder;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let builder: SupervisorBuilder = Supervisor::builder()
///     .name("back office")
///     .strategy(RestartStrategy::OneForAll)
///     .max_restarts(5)
///     .within(Duration::from_secs(10))
///     .backoff(Backoff::new(Duration::from_millis(100), Duration::from_secs(30)))
///     .auto_shutdown(AutoShutdown::Never)
///     .child(ChildSpec::new("counter", || async { Ok(Counter(0)) }));
/// let office = system.start(builder).await?;
/// let counter: ActorRef<Counter> = office.child("counter").await.expect("it runs");
/// assert_eq!(counter.add(7).await?, 7);
/// # Ok(()) }
/// ```
#[must_use]
pub struct SupervisorBuilder {
    flags: Flags,
    children: Vec<Box<dyn Planned>>,
}

/// A child of a builder, its type forgotten.
trait Planned: Send {
    fn id(&self) -> Arc<str>;
    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String>;
    fn start(
        self: Box<Self>,
        starting: Starting,
    ) -> Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>>;
}

impl<C: IntoChild> Planned for C {
    fn id(&self) -> Arc<str> {
        self.child_id()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        IntoChild::problem(self, auto_shutdown)
    }

    fn start(
        self: Box<Self>,
        mut starting: Starting,
    ) -> Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>> {
        Box::pin(async move {
            match starting.start(*self).await {
                // The others start.
                Ok(_) | Err(StartError::Ignored { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }
}

impl SupervisorBuilder {
    pub(crate) fn new() -> Self {
        Self { flags: Flags::default(), children: Vec::new() }
    }

    /// What it is called in the tree and in errors. It is no registered name: [`Start::named`](crate::Start::named) gives one.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.flags.label = Some(name.into());
        self
    }

    /// Which children a failure takes down. [`RestartStrategy::OneForOne`] without this.
    pub fn strategy(mut self, strategy: RestartStrategy) -> Self {
        self.flags.strategy = strategy;
        self
    }

    /// How many restarts are allowed within the window; with one more it gives up, and ends with
    /// [`ExitReason::Shutdown`](crate::ExitReason::Shutdown). 3 without this. The budget is that of all its children together.
    pub fn max_restarts(mut self, restarts: u32) -> Self {
        self.flags.max_restarts = restarts;
        self
    }

    /// The window in which restarts are counted, a sliding one: each restart ages out by itself. 5 s without this.
    pub fn within(mut self, window: Duration) -> Self {
        self.flags.within = window;
        self
    }

    /// How long to wait before a restart. Not at all without this.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.flags.backoff = Some(backoff);
        self
    }

    /// Whether it ends when significant children have. [`AutoShutdown::Never`] without this.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.flags.auto_shutdown = auto_shutdown;
        self
    }

    /// Adds a child after those added before: the order is the start order. Its reference is found by
    /// [`Supervised::child`]; [`plan`](Self::plan) hands references on by type.
    pub fn child<C: IntoChild>(mut self, child: C) -> Self {
        self.children.push(Box::new(child));
        self
    }

    /// Starts further children by a plan, which is run once, when the supervisor is first started. What it returns is
    /// what [`Supervised`] derefs to.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// # #[actor] struct Ledger(u64);
    /// # #[handlers] impl Ledger { #[handler] fn deposit(&mut self, n: u64) -> u64 { self.0 += n; self.0 } }
    /// struct Bank {
    ///     ledger: ActorRef<Ledger>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let spec = Supervisor::builder().plan(|mut children| async move {
    ///     let ledger = children.start(ChildSpec::new("ledger", || async { Ok(Ledger(0)) })).await?;
    ///     Ok(Bank { ledger })
    /// });
    /// let bank = system.start(spec).await?;
    /// assert_eq!(bank.ledger.deposit(7).await?, 7);
    /// # Ok(()) }
    /// ```
    pub fn plan<S, F, Fut>(self, plan: F) -> SupervisorSpec<S>
    where
        S: Send + Sync + 'static,
        F: FnOnce(Starting) -> Fut + Send + 'static,
        Fut: Future<Output = Result<S, StartError>> + Send + 'static,
    {
        let delivered = Arc::new(Lock::new(None));
        let deliver = delivered.clone();
        let Self { flags, children } = self;
        let problem = flags.problem().or_else(|| duplicate(&children)).or_else(|| {
            // Seen now, so that nothing is started in vain.
            children.iter().find_map(|child| child.problem(flags.auto_shutdown))
        });
        let plan: Plan = Box::new(move |starting| {
            Box::pin(async move {
                for child in children {
                    child.start(starting.clone()).await?;
                }
                let tree = plan(starting).await?;
                *deliver.lock() = Some(tree);
                Ok(())
            })
        });
        SupervisorSpec { flags, plan, delivered, problem }
    }
}

fn duplicate(children: &[Box<dyn Planned>]) -> Option<String> {
    let mut seen = HashSet::new();
    let child = children.iter().find(|child| !seen.insert(child.id()))?;
    Some(format!("two children are called `{}`", child.id()))
}

/// A supervisor that can be started: by [`System::start`](crate::System::start), or below another one by
/// [`ChildSpec::supervisor`](crate::ChildSpec::supervisor). `S` is what [`Supervised`] derefs to.
///
/// What is wrong with it is said when it is started, by [`StartError::Invalid`], before any child is.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct App {
///     first: i64,
///
///     #[child(start = Counter(first))]
///     counter: ActorRef<Counter>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let spec: SupervisorSpec<App> = App::spec(100);
/// let app: Supervised<App> = system.start(spec).await?;
/// assert_eq!(app.counter.add(1).await?, 101);
/// # Ok(()) }
/// ```
#[must_use = "a spec starts nothing by itself"]
pub struct SupervisorSpec<S> {
    flags: Flags,
    plan: Plan,
    delivered: Delivery<S>,
    problem: Option<String>,
}

/// Where the plan's outcome lies after the first start.
pub(crate) type Delivery<S> = Arc<Lock<Option<S>>>;

pub(crate) type Factory = Arc<dyn Fn() -> Make<Supervisor> + Send + Sync>;

impl<S: Send + Sync + 'static> SupervisorSpec<S> {
    /// What makes its incarnations, and where its tree will lie after the first start. `parting` is there when
    /// somebody above may start it again.
    pub(crate) fn into_factory(self, parting: Option<Parting>) -> Result<(Factory, Delivery<S>), StartError> {
        if let Some(problem) = self.problem {
            return Err(StartError::Invalid { message: problem.into() });
        }
        if cfg!(panic = "abort") {
            return Err(StartError::Invalid {
                message: "this program is built with `panic = \"abort\"`: a panic would end the process before any \
                          supervisor sees it; take that line out of the profile in Cargo.toml"
                    .into(),
            });
        }
        let estate = Arc::new(Lock::new(Estate::new(self.plan)));
        let flags = self.flags;
        let factory: Factory = Arc::new(move || {
            let supervisor = Supervisor::new(flags.clone(), estate.clone(), parting.clone());
            Box::pin(std::future::ready(Ok(supervisor)))
        });
        Ok((factory, self.delivered))
    }
}

impl<S: Send + Sync + 'static> Startable for SupervisorSpec<S> {
    type Handle = Supervised<S>;

    async fn start_in(
        self,
        system: System,
        name: Option<Arc<str>>,
        limit: Option<Duration>,
    ) -> Result<Supervised<S>, StartError> {
        let label = self.flags.label.clone();
        let (factory, delivered) = self.into_factory(None)?;
        let kernel = system.kernel();
        let cell = Cell::<Supervisor>::new(kernel.clone(), kernel.table.next_pid(), None);
        let sheet = Sheet::new(label.as_deref(), name.as_deref(), Care::SUPERVISOR);
        cell.with_rare(|rare| rare.papers = Some(Arc::new(sheet)));
        let actor = crate::actor_ref::ActorRef::new(cell);
        let guard = Unfinished(Some(actor.cell.clone()));
        enroll(kernel, &actor.cell, name)?;
        let child = || label.unwrap_or_else(|| "supervisor".into());
        launch(&actor.cell, Some(factory()), limit, child).await?;
        guard.finished();
        // Nobody's reference keeps a supervisor alive, so none is missed.
        actor.detach();
        let tree = delivered.lock().take().ok_or(StartError::NoSupervisor)?;
        Ok(Supervised::new(actor, tree))
    }
}

impl Startable for SupervisorBuilder {
    type Handle = Supervised<()>;

    async fn start_in(
        self,
        system: System,
        name: Option<Arc<str>>,
        limit: Option<Duration>,
    ) -> Result<Supervised<()>, StartError> {
        self.plan(|_| async { Ok(()) }).start_in(system, name, limit).await
    }
}

/// What a plan starts children with, in start order: see [`SupervisorBuilder::plan`].
///
/// ```
/// use airssys_rt::Starting;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let spec = Supervisor::builder().plan(|mut children: Starting| async move {
///     let first = children.start(ChildSpec::new("first", || async { Ok(Counter(1)) })).await?;
///     let second = children.start(ChildSpec::new("second", || async { Ok(Counter(2)) })).await?;
///     Ok((first, second))
/// });
/// let both = system.start(spec).await?;
/// assert_eq!(both.0.add(0).await? + both.1.add(0).await?, 3);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Starting {
    pub(crate) home: Home,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) slots: Arc<Lock<Vec<Slot>>>,
    pub(crate) ids: Arc<Lock<HashSet<Arc<str>>>>,
}

impl Starting {
    /// Starts the next child and waits until it has started.
    ///
    /// # Errors
    /// [`StartError`]; the plan hands it on with `?`, and the children started before are stopped in reverse order.
    pub async fn start<C: IntoChild>(&mut self, child: C) -> Result<C::Handle, StartError> {
        let id = child.child_id();
        if let Some(problem) = self.problem(&id, &child) {
            return Err(StartError::Invalid { message: problem.into() });
        }
        let Prepared { id, mut slot, handle } = child.prepare(self.home.clone()).await?;
        slot.declare();
        let outcome = slot.start(false).await;
        let outcome = match outcome {
            // Its plan is used up: there is nothing to keep.
            Err(error @ StartError::Ignored { .. }) if slot.is_supervisor() => return Err(error),
            // Kept without a process, and the others start.
            Err(StartError::Ignored { .. }) => Ok(()),
            outcome => outcome,
        };
        self.ids.lock().insert(id);
        self.slots.lock().push(slot);
        outcome?;
        handle().ok_or(StartError::NoSupervisor)
    }

    fn problem(&self, id: &Arc<str>, child: &impl IntoChild) -> Option<String> {
        if self.ids.lock().contains(id) {
            return Some(format!("two children are called `{id}`"));
        }
        IntoChild::problem(child, self.auto_shutdown)
    }
}

impl fmt::Debug for Starting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Starting").finish_non_exhaustive()
    }
}

impl fmt::Debug for SupervisorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorBuilder").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for SupervisorSpec<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorSpec").finish_non_exhaustive()
    }
}
