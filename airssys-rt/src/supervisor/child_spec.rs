//! What a supervisor has to know to start, restart and end a child.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::cell::{Begun, Cell, Make};
use crate::error::{ActorResult, StartError, discard};
use crate::papers::{Care, Papers, Sheet};
use crate::process::AnyCell;
use crate::system::launch;

use super::children::Children;
use super::home::Home;
use super::policy::{AutoShutdown, RestartPolicy, Shutdown};
use super::pool::Pool;
use super::slot::{Child, Group, Slot};
use super::spec::Factory;

/// What a spec says about its child besides its id and its start.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) care: Care,
    pub(crate) name: Option<Arc<str>>,
}

impl Options {
    const WORKER: Self = Self { care: Care::WORKER, name: None };
    const SUPERVISOR: Self = Self { care: Care::SUPERVISOR, name: None };

    fn sheet(&self, id: &str) -> Sheet {
        Sheet::new(Some(id), self.name.as_deref(), self.care)
    }
}

macro_rules! options {
    () => {
        /// When it is restarted. [`RestartPolicy::Permanent`] without this.
        pub fn restart(mut self, policy: RestartPolicy) -> Self {
            self.options.care.restart = policy;
            self
        }

        /// How it is ended. [`Shutdown::After`] 5 s without this, [`Shutdown::Wait`] for a supervisor.
        pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
            self.options.care.shutdown = shutdown;
            self
        }

        /// How long each start may take; then it is killed, and has failed to start. No limit without this.
        pub fn start_timeout(mut self, limit: Duration) -> Self {
            self.options.care.start_timeout = Some(limit);
            self
        }

        /// Whether its end can end the supervisor: see [`AutoShutdown`](crate::AutoShutdown).
        pub fn significant(mut self, significant: bool) -> Self {
            self.options.care.significant = significant;
            self
        }

        /// Registers it under a name, which it keeps through restarts. It has none without this.
        pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
            self.options.name = Some(name.into());
            self
        }
    };
}

/// Puts the start of a child into its papers.
type Recipe<A> = Box<dyn FnOnce(Sheet) -> Arc<dyn Papers<A>> + Send + Sync>;

/// The papers of a declared child, or of a whole pool.
struct Own<F> {
    sheet: Sheet,
    make: F,
}

impl<A, F, Fut> Papers<A> for Own<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ActorResult<A>> + Send + 'static,
{
    fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    fn make(self: Arc<Self>) -> Option<Make<A>> {
        // The expression itself may panic before its first await: it runs in the child's own task.
        Some(Box::pin(async move { (self.make)().await }))
    }

    fn keeps(&self) -> bool {
        true
    }
}

/// The spec of one child: an id, how to make its state, and how to look after it.
///
/// Erlang's child spec; `#[child]` writes it.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor] struct Worker;
/// # #[handlers] impl Worker { #[handler] fn work(&mut self) -> u32 { 7 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let spec = ChildSpec::new("worker", || async { Ok(Worker) })
///     .named("the worker")
///     .restart(RestartPolicy::Transient)
///     .shutdown(Shutdown::After(Duration::from_secs(1)))
///     .start_timeout(Duration::from_secs(10))
///     .significant(true);
/// let supervisor = Supervisor::builder().auto_shutdown(AutoShutdown::AnySignificant).child(spec);
/// let supervisor = system.start(supervisor).await?;
/// let worker: ActorRef<Worker> = supervisor.child("worker").await.unwrap();
/// assert_eq!(worker.work().await?, 7);
/// # Ok(()) }
/// ```
#[must_use]
pub struct ChildSpec<A: Actor> {
    id: Arc<str>,
    recipe: Recipe<A>,
    options: Options,
}

