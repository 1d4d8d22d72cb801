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

/// The dead letters of a system.
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

    /// The last ones, oldest first; a bounded number.
    #[must_use]
    pub fn recent(&self) -> Vec<DeadLetter> {
        self.recent.lock().iter().cloned().collect()
    }

    /// Calls `hook` for every further dead letter, on the thread where it became one.
    ///
    /// A dead letter that the hook itself causes is counted but not shown to hooks, so none can run for
    /// ever. A hook that panics is left out of nothing: the panic is dropped.
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
