//! Children that are started at run time, each from an argument.

use std::fmt;
use std::sync::Arc;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::error::{ChildError, StartError};
use crate::lock::Lock;
use crate::process_id::ProcessId;

use super::child_spec::{ActorStarter, DynamicFactory, Options, Source, Starter};
use super::command::Order;
use super::home::Home;
use super::policy::RestartPolicy;

/// The children of one field that are started at run time: `bank.sessions.start(id).await?`.
///
/// Inside it is one-for-one, on the supervisor's budget. They end for good with their supervisor, all at the
/// same time; when a sibling's failure takes them down, those that are not temporary are started again. Erlang's
/// `simple_one_for_one`, Elixir's `DynamicSupervisor`.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct Shop {
///     #[child(start = |from: i64| Counter(from), restart = "temporary", max = 10_000)]
///     sessions: Children<Counter, i64>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let shop = system.start(Shop::spec()).await?;
/// let session = shop.sessions.start(100).await?;
/// assert_eq!(session.add(1).await?, 101);
/// assert_eq!(shop.sessions.members().await?, [session.clone()]);
///
/// shop.sessions.terminate(session.pid()).await?;
/// assert!(shop.sessions.members().await?.is_empty());
/// # Ok(()) }
/// ```
pub struct Children<A: Actor, Arg = ()> {
    inside: Arc<Inside<A, Arg>>,
}

struct Inside<A: Actor, Arg> {
    home: Home,
    id: Arc<str>,
    make: DynamicFactory<A, Arg>,
    options: Arc<Options>,
}

impl<A: Actor, Arg: Clone + Send + 'static> Children<A, Arg> {
    pub(crate) fn new(home: Home, id: Arc<str>, make: DynamicFactory<A, Arg>, options: Arc<Options>) -> Self {
        Self { inside: Arc::new(Inside { home, id, make, options }) }
    }

    /// Starts a child and waits until it has started.
    ///
    /// Of a temporary child, the supervisor keeps neither the argument nor the expression.
    ///
    /// # Errors
    /// [`StartError`]: nothing of the child is left then.
    ///
    /// # Cancel safety
    /// Dropped after the first poll, the child may have been started.
    pub async fn start(&self, argument: Arg) -> Result<ActorRef<A>, StartError> {
        let inside = &self.inside;
        let source = if inside.options.restart == RestartPolicy::Temporary {
            let make = inside.make.clone();
            Source::Once(Lock::new(Some(Box::pin(async move { make(argument).await }))))
        } else {
            let make = inside.make.clone();
            let argument = Lock::new(argument);
            Source::again(Arc::new(move || {
                let argument = argument.lock().clone();
                make(argument)
            }))
        };
        let starter = ActorStarter::new(&inside.home, source, &inside.options, &inside.id);
        let actor = starter.actor.clone();
        let group = inside.id.clone();
        let starter: Arc<dyn Starter> = starter;
        inside.home.call(|tell| Order::StartMember { group, starter, tell }).await??;
        Ok(actor)
    }

    /// Ends one of them, by its id. It is not restarted.
    ///
    /// # Errors
    /// [`ChildError::NotFound`] when it is not one of these children, or has ended already.
    pub async fn terminate(&self, pid: ProcessId) -> Result<(), ChildError> {
        let group = self.inside.id.clone();
        let called = self.inside.home.call(|tell| Order::TerminateMember { group, pid, tell }).await;
        called.map_err(|_| ChildError::NoSupervisor)?
    }

    /// Those that run or wait for a restart, in order of their start.
    ///
    /// # Errors
    /// [`ChildError::NoSupervisor`] when the supervisor has ended.
    pub async fn members(&self) -> Result<Vec<ActorRef<A>>, ChildError> {
        let group = self.inside.id.clone();
        let called = self.inside.home.call(|tell| Order::Members { group, tell }).await;
        let cells = called.map_err(|_| ChildError::NoSupervisor)?;
        Ok(cells.into_iter().filter_map(ActorRef::of).collect())
    }
}

impl<A: Actor, Arg> Clone for Children<A, Arg> {
    fn clone(&self) -> Self {
        Self { inside: self.inside.clone() }
    }
}

impl<A: Actor, Arg> fmt::Debug for Children<A, Arg> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Children({} of {})", self.inside.id, self.inside.home.pid())
    }
}
