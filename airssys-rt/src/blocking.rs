//! A future that may block its thread: polled on Tokio's blocking pool, waiting without a thread.
//!
//! Rules:
//!
//! 1. One thing holds the future at any time: a closure of the pool, which polls it, or a task of the runtime, which
//!    waits for its wake. Both are dropped with the runtime, and the future with them: it may clean up.
//! 2. A thread of the pool is in the runtime's context and inside no `block_on`: so the future may block on another.
//! 3. Nothing waits on a thread of the pool. However many futures wait for each other, those that can go on find one.
//! 4. A wake that comes during a poll is noted; the future is then polled again, behind whatever the pool has to do.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Handle;

use crate::kernel::{Task, spawn_boxed};
use crate::lock::Lock;

/// Runs a future whose polls may block.
pub(crate) fn spawn(runtime: &Handle, future: Task) {
    let bell = Arc::new(Bell(Lock::new(Rung { rung: false, sleeper: None })));
    Blocking { future, bell, runtime: runtime.clone() }.go_on();
}

struct Blocking {
    future: Task,
    bell: Arc<Bell>,
    runtime: Handle,
}

impl Blocking {
    /// Has the pool poll it. When the runtime is gone, that drops it.
    fn go_on(self) {
        let runtime = self.runtime.clone();
        drop(runtime.spawn_blocking(move || self.run()));
    }

    fn run(mut self) {
        let waker = Waker::from(self.bell.clone());
        if self.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        if self.bell.has_rung(None) {
            self.go_on();
        } else {
            let runtime = self.runtime.clone();
            spawn_boxed(&runtime, Box::pin(Asleep(Some(self))));
        }
    }
}

/// The task that waits for the wake of the future it holds.
struct Asleep(Option<Blocking>);

impl Future for Asleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.take() {
            Some(blocking) if !blocking.bell.has_rung(Some(cx)) => {
                self.0 = Some(blocking);
                Poll::Pending
            }
            Some(blocking) => {
                blocking.go_on();
                Poll::Ready(())
            }
            None => Poll::Ready(()),
        }
    }
}

/// The waker of such a future: the same for all its polls.
struct Bell(Lock<Rung>);

struct Rung {
    rung: bool,
    sleeper: Option<Waker>,
}

impl Bell {
    /// Whether it has rung since the last look. If not, `sleeper` is woken when it does.
    fn has_rung(&self, sleeper: Option<&mut Context<'_>>) -> bool {
        let mut state = self.0.lock();
        let rung = std::mem::take(&mut state.rung);
        let old = match (rung, sleeper) {
            (false, Some(cx)) => state.sleeper.replace(cx.waker().clone()),
            _ => state.sleeper.take(),
        };
        drop(state);
        drop(old);
        rung
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let sleeper = {
            let mut state = self.0.lock();
            state.rung = true;
            state.sleeper.take()
        };
        if let Some(sleeper) = sleeper {
            sleeper.wake();
        }
    }
}
