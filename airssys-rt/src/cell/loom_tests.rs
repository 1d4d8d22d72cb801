//! The cell in every interleaving: its phases, its one task, its waiting senders, its end.
//!
//! See `crate::loom_tests` for what loom sees and what it does not. Wherever a model ends, every task is over, the
//! books balance (accepted = handled + dead letters + lost in hand) and no two turns were taken at once.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool as Flag, AtomicU32 as Number, Ordering::SeqCst};
use std::sync::{Arc, Mutex as Plain, Weak};
use std::task::{Poll, Waker};

use super::state::{Launch, Linger, Phase};
use super::{Begun, Cell, Posted};
use crate::actor::{Actor, Plain as Handled};
use crate::actor_ref::ActorRef;
use crate::config::{ActorConfig, BackpressureStrategy};
use crate::context::Context;
use crate::error::{ActorResult, AskError};
use crate::exit::{Down, ExitReason, MonitorId};
use crate::letter::Letter;
use crate::lock::Lock;
use crate::loom_tests::{block_on, drop_tasks, explore, go, rest};
use crate::mail::Mail;
use crate::process::{AnyCell, ChildEnd, Ending, Owner, ProcessInfo};
use crate::process_id::ProcessId;
use crate::reply::Answer;
use crate::request::Request;
use crate::system::System;

/// Its handler waits until the gate is open; the handlers of all other numbers are plain.
const WAITS: u32 = 100;
/// Its handler panics.
const PANICS: u32 = 200;

/// What the clerk was given, and whether it was ever given two things at once.
#[derive(Default)]
struct Log {
    handled: Plain<Vec<u32>>,
    begun: Number,
    in_hand: Flag,
    overlapped: Flag,
}

impl Log {
    fn handled(&self) -> Vec<u32> {
        assert!(!self.overlapped.load(SeqCst), "two turns at once");
        self.handled.lock().unwrap().clone()
    }

    fn begin(&self) {
        self.begun.fetch_add(1, SeqCst);
        if self.in_hand.swap(true, SeqCst) {
            self.overlapped.store(true, SeqCst);
        }
    }

    fn end(&self, number: u32) {
        self.handled.lock().unwrap().push(number);
        self.in_hand.store(false, SeqCst);
    }
}

/// Something to wait for in a handler.
struct Gate(Lock<(bool, Option<Waker>)>);

