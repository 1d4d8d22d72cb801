//! Letters that reached nobody: counted always, remembered a little, shown to whoever asks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::discard;
use crate::exit::ExitReason;
use crate::lock::Lock;
use crate::process_id::ProcessId;

/// How many of the last dead letters are remembered.
const REMEMBERED: usize = 64;

/// A message that was accepted and will not be handled.
///
/// Its actor has ended, or a newer message has evicted it. The message itself is dropped; this says what it was.
///
/// ```
/// use airssys_rt::DeadLetter;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let counter = system.spawn(Counter(0));
/// counter.add(7).tell().await?;
/// counter.stop().await?; // before it has handled the message
///
/// let letters: Vec<DeadLetter> = system.dead_letters().recent();
/// assert_eq!(letters[0].to, counter.pid());
/// assert!(letters[0].message.ends_with("CounterMessage"));
/// assert_eq!(letters[0].reason, ExitReason::Shutdown);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// For whom it was.
    pub to: ProcessId,
    /// The type of that actor.
    pub actor: &'static str,
    /// The type of the message.
    pub message: &'static str,
    /// Why it was not handled.
    pub reason: ExitReason,
}

type Hook = Arc<dyn Fn(&DeadLetter) + Send + Sync>;

/// The dead letters of a system: counted, the last 64 remembered, and shown to hooks.
///
/// A message that was refused and given back to its sender is none. Each is also an event of `tracing`. Erlang's and Akka's
/// idea.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// # use std::sync::{Arc, atomic::{AtomicU64, Ordering::Relaxed}};
/// let shown = Arc::new(AtomicU64::new(0));
/// let hook = shown.clone();
/// system.dead_letters().on_each(move |_letter| {
///     hook.fetch_add(1, Relaxed);
/// });
///
/// let counter = system.spawn(Counter(0));
/// counter.add(1).tell().await?;
/// counter.add(2).tell().await?;
/// counter.stop().await?;
/// assert_eq!(system.dead_letters().count(), 2);
/// assert_eq!(system.dead_letters().recent().len(), 2);
/// assert_eq!(shown.load(Relaxed), 2);
/// # Ok(()) }
/// ```
pub struct DeadLetters {
    count: AtomicU64,
    recent: Lock<VecDeque<DeadLetter>>,
    hooks: Lock<Arc<[Hook]>>,
    hooked: AtomicBool,
}

thread_local! {
    static IN_HOOK: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl DeadLetters {
    pub(crate) fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            recent: Lock::new(VecDeque::new()),
            hooks: Lock::new(Arc::new([])),
            hooked: AtomicBool::new(false),
        }
    }

    /// How many there were since the system began.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The last ones, oldest first: at most 64.
    #[must_use]
    pub fn recent(&self) -> Vec<DeadLetter> {
        self.recent.lock().iter().cloned().collect()
    }

    /// Calls `hook` for every further dead letter, on the thread where it became one. It stays for as long as the system;
    /// [`SystemBuilder::on_dead_letter`](crate::SystemBuilder::on_dead_letter) sets one from the beginning.
    ///
    /// A dead letter that the hook itself causes is counted but not shown to hooks, so none can run for
    /// ever. A panic of a hook is dropped, and the other hooks are called.
    pub fn on_each(&self, hook: impl Fn(&DeadLetter) + Send + Sync + 'static) {
        let mut hooks = self.hooks.lock();
        let mut all: Vec<Hook> = hooks.to_vec();
        all.push(Arc::new(hook));
        *hooks = all.into();
        self.hooked.store(true, Ordering::Release);
    }

    pub(crate) fn add(&self, letter: DeadLetter) {
        self.count.fetch_add(1, Ordering::Relaxed);
        crate::instrument::dead_letter(letter.to, letter.actor, letter.message, &letter.reason);
        if self.hooked.load(Ordering::Acquire) && !IN_HOOK.replace(true) {
            let hooks = self.hooks.lock().clone();
            for hook in hooks.iter() {
                let call = std::panic::AssertUnwindSafe(|| hook(&letter));
                if let Err(payload) = std::panic::catch_unwind(call) {
                    let _ = discard(payload);
                }
            }
            IN_HOOK.set(false);
        }
        let mut recent = self.recent.lock();
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(letter);
    }
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetters").field("count", &self.count()).finish()
    }
}