impl<A: Actor> ChildSpec<A> {
    /// A child whose state `make` builds anew for every incarnation, in the child's own task. Its errors and panics are failed
    /// starts.
    pub fn new<F, Fut>(id: impl Into<Arc<str>>, make: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ActorResult<A>> + Send + 'static,
    {
        let recipe: Recipe<A> = Box::new(move |sheet| Arc::new(Own { sheet, make }));
        Self { id: id.into(), recipe, options: Options::WORKER }
    }

    /// `count` such children behind one [`Pool`], each with its own state. [`PoolSpec`] has an example. A pool of none is a
    /// [`StartError::Invalid`].
    pub fn pool(self, count: usize) -> PoolSpec<A> {
        PoolSpec { spec: self, count }
    }

    options!();
}

impl ChildSpec<super::Supervisor> {
    /// A supervisor below this one. Its spec is made once, its children each time. [`SupervisorChild`] has an example.
    pub fn supervisor<S, Fut>(id: impl Into<Arc<str>>, spec: Fut) -> SupervisorChild<S, Fut>
    where
        S: Send + Sync + 'static,
        Fut: Future<Output = ActorResult<super::SupervisorSpec<S>>> + Send + 'static,
    {
        SupervisorChild { id: id.into(), spec, options: Options::SUPERVISOR, marker: PhantomData }
    }

    /// Children that are started at run time, each from an argument. [`DynamicSpec`] has an example.
    pub fn dynamic<A, Arg, F, Fut>(id: impl Into<Arc<str>>, make: F) -> DynamicSpec<A, Arg>
    where
        A: Actor,
        Arg: Clone + Send + 'static,
        F: Fn(Arg) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ActorResult<A>> + Send + 'static,
    {
        DynamicSpec {
            id: id.into(),
            make: Arc::new(move |argument| Box::pin(make(argument))),
            options: Options::WORKER,
            max: None,
        }
    }
}

/// The spec of a pool: see [`ChildSpec::pool`].
///
/// ```
/// use airssys_rt::PoolSpec;
/// # use airssys_rt::prelude::*;
/// # #[actor] struct Worker;
/// # #[handlers] impl Worker { #[handler] fn work(&mut self) -> u32 { 7 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let spec: PoolSpec<Worker> = ChildSpec::new("workers", || async { Ok(Worker) }).pool(4);
/// let supervisor = Supervisor::builder().plan(|mut children| async move { children.start(spec).await });
/// let workers = system.start(supervisor).await?;
/// assert_eq!(workers.members().len(), 4);
/// assert_eq!(workers.work().await?, 7);
/// # Ok(()) }
/// ```
#[must_use]
pub struct PoolSpec<A: Actor> {
    spec: ChildSpec<A>,
    count: usize,
}

/// The spec of a supervisor below another one: see [`ChildSpec::supervisor`].
///
/// ```
/// use airssys_rt::SupervisorChild;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[supervisor] struct Audit { #[child] counter: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let audit: SupervisorChild<Audit, _> = ChildSpec::supervisor("audit", async { Ok(Audit::spec()) })
///     .named("the audit")
///     .restart(RestartPolicy::Transient)
///     .shutdown(Shutdown::Wait)
///     .start_timeout(Duration::from_secs(10))
///     .significant(false);
/// let top = Supervisor::builder().plan(|mut children| async move { children.start(audit).await });
/// let audit = system.start(top).await?;
/// assert_eq!(audit.counter.add(7).await?, 7);
/// # Ok(()) }
/// ```
#[must_use]
pub struct SupervisorChild<S, Fut> {
    id: Arc<str>,
    spec: Fut,
    options: Options,
    marker: PhantomData<fn() -> S>,
}

impl<S, Fut> SupervisorChild<S, Fut> {
    options!();
}

pub(crate) type DynamicFactory<A, Arg> = Arc<dyn Fn(Arg) -> Make<A> + Send + Sync>;

/// The spec of children started at run time: see [`ChildSpec::dynamic`].
///
/// ```
/// use airssys_rt::{Children, DynamicSpec};
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let sessions: DynamicSpec<Counter, i64> = ChildSpec::dynamic("sessions", |from: i64| async move { Ok(Counter(from)) })
///     .max(1)
///     .named("the only session")
///     .significant(false)
///     .restart(RestartPolicy::Temporary)
///     .shutdown(Shutdown::Kill)
///     .start_timeout(Duration::from_secs(10));
/// let top = Supervisor::builder().plan(|mut children| async move { children.start(sessions).await });
/// let sessions = system.start(top).await?;
/// assert_eq!(sessions.start(100).await?.add(1).await?, 101);
/// # Ok(()) }
/// ```
#[must_use]
pub struct DynamicSpec<A: Actor, Arg> {
    id: Arc<str>,
    make: DynamicFactory<A, Arg>,
    options: Options,
    max: Option<usize>,
}

impl<A: Actor, Arg> DynamicSpec<A, Arg> {
    /// How many there may be at one time. No limit without this.
    pub fn max(mut self, max: usize) -> Self {
        self.max = Some(max);
        self
    }

