//! How far apart the processors are: how long a word takes from one that writes it to another that waits for it.
//!
//! Two processors of a shared machine are two of many, and which two may change from second to second: a message between
//! them takes 20 to 60 ns where they share a cache, and 200 ns or more where they do not. That changes every figure with
//! two threads in it by a factor of two to three, so figures are compared only where it was the same.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{available_parallelism, scope};
use std::time::Instant;

/// From here on they share no cache.
const FAR: f64 = 100.0;
/// One part of the way to and fro; the median of the parts is what counts.
const PART: u32 = 200;
const PARTS: u32 = 15;
/// Who waits longer than this gives its processor away: there may be one only.
const PATIENCE: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    Near,
    Far,
    /// It was not the same before and after.
    Changed,
}

/// Looks before and after.
pub fn around<T>(measure: impl FnOnce() -> T) -> (T, Distance) {
    let before = is_far();
    let measured = measure();
    let distance = match (before, is_far()) {
        (true, true) => Distance::Far,
        (false, false) => Distance::Near,
        _ => Distance::Changed,
    };
    (measured, distance)
}

/// On one processor, nothing is far.
fn is_far() -> bool {
    available_parallelism().is_ok_and(|count| count.get() > 1) && look() >= FAR
}

/// Nanoseconds one way.
fn look() -> f64 {
    let word = AtomicU32::new(0);
    let mut parts = Vec::new();
    let mut began = Instant::now();
    scope(|scope| {
        scope.spawn(|| play(&word, 1, |_| {}));
        play(&word, 0, |step| {
            if step.is_multiple_of(PART) {
                parts.push(began.elapsed().as_nanos() as f64 / f64::from(PART));
                began = Instant::now();
            }
        });
    });
    // The first part is the wait for the other side's thread.
    crate::runner::median(&mut parts[1..])
}

/// One side, 0 or 1, counts the word up in turns with the other.
fn play(word: &AtomicU32, side: u32, mut at: impl FnMut(u32)) {
    for step in (side..PART * PARTS).step_by(2) {
        let mut waited = 0;
        while word.load(Ordering::Acquire) != step {
            waited += 1;
            if waited < PATIENCE { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        at(step);
        word.store(step + 1, Ordering::Release);
    }
}
