//! Every interleaving of the small concurrent parts, in the shipped code itself.
//!
//! `RUSTFLAGS="--cfg airssys_loom" cargo test -p airssys-rt --release --lib loom`

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::config::{BackpressureStrategy, MailboxConfig};
use crate::error::AskError;
use crate::instrument::Caller;
use crate::lock::Lock;
use crate::mailbox::{Item, Mailbox, Offer, Room};
use crate::reply::{Port, ReplyCell};
use crate::seat::Seat;

fn waker() -> std::task::Waker {
    std::task::Waker::noop().clone()
}

#[test]
fn loom_a_seat_has_one_turn_and_what_one_wrote_the_next_one_sees() {
    loom::model(|| {
        let seat = Arc::new(Seat::new(Some(0_usize)));
        let turns = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let (seat, turns) = (seat.clone(), turns.clone());
                thread::spawn(move || {
                    if let Some(mut turn) = seat.try_take() {
                        if let Some(value) = turn.as_mut() {
                            *value += 1;
                        }
                        turns.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for other in others {
            other.join().unwrap();
        }
        let turn = seat.try_take().expect("nobody has the turn");
        assert_eq!(*turn, Some(turns.load(Ordering::Relaxed)));
        assert!(seat.try_take().is_none());
    });
}

struct Thing(#[expect(dead_code, reason = "it is only moved")] u8);

impl Item for Thing {
    fn takes_room(&self) -> bool {
        true
    }
}

const ONE: MailboxConfig = MailboxConfig { capacity: 1, backpressure: BackpressureStrategy::Block };

/// A full mailbox of one, and a second sender in line.
fn full() -> (Arc<Lock<Mailbox<Thing>>>, Room<Thing>) {
    let mut mailbox = Mailbox::new();
    assert!(matches!(mailbox.offer(Thing(1), ONE, 0, true), Offer::Taken));
    let Offer::Waits(ticket) = mailbox.offer(Thing(2), ONE, 0, true) else { panic!("there is no room") };
    (Arc::new(Lock::new(mailbox)), Room { ticket })
}

#[test]
fn loom_a_waiting_sender_that_gives_up_is_let_in_or_withdrawn_and_never_both() {
    loom::model(|| {
        let (mailbox, room) = full();
        let reader = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                let mut mailbox = mailbox.lock();
                assert!(mailbox.pop().is_some());
                mailbox.admit(ONE, 0, &mut Vec::new())
            })
        };
        let accepted =
            matches!(pin!(room).as_mut().poll(&mut Context::from_waker(&waker())), Poll::Ready(Ok(())));
        // Dropped here, whatever the reader has done.
        let admitted = reader.join().unwrap();
        let mut mailbox = mailbox.lock();
        assert_eq!(mailbox.load(), u32::try_from(admitted).unwrap());
        assert!(!accepted || admitted == 1);
        // No place is lost: the next one finds room.
        if admitted == 0 {
            assert!(matches!(mailbox.offer(Thing(3), ONE, 0, true), Offer::Taken));
        }
    });
}

#[test]
fn loom_a_waiting_sender_whose_actor_ends_gets_its_message_back() {
    loom::model(|| {
        let (mailbox, room) = full();
        let ending = {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                let (left, turned_away) = mailbox.lock().clear();
                for ticket in turned_away {
                    drop(ticket.refuse());
                }
                left.len()
            })
        };
        let mut room = pin!(room);
        let first = room.as_mut().poll(&mut Context::from_waker(&waker()));
        assert_eq!(ending.join().unwrap(), 1);
        if first.is_pending() {
            assert!(matches!(room.as_mut().poll(&mut Context::from_waker(&waker())), Poll::Ready(Err(_))));
        } else {
            assert!(matches!(first, Poll::Ready(Err(_))));
        }
    });
}

#[test]
fn loom_an_answer_and_its_asker_meet_whoever_comes_first() {
    loom::model(|| {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let answering = {
            let cell = cell.clone();
            thread::spawn(move || cell.accept(&mut Some(7_u32)))
        };
        let first = cell.poll(&mut Context::from_waker(&waker()));
        answering.join().unwrap();
        let answer = if first.is_ready() { first } else { cell.poll(&mut Context::from_waker(&waker())) };
        assert_eq!(answer, Poll::Ready(Some(Ok(7))));
    });
}

#[test]
fn loom_of_two_answers_one_stands() {
    loom::model(|| {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let failing = {
            let cell = cell.clone();
            thread::spawn(move || cell.fail(AskError::NoReply))
        };
        cell.accept(&mut Some(7_u32));
        failing.join().unwrap();
        let answer = cell.poll(&mut Context::from_waker(&waker()));
        assert!(matches!(answer, Poll::Ready(Some(Ok(7) | Err(AskError::NoReply)))));
    });
}

#[test]
fn loom_an_asker_that_gives_up_leaves_no_answer_behind() {
    loom::model(|| {
        let cell = Arc::new(ReplyCell::<Arc<()>>::new(None, Caller::none()));
        let value = Arc::new(());
        let answering = {
            let (cell, value) = (cell.clone(), value.clone());
            thread::spawn(move || cell.accept(&mut Some(value)))
        };
        cell.close();
        answering.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_a_lock_is_held_by_one_at_a_time_and_everybody_gets_it() {
    use crate::lock::own::{Lock, Room};
    // Two find each other at every step; of three, at most two switches are forced.
    for (others, switches) in [(1, None), (2, Some(2))] {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = switches;
        builder.check(move || {
            let lock = Arc::new((Lock::new(0_u32), Room::new()));
            let threads: Vec<_> = (0..others)
                .map(|_| {
                    let lock = lock.clone();
                    thread::spawn(move || *lock.0.lock(&lock.1) += 1)
                })
                .collect();
            *lock.0.lock(&lock.1) += 1;
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(*lock.0.lock(&lock.1), others + 1);
        });
    }
}