impl Gate {
    fn open(&self) {
        let waker = {
            let mut state = self.0.lock();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn wait(&self) {
        std::future::poll_fn(|cx| {
            let mut state = self.0.lock();
            state.1 = Some(cx.waker().clone());
            if state.0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Notes each number and answers with it.
struct Clerk<const ROOM: usize, const EVICTS: bool> {
    log: Arc<Log>,
    gate: Arc<Gate>,
    /// Something that loom sees, so that a handler may be interrupted.
    desk: loom::sync::atomic::AtomicU32,
}

impl<const ROOM: usize, const EVICTS: bool> Clerk<ROOM, EVICTS> {
    fn new(log: &Arc<Log>, gate: &Arc<Gate>) -> Self {
        Self { log: log.clone(), gate: gate.clone(), desk: Default::default() }
    }
}

impl<const ROOM: usize, const EVICTS: bool> Actor for Clerk<ROOM, EVICTS> {
    type Message = u32;
    const CONFIG: ActorConfig = {
        let config = ActorConfig::DEFAULT.capacity(ROOM);
        if EVICTS { config.backpressure(BackpressureStrategy::DropOldest) } else { config }
    };
    const STARTS: bool = false;
    const STOPS: bool = false;
    const HANDLES_ERRORS: bool = false;

    async fn handle(&mut self, number: u32, ctx: &mut Context<Self>) -> ActorResult<()> {
        let _idle = Idle(&self.log);
        self.log.begin();
        self.gate.wait().await;
        self.log.end(number);
        ctx.answer().send(number);
        Ok(())
    }

    fn is_plain(number: &u32) -> bool {
        *number != WAITS
    }

    fn handle_plain(&mut self, number: u32, _: &mut Context<Self>, answer: &mut Answer<'_>) -> Handled<u32> {
        if number == WAITS {
            return Handled::Later(number);
        }
        self.log.begin();
        self.desk.store(number, SeqCst);
        if number == PANICS {
            self.log.in_hand.store(false, SeqCst);
            // Without the hook that prints it.
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        self.log.end(number);
        answer.send(number);
        Handled::Done(Ok(()))
    }
}

/// A handler that is dropped has nothing in hand any more.
struct Idle<'a>(&'a Log);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.in_hand.store(false, SeqCst);
    }
}

type Home<const ROOM: usize, const EVICTS: bool> = Arc<Cell<Clerk<ROOM, EVICTS>>>;

/// A system with one clerk.
struct Office<const ROOM: usize = 64, const EVICTS: bool = false> {
    system: System,
    clerk: Option<ActorRef<Clerk<ROOM, EVICTS>>>,
    cell: Home<ROOM, EVICTS>,
    log: Arc<Log>,
    gate: Arc<Gate>,
}

impl<const ROOM: usize, const EVICTS: bool> Office<ROOM, EVICTS> {
    fn open() -> Self {
        let system = System::new("model");
        let log = Arc::new(Log::default());
        let gate = Arc::new(Gate(Lock::new((false, None))));
        let clerk = system.spawn(Clerk::new(&log, &gate));
        let cell = clerk.cell.clone();
        Self { system, clerk: Some(clerk), cell, log, gate }
    }

    /// As one whose task lingers when it has nothing to do.
    fn open_hot() -> Self {
        let office = Self::open();
        office.cell.state.lock().linger = Linger::In;
        office
    }

    fn cell(&self) -> Home<ROOM, EVICTS> {
        self.cell.clone()
    }

    fn clerk(&self) -> ActorRef<Clerk<ROOM, EVICTS>> {
        self.clerk.clone().expect("it was not dropped")
    }

    /// Nothing is under way any more: the clerk is idle, with nothing to do and nobody waiting.
    fn is_at_rest(&self) {
        rest();
        // Looked at first: a lock that a failure has poisoned would hide the failure.
        let (phase, queued, waiting, linger) = {
            let state = self.cell.state.lock();
            (state.phase, state.mailbox.len(), state.mailbox.has_waiting(), state.linger)
        };
        assert_eq!(phase, Phase::Idle);
        assert_eq!(queued, 0, "a message is forgotten");
        assert!(!waiting, "a sender is forgotten");
        assert_ne!(linger, Linger::Leave, "its task was asked to go and has not");
        assert!(self.cell.seat.try_take().is_some(), "the turn is free");
        assert_eq!(self.system.counters().queued, 0);
    }

    /// It has ended for good. Says how many messages became dead letters.
    fn is_over(&self) -> u64 {
        rest();
        let (phase, task) = {
            let state = self.cell.state.lock();
            (state.phase, state.task)
        };
        assert_eq!(phase, Phase::Ended);
        assert!(!task, "its task is left");
        assert!(self.cell.seat.try_take().expect("the turn is free").is_none(), "its state is left");
        let counters = self.system.counters();
        assert_eq!(counters.processes, 0);
        assert_eq!(counters.handled, self.log.handled().len() as u64);
        assert_eq!(
            counters.accepted,
            counters.handled + counters.dead_lettered + counters.lost_in_hand + counters.queued,
            "{counters:?}"
        );
        counters.dead_lettered
    }

    /// It has handled these numbers and is at rest; then it is stopped.
    fn has_handled(self, numbers: &[u32]) {
        self.is_at_rest();
        assert_eq!(sorted(self.log.handled()), numbers);
        self.close();
    }

    fn close(self) {
        if let Some(clerk) = &self.clerk {
            drop(clerk.stop());
        }
        self.is_over();
    }

    fn accepted(&self) -> u64 {
        self.system.counters().accepted
    }
}

/// Sends without waiting. False when the actor takes nothing any more.
fn tell<const ROOM: usize, const EVICTS: bool>(cell: &Home<ROOM, EVICTS>, number: u32) -> bool {
    if !EVICTS && cell.tell_here(&mut Some(number)) {
        return true;
    }
    match cell.post(Mail::Message(Letter::told(number)), false) {
        Posted::Done => true,
        Posted::Stopped(_) => false,
        Posted::Full(_) | Posted::Waits(_) => panic!("there is room"),
    }
}

/// Sends as an actor's turn does, in a parcel where the clerk is idle.
fn carry<const ROOM: usize, const EVICTS: bool>(cell: &Home<ROOM, EVICTS>, number: u32) -> bool {
    match cell.pack(&mut Some(number), 0) {
        Some(mut parcel) => {
            parcel.deliver(&mut 256);
            true
        }
        None => tell(cell, number),
    }
}

/// As [`carry`], by a chain that ends before it is the parcel's turn.
fn carry_in_vain<const ROOM: usize, const EVICTS: bool>(cell: &Home<ROOM, EVICTS>, number: u32) -> bool {
    match cell.pack(&mut Some(number), 0) {
        Some(mut parcel) => {
            parcel.hand_in();
            true
        }
        None => tell(cell, number),
    }
}

/// Sends and waits for room. False when the actor takes nothing any more.
fn put<const ROOM: usize, const EVICTS: bool>(cell: &Home<ROOM, EVICTS>, number: u32) -> bool {
    match cell.post(Mail::Message(Letter::told(number)), true) {
        Posted::Done => true,
        Posted::Stopped(_) => false,
        Posted::Full(_) => panic!("it waits"),
        Posted::Waits(room) => block_on(room).is_ok(),
    }
}

/// Asks and waits for the answer: without a hop where that is possible.
fn ask<const ROOM: usize, const EVICTS: bool>(
    clerk: &ActorRef<Clerk<ROOM, EVICTS>>,
    number: u32,
) -> Result<u32, AskError> {
    block_on(Request::<_, u32, u32>::new(clerk, number).ask())
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).as_mut().poll(&mut std::task::Context::from_waker(Waker::noop()))
}

fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers
}

/// Whether each of them that is there comes before the next.
fn in_order(all: &[u32], some: &[u32]) -> bool {
    let places: Vec<_> = some.iter().filter_map(|one| all.iter().position(|other| other == one)).collect();
    places.is_sorted()
}

// The mailbox and the task.

#[test]
fn loom_two_senders_and_the_task_lose_nothing() {
    explore(None, || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1) && tell(&cell, 2));
        assert!(tell(&office.cell, 3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[1, 2]));
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_a_send_meets_a_task_that_leaves() {
    explore(None, || {
        let office = Office::<64>::open();
        for number in 1..=3 {
            assert!(tell(&office.cell, number));
        }
        office.is_at_rest();
        assert_eq!(office.log.handled(), [1, 2, 3]);
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_two_senders_make_one_task() {
    explore(None, || {
        let office = Office::<64>::open_hot();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(tell(&office.cell, 2));
        assert!(sender.join().unwrap());
        assert_eq!(rest(), 1, "it lingers, and it is the only one");
        office.has_handled(&[1, 2]);
    });
}

#[test]
fn loom_a_send_wakes_a_lingering_task_whatever_it_is_about_to_do() {
    explore(Some(5), || {
        let office = Office::<64>::open_hot();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1) && tell(&cell, 2));
        assert!(tell(&office.cell, 3) && tell(&office.cell, 4));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[1, 2]));
        assert!(in_order(&office.log.handled(), &[3, 4]));
        office.has_handled(&[1, 2, 3, 4]);
    });
}

#[test]
fn loom_a_send_meets_a_task_that_joins_the_line() {
    explore(None, || {
        let office = Office::<64>::open();
        office.cell.state.lock().linger = Linger::Twice;
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(tell(&office.cell, 2));
        assert!(sender.join().unwrap());
        office.has_handled(&[1, 2]);
    });
}

#[test]
fn loom_a_send_meets_a_lingering_task_that_is_let_go() {
    explore(None, || {
        let office = Office::<64>::open_hot();
        assert!(tell(&office.cell, 1));
        let cell = office.cell();
        let clock = go(move || cell.clone().cool() && cell.cool());
        assert!(tell(&office.cell, 2));
        clock.join().unwrap();
        office.has_handled(&[1, 2]);
    });
}

#[test]
fn loom_a_full_mailbox_evicts_the_oldest_that_was_not_begun() {
    explore(None, || {
        let office = Office::<1, true>::open();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1) && tell(&cell, 2));
        assert!(tell(&office.cell, 3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        let counters = office.system.counters();
        assert_eq!(counters.accepted, 3);
        assert_eq!(counters.handled + counters.dead_lettered, 3);
        assert_eq!(counters.dead_lettered, counters.evicted);
        let handled = office.log.handled();
        assert!(handled.contains(&2) || handled.contains(&3), "the newest stays");
        assert!(in_order(&handled, &[1, 2]));
        office.close();
    });
}

// Parcels.

#[test]
fn loom_a_parcel_meets_a_sender() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(carry(&office.cell, 2) && carry(&office.cell, 3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[2, 3]));
        assert_eq!(office.accepted(), 3);
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_two_parcels_meet() {
    explore(Some(4), || {
        let office = Office::<64>::open_hot();
        let cell = office.cell();
        let other = go(move || carry(&cell, 1));
        assert!(carry(&office.cell, 2));
        assert!(other.join().unwrap());
        office.has_handled(&[1, 2]);
    });
}

#[test]
fn loom_a_parcel_meets_an_asker() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let carrier = go(move || carry(&cell, 1));
        assert_eq!(ask(&office.clerk(), 2), Ok(2));
        assert!(carrier.join().unwrap());
        office.has_handled(&[1, 2]);
    });
}

