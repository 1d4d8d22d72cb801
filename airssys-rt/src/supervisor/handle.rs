//! The handle of a supervisor that runs: it derefs to the struct that described it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::actor::Actor;
use crate::actor_ref::{ActorRef, Ended, Monitor};
use crate::address::{HasProcess, Target};
use crate::error::{ChildError, StartError};
use crate::process::{ProcessInfo, ProcessRole};
use crate::process_id::ProcessId;

use super::Supervisor;
use super::child_spec::{IntoChild, Prepared};
use super::command::{ChildCount, ChildInfo, ChildStatus, Health, Order};
use super::home::Home;

/// A running supervisor, and through [`Deref`] the typed references of its children.
///
/// It keeps nothing alive: a supervisor runs until it is stopped, gives up, or its own supervisor ends it. The calls that
/// look after children are requests to the supervisor, answered between its other work, also while it restarts somebody;
/// dropped half-way, such a call may have been carried out.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct App {
///     #[child]
///     counter: ActorRef<Counter>,
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let system = System::new("shop");
///     let app: Supervised<App> = system.start(App::spec()).await?;
///     assert_eq!(app.counter.add(7).await?, 7); // each field is a live reference
///
///     // A child that is stopped by hand stays down until it is restarted by hand, or with its group.
///     app.terminate_child("counter").await?;
///     assert_eq!(app.health().await?.stopped, 1);
///     app.restart_child("counter").await?;
///     assert_eq!(app.counter.add(1).await?, 1, "the reference stays, the state does not");
///
///     // Children can be added and taken out at run time.
///     let extra = app.start_child(ChildSpec::new("extra", || async { Ok(Counter(0)) })).await?;
///     assert_eq!(app.child::<Counter>("extra").await, Some(extra));
///     assert_eq!(app.count().await?.active, 2);
///     app.terminate_child("extra").await?;
///     app.delete_child("extra").await?;
///     assert_eq!(app.children().await?.len(), 1);
///
///     let monitor = app.monitor();
///     assert_eq!(app.process().pid(), app.pid());
///     assert_eq!(app.stop().await?, ExitReason::Shutdown);
///     assert_eq!(monitor.await.pid, app.pid());
///     Ok(())
/// }
/// ```
pub struct Supervised<S = ()> {
    actor: ActorRef<Supervisor>,
    home: Home,
    tree: Arc<S>,
}

impl<S> Supervised<S> {
    pub(crate) fn new(actor: ActorRef<Supervisor>, tree: S) -> Self {
        let home = Home::of(&actor.cell);
        Self { actor, home, tree: Arc::new(tree) }
    }

    /// Its id, the same through all restarts by its own supervisor.
    #[must_use]
    pub fn pid(&self) -> ProcessId {
        self.actor.pid()
    }

    /// Everything else about its process.
    #[must_use]
    pub fn process(&self) -> ProcessInfo {
        self.actor.process()
    }

    /// Ends it: its children in reverse order, each by its own `shutdown`, then itself.
    ///
    /// Takes effect at once; await it for the [`ExitReason`](crate::ExitReason). Awaiting it with a
    /// deadline of your own does not cut the shutdown short.
    pub fn stop(&self) -> Ended {
        self.actor.stop()
    }

    /// Kills it. Its children are killed, too, without their stop handlers.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Counter(i64);
    /// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
    /// # #[supervisor] struct App { #[child] counter: ActorRef<Counter> }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let app = system.start(App::spec()).await?;
    /// assert_eq!(app.kill().await?, ExitReason::Killed);
    /// assert_eq!(app.counter.add(1).await, Err(AskError::Stopped));
    /// # Ok(()) }
    /// ```
    pub fn kill(&self) -> Ended {
        self.actor.kill()
    }

    /// A future of the notice that it has ended for good: stopped, or because it gave up.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] struct Mayfly;
    /// # #[handlers] impl Mayfly { #[handler] fn die(&mut self) -> ActorResult { Err(ActorError::msg("noon")) } }
    /// #[supervisor(max_restarts = 1, within = "5s")]
    /// struct Meadow {
    ///     #[child]
    ///     mayfly: ActorRef<Mayfly>,
    /// }
    /// # impl Default for Mayfly { fn default() -> Self { Self } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let meadow = system.start(Meadow::spec()).await?;
    /// let monitor = meadow.monitor();
    /// while meadow.mayfly.die().await != Err(AskError::Stopped) {}
    /// assert_eq!(monitor.await.reason, ExitReason::Shutdown); // it has given up
    /// # Ok(()) }
    /// ```
    pub fn monitor(&self) -> Monitor {
        self.actor.monitor()
    }

