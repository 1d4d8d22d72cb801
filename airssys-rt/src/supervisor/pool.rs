//! A pool is several actors of one type behind one address.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use crate::actor::{Actor, Handles};
use crate::actor_ref::ActorRef;
use crate::address::{Address, Here, Posting, Target, Town, Wait, WeakSender};
use crate::error::AskError;
use crate::letter::Letter;
use crate::recipient::Recipient;
use crate::request::{Request, sends};

/// Several actors of one type: each message goes to the next one in turn.
///
/// The members are children of one supervisor; for its strategy the pool is one child, inside it is
/// one-for-one. The references are stable, so the pool is, too. A message goes to the member whose turn it is, also when
/// that one is busy and another is not.
///
/// ```
/// use airssys_rt::prelude::*;
///
/// # #[derive(Debug)]
/// struct Job(u32);
/// # #[actor] #[derive(Default)] struct Worker { sum: u32 }
/// #[handlers]
/// impl Worker {
///     #[handler(message)]
///     fn job(&mut self, job: Job) -> u32 {
///         self.sum += job.0;
///         self.sum
///     }
/// }
///
/// #[supervisor]
/// struct App {
///     #[child(count = 2)]
///     workers: Pool<Worker>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// app.workers.tell(Job(1)).await?; // to the first
/// app.workers.try_tell(Job(10))?; // to the second
/// assert_eq!(app.workers.ask(Job(2)).await?, 3);
/// assert_eq!(app.workers.members().len(), 2);
///
/// let anybody: Recipient<Job> = app.workers.recipient();
/// assert_eq!(anybody.ask::<u32>(Job(20)).await?, 30);
/// # Ok(()) }
/// ```
pub struct Pool<A: Actor> {
    members: Arc<[ActorRef<A>]>,
    next: Arc<AtomicUsize>,
}

impl<A: Actor> Pool<A> {
    pub(crate) fn new(members: Vec<ActorRef<A>>) -> Self {
        Self { members: members.into(), next: Arc::new(AtomicUsize::new(0)) }
    }

    /// The members, in order.
    #[must_use]
    pub fn members(&self) -> &[ActorRef<A>] {
        &self.members
    }

    fn member(&self, turn: usize) -> &ActorRef<A> {
        &self.members[turn % self.members.len()]
    }

    sends!();

    /// Asks every member at the same time: the answers in order of the members, errors in place.
    ///
    /// # Cancel safety
    /// As of each of the asks: what was sent is handled, and its answer is dropped.
    ///
    /// ```
    /// # use airssys_rt::prelude::*;
    /// # #[actor] #[derive(Default)] struct Teller { sum: u64 }
    /// # #[handlers] impl Teller {
    /// #   #[handler] fn add(&mut self, n: u64) { self.sum += n; }
    /// #   #[handler] fn total(&mut self) -> u64 { self.sum }
    /// # }
    /// # #[supervisor] struct Bank { #[child(count = 3)] tellers: Pool<Teller> }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = System::new("doc");
    /// let bank = system.start(Bank::spec()).await?;
    /// for n in 1..=6 {
    ///     bank.tellers.add(n).await?;
    /// }
    /// let totals = bank.tellers.all(|teller| teller.total()).await;
    /// assert_eq!(totals, [Ok(5), Ok(7), Ok(9)]);
    /// # Ok(()) }
    /// ```
    pub async fn all<M, R, F>(&self, request: F) -> Vec<Result<R, AskError>>
    where
        A: Handles<M>,
        M: Send + 'static,
        R: Send + 'static,
        F: for<'a> Fn(&'a ActorRef<A>) -> Request<'a, ActorRef<A>, M, R>,
    {
        let mut asks: Vec<_> = self.members.iter().map(|member| Box::pin(request(member).ask())).collect();
        let mut answers: Vec<Option<Result<R, AskError>>> = asks.iter().map(|_| None).collect();
        std::future::poll_fn(|cx| {
            let mut waiting = false;
            for (ask, answer) in asks.iter_mut().zip(&mut answers) {
                if answer.is_none() {
                    match ask.as_mut().poll(cx) {
                        Poll::Ready(got) => *answer = Some(got),
                        Poll::Pending => waiting = true,
                    }
                }
            }
            if waiting { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        answers.into_iter().map(|answer| answer.unwrap_or(Err(AskError::NoReply))).collect()
    }

    /// The pool as a [`Recipient`]: its messages, too, go to the members in turn.
    #[must_use]
    pub fn recipient<M: Send + 'static>(&self) -> Recipient<M>
    where
        A: Handles<M>,
    {
        Recipient::new(self.clone())
    }
}

impl<A: Actor> Clone for Pool<A> {
    fn clone(&self) -> Self {
        Self { members: self.members.clone(), next: self.next.clone() }
    }
}

impl<A: Actor> fmt::Debug for Pool<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members.iter()).finish()
    }
}

impl<A: Handles<M>, M: Send + 'static> Address<M> for Pool<A> {
    fn __turn(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn __ask_here(&self, turn: usize, message: M, spot: Here<'_>) -> Result<(), M> {
        self.member(turn).__ask_here(turn, message, spot)
    }

    fn __tell_here(&self, turn: usize, message: &mut Option<M>) -> bool {
        self.member(turn).__tell_here(turn, message)
    }

    fn __post(&self, turn: usize, letter: Letter<M>, wait: Wait) -> Posting<M> {
        self.member(turn).__post(turn, letter, wait)
    }

    fn __target(&self) -> Option<Target> {
        // It is no one process.
        None
    }

    fn __target_of(&self, turn: usize) -> Option<Target> {
        Some(Target(self.member(turn).cell.clone()))
    }

    fn __weak(&self) -> WeakSender<M> {
        let senders: Vec<WeakSender<M>> = self.members.iter().map(Address::__weak).collect();
        let next = self.next.clone();
        Box::new(move |message, timer| {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            senders[turn % senders.len()](message, timer)
        })
    }

    fn __town(&self) -> Option<Town> {
        self.members.first().map(|member| Town(member.cell.kernel_ref().clone()))
    }
}

impl<A: Handles<M>, M: Send + 'static> From<Pool<A>> for Recipient<M> {
    fn from(pool: Pool<A>) -> Self {
        Self::new(pool)
    }
}