#[test]
fn loom_a_parcel_that_is_handed_in_meets_a_sender() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(carry_in_vain(&office.cell, 2) && tell(&office.cell, 3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[2, 3]));
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_a_parcel_meets_a_stop_or_a_kill() {
    for kills in [false, true] {
        explore(Some(4), move || {
            let office = Office::<64>::open();
            let cell = office.cell();
            let carrier = go(move || u64::from(carry(&cell, 1)));
            let clerk = office.clerk();
            let _ = if kills { block_on(clerk.kill()) } else { block_on(clerk.stop()) };
            drop(clerk);
            let accepted = carrier.join().unwrap();
            let dead = office.is_over();
            assert_eq!(office.accepted(), accepted);
            assert_eq!(office.log.handled().len() as u64 + dead, accepted);
        });
    }
}

#[test]
fn loom_the_last_reference_goes_while_a_parcel_is_delivered() {
    explore(Some(4), || {
        let mut office = Office::<64>::open();
        let cell = office.cell();
        let carrier = go(move || u64::from(carry(&cell, 1)));
        office.clerk = None;
        let accepted = carrier.join().unwrap();
        assert_eq!(office.is_over(), 0, "it drains");
        assert_eq!(office.log.handled().len() as u64, accepted);
    });
}

#[test]
fn loom_a_parcel_that_panics_leaves_the_rest_to_the_task() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || u64::from(tell(&cell, 1)));
        assert!(carry(&office.cell, PANICS));
        let accepted = sender.join().unwrap();
        office.is_over();
        assert_eq!(office.accepted(), accepted + 1);
        assert_eq!(office.system.counters().lost_in_hand, 1);
    });
}

