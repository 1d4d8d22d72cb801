//! Giving way to other tasks, on Tokio and in a simulation alike.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

/// Lets other tasks run once.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

thread_local! {
    /// How many tells and asks of this thread's tasks were begun, all but those that are as long as what Tokio counts.
    static SENDS: Cell<u8> = const { Cell::new(0) };
}

/// How many tells a task begins for each of the 128 units that Tokio gives it for a poll: 4,096 take less than 0.2 ms.
pub(crate) const TELLS: u8 = 32;
/// How many asks, and tells for each of which a stream is polled.
pub(crate) const ASKS: u8 = 16;

/// A loop of tells or asks that never waits has to give way to other tasks now and then: one in `each` takes one of the units that
/// Tokio gives a task for a poll. They are that much shorter than what Tokio counts, and to give way may wake another worker.
#[inline]
pub(crate) fn poll_send(each: u8, cx: &mut Context<'_>) -> Poll<()> {
    let sends = SENDS.get();
    if sends.is_multiple_of(each) {
        ready!(tokio::task::coop::poll_proceed(cx)).made_progress();
    }
    // Not before: who has to give way is asked again.
    SENDS.set(sends.wrapping_add(1));
    Poll::Ready(())
}

/// What this thread sends takes longer, or is to be counted from the start: the next one takes a unit of its own.
#[inline]
pub(crate) fn count_anew() {
    SENDS.set(0);
}

/// Which of two futures was ready first.
pub(crate) enum Either<L, R> {
    Left(L),
    Right(R),
}

/// Waits for either of two futures, the left one first where both are ready; the other is dropped.
pub(crate) async fn either<L: Future, R: Future>(left: L, right: R) -> Either<L::Output, R::Output> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    poll_fn(|cx| {
        if let Poll::Ready(output) = left.as_mut().poll(cx) {
            return Poll::Ready(Either::Left(output));
        }
        right.as_mut().poll(cx).map(Either::Right)
    })
    .await
}
