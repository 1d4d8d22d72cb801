//! How an actor is run: settled once per type, a constant.

/// What happens to a message when the mailbox is full.
///
/// Written as `#[actor(mailbox(capacity = 2, backpressure = "drop"))]`. The room is counted in messages that wait; the one
/// in hand takes none, and neither do timers and notices.
///
/// ```
/// # use airssys_rt::prelude::*;
/// #[actor(mailbox(capacity = 1, backpressure = "drop"))]
/// #[derive(Default)]
/// struct Refuses(Vec<u32>);
///
/// #[actor(mailbox(capacity = 1, backpressure = "drop_oldest"))]
/// #[derive(Default)]
/// struct Evicts(Vec<u32>);
///
/// # #[handlers] impl Refuses { #[handler] fn see(&mut self, n: u32) -> Vec<u32> { self.0.push(n); self.0.clone() } }
/// # #[handlers] impl Evicts { #[handler] fn see(&mut self, n: u32) -> Vec<u32> { self.0.push(n); self.0.clone() } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let refuses = system.spawn(Refuses::default());
/// let evicts = system.spawn(Evicts::default());
/// refuses.see(1).try_tell()?;
/// assert!(refuses.see(2).try_tell().is_err(), "BackpressureStrategy::Drop");
/// evicts.see(1).try_tell()?;
/// evicts.see(2).try_tell()?; // BackpressureStrategy::DropOldest
/// # tokio::task::yield_now().await;
/// assert_eq!(refuses.see(3).await?, [1, 3]);
/// assert_eq!(evicts.see(3).await?, [2, 3]);
/// assert_eq!((system.counters().refused, system.counters().evicted), (1, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackpressureStrategy {
    /// The sender waits for room, first come first served.
    Block,
    /// The new message is refused, counted, and given back to its sender.
    Drop,
    /// The oldest waiting message is evicted, counted, and becomes a dead letter.
    DropOldest,
}

/// How an actor is run; written as `#[actor(…)]`, or by hand as [`Actor::CONFIG`](crate::Actor::CONFIG).
///
/// ```
/// # use airssys_rt::prelude::*;
/// struct Printer;
///
/// impl Actor for Printer {
///     type Message = String;
///     // The same as `#[actor(mailbox(capacity = 2, backpressure = "drop"), inline = false)]`:
///     const CONFIG: ActorConfig =
///         ActorConfig::DEFAULT.capacity(2).backpressure(BackpressureStrategy::Drop).inline(false);
///
///     async fn handle(&mut self, page: String, _: &mut Context<Self>) -> ActorResult<()> {
///         println!("{page}");
///         Ok(())
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let printer = system.spawn(Printer);
/// assert!(printer.try_tell("one".to_owned()).is_ok());
/// assert!(printer.try_tell("two".to_owned()).is_ok());
/// assert!(matches!(printer.try_tell("three".to_owned()), Err(TrySendError::Full(_))));
///
/// assert_ne!(Printer::CONFIG, ActorConfig::DEFAULT.unbounded());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorConfig {
    capacity: Option<u32>,
    backpressure: Option<BackpressureStrategy>,
    inline: bool,
    blocking: bool,
}

/// The capacity that stands for "no bound".
pub(crate) const UNBOUNDED: u32 = u32::MAX;

impl ActorConfig {
    /// The system's default capacity and backpressure, inline asks allowed, handlers that do not block.
    pub const DEFAULT: Self = Self { capacity: None, backpressure: None, inline: true, blocking: false };

    /// Sets the mailbox capacity in messages: from 1 to 4,294,967,294. The system's default, 1,024 unless it says otherwise,
    /// without this.
    ///
    /// # Panics
    /// When `messages` is 0 or does not fit in 32 bits: at compile time where the config is a constant.
    #[must_use]
    pub const fn capacity(mut self, messages: usize) -> Self {
        assert!(messages > 0, "a mailbox needs room for at least one message");
        assert!(messages < UNBOUNDED as usize, "a mailbox of this capacity is better unbounded");
        self.capacity = Some(messages as u32);
        self
    }