#[test]
fn loom_a_sender_that_waits_is_let_in_after_a_parcel() {
    explore(Some(4), || {
        let office = Office::<1>::open();
        let cell = office.cell();
        let sender = go(move || put(&cell, 1));
        assert!(match office.cell.pack(&mut Some(2), 0) {
            Some(mut parcel) => {
                parcel.deliver(&mut 256);
                true
            }
            None => put(&office.cell, 2),
        });
        assert!(sender.join().unwrap());
        office.has_handled(&[1, 2]);
    });
}

// The zero-hop ask.

#[test]
fn loom_an_asker_a_sender_and_the_task_take_turns() {
    explore(Some(7), || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1) && tell(&cell, 2));
        assert_eq!(ask(&office.clerk(), 3), Ok(3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[1, 2]));
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_two_askers_take_turns() {
    explore(None, || {
        let office = Office::<64>::open();
        let clerk = office.clerk();
        let other = go(move || ask(&clerk, 1));
        assert_eq!(ask(&office.clerk(), 2), Ok(2));
        assert_eq!(other.join().unwrap(), Ok(1));
        office.has_handled(&[1, 2]);
    });
}

#[test]
fn loom_an_asker_meets_a_task_that_lingers() {
    explore(Some(7), || {
        let office = Office::<64>::open_hot();
        let cell = office.cell();
        assert!(tell(&office.cell, 1));
        let sender = go(move || tell(&cell, 2));
        assert_eq!(ask(&office.clerk(), 3), Ok(3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[1, 3]), "what is queued goes first");
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_an_asker_whose_message_panics_leaves_the_rest_to_the_task() {
    explore(Some(7), || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || u64::from(tell(&cell, 1)) + u64::from(tell(&cell, 2)));
        let answer = ask(&office.clerk(), PANICS);
        assert!(matches!(answer, Err(AskError::Crashed { .. })), "{answer:?}");
        let accepted = sender.join().unwrap();
        office.is_over();
        assert_eq!(office.accepted(), accepted + 1);
        assert_eq!(office.system.counters().lost_in_hand, 1);
    });
}

#[test]
fn loom_an_asker_that_gives_up_at_any_point_leaves_the_clerk_whole() {
    explore(None, || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        let clerk = office.clerk();
        let answer = poll_once(Request::<_, u32, u32>::new(&clerk, 2).ask());
        assert!(matches!(answer, Poll::Ready(Ok(2)) | Poll::Pending));
        assert!(sender.join().unwrap());
        drop(clerk);
        office.has_handled(&[1, 2]);
    });
}

// Room, and senders that wait for it.

#[test]
fn loom_a_mailbox_holds_what_it_may_and_no_more_whatever_the_reader_has_taken_out() {
    explore(None, || {
        let office = Office::<2>::open();
        let mut accepted = 0;
        for number in [1, WAITS, 2, 3, 4] {
            let posted = office.cell.post(Mail::Message(Letter::told(number)), false);
            accepted += u32::from(matches!(posted, Posted::Done));
        }
        rest();
        // The gate is shut: what is not begun by now still waits.
        assert!(accepted - office.log.begun.load(SeqCst) <= 2);
        office.gate.open();
        office.is_at_rest();
        assert_eq!(office.log.handled().len() as u32, accepted);
        office.close();
    });
}

