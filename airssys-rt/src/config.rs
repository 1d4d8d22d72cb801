//! How an actor is run: settled once per type, a constant.

/// What happens to a message when the mailbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackpressureStrategy {
    /// The sender waits for room, first come first served.
    Block,
    /// The new message is refused, counted, and given back to its sender.
    Drop,
    /// The oldest waiting message is evicted, counted, and becomes a dead letter.
    DropOldest,
}

/// How an actor is run; written as `#[actor(…)]`, or by hand as `Actor::CONFIG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorConfig {
    capacity: Option<u32>,
    backpressure: Option<BackpressureStrategy>,
    inline: bool,
}

/// The capacity that stands for "no bound".
pub(crate) const UNBOUNDED: u32 = u32::MAX;

impl ActorConfig {
    /// The system's default capacity and backpressure, inline asks allowed.
    pub const DEFAULT: Self = Self { capacity: None, backpressure: None, inline: true };

    /// Sets the mailbox capacity in messages.
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

    /// Takes the bound off the mailbox.
    #[must_use]
    pub const fn unbounded(mut self) -> Self {
        self.capacity = Some(UNBOUNDED);
        self
    }

    /// Sets what happens to a message when the mailbox is full.
    #[must_use]
    pub const fn backpressure(mut self, strategy: BackpressureStrategy) -> Self {
        self.backpressure = Some(strategy);
        self
    }

    /// Whether an ask of a plain handler may run on the asker's turn while the actor is idle.
    #[must_use]
    pub const fn inline(mut self, allowed: bool) -> Self {
        self.inline = allowed;
        self
    }

    pub(crate) const fn allows_inline(&self) -> bool {
        self.inline
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
