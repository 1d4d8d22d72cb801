//! What a supervisor has to know to start, restart and end a child.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::cell::{Cell, Limit};
use crate::error::{ActorResult, StartError};
use crate::lock::Lock;
use crate::process::AnyCell;
use crate::system::{Make, launch};

use super::children::Children;
use super::home::Home;
use super::policy::{AutoShutdown, RestartPolicy, Shutdown};
use super::pool::Pool;

/// How a child is started and looked after. Defaults: permanent, 5 s to stop, no limit to start.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) restart: RestartPolicy,
    pub(crate) shutdown: Shutdown,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) significant: bool,
    pub(crate) name: Option<Arc<str>>,
}

impl Options {
    pub(crate) const WORKER: Self = Self {
        restart: RestartPolicy::Permanent,
        shutdown: Shutdown::After(Duration::from_secs(5)),
        start_timeout: None,
        significant: false,
        name: None,
    };

    /// A supervisor is waited for, so that its own children end in order.
    pub(crate) const SUPERVISOR: Self = Self { shutdown: Shutdown::Wait, ..Self::WORKER };

    /// How long the stop handler may take.
    pub(crate) fn limit(&self) -> Limit {
        match self.shutdown {
            Shutdown::Kill => Limit::Default,
            Shutdown::After(limit) => Limit::After(limit),
            Shutdown::Wait => Limit::Never,
        }
    }
}

macro_rules! options {
    () => {
        /// When it is restarted. [`RestartPolicy::Permanent`] without this.
        pub fn restart(mut self, policy: RestartPolicy) -> Self {
            self.options.restart = policy;
            self
        }

        /// How it is ended. [`Shutdown::After`] 5 s without this, [`Shutdown::Wait`] for a supervisor.
        pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
            self.options.shutdown = shutdown;
            self
        }

        /// How long each start may take; then it is killed, and has failed to start. No limit without this.
        pub fn start_timeout(mut self, limit: Duration) -> Self {
            self.options.start_timeout = Some(limit);
            self
        }

        /// Whether its end can end the supervisor: see [`AutoShutdown`](crate::AutoShutdown).
        pub fn significant(mut self, significant: bool) -> Self {
            self.options.significant = significant;
            self
        }

        /// Registers it under a name, which it keeps through restarts. It has none without this.
        pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
            self.options.name = Some(name.into());
            self
        }
    };
}

type Factory<A> = Arc<dyn Fn() -> Make<A> + Send + Sync>;

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
    factory: Factory<A>,
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
        let factory: Factory<A> = Arc::new(move || Box::pin(make()));
        Self { id: id.into(), factory, options: Options::WORKER }
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
    options: &Options,
    dynamic: bool,
) -> Option<String> {
    let problem = match options.significant {
        false => return None,
        true if dynamic => "children started at run time cannot be significant",
        true if auto_shutdown == AutoShutdown::Never => {
            "a significant child needs a supervisor with `auto_shutdown`"
        }
        true if options.restart == RestartPolicy::Permanent => {
            "a permanent child never ends, so it cannot be significant"
        }
        true => return None,
    };
    Some(format!("`{id}`: {problem}"))
}

/// A child that is made and not started.
pub struct Prepared<H> {
    pub(crate) id: Arc<str>,
    pub(crate) options: Arc<Options>,
    pub(crate) body: Fresh,
    pub(crate) handle: Box<dyn FnOnce() -> Option<H> + Send>,
}

/// The processes of a child that is not started.
pub(crate) enum Fresh {
    One(Arc<dyn Starter>),
    Pool(Vec<Arc<dyn Starter>>),
    Dynamic { max: Option<usize> },
}

type StartFuture<'a> = Pin<Box<dyn Future<Output = Result<(), StartError>> + Send + 'a>>;

/// Starts one logical child, again and again.
pub(crate) trait Starter: Send + Sync {
    fn cell(&self) -> Arc<dyn AnyCell>;
    /// `declared`: whether it outlives an incarnation of its supervisor.
    fn start(&self, options: &Options, id: Arc<str>, declared: bool) -> StartFuture<'_>;
    /// It is about to be ended, and will not be started again by this incarnation of its supervisor.
    fn part(&self);
}

/// The [`Starter`] of an actor: its cell, and how to make its state.
pub(crate) struct ActorStarter<A: Actor> {
    pub(crate) actor: ActorRef<A>,
    source: Source<A>,
    home: Home,
    parting: Option<Parting>,
}

/// Tells a supervisor below that its end is its last.
pub(crate) type Parting = Arc<AtomicBool>;

/// Emptied when its child is started for the only time: nothing of it is kept then.
pub(crate) enum Source<A: Actor> {
    Again(Lock<Option<Factory<A>>>),
    Once(Lock<Option<Make<A>>>),
}

impl<A: Actor> Source<A> {
    pub(crate) fn again(factory: Factory<A>) -> Self {
        Self::Again(Lock::new(Some(factory)))
    }