#[test]
fn loom_senders_that_wait_for_room_are_let_in() {
    explore(Some(4), || {
        let office = Office::<1>::open();
        let cell = office.cell();
        let sender = go(move || put(&cell, 1));
        assert!(put(&office.cell, 2) && put(&office.cell, 3));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert!(in_order(&office.log.handled(), &[2, 3]));
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_a_sender_that_waits_is_let_in_after_an_asker_s_turn() {
    explore(Some(5), || {
        let office = Office::<1>::open();
        let cell = office.cell();
        let sender = go(move || put(&cell, 1) && put(&cell, 2));
        assert_eq!(ask(&office.clerk(), 3), Ok(3));
        assert!(sender.join().unwrap());
        office.has_handled(&[1, 2, 3]);
    });
}

#[test]
fn loom_a_sender_that_waits_is_let_in_though_a_handler_is_pending() {
    explore(None, || {
        let office = Office::<1>::open();
        assert!(tell(&office.cell, WAITS));
        // Of the two messages one is in hand; the other has room, so its sender comes to open the gate.
        assert!(put(&office.cell, 1));
        office.gate.open();
        office.has_handled(&[1, WAITS]);
    });
}

#[test]
fn loom_a_sender_that_no_longer_waits_costs_nobody_a_place() {
    explore(Some(4), || {
        let office = Office::<1>::open();
        let cell = office.cell();
        let sender = go(move || match cell.post(Mail::Message(Letter::told(1)), true) {
            Posted::Waits(room) => poll_once(room).is_ready(),
            posted => matches!(posted, Posted::Done),
        });
        assert!(put(&office.cell, 2) && put(&office.cell, 3));
        let accepted = sender.join().unwrap();
        office.is_at_rest();
        let handled = sorted(office.log.handled());
        // One that was let in as it gave up is handled, too.
        assert!(handled == [1, 2, 3] || (!accepted && handled == [2, 3]), "{handled:?}");
        assert_eq!(office.accepted(), handled.len() as u64);
        office.close();
    });
}

#[test]
fn loom_a_sender_that_waits_hears_of_the_end() {
    for ending in [Ending::Stop, Ending::Drain, Ending::Kill] {
        explore(Some(3), move || {
            let office = Office::<1>::open();
            let cell = office.cell();
            let sender = go(move || u64::from(put(&cell, 1)) + u64::from(put(&cell, 2)));
            let first = u64::from(put(&office.cell, 3));
            office.cell.request_end(ending, true);
            let accepted = first + sender.join().unwrap();
            let dead = office.is_over();
            assert_eq!(office.accepted(), accepted);
            assert!(ending != Ending::Drain || dead == 0);
        });
    }
}

// The end.

/// A sender meets an end that was asked for: what was accepted is handled or a dead letter, and later sends fail.
fn end_against_send(ending: Ending) {
    let office = Office::<64>::open();
    let cell = office.cell();
    let sender = go(move || [tell(&cell, 1), tell(&cell, 2)]);
    assert!(tell(&office.cell, 3));
    assert!(office.cell.request_end(ending, true));
    if ending != Ending::Kill {
        assert!(!tell(&office.cell, 4), "it takes nothing any more");
    }
    let sent = sender.join().unwrap();
    let dead = office.is_over();
    assert!(!tell(&office.cell, 5) && !office.cell.request_end(ending, true));
    let accepted = 1 + u64::from(sent[0]) + u64::from(sent[1]);
    assert_eq!(office.accepted(), accepted);
    assert_eq!(office.system.counters().lost_in_hand, 0);
    assert!(sent[0] || !sent[1] || ending == Ending::Kill);
    if ending == Ending::Drain {
        assert_eq!(dead, 0, "what was accepted is handled");
    }
    let reason = office.cell.exit_reason();
    let expected = match ending {
        Ending::Stop => ExitReason::Shutdown,
        Ending::Drain => ExitReason::Normal,
        Ending::Kill => ExitReason::Killed,
    };
    assert_eq!(reason, Some(expected));
}

#[test]
fn loom_a_stop_meets_a_sender() {
    explore(Some(4), || end_against_send(Ending::Stop));
}

#[test]
fn loom_a_drain_meets_a_sender() {
    explore(Some(4), || end_against_send(Ending::Drain));
}

#[test]
fn loom_a_kill_meets_a_sender() {
    explore(Some(4), || end_against_send(Ending::Kill));
}

#[test]
fn loom_an_actor_that_is_asked_thrice_to_end_ends_once() {
    explore(Some(3), || {
        let office = Office::<64>::open();
        assert!(tell(&office.cell, 1));
        let (one, other) = (office.clerk(), office.clerk());
        let killing = go(move || block_on(one.kill()));
        let draining = go(move || block_on(other.drain()));
        let told = [block_on(office.clerk().stop()), killing.join().unwrap(), draining.join().unwrap()];
        office.is_over();
        // Whoever came in time hears the one reason that there is.
        let reason = office.cell.exit_reason().expect("it has ended");
        assert!(told.iter().flatten().all(|heard| *heard == reason), "{told:?} {reason:?}");
        assert!(told.iter().any(Result::is_ok));
    });
}

#[test]
fn loom_a_kill_meets_a_handler_that_falls_asleep() {
    explore(None, || {
        let office = Office::<64>::open();
        assert!(tell(&office.cell, WAITS));
        let cell = office.cell();
        let killing = go(move || cell.request_end(Ending::Kill, true));
        assert!(killing.join().unwrap());
        // The gate stays shut: nothing but the kill ends the handler.
        office.is_over();
        assert_eq!(office.log.handled(), []);
    });
}

#[test]
fn loom_a_kill_a_wake_and_a_sender_meet_a_handler_that_waits() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        assert!(tell(&office.cell, WAITS));
        let (cell, gate) = (office.cell(), office.gate.clone());
        let killing = go(move || cell.request_end(Ending::Kill, true));
        let opening = go(move || gate.open());
        tell(&office.cell, 1);
        assert!(killing.join().unwrap());
        opening.join().unwrap();
        office.is_over();
    });
}

#[test]
fn loom_an_asker_meets_the_end() {
    explore(None, || {
        let office = Office::<64>::open();
        let cell = office.cell();
        let stopping = go(move || cell.request_end(Ending::Stop, true));
        let answer = ask(&office.clerk(), 1);
        assert!(matches!(answer, Ok(1) | Err(AskError::Stopped)), "{answer:?}");
        assert!(stopping.join().unwrap());
        let dead = office.is_over();
        assert!(dead == 0 || answer.is_err());
    });
}