    options!();
}

/// What a supervisor can start: a [`ChildSpec`], a [`PoolSpec`], a [`DynamicSpec`] or a [`SupervisorChild`]. It is implemented
/// by the framework alone.
///
/// ```
/// use airssys_rt::IntoChild;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// async fn add<C: IntoChild>(to: &Supervised, child: C) -> C::Handle {
///     to.start_child(child).await.expect("it starts")
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let supervisor = system.start(Supervisor::builder()).await?;
/// let one: ActorRef<Counter> = add(&supervisor, ChildSpec::new("one", || async { Ok(Counter(0)) })).await;
/// let four: Pool<Counter> = add(&supervisor, ChildSpec::new("four", || async { Ok(Counter(0)) }).pool(4)).await;
/// assert_eq!(one.add(1).await? + four.add(1).await?, 2);
/// # Ok(()) }
/// ```
pub trait IntoChild: Send + 'static {
    /// What stands for the child once it has started.
    type Handle: Send + 'static;

    #[doc(hidden)]
    fn child_id(&self) -> Arc<str>;

    /// What is wrong with the spec, seen before anything is started.
    #[doc(hidden)]
    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String>;

    #[doc(hidden)]
    fn prepare(self, home: Home) -> impl Future<Output = Result<Prepared<Self::Handle>, StartError>> + Send;
}

/// What makes a significant child contradict its supervisor or itself.
pub(crate) fn significance(
    auto_shutdown: AutoShutdown,
    id: &str,
    care: &Care,
    dynamic: bool,
) -> Option<String> {
    let problem = match care.significant {
        false => return None,
        true if dynamic => "children started at run time cannot be significant",
        true if auto_shutdown == AutoShutdown::Never => {
            "a significant child needs a supervisor with `auto_shutdown`"
        }
        true if care.restart == RestartPolicy::Permanent => {
            "a permanent child never ends, so it cannot be significant"
        }
        true => return None,
    };
    Some(format!("`{id}`: {problem}"))
}

/// A child that is made and not started.
pub struct Prepared<H> {
    pub(crate) id: Arc<str>,
    pub(crate) slot: Slot,
    pub(crate) handle: Box<dyn FnOnce() -> Option<H> + Send>,
}

type StartFuture = Pin<Box<dyn Future<Output = Result<(), StartError>> + Send>>;

/// Starts one logical child, again and again: its cell, by what stands in its papers.
pub(crate) trait Starter: AnyCell {
    fn care(&self) -> Care;
    fn has_id(&self, id: &str) -> bool;
    fn set_place(&self, place: (u32, u32));
    /// `declared`: whether it outlives an incarnation of its supervisor.
    fn start(self: Arc<Self>, declared: bool) -> StartFuture;
    /// Starts it where it is, if nothing of that awaits.
    fn start_here(self: Arc<Self>) -> Begun;
    /// It is about to be ended, and will not be started again by this incarnation of its supervisor.
    fn part(&self);
    /// Nobody will start it again: nothing is kept of how.
    fn forget_start(&self);
}