    /// Takes the bound off the mailbox: no sender is ever held back, and memory is the limit.
    #[must_use]
    pub const fn unbounded(mut self) -> Self {
        self.capacity = Some(UNBOUNDED);
        self
    }

    /// Sets what happens to a message when the mailbox is full. [`Block`](BackpressureStrategy::Block) without this.
    #[must_use]
    pub const fn backpressure(mut self, strategy: BackpressureStrategy) -> Self {
        self.backpressure = Some(strategy);
        self
    }

    /// Whether an ask of a plain handler may run on the asker's turn while the actor is idle; never of one that
    /// [blocks](Self::blocking). True without this.
    ///
    /// Nobody can tell but by speed. False is for an actor whose plain handlers take long: its askers then share no thread with
    /// it by accident. (One that was seen to take long is asked the long way in any case.)
    #[must_use]
    pub const fn inline(mut self, allowed: bool) -> Self {
        self.inline = allowed;
        self
    }

    /// Whether the actor's code may block its thread: then it runs on the threads that Tokio keeps for that.
    ///
    /// All of it does: handlers, also those for the start, the stop and failures, the start expression of a child, and
    /// the destructor of the state. There `std::thread::sleep`, blocking files, sockets and locks, long computations,
    /// [`blocking_ask`](crate::Request::blocking_ask) and [`Handle::block_on`](tokio::runtime::Handle::block_on) are
    /// allowed, and nobody else waits for them. What the actor spawns or attaches runs on the runtime as ever.
    ///
    /// It costs a hop to another thread for each activation (a batch of messages that find the actor idle), and for each
    /// await that has to wait; asks never run on the asker's turn. A thread is held while the actor's code runs: not
    /// while it is idle, nor at an await. There are as many threads as the runtime's
    /// [`max_blocking_threads`](tokio::runtime::Builder::max_blocking_threads), 512 unless set; the actors beyond wait.
    ///
    /// For an actor that blocks now and then, [`tokio::task::spawn_blocking`] in an async handler is the better choice.
    ///
    /// Supervision is the same. A kill takes effect between two messages or at the next await; an actor that does not
    /// get there in time is reported as leaked and left behind. As with any blocking code, dropping the runtime waits
    /// for a handler that runs; `Runtime::shutdown_timeout` does not. In a [simulation](crate::testing::Simulation) such
    /// an actor shares the one thread with all others.
    ///
    /// ```
    /// use airssys_rt::prelude::*;
    ///
    /// #[actor(blocking)]
    /// struct Thumbnails;
    ///
    /// #[handlers]
    /// impl Thumbnails {
    ///     #[handler]
    ///     fn make(&mut self, path: String) -> std::io::Result<u64> {
    ///         let image = std::fs::read(path)?;
    ///         Ok(image.iter().map(|&byte| u64::from(byte)).sum()) // imagine something longer
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let system = System::new("gallery");
    /// let thumbnails = system.spawn(Thumbnails);
    /// assert!(thumbnails.make("/nowhere".to_owned()).await.unwrap().is_err());
    /// # }
    /// ```
    #[must_use]
    pub const fn blocking(mut self, blocks: bool) -> Self {
        self.blocking = blocks;
        self
    }

    pub(crate) const fn allows_inline(&self) -> bool {
        self.inline && !self.blocking
    }

    pub(crate) const fn may_block(&self) -> bool {
        self.blocking
    }

    pub(crate) fn mailbox(&self, default: MailboxConfig) -> MailboxConfig {
        MailboxConfig {
            capacity: self.capacity.unwrap_or(default.capacity),
            backpressure: self.backpressure.unwrap_or(default.backpressure),
        }
    }
}

/// The bound of one mailbox and what happens at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailboxConfig {
    pub(crate) capacity: u32,
    pub(crate) backpressure: BackpressureStrategy,
}

impl MailboxConfig {
    pub(crate) const DEFAULT: Self = Self { capacity: 1_024, backpressure: BackpressureStrategy::Block };
}
