//! Giving way to other tasks, on Tokio and in a simulation alike.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

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