#[test]
fn loom_the_last_reference_goes_while_somebody_sends() {
    explore(None, || {
        let mut office = Office::<64>::open();
        let weak = office.clerk().downgrade();
        let cell = office.cell();
        let sender = go(move || u64::from(tell(&cell, 1)) + u64::from(tell(&cell, 2)));
        office.clerk = None;
        let accepted = sender.join().unwrap();
        assert_eq!(office.is_over(), 0, "it drains");
        assert_eq!(office.log.handled().len() as u64, accepted);
        assert!(weak.upgrade().is_none());
    });
}

#[test]
fn loom_a_weak_reference_is_upgraded_in_time_or_not_at_all() {
    explore(None, || {
        let mut office = Office::<64>::open();
        let weak = office.clerk().downgrade();
        let sender = go(move || {
            let clerk = weak.upgrade()?;
            // It keeps the actor: the send cannot fail.
            assert!(tell(&clerk.cell, 1));
            Some(())
        });
        office.clerk = None;
        let sent = sender.join().unwrap();
        assert_eq!(office.is_over(), 0);
        assert_eq!(office.log.handled().len(), usize::from(sent.is_some()));
    });
}

#[test]
fn loom_the_last_two_references_go_at_once() {
    explore(Some(4), || {
        let mut office = Office::<64>::open();
        let clerk = office.clerk();
        let other = go(move || {
            assert!(tell(&clerk.cell, 1));
            drop(clerk);
        });
        assert!(tell(&office.cell, 2));
        office.clerk = None;
        other.join().unwrap();
        assert_eq!(office.is_over(), 0);
        assert_eq!(sorted(office.log.handled()), [1, 2]);
    });
}

#[test]
fn loom_a_task_that_its_runtime_drops_meets_a_sender() {
    explore(None, || {
        let office = Office::<64>::open_hot();
        assert!(tell(&office.cell, 1));
        assert_eq!(rest(), 1);
        // It is parked, and dropped as it is.
        let dropping = go(drop_tasks);
        let sent = tell(&office.cell, 2);
        dropping.join().unwrap();
        let dead = office.is_over();
        assert_eq!(dead, u64::from(sent));
        assert_eq!(office.cell.exit_reason(), Some(ExitReason::Killed));
    });
}

/// A runtime that goes away drops the parked task of a clerk who is at work elsewhere.
fn drop_the_task_of_one_at_work(work: fn(&Office<64>)) {
    explore(None, move || {
        let office = Office::<64>::open_hot();
        assert!(tell(&office.cell, 1));
        assert_eq!(rest(), 1);
        let dropping = go(drop_tasks);
        work(&office);
        dropping.join().unwrap();
        // Whatever was begun since, and waits.
        rest();
        drop_tasks();
        office.is_over();
        assert_eq!(office.cell.exit_reason(), Some(ExitReason::Killed));
    });
}

#[test]
fn loom_a_task_that_its_runtime_drops_meets_an_asker() {
    drop_the_task_of_one_at_work(|office| {
        let answer = ask(&office.clerk(), 2);
        assert_eq!(answer.is_ok(), office.log.handled().contains(&2), "{answer:?}");
    });
}

#[test]
fn loom_a_task_that_its_runtime_drops_meets_a_parcel() {
    drop_the_task_of_one_at_work(|office| {
        carry(&office.cell, 2);
    });
}

#[test]
fn loom_a_task_that_its_runtime_drops_meets_an_async_handler() {
    drop_the_task_of_one_at_work(|office| {
        office.gate.open();
        let answer = ask(&office.clerk(), WAITS);
        assert_eq!(answer.is_ok(), office.log.handled().contains(&WAITS), "{answer:?}");
    });
}

#[test]
fn loom_a_task_that_its_runtime_drops_meets_a_handler_that_waits() {
    drop_the_task_of_one_at_work(|office| {
        let clerk = office.clerk();
        let asked = poll_once(Request::<_, u32, u32>::new(&clerk, WAITS).ask());
        assert!(!matches!(asked, Poll::Ready(Ok(_))), "{asked:?}");
    });
}

// Restarts.

/// Starts the clerk again, once, in a task of its own as a supervisor does.
struct Boss {
    cell: Weak<Cell<Clerk<64, false>>>,
    log: Arc<Log>,
    gate: Arc<Gate>,
    restarts: Number,
    gone: Number,
}

struct Employer(Arc<Boss>);

impl Owner for Employer {
    fn pid(&self) -> ProcessId {
        ProcessId::new(1_000)
    }

    fn child_ended(&self, end: ChildEnd<'_>) -> bool {
        if !end.reason.is_abnormal() || self.0.restarts.fetch_add(1, SeqCst) > 0 {
            return false;
        }
        assert_eq!(end.incarnation, 1);
        let cell = self.0.cell.upgrade().expect("it is there");
        let clerk = Clerk::new(&self.0.log, &self.0.gate);
        let kernel = cell.kernel.clone();
        kernel.spawn(async move {
            cell.launch(Launch { make: Some(Box::pin(async move { Ok(clerk) })), started: None });
        });
        true
    }