    fn next(&self, only: bool) -> Option<Make<A>> {
        match self {
            Self::Again(factory) => {
                let factory = if only { factory.lock().take() } else { factory.lock().clone() }?;
                // The expression itself may panic before its first await: it runs in the child's own task.
                Some(Box::pin(async move { factory().await }))
            }
            Self::Once(make) => make.lock().take(),
        }
    }
}

impl<A: Actor> ActorStarter<A> {
    pub(crate) fn new(home: &Home, source: Source<A>, options: &Options, label: &Arc<str>) -> Arc<Self> {
        let kernel = home.kernel().clone();
        let pid = kernel.table.next_pid();
        let cell = Cell::new(kernel, pid, None);
        cell.with_rare(|rare| {
            rare.owner = Some(home.owner());
            rare.label = Some(label.clone());
            rare.limit = options.limit();
        });
        Arc::new(Self { actor: ActorRef::new(cell), source, home: home.clone(), parting: None })
    }
}

impl<A: Actor> Starter for ActorStarter<A> {
    fn cell(&self) -> Arc<dyn AnyCell> {
        self.actor.cell.clone()
    }

    fn start(&self, options: &Options, id: Arc<str>, declared: bool) -> StartFuture<'_> {
        let only = !declared && options.restart == RestartPolicy::Temporary;
        let make = self.source.next(only);
        if let Some(parting) = &self.parting {
            parting.store(false, Ordering::Release);
        }
        let limit = options.start_timeout;
        let name = options.name.clone();
        Box::pin(async move {
            let cell = &self.actor.cell;
            let Some(make) = make else {
                return Err(StartError::Invalid { message: "a temporary child is started once".into() });
            };
            if let Some(name) = name {
                cell.kernel_ref()
                    .registry
                    .claim(&name, cell.clone())
                    .map_err(|owner| StartError::NameTaken { name: name.clone(), owner })?;
                cell.with_rare(|rare| rare.name = Some(name));
            }
            cell.kernel_ref().table.insert(cell.clone());
            if !self.home.adopt(cell.clone(), declared) {
                return Err(StartError::NoSupervisor);
            }
            launch(cell, Some(make), limit, id).await
        })
    }

    fn part(&self) {
        if let Some(parting) = &self.parting {
            parting.store(true, Ordering::Release);
        }
    }
}

impl<A: Actor> IntoChild for ChildSpec<A> {
    type Handle = ActorRef<A>;

    fn child_id(&self) -> Arc<str> {
        self.id.clone()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        significance(auto_shutdown, &self.id, &self.options, false)
    }

    async fn prepare(self, home: Home) -> Result<Prepared<ActorRef<A>>, StartError> {
        let starter = ActorStarter::new(&home, Source::again(self.factory), &self.options, &self.id);
        let actor = starter.actor.clone();
        Ok(Prepared {
            id: self.id,
            options: Arc::new(self.options),
            body: Fresh::One(starter),
            handle: Box::new(move || Some(actor)),
        })
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
        let ChildSpec { id, factory, options } = self.spec;
        let mut starters: Vec<Arc<dyn Starter>> = Vec::new();
        let mut members = Vec::new();
        for number in 0..self.count {
            let label: Arc<str> = format!("{id}[{number}]").into();
            let starter = ActorStarter::new(&home, Source::again(factory.clone()), &options, &label);
            members.push(starter.actor.clone());
            starters.push(starter);
        }
        let pool = Pool::new(members);
        Ok(Prepared {
            id,
            options: Arc::new(options),
            body: Fresh::Pool(starters),
            handle: Box::new(move || Some(pool)),
        })
    }
}

impl<A: Actor, Arg: Clone + Send + 'static> IntoChild for DynamicSpec<A, Arg> {
    type Handle = Children<A, Arg>;

    fn child_id(&self) -> Arc<str> {
        self.id.clone()
    }

    fn problem(&self, auto_shutdown: AutoShutdown) -> Option<String> {
        significance(auto_shutdown, &self.id, &self.options, true)
    }

    async fn prepare(self, home: Home) -> Result<Prepared<Children<A, Arg>>, StartError> {
        let options = Arc::new(self.options);
        let children = Children::new(home, self.id.clone(), self.make, options.clone());
        Ok(Prepared {
            id: self.id,
            options,
            body: Fresh::Dynamic { max: self.max },
            handle: Box::new(move || Some(children)),
        })
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
        significance(auto_shutdown, &self.id, &self.options, false)
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
        let mut starter = ActorStarter::new(&home, Source::again(factory), &options, &id);
        if let Some(starter) = Arc::get_mut(&mut starter) {
            starter.parting = Some(parting);
        }
        starter.actor.cell.with_rare(|rare| rare.supervises = true);
        let actor = starter.actor.clone();
        Ok(Prepared {
            id,
            options: Arc::new(options),
            body: Fresh::One(starter),
            handle: Box::new(move || {
                let tree = delivered.lock().take()?;
                Some(super::Supervised::new(actor, tree))
            }),
        })
    }
}

crate::opaque::opaque_debug! {
    ChildSpec<A> where A: Actor;
    PoolSpec<A> where A: Actor;
    DynamicSpec<A, Arg> where A: Actor;
    SupervisorChild<S, Fut>;
    Prepared<H>;
}