/// A cell that is to be started by the supervisor.
pub(crate) fn employ<A: Actor>(home: &Home, papers: Arc<dyn Papers<A>>, member: u32) -> ActorRef<A> {
    let kernel = home.kernel().clone();
    let pid = kernel.table.next_pid();
    let cell = Cell::new(kernel, pid, None);
    cell.with_rare(|rare| {
        rare.owner = Some(home.owner());
        rare.papers = Some(papers);
        rare.place.1 = member;
    });
    ActorRef::new(cell)
}

impl<A: Actor> Starter for Cell<A> {
    fn care(&self) -> Care {
        self.papers().map_or(Care::WORKER, |papers| papers.sheet().care())
    }

    fn has_id(&self, id: &str) -> bool {
        self.papers().is_some_and(|papers| papers.sheet().id() == id)
    }

    fn set_place(&self, place: (u32, u32)) {
        self.with_rare(|rare| rare.place = place);
    }

    fn start(self: Arc<Self>, declared: bool) -> StartFuture {
        Box::pin(async move {
            let missing = || StartError::Invalid { message: "a temporary child is started once".into() };
            let papers = self.papers().ok_or_else(missing)?;
            papers.part(false);
            // What was put there for the first start, or what can be made again.
            let made = self.take_made();
            let make = made.or_else(|| papers.clone().make()).ok_or_else(missing)?;
            let care = papers.sheet().care();
            if !declared && care.restart == RestartPolicy::Temporary {
                self.forget_start();
            }
            if let Some(name) = papers.sheet().name() {
                let claimed = self.kernel_ref().registry.claim(name, self.clone());
                claimed.map_err(|owner| StartError::NameTaken { name: name.into(), owner })?;
            }
            self.kernel_ref().table.insert(self.pid(), self.clone());
            let adopted = self.boss().is_some_and(|owner| owner.adopt(self.pid(), declared));
            if !adopted {
                return Err(StartError::NoSupervisor);
            }
            launch(&self, Some(make), care.start_timeout, || papers.sheet().id().into()).await
        })
    }

    fn start_here(self: Arc<Self>) -> Begun {
        if !self.may_start_here() {
            return Begun::No;
        }
        let Some(papers) = self.papers() else { return Begun::No };
        // A limit could not be kept while its start runs on this very stack.
        if papers.sheet().care().start_timeout.is_some() {
            return Begun::No;
        }
        // Down, it has its name, its place in the table and its owner still.
        papers.make().map_or(Begun::No, |make| Cell::start_here(&self, make))
    }

    fn part(&self) {
        if let Some(papers) = self.papers() {
            papers.part(true);
        }
    }

    fn forget_start(&self) {
        // Those that are shared have nothing to forget.
        let Some(papers) = self.papers().filter(|papers| papers.keeps()) else { return };
        let sheet: Arc<dyn Papers<A>> = Arc::new(papers.sheet().clone());
        let before = self.with_rare(|rare| rare.papers.replace(sheet));
        // Outside the lock: what the start expression had is the user's.
        let _ = discard((before, papers));
    }
}

impl<A: Actor> IntoChild for ChildSpec<A> {
    type Handle = ActorRef<A>;

    fn child_id(&self) -> Arc<str> {
        self.id.clone()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        significance(auto_shutdown, &self.id, &self.options.care, false)
    }

    async fn prepare(self, home: Home) -> Result<Prepared<ActorRef<A>>, StartError> {
        let Self { id, recipe, options } = self;
        let actor = employ(&home, recipe(options.sheet(&id)), 0);
        let slot = Slot::One(Child::new(actor.cell.clone()));
        Ok(Prepared { id, slot, handle: Box::new(move || Some(actor)) })
    }
}

impl<A: Actor> IntoChild for PoolSpec<A> {
    type Handle = Pool<A>;