    fn adopt(&self, _: ProcessId, _: bool) -> bool {
        true
    }

    fn child_gone(&self, _: ProcessId) {
        self.0.gone.fetch_add(1, SeqCst);
    }
}

fn employ(office: &Office<64>) -> Arc<Boss> {
    let boss = Arc::new(Boss {
        cell: Arc::downgrade(&office.cell),
        log: office.log.clone(),
        gate: office.gate.clone(),
        restarts: Number::new(0),
        gone: Number::new(0),
    });
    let owner = Box::new(Employer(boss.clone()));
    office.cell.with_rare(|rare| rare.owner = Some(Arc::new(owner)));
    boss
}

#[test]
fn loom_what_is_sent_around_a_restart_is_handled_by_one_incarnation_or_the_other() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let boss = employ(&office);
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(tell(&office.cell, PANICS) && tell(&office.cell, 2));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert_eq!(office.cell.incarnation(), 2);
        assert_eq!(office.system.counters().lost_in_hand, 1);
        assert_eq!(sorted(office.log.handled()), [1, 2]);
        office.close();
        assert_eq!((boss.restarts.load(SeqCst), boss.gone.load(SeqCst)), (1, 1));
    });
}

#[test]
fn loom_a_stop_meets_a_restart() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let boss = employ(&office);
        assert!(tell(&office.cell, PANICS));
        let clerk = office.clerk();
        let stopping = go(move || drop(clerk.stop()));
        stopping.join().unwrap();
        rest();
        // Asked between two incarnations, it is the supervisor that decides: here, for one more.
        let phase = office.cell.state.lock().phase;
        assert!(matches!(phase, Phase::Idle | Phase::Ended), "{phase:?}");
        office.close();
        assert_eq!(boss.gone.load(SeqCst), 1);
    });
}

/// Starts the clerk again on the spot, once, as a supervisor does that is idle.
struct Prompt(Arc<Boss>);

impl Owner for Prompt {
    fn pid(&self) -> ProcessId {
        ProcessId::new(1_000)
    }

    fn child_ended(&self, end: ChildEnd<'_>) -> bool {
        let restarts = end.at_home && end.reason.is_abnormal();
        if !restarts || self.0.restarts.fetch_add(1, SeqCst) > 0 {
            return false;
        }
        let cell = self.0.cell.upgrade().expect("it is there");
        let clerk = Clerk::new(&self.0.log, &self.0.gate);
        matches!(cell.start_here(Box::pin(std::future::ready(Ok(clerk)))), Begun::Started)
    }

    fn adopt(&self, _: ProcessId, _: bool) -> bool {
        true
    }

    fn child_gone(&self, _: ProcessId) {
        self.0.gone.fetch_add(1, SeqCst);
    }
}

fn employ_promptly(office: &Office<64>) -> Arc<Boss> {
    let boss = employ(office);
    let owner = Box::new(Prompt(boss.clone()));
    office.cell.with_rare(|rare| rare.owner = Some(Arc::new(owner)));
    boss
}

#[test]
fn loom_what_is_sent_around_a_restart_on_the_spot_is_handled_by_one_incarnation_or_the_other() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let boss = employ_promptly(&office);
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(tell(&office.cell, PANICS) && tell(&office.cell, 2));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert_eq!(office.cell.incarnation(), 2);
        assert_eq!(office.system.counters().lost_in_hand, 1);
        assert_eq!(sorted(office.log.handled()), [1, 2]);
        office.close();
        assert_eq!((boss.restarts.load(SeqCst), boss.gone.load(SeqCst)), (1, 1));
    });
}

#[test]
fn loom_an_asker_that_crashes_an_actor_starts_it_again_on_the_spot() {
    explore(Some(4), || {
        let office = Office::<64>::open();
        let boss = employ_promptly(&office);
        let cell = office.cell();
        let sender = go(move || tell(&cell, 1));
        assert!(matches!(ask(&office.clerk(), PANICS), Err(AskError::Crashed { .. })));
        assert!(sender.join().unwrap());
        office.is_at_rest();
        assert_eq!(office.cell.incarnation(), 2);
        assert_eq!(office.log.handled(), [1]);
        office.close();
        assert_eq!((boss.restarts.load(SeqCst), boss.gone.load(SeqCst)), (1, 1));
    });
}

#[test]
fn loom_a_stop_or_a_kill_meets_a_restart_on_the_spot() {
    for ending in [Ending::Stop, Ending::Kill] {
        explore(Some(4), move || {
            let office = Office::<64>::open();
            let boss = employ_promptly(&office);
            assert!(tell(&office.cell, PANICS));
            let cell = office.cell();
            let stopping = go(move || cell.request_end(ending, true));
            stopping.join().unwrap();
            rest();
            let phase = office.cell.state.lock().phase;
            assert!(matches!(phase, Phase::Idle | Phase::Ended), "{phase:?}");
            office.close();
            assert_eq!(boss.gone.load(SeqCst), 1);
        });
    }
}

