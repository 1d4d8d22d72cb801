//! Runs the user's async code as its actor: under its identity, in its span, until its end, a panic or a kill.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use tokio::time::Instant;

use crate::actor::Actor;
use crate::error::panic_text;
use crate::instrument::{self, Room};
use crate::process::AnyCell;
use crate::reply::watched;

use super::state::State;
use super::{Cell, signal};

/// Who handles a message on this thread now, and until when its asker waits.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) process: Arc<dyn AnyCell>,
    pub(crate) deadline: Option<Instant>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The actor whose async handler, hook or start expression is being polled on this thread.
pub(crate) fn current() -> Option<Current> {
    CURRENT.with(|current| current.borrow().clone())
}

/// Why a piece of the user's code did not come to its end.
pub(crate) enum Interrupt {
    /// A kill, or the exit of a linked actor.
    Dropped,
    Panicked(Box<dyn Any + Send>),
}

impl<A: Actor> State<A> {
    /// The task is about to wait: from now on, whoever has something for it wakes it.
    pub(super) fn fall_asleep(&mut self, cx: &std::task::Context<'_>) {
        self.asleep = true;
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
    }
}

impl<A: Actor> Cell<A> {
    /// Runs the user's future: as this actor, in its span, until its end, a panic or a kill.
    pub(super) async fn guarded<F: Future>(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        room: Option<&Room>,
        future: F,
    ) -> Result<F::Output, Interrupt> {
        let mut future = pin!(Some(future));
        let process: Arc<dyn AnyCell> = self.clone();
        let mut identity = Some(Current { process, deadline });
        let outcome = std::future::poll_fn(|cx| {
            let Some(running) = future.as_mut().as_pin_mut() else {
                return Poll::Ready(Err(Interrupt::Dropped));
            };
            if self.signal.load(Ordering::Acquire) & signal::DROPS != 0 {
                return Poll::Ready(Err(Interrupt::Dropped));
            }
            CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
            let polled = watched(|| match room {
                Some(room) => room.within(|| running.poll(cx)),
                None => running.poll(cx),
            });
            CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
            match polled {
                Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
                Err(payload) => Poll::Ready(Err(Interrupt::Panicked(payload))),
                Ok(Poll::Pending) => {
                    let mut state = self.state.lock();
                    state.fall_asleep(cx);
                    drop(state);
                    // A signal given before the waker was set woke nobody.
                    if self.signal.load(Ordering::Acquire) & signal::DROPS != 0 {
                        return Poll::Ready(Err(Interrupt::Dropped));
                    }
                    if self.waiting.load(Ordering::Relaxed) {
                        self.admit();
                    }
                    Poll::Pending
                }
            }
        })
        .await;
        if outcome.is_err() {
            // What a dropped handler held is dropped here; a destructor that panics stops nothing.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| future.set(None))) {
                instrument::hook_failed(self.pid, std::any::type_name::<A>(), "drop", &panic_text(payload));
            }
        }
        outcome
    }
}

/// Runs a future and catches its panic as text.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Arc<str>> {
    let mut future = pin!(future);
    std::future::poll_fn(move |cx| {
        match catch_unwind(AssertUnwindSafe(|| Pin::as_mut(&mut future).poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(panic_text(payload))),
        }
    })
    .await
}
