//! Runs the user's async code as its actor: under its identity, in its span, until its end, a panic or a kill.

use std::any::Any;
use std::borrow::BorrowMut;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
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

impl Current {
    /// The actor itself, with nobody who waits.
    pub(super) fn of<A: Actor>(cell: &Arc<Cell<A>>) -> Self {
        Self { process: cell.clone(), deadline: None }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The actor whose async handler, hook or start expression is being polled on this thread.
#[inline(never)]
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
    pub(super) fn fall_asleep(&mut self, cx: &Context<'_>) {
        self.asleep = true;
        if cx.waker().data().is_null() {
            // The waker of nobody (which is not told by its table: there may be several copies of it), for a first poll on
            // somebody else's stack. Whoever gets the task polls it once more.
            self.waker = None;
            return;
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
    }
}

impl<A: Actor> Cell<A> {
    /// Polls the user's future as this actor.
    pub(super) fn poll_here<F: Future + ?Sized>(
        self: &Arc<Self>,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> std::thread::Result<Poll<F::Output>> {
        let mut identity = Some(Current::of(self));
        CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
        let polled = watched(|| future.poll(cx));
        CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
        polled
    }

    /// Runs the user's future: as this actor, in its span, until its end, a panic or a kill.
    pub(super) fn guarded<F: Future>(
        self: &Arc<Self>,
        deadline: Option<Instant>,
        room: Option<Room>,
        future: F,
    ) -> Guarded<'_, A, F, Option<Current>> {
        let identity = Some(Current { deadline, ..Current::of(self) });
        Guarded { home: self, room, identity, future: Some(future) }
    }

    /// The same for whom nobody watches, under an identity that the caller keeps.
    #[inline]
    pub(super) fn guarded_as<'a, F: Future>(
        self: &'a Arc<Self>,
        identity: &'a mut Option<Current>,
        future: F,
    ) -> Guarded<'a, A, F, &'a mut Option<Current>> {
        Guarded { home: self, room: None, identity, future: Some(future) }
    }
}

/// Runs plain handlers: as this actor where they may ask, which only those that may block can.
#[inline]
pub(super) fn acting<A: Actor, T>(home: &Arc<Cell<A>>, run: impl FnOnce() -> T) -> T {
    if !A::CONFIG.may_block() {
        return run();
    }
    let mut identity = Some(Current::of(home));
    CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
    // Panics of handlers are caught below, so the swap is taken back.
    let done = run();
    CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut identity));
    done
}

pin_project! {
    /// A piece of the user's async code. Written by hand, since an async function would hold the future twice.
    pub(super) struct Guarded<'c, A: Actor, F, I> {
        home: &'c Arc<Cell<A>>,
        room: Option<Room>,
        identity: I,
        #[pin]
        future: Option<F>,
    }
}

impl<A: Actor, F: Future, I: BorrowMut<Option<Current>>> Future for Guarded<'_, A, F, I> {
    type Output = Result<F::Output, Interrupt>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = poll_as(
            this.home,
            this.room.as_ref(),
            this.identity.borrow_mut(),
            this.future.as_mut().as_pin_mut(),
            cx,
        );
        if let Poll::Ready(Err(_)) = &polled {
            // What a dropped handler held is dropped here; a destructor that panics stops nothing.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
                instrument::hook_failed(
                    this.home.pid,
                    std::any::type_name::<A>(),
                    "drop",
                    &panic_text(payload),
                );
            }
        }
        polled
    }
}

fn poll_as<A: Actor, F: Future>(
    home: &Arc<Cell<A>>,
    room: Option<&Room>,
    identity: &mut Option<Current>,
    running: Option<Pin<&mut F>>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Interrupt>> {
    let dropped = || home.signal.load(Ordering::Acquire) & signal::DROPS != 0;
    let Some(running) = running.filter(|_| !dropped()) else {
        return Poll::Ready(Err(Interrupt::Dropped));
    };
    CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), identity));
    let polled = watched(|| match room {
        Some(room) => room.within(|| running.poll(cx)),
        None => running.poll(cx),
    });
    CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), identity));
    match polled {
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(payload) => Poll::Ready(Err(Interrupt::Panicked(payload))),
        Ok(Poll::Pending) => {
            let mut state = home.state.lock();
            state.fall_asleep(cx);
            drop(state);
            // A signal given before the waker was set woke nobody.
            if dropped() {
                return Poll::Ready(Err(Interrupt::Dropped));
            }
            if home.waiting.load(Ordering::Relaxed) {
                home.admit();
            }
            Poll::Pending
        }
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