    fn child_id(&self) -> Arc<str> {
        self.spec.id.clone()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        if self.count == 0 {
            return Some(format!("the pool `{}` needs at least one member", self.spec.id));
        }
        self.spec.problem(auto_shutdown)
    }

    async fn prepare(self, home: Home) -> Result<Prepared<Pool<A>>, StartError> {
        let ChildSpec { id, recipe, options } = self.spec;
        let papers = recipe(options.sheet(&id).numbered());
        let mut group = Group::new(id.clone(), options.care);
        let mut members = Vec::with_capacity(self.count);
        for number in (0..).take(self.count) {
            let actor = employ(&home, papers.clone(), number);
            group.members.push(Child::new(actor.cell.clone()));
            members.push(actor);
        }
        let pool = Pool::new(members);
        Ok(Prepared { id, slot: Slot::Group(Box::new(group)), handle: Box::new(move || Some(pool)) })
    }
}

impl<A: Actor, Arg: Clone + Send + 'static> IntoChild for DynamicSpec<A, Arg> {
    type Handle = Children<A, Arg>;

    fn child_id(&self) -> Arc<str> {
        self.id.clone()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        significance(auto_shutdown, &self.id, &self.options.care, true)
    }

    async fn prepare(self, home: Home) -> Result<Prepared<Children<A, Arg>>, StartError> {
        let Self { id, make, options, max } = self;
        let mut group = Group::new(id.clone(), options.care);
        (group.dynamic, group.max) = (true, max);
        let children = Children::new(home, options.sheet(&id), make);
        Ok(Prepared { id, slot: Slot::Group(Box::new(group)), handle: Box::new(move || Some(children)) })
    }
}

/// The papers of a supervisor below another one.
struct Nested {
    sheet: Sheet,
    factory: Factory,
    parting: Parting,
}

/// Tells a supervisor below that its end is its last.
pub(crate) type Parting = Arc<AtomicBool>;

impl Papers<super::Supervisor> for Nested {
    fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    fn make(self: Arc<Self>) -> Option<Make<super::Supervisor>> {
        Some((self.factory)())
    }

    fn keeps(&self) -> bool {
        true
    }

    fn part(&self, last: bool) {
        self.parting.store(last, Ordering::Release);
    }
}

impl<S, Fut> IntoChild for SupervisorChild<S, Fut>
where
    S: Send + Sync + 'static,
    Fut: Future<Output = ActorResult<super::SupervisorSpec<S>>> + Send + 'static,
{
    type Handle = super::Supervised<S>;

    fn child_id(&self) -> Arc<str> {
        self.id.clone()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        significance(auto_shutdown, &self.id, &self.options.care, false)
    }

    async fn prepare(self, home: Home) -> Result<Prepared<super::Supervised<S>>, StartError> {
        let Self { id, spec, options, .. } = self;
        let spec = match crate::cell::caught(spec).await {
            Ok(Ok(spec)) => spec,
            Ok(Err(error)) if error.is_ignore() => return Err(StartError::Ignored { child: id }),
            Ok(Err(error)) => {
                return Err(StartError::Failed { child: id, message: crate::error::text_of(&error).into() });
            }
            Err(message) => return Err(StartError::Panicked { child: id, message }),
        };
        let parting = Parting::default();
        let (factory, delivered) = spec.into_factory(Some(parting.clone()))?;
        let papers = Arc::new(Nested { sheet: options.sheet(&id), factory, parting });
        let actor = employ(&home, papers, 0);
        let slot = Slot::One(Child::new(actor.cell.clone()));
        let handle = Box::new(move || {
            let tree = delivered.lock().take()?;
            Some(super::Supervised::new(actor, tree))
        });
        Ok(Prepared { id, slot, handle })
    }
}

crate::opaque::opaque_debug! {
    ChildSpec<A> where A: Actor;
    PoolSpec<A> where A: Actor;
    DynamicSpec<A, Arg> where A: Actor;
    SupervisorChild<S, Fut>;
    Prepared<H>;
}
