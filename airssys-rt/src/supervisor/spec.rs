//! The spec of a supervisor: its flags, and the plan by which its children are first started.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cell::{Cell, Limit};
use crate::error::StartError;
use crate::lock::Lock;
use crate::system::{Make, Startable, System, Unfinished, enroll, launch};

use super::Supervisor;
use super::backoff::Backoff;
use super::child_spec::{Fresh, IntoChild, Options, Prepared};
use super::handle::Supervised;
use super::home::Home;
use super::policy::{AutoShutdown, RestartPolicy};
use super::runner::{Estate, Flags, Slot};
use super::strategy::RestartStrategy;

/// How a supervisor first starts its children.
pub(crate) type Plan =
    Box<dyn FnOnce(Starting) -> Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>> + Send>;

/// Builds the spec of a supervisor by hand; `#[supervisor]` writes the same calls.
#[must_use]
pub struct SupervisorBuilder {
    flags: Flags,
    children: Vec<(Arc<str>, Plan)>,
}

impl SupervisorBuilder {
    pub(crate) fn new() -> Self {
        Self { flags: Flags::default(), children: Vec::new() }
    }

    /// What it is called in the tree.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.flags.label = Some(name.into());
        self
    }

    /// Which children a failure takes down. [`RestartStrategy::OneForOne`] without this.
    pub fn strategy(mut self, strategy: RestartStrategy) -> Self {
        self.flags.strategy = strategy;
        self
    }

    /// How many restarts are allowed within the window; with one more it gives up. 3 without this.
    pub fn max_restarts(mut self, restarts: u32) -> Self {
        self.flags.max_restarts = restarts;
        self
    }

    /// The window in which restarts are counted. 5 s without this.
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

    /// Adds a child after those added before. Its reference is found by
    /// [`Supervised::child`]; [`plan`](Self::plan) hands references on by type.
    pub fn child<C: IntoChild>(mut self, child: C) -> Self {
        let id = child.child_id();
        let start: Plan =
            Box::new(move |mut starting| Box::pin(async move { starting.start(child).await.map(drop) }));
        self.children.push((id, start));
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
        let problem = flags.problem().or_else(|| duplicate(&children));
        let plan: Plan = Box::new(move |starting| {
            Box::pin(async move {
                for (_, start) in children {
                    start(starting.clone()).await?;
                }
                let tree = plan(starting).await?;
                *deliver.lock() = Some(tree);
                Ok(())
            })
        });
        SupervisorSpec { flags, plan, delivered, problem }
    }
}

fn duplicate(children: &[(Arc<str>, Plan)]) -> Option<String> {
    let mut seen = std::collections::BTreeSet::new();
    let (id, _) = children.iter().find(|(id, _)| !seen.insert(id.clone()))?;
    Some(format!("two children are called `{id}`"))
}

/// A supervisor that can be started: by [`System::start`](crate::System::start), or below another one by
/// [`ChildSpec::supervisor`](crate::ChildSpec::supervisor).
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
    /// What makes its incarnations, and where its tree will lie after the first start.
    pub(crate) fn into_factory(self) -> Result<(Factory, Delivery<S>), StartError> {
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
            let supervisor = Supervisor::new(flags.clone(), estate.clone());
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
        let child = label.clone().unwrap_or_else(|| "supervisor".into());
        let (factory, delivered) = self.into_factory()?;
        let kernel = system.kernel();
        let cell = Cell::<Supervisor>::new(kernel.clone(), kernel.table.next_pid(), None);
        cell.with_rare(|rare| {
            rare.supervises = true;
            rare.label = label;
            rare.limit = Limit::Never;
        });
        let actor = crate::actor_ref::ActorRef::new(cell);
        enroll(kernel, &actor.cell, name)?;
        let guard = Unfinished(Some(actor.cell.clone()));
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

/// What a plan starts children with, in start order.
#[derive(Clone)]
pub struct Starting {
    pub(crate) home: Home,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) slots: Arc<Lock<Vec<Slot>>>,
}

impl Starting {
    /// Starts the next child and waits until it has started.
    ///
    /// # Errors
    /// [`StartError`]; the plan hands it on with `?`, and the children started before are stopped in reverse order.
    pub async fn start<C: IntoChild>(&mut self, child: C) -> Result<C::Handle, StartError> {
        let Prepared { id, options, body, handle } = child.prepare(self.home.clone()).await?;
        self.check(&id, &options, &body)?;
        let mut slot = Slot::new(id, options, body, true);
        let outcome = slot.start(false).await;
        self.slots.lock().push(slot);
        match outcome {
            // Kept without a process, and the others start.
            Err(StartError::Ignored { .. }) => {}
            outcome => outcome?,
        }
        handle().ok_or(StartError::NoSupervisor)
    }

    fn check(&self, id: &Arc<str>, options: &Options, body: &Fresh) -> Result<(), StartError> {
        if self.slots.lock().iter().any(|slot| slot.id == *id) {
            return Err(StartError::Invalid { message: format!("two children are called `{id}`").into() });
        }
        significance(self.auto_shutdown, id, options, body)
    }
}

/// What makes a significant child contradict its supervisor or itself.
pub(crate) fn significance(
    auto_shutdown: AutoShutdown,
    id: &str,
    options: &Options,
    body: &Fresh,
) -> Result<(), StartError> {
    let problem = match (options.significant, body) {
        (false, _) => return Ok(()),
        (true, Fresh::Dynamic { .. }) => "children started at run time cannot be significant",
        (true, _) if auto_shutdown == AutoShutdown::Never => {
            "a significant child needs a supervisor with `auto_shutdown`"
        }
        (true, _) if options.restart == RestartPolicy::Permanent => {
            "a permanent child never ends, so it cannot be significant"
        }
        (true, _) => return Ok(()),
    };
    Err(StartError::Invalid { message: format!("`{id}`: {problem}").into() })
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