    /// One row for each child, in start order; the members of a group in the order of their own start.
    ///
    /// # Errors
    /// [`ChildError::NoSupervisor`] when it has ended.
    pub async fn children(&self) -> Result<Vec<ChildInfo>, ChildError> {
        let called = self.home.call(|tell| Order::Which { tell }).await;
        called.map_err(|_| ChildError::NoSupervisor)
    }

    /// How many children it has. One that is being restarted is no active one. See [`ChildCount`].
    ///
    /// # Errors
    /// [`ChildError::NoSupervisor`] when it has ended.
    pub async fn count(&self) -> Result<ChildCount, ChildError> {
        let mut count = ChildCount::default();
        for child in self.children().await? {
            count.specs += 1;
            count.active += usize::from(child.status == ChildStatus::Running);
            match child.role {
                ProcessRole::Supervisor => count.supervisors += 1,
                ProcessRole::Worker => count.workers += 1,
            }
        }
        Ok(count)
    }

    /// How it fares: see [`Health`].
    ///
    /// # Errors
    /// [`ChildError::NoSupervisor`] when it has ended.
    pub async fn health(&self) -> Result<Health, ChildError> {
        let called = self.home.call(|tell| Order::Health { tell }).await;
        called.map_err(|_| ChildError::NoSupervisor)
    }

    /// Starts a further child, the last in start order. It takes part in everything like the declared ones, but ends
    /// for good with the supervisor's incarnation.
    ///
    /// # Errors
    /// [`StartError`]: the spec is not kept then, and no sibling is touched.
    pub async fn start_child<C: IntoChild>(&self, child: C) -> Result<C::Handle, StartError> {
        let Prepared { id, slot, handle } = child.prepare(self.home.clone()).await?;
        self.home.call(|tell| Order::Start { id, slot, tell }).await??;
        handle().ok_or(StartError::NoSupervisor)
    }

    /// Ends a child and keeps its spec, unless it is temporary. It is not restarted until
    /// [`restart_child`](Self::restart_child) or a restart of its group.
    ///
    /// # Errors
    /// [`ChildError::NotFound`]; a child that is stopped already is fine.
    pub async fn terminate_child(&self, id: &str) -> Result<(), ChildError> {
        let id: Arc<str> = id.into();
        let called = self.home.call(|tell| Order::Terminate { id, tell }).await;
        called.map_err(|_| ChildError::NoSupervisor)?
    }

    /// Starts a stopped child again, under the reference it has always had.
    ///
    /// # Errors
    /// [`ChildError`]; a child that fails to start stays stopped.
    pub async fn restart_child(&self, id: &str) -> Result<(), ChildError> {
        let id: Arc<str> = id.into();
        let called = self.home.call(|tell| Order::Restart { id, tell }).await;
        called.map_err(|_| ChildError::NoSupervisor)?
    }

    /// Forgets a stopped child: its id is free, and its reference has ended for good.
    ///
    /// # Errors
    /// [`ChildError::Running`] or [`ChildError::Restarting`] when it is not stopped, [`ChildError::NotFound`].
    pub async fn delete_child(&self, id: &str) -> Result<(), ChildError> {
        let id: Arc<str> = id.into();
        let called = self.home.call(|tell| Order::Delete { id, tell }).await;
        called.map_err(|_| ChildError::NoSupervisor)?
    }

    /// The child of this id, when it is an actor of type `A` that has not ended for good.
    pub async fn child<A: Actor>(&self, id: &str) -> Option<ActorRef<A>> {
        let id: Arc<str> = id.into();
        let cell = self.home.call(|tell| Order::Find { id, tell }).await.ok().flatten()?;
        ActorRef::of(cell)
    }
}

impl<S> Deref for Supervised<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.tree
    }
}

impl<S> Clone for Supervised<S> {
    fn clone(&self) -> Self {
        Self { actor: self.actor.clone(), home: self.home.clone(), tree: self.tree.clone() }
    }
}

impl<S> fmt::Debug for Supervised<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = crate::process::short_name(std::any::type_name::<S>());
        write!(f, "Supervised<{name}>{}", self.pid())
    }
}

impl<S> HasProcess for Supervised<S> {
    fn __process(&self) -> Option<Target> {
        self.actor.__process()
    }
}