// Monitors.

#[test]
fn loom_two_monitors_and_the_end_are_one_notice_each() {
    explore(None, || {
        let office = Office::<64>::open();
        let clerk = office.clerk();
        let watching = go(move || block_on(clerk.monitor()));
        let monitor = office.clerk().monitor();
        let cell = office.cell();
        let stopping = go(move || cell.request_end(Ending::Stop, true));
        let known = block_on(monitor);
        assert_eq!(known.reason, ExitReason::Shutdown);
        let late = watching.join().unwrap();
        assert!(matches!(late.reason, ExitReason::Shutdown | ExitReason::NoProcess), "{late:?}");
        assert_ne!(known.monitor, late.monitor);
        stopping.join().unwrap();
        office.is_over();
    });
}

#[test]
fn loom_a_monitor_that_is_dropped_as_the_actor_ends_leaves_nothing() {
    explore(None, || {
        let office = Office::<64>::open();
        let clerk = office.clerk();
        let watching = go(move || drop(clerk.monitor()));
        office.cell.request_end(Ending::Stop, true);
        watching.join().unwrap();
        office.is_over();
        let left = office.cell.with_more(|more| more.monitors.len());
        assert_eq!(left.unwrap_or(0), 0);
    });
}

#[test]
fn loom_of_two_monitors_the_one_that_is_dropped_goes_alone() {
    explore(None, || {
        let office = Office::<64>::open();
        let clerk = office.clerk();
        let watching = go(move || drop(clerk.monitor()));
        let monitor = office.clerk().monitor();
        watching.join().unwrap();
        assert_eq!(office.cell.with_more(|more| more.monitors.len()), Some(1));
        office.cell.request_end(Ending::Stop, true);
        assert_eq!(block_on(monitor).reason, ExitReason::Shutdown);
        office.is_over();
    });
}

const WATCH: u32 = 1;
const UNWATCH: u32 = 2;
const DOWN: u32 = 3;

/// Watches a process when it is told to, and notes what happens.
struct Guard {
    target: ProcessInfo,
    monitor: Option<MonitorId>,
    log: Arc<Log>,
}

impl Actor for Guard {
    type Message = u32;
    const STARTS: bool = false;
    const STOPS: bool = false;

    async fn handle(&mut self, _: u32, _: &mut Context<Self>) -> ActorResult<()> {
        Ok(())
    }

    fn is_plain(_: &u32) -> bool {
        true
    }

    fn handle_plain(&mut self, message: u32, ctx: &mut Context<Self>, _: &mut Answer<'_>) -> Handled<u32> {
        self.log.begin();
        match message {
            WATCH => self.monitor = Some(ctx.monitor(&self.target)),
            _ => ctx.demonitor(self.monitor.expect("it watches")),
        }
        self.log.end(message);
        Handled::Done(Ok(()))
    }

    async fn on_down(&mut self, down: Down, _: &mut Context<Self>) -> ActorResult<()> {
        assert_eq!(Some(down.monitor), self.monitor);
        self.log.begin();
        self.log.end(DOWN);
        Ok(())
    }
}

fn hire(office: &Office<64>) -> (ActorRef<Guard>, Arc<Log>) {
    let log = Arc::new(Log::default());
    let target = office.clerk().process();
    // In a system of its own, so that the office's books are the clerk's alone.
    (System::new("watch").spawn(Guard { target, monitor: None, log: log.clone() }), log)
}

fn order(guard: &ActorRef<Guard>, message: u32) {
    assert!(matches!(guard.cell.post(Mail::Message(Letter::told(message)), false), Posted::Done));
}

#[test]
fn loom_an_actor_that_begins_to_watch_one_that_ends_hears_of_it_once() {
    explore(None, || {
        let office = Office::<64>::open();
        let (guard, log) = hire(&office);
        order(&guard, WATCH);
        let cell = office.cell();
        let stopping = go(move || cell.request_end(Ending::Stop, true));
        stopping.join().unwrap();
        rest();
        assert_eq!(log.handled(), [WATCH, DOWN]);
        drop(guard);
        office.is_over();
    });
}

#[test]
fn loom_an_actor_that_no_longer_watches_hears_nothing_afterwards() {
    explore(None, || {
        let office = Office::<64>::open();
        let (guard, log) = hire(&office);
        order(&guard, WATCH);
        rest();
        let cell = office.cell();
        let stopping = go(move || cell.request_end(Ending::Stop, true));
        order(&guard, UNWATCH);
        stopping.join().unwrap();
        rest();
        let seen = log.handled();
        assert!(seen == [WATCH, UNWATCH] || seen == [WATCH, DOWN, UNWATCH], "{seen:?}");
        let left = office.cell.with_more(|more| more.monitors.len());
        assert_eq!(left.unwrap_or(0), 0);
        drop(guard);
        office.is_over();
    });
}
