//! Children that are started at run time, each from an argument.

use std::fmt;
use std::sync::Arc;

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::cell::Make;
use crate::error::{ChildError, StartError};
use crate::lock::Lock;
use crate::papers::{Papers, Sheet};
use crate::process_id::ProcessId;

use super::child_spec::{DynamicFactory, employ};
use super::command::Order;
use super::home::Home;
use super::policy::RestartPolicy;
use super::slot::Child;

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
    /// Of those that are temporary: they are as good as the other ones, but for the start.
    sheet: Arc<Sheet>,
    make: DynamicFactory<A, Arg>,
}

/// The papers of a child that may be started again.
struct Again<A: Actor, Arg> {
    inside: Arc<Inside<A, Arg>>,
    argument: Lock<Arg>,
}

impl<A: Actor, Arg: Clone + Send + 'static> Papers<A> for Again<A, Arg> {
    fn sheet(&self) -> &Sheet {
        &self.inside.sheet
    }

    fn make(self: Arc<Self>) -> Option<Make<A>> {
        Some(Box::pin(async move {
            let argument = self.argument.lock().clone();
            (self.inside.make)(argument).await
        }))
    }

    fn keeps(&self) -> bool {
        true
    }
}

impl<A: Actor, Arg: Clone + Send + 'static> Children<A, Arg> {
    pub(crate) fn new(home: Home, sheet: Sheet, make: DynamicFactory<A, Arg>) -> Self {
        Self { inside: Arc::new(Inside { home, id: sheet.id().into(), sheet: Arc::new(sheet), make }) }
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
        let actor = if inside.sheet.care().restart == RestartPolicy::Temporary {
            let actor = employ::<A>(&inside.home, inside.sheet.clone(), 0);
            let make = inside.make.clone();
            actor.cell.put_made(Box::pin(async move { make(argument).await }));
            actor
        } else {
            let papers = Again { inside: inside.clone(), argument: Lock::new(argument) };
            employ::<A>(&inside.home, Arc::new(papers), 0)
        };
        let group = inside.id.clone();
        let child = Child::new(actor.cell.clone());
        inside.home.call(|tell| Order::StartMember { group, child, tell }).await??;
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
