//! Groups: a name that many actors share, to find them all or to tell them all.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::actor::{Actor, Handles};
use crate::actor_ref::ActorRef;
use crate::cell::{Cell, Posted};
use crate::crowd;
use crate::kernel::Kernel;
use crate::letter::Letter;
use crate::process::{AnyCell, LinkKey, ProcessInfo};

/// The groups of a system: each is a name with any number of live actors, of any types.
///
/// A group is there as long as it has a member. An actor is in it once, however often it joins, from
/// [`join`](Self::join) until it leaves or has ended for good: by the time its [`Down`](crate::Down) is seen, no
/// group has it. A restart is no end, so a member that is between two incarnations is one still. An actor may be
/// in many groups, and in groups of another system. A group keeps nobody alive.
///
/// Erlang calls them process groups (`pg`); there, who joins twice is listed twice.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// #[derive(Clone)]
/// struct Said(&'static str);
///
/// #[actor]
/// #[derive(Default)]
/// struct Guest {
///     heard: Vec<&'static str>,
/// }
///
/// #[handlers]
/// impl Guest {
///     #[handler(message)]
///     fn said(&mut self, said: Said) {
///         self.heard.push(said.0);
///     }
///
///     #[handler]
///     fn heard(&self) -> Vec<&'static str> {
///         self.heard.clone()
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), AskError> {
///     let system = System::new("party");
///     let (ada, ben) = (system.spawn(Guest::default()), system.spawn(Guest::default()));
///     let groups = system.groups();
///     assert!(groups.join("kitchen", &ada));
///     assert!(groups.join("kitchen", &ben));
///     assert!(groups.join("kitchen", &ben), "a member already");
///     assert_eq!(groups.tell_all::<Guest, _>("kitchen", Said("hello")), 2);
///
///     assert!(groups.leave("kitchen", &ada));
///     assert_eq!(groups.tell_all::<Guest, _>("kitchen", Said("she has left")), 1);
///     assert_eq!(groups.processes("kitchen")[0].pid(), ben.pid());
///     for guest in groups.members::<Guest>("kitchen") {
///         assert_eq!(guest.heard().await?, ["hello", "she has left"]);
///     }
///     assert_eq!(ada.heard().await?, ["hello"]);
///
///     let _ = ben.stop().await;
///     assert!(groups.names().is_empty(), "who has ended is in no group");
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Groups {
    kernel: Arc<Kernel>,
}

impl Groups {
    pub(crate) fn of(kernel: Arc<Kernel>) -> Self {
        Self { kernel }
    }

    /// Puts an actor, which may be of another system, into a group, until it leaves or has ended for good. Nothing
    /// changes when it is a member already. False when it has ended.
    pub fn join(&self, name: impl Into<Arc<str>>, actor: &ActorRef<impl Actor>) -> bool {
        join(&self.kernel, name.into(), &actor.cell)
    }

    /// Takes an actor out of a group: nothing told to the group afterwards reaches it. False when it was no member.
    pub fn leave(&self, name: &str, actor: &ActorRef<impl Actor>) -> bool {
        leave(&self.kernel, name, &actor.cell)
    }

    /// The live members of type `A`, each once, in order of their ids.
    ///
    /// Their typed methods reach each of them: `for member in groups.members::<Guest>("kitchen") { … }`.
    #[must_use]
    pub fn members<A: Actor>(&self, name: &str) -> Vec<ActorRef<A>> {
        self.cells::<A>(name).filter(|cell| cell.is_alive()).filter_map(ActorRef::revive).collect()
    }

    /// The live members of all types, each once, in order of their ids.
    #[must_use]
    pub fn processes(&self, name: &str) -> Vec<ProcessInfo> {
        let mut members: Vec<_> = self.kernel.roll.members(name).into_iter().map(ProcessInfo).collect();
        members.retain(ProcessInfo::is_alive);
        members
    }

    /// The groups that have a member, in order of their names.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.kernel.roll.names()
    }

    /// Sends a message to every live member of type `A`, once each. Returns how many took it.
    ///
    /// Never waits: a member whose mailbox is full does not get the message, which is counted in
    /// [`Counters::refused`](crate::Counters::refused). A group whose members are of several types is told once for
    /// each of them; where the sender is not to know the types, publish an event on the
    /// [bus](crate::EventBus) instead.
    ///
    /// # Panics
    /// When cloning the message does.
    pub fn tell_all<A, M>(&self, name: &str, message: M) -> usize
    where
        A: Handles<M>,
        M: Clone + Send + 'static,
    {
        let mut members: Vec<_> = self.cells::<A>(name).collect();
        let Some(last) = members.pop() else { return 0 };
        let tell = |member: &Arc<Cell<A>>, message| {
            crowd::count_one();
            let mail = <A as Handles<M>>::into_mail(Letter::told(message));
            usize::from(matches!(member.post(mail, false), Posted::Done))
        };
        crowd::during(|| {
            let reached: usize = members.iter().map(|member| tell(member, message.clone())).sum();
            reached + tell(&last, message)
        })
    }

    fn cells<A: Actor>(&self, name: &str) -> impl Iterator<Item = Arc<Cell<A>>> {
        self.kernel.roll.members(name).into_iter().filter_map(|cell| cell.into_any().downcast().ok())
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Puts an actor into a group. False when it has ended.
pub(crate) fn join<A: Actor>(kernel: &Arc<Kernel>, name: Arc<str>, cell: &Arc<Cell<A>>) -> bool {
    let weak: Weak<dyn AnyCell> = Arc::downgrade(cell) as Weak<Cell<A>>;
    kernel.roll.join(name, LinkKey::of(&**cell), weak, |group, number| cell.note_group(group, kernel, number))
}

/// Takes an actor out of a group. False when it was no member.
pub(crate) fn leave<A: Actor>(kernel: &Arc<Kernel>, name: &str, cell: &Arc<Cell<A>>) -> bool {
    kernel.roll.leave(name, LinkKey::of(&**cell), |group| cell.forget_group(group, kernel))
}
