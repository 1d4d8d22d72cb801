//! Every interleaving of the parts where threads meet, in the shipped code itself.
//!
//! `RUSTFLAGS="--cfg airssys_loom" cargo test -p airssys-rt --release --lib loom -- --nocapture --test-threads 1`: two models
//! at a time have taken as long together, and one has disturbed the other.
//!
//! Here: the ground that all of them stand on, and the seat, the mailbox's tickets and the reply slot alone. The whole
//! cell (its phases, its task, its end) is in `cell/loom_tests.rs`.
//!
//! What loom sees: the locks, and the atomics of the cell and the seat. A task of a cell runs on a loom thread of its own
//! instead of Tokio's; a wake of it is a loom channel's. What it does not see happens at one stroke, whole, between two
//! things it sees: Tokio's oneshot channels and timers, the counters of the system, thread-locals (which all the
//! threads of a model share), `Arc`s, and everything that user code would do. Loom takes `SeqCst` for `AcqRel`.
//! How a thread waits for a taken lock has no model: who tries until it succeeds makes no end of interleavings.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool as Flag, AtomicU64 as Count, Ordering::SeqCst};
use std::sync::{Arc, Mutex as Plain, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::mpsc;
use loom::thread;

use crate::config::{BackpressureStrategy, MailboxConfig};
use crate::error::AskError;
use crate::exit::ExitReason;
use crate::instrument::Caller;
use crate::lock::Lock;
use crate::mailbox::{Item, Mailbox, Offer, Room};
use crate::reply::{Answer, Port, ReplyCell, ReplyTo, watched};
use crate::seat::Seat;

/// How many threads loom allows, the first among them.
const THREADS: usize = 5;

/// Runs `model` in every interleaving with at most so many preemptions, and prints how many there were.
///
/// `LOOM_MAX_PREEMPTIONS` overrides the bound of every test.
pub(crate) fn explore<F: Fn() + Send + Sync + 'static>(preemptions: Option<usize>, model: F) {
    static TIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    // It runs nothing; a system has to have one.
    let runtime = TIME.get_or_init(|| {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
    });
    let _here = runtime.enter();
    let mut builder = loom::model::Builder::new();
    builder.max_threads = THREADS;
    builder.max_branches = 10_000;
    builder.preemption_bound = builder.preemption_bound.or(preemptions);
    let bound = builder.preemption_bound;
    let count = Arc::new(Count::new(0));
    let counted = count.clone();
    let explored = catch_unwind(AssertUnwindSafe(|| {
        builder.check(move || {
            counted.fetch_add(1, SeqCst);
            model();
            assert_eq!(rest(), 0, "a task is left");
            TASKS.take();
        });
    }));
    if let Err(payload) = explored {
        // What is left belongs to a model that is no more.
        std::mem::forget(TASKS.take());
        resume_unwind(payload);
    }
    let name = std::any::type_name::<F>().rsplit("::").find(|part| part.starts_with("loom_"));
    let bound = bound.map_or("all".to_string(), |bound| format!("up to {bound} preemptions"));
    println!("{}: {} interleavings ({bound})", name.unwrap_or("model"), count.load(SeqCst));
}

thread_local! {
    // One thread of the machine runs all threads of a model, so this is the model's.
    static TASKS: RefCell<Tasks> = const { RefCell::new(Tasks { threads: 1, all: Vec::new() }) };
}

struct Tasks {
    threads: usize,
    all: Vec<Arc<Task>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { threads: 1, all: Vec::new() }
    }
}

/// What a sleeper waits for.
struct Bell {
    rung: Flag,
    ring: Plain<mpsc::Sender<()>>,
    listen: Plain<Option<mpsc::Receiver<()>>>,
}

impl Bell {
    fn new() -> Self {
        let (ring, listen) = mpsc::channel();
        Self { rung: Flag::new(false), ring: Plain::new(ring), listen: Plain::new(Some(listen)) }
    }

    fn ring(&self) {
        if !self.rung.swap(true, SeqCst) {
            self.knock();
        }
    }

    fn knock(&self) {
        let ring = self.ring.lock().unwrap().clone();
        ring.send(()).unwrap();
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// Polls a future on this thread until it is ready. Loom tells of a wake that never comes as a deadlock.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let bell = Arc::new(Bell::new());
    let listen = bell.listen.lock().unwrap().take().unwrap();
    let waker = Waker::from(bell.clone());
    let mut future = pin!(future);
    let output = loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            break output;
        }
        listen.recv().unwrap();
        bell.rung.store(false, SeqCst);
    };
    // Somebody may be about to ring: what is sent is taken out by `rest`.
    *bell.listen.lock().unwrap() = Some(listen);
    let kept =
        Arc::new(Task { future: Plain::new(None), bell, closing: Flag::new(true), thread: Plain::new(None) });
    TASKS.with_borrow_mut(|tasks| tasks.all.push(kept));
    output
}

/// A task of the framework.
struct Task {
    future: Plain<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    bell: Arc<Bell>,
    /// It is to leave its thread when it has nothing to do.
    closing: Flag,
    thread: Plain<Option<thread::JoinHandle<()>>>,
}

impl Task {
    /// Runs as far as it goes. False when it is over.
    fn step(&self) -> bool {
        self.bell.rung.store(false, SeqCst);
        let Some(mut future) = self.future.lock().unwrap().take() else { return false };
        let waker = Waker::from(self.bell.clone());
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            *self.future.lock().unwrap() = Some(future);
        }
        polled.is_pending()
    }

    fn run(&self) {
        let listen = self.bell.listen.lock().unwrap().take().unwrap();
        let mut woken = true;
        loop {
            if woken && !self.step() {
                break;
            }
            listen.recv().unwrap();
            woken = self.bell.rung.load(SeqCst);
            if !woken && self.closing.load(SeqCst) {
                break;
            }
        }
        *self.bell.listen.lock().unwrap() = Some(listen);
    }

    fn is_over(&self) -> bool {
        self.future.lock().unwrap().is_none()
    }
}

/// Where [`Kernel::spawn`](crate::kernel::Kernel::spawn) comes to: a thread for each task, while loom has any.
pub(crate) fn spawn(future: Pin<Box<dyn Future<Output = ()> + Send>>) {
    let task = Arc::new(Task {
        future: Plain::new(Some(future)),
        bell: Arc::new(Bell::new()),
        closing: Flag::new(false),
        thread: Plain::new(None),
    });
    let threads = TASKS.with_borrow_mut(|tasks| {
        tasks.all.push(task.clone());
        tasks.threads += 1;
        tasks.threads
    });
    if threads > THREADS {
        // It waits until `rest` runs it.
        task.bell.rung.store(true, SeqCst);
        return;
    }
    let running = task.clone();
    *task.thread.lock().unwrap() = Some(thread::spawn(move || running.run()));
}

/// A thread of the test's own.
pub(crate) fn go<T: 'static>(run: impl FnOnce() -> T + 'static) -> thread::JoinHandle<T> {
    TASKS.with_borrow_mut(|tasks| tasks.threads += 1);
    thread::spawn(run)
}

/// Waits until no task has anything to do. Returns how many are not over: they are parked.
pub(crate) fn rest() -> usize {
    let mut next = 0;
    loop {
        let task = TASKS.with_borrow(|tasks| tasks.all.get(next).cloned());
        let Some(task) = task else {
            let woken = TASKS.with_borrow(|tasks| {
                tasks.all.iter().find(|task| task.bell.rung.load(SeqCst) && !task.is_over()).cloned()
            });
            match woken {
                Some(task) => task.step(),
                None => break,
            };
            continue;
        };
        next += 1;
        let thread = task.thread.lock().unwrap().take();
        if let Some(thread) = thread {
            task.closing.store(true, SeqCst);
            task.bell.knock();
            thread.join().unwrap();
        }
    }
    TASKS.with_borrow(|tasks| tasks.all.iter().filter(|task| !task.is_over()).count())
}

/// Drops every task where it stands, as a runtime that goes away.
pub(crate) fn drop_tasks() {
    let all = TASKS.with_borrow(|tasks| tasks.all.clone());
    for task in all {
        let future = task.future.lock().unwrap().take();
        drop(future);
    }
}

fn waker() -> Waker {
    Waker::noop().clone()
}

#[test]
fn loom_a_seat_has_one_turn_and_what_one_wrote_the_next_one_sees() {
    explore(None, || {
        let seat = Arc::new(Seat::new(Some(0_usize)));
        let turns = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = (0..2)
            .map(|_| {
                let (seat, turns) = (seat.clone(), turns.clone());
                go(move || {
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
    explore(None, || {
        let (mailbox, room) = full();
        let reader = {
            let mailbox = mailbox.clone();
            go(move || {
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
        assert_eq!(mailbox.load(), admitted);
        assert!(!accepted || admitted == 1);
        // No place is lost: the next one finds room.
        if admitted == 0 {
            assert!(matches!(mailbox.offer(Thing(3), ONE, 0, true), Offer::Taken));
        }
    });
}

#[test]
fn loom_a_waiting_sender_whose_actor_ends_gets_its_message_back() {
    explore(None, || {
        let (mailbox, room) = full();
        let ending = {
            let mailbox = mailbox.clone();
            go(move || {
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
    explore(None, || {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let answering = {
            let cell = cell.clone();
            go(move || cell.accept(&mut Some(7_u32)))
        };
        let first = cell.poll(&mut Context::from_waker(&waker()));
        answering.join().unwrap();
        let answer = if first.is_ready() { first } else { cell.poll(&mut Context::from_waker(&waker())) };
        assert_eq!(answer, Poll::Ready(Some(Ok(7))));
    });
}

#[test]
fn loom_of_two_answers_one_stands() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let failing = {
            let cell = cell.clone();
            go(move || cell.fail(AskError::NoReply))
        };
        cell.accept(&mut Some(7_u32));
        failing.join().unwrap();
        let answer = cell.poll(&mut Context::from_waker(&waker()));
        assert!(matches!(answer, Poll::Ready(Some(Ok(7) | Err(AskError::NoReply)))));
    });
}

#[test]
fn loom_an_asker_that_gives_up_leaves_no_answer_behind() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<Arc<()>>::new(None, Caller::none()));
        let value = Arc::new(());
        let answering = {
            let (cell, value) = (cell.clone(), value.clone());
            go(move || cell.accept(&mut Some(value)))
        };
        cell.close();
        answering.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_a_lock_is_held_by_one_at_a_time_who_sees_what_the_last_one_wrote() {
    use crate::lock::own::Lock;
    for others in 1..=2 {
        loom::model(move || {
            let lock = Arc::new(Lock::new(0_u32));
            let add = |lock: &Lock<u32>| match lock.try_lock() {
                Some(mut value) => {
                    *value += 1;
                    1
                }
                None => 0,
            };
            let threads: Vec<_> = (0..others)
                .map(|_| {
                    let lock = lock.clone();
                    thread::spawn(move || add(&lock))
                })
                .collect();
            let mut added = add(&lock);
            for thread in threads {
                added += thread.join().unwrap();
            }
            assert!(added > 0, "somebody gets it");
            assert_eq!(lock.try_lock().map(|value| *value), Some(added), "it is free in the end");
        });
    }
}

/// The right to answer the ask that waits at `cell`.
fn reply_to<R: Send + 'static>(cell: &Arc<ReplyCell<R>>) -> ReplyTo<R> {
    Answer::of(Some(cell.clone() as Arc<dyn Port>)).defer()
}

/// Polls once, then gives up since the time has run out, as an ask does.
fn ask_with_a_limit<R: Send + 'static>(cell: &ReplyCell<R>) -> Result<R, AskError> {
    match cell.poll(&mut Context::from_waker(&waker())) {
        Poll::Ready(answer) => answer.unwrap_or(Err(AskError::NoReply)),
        Poll::Pending => {
            cell.expire();
            match cell.poll(&mut Context::from_waker(&waker())) {
                // It was faster.
                Poll::Ready(Some(answer)) => answer,
                _ => Err(AskError::NoReply),
            }
        }
    }
}

#[test]
fn loom_an_asker_that_sleeps_is_woken_by_the_answer() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let reply = reply_to(&cell);
        let answering = go(move || reply.send(7));
        assert_eq!(block_on(std::future::poll_fn(|cx| cell.poll(cx))), Some(Ok(7)));
        answering.join().unwrap();
    });
}

#[test]
fn loom_an_asker_is_woken_when_the_right_to_answer_is_dropped() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let reply = reply_to(&cell);
        let dropping = go(move || drop(reply));
        assert_eq!(block_on(std::future::poll_fn(|cx| cell.poll(cx))), Some(Err(AskError::NoReply)));
        dropping.join().unwrap();
    });
}

#[test]
fn loom_an_asker_is_told_of_the_panic_that_took_the_right_to_answer_down() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<u32>::new(None, Caller::none()));
        let reply = reply_to(&cell);
        let panicking = go(move || {
            let caught = watched(move || {
                let _reply = reply;
                // Without the hook that prints it.
                resume_unwind(Box::new("on purpose"));
            });
            assert!(caught.is_err());
        });
        let answer = block_on(std::future::poll_fn(|cx| cell.poll(cx)));
        assert!(
            matches!(answer, Some(Err(AskError::Crashed { reason: ExitReason::Panicked { .. } }))),
            "{answer:?}"
        );
        panicking.join().unwrap();
    });
}

#[test]
fn loom_of_an_answer_a_limit_and_an_orphan_one_decides_and_nothing_is_left() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<Arc<()>>::new(None, Caller::none()));
        let value = Arc::new(());
        let answering = {
            let (reply, value) = (reply_to(&cell), value.clone());
            go(move || reply.send(value))
        };
        let dropping = {
            let reply = reply_to(&cell);
            go(move || drop(reply))
        };
        let first = ask_with_a_limit(&cell);
        answering.join().unwrap();
        dropping.join().unwrap();
        assert!(matches!(first, Ok(_) | Err(AskError::NoReply)));
        if first.is_err() {
            // Answered by an error before, or expired: a request that is still queued is not worth handling.
            assert!(cell.is_expired());
        }
        drop(first);
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn loom_an_answer_a_limit_and_a_cancelled_ask_leave_nothing() {
    explore(None, || {
        let cell = Arc::new(ReplyCell::<Arc<()>>::new(None, Caller::none()));
        let value = Arc::new(());
        let answering = {
            let (reply, value) = (reply_to(&cell), value.clone());
            go(move || reply.send(value))
        };
        let failing = {
            let cell = cell.clone();
            go(move || cell.fail(AskError::Stopped))
        };
        // An ask that times out: it gives up, and is dropped after that.
        let first = ask_with_a_limit(&cell);
        cell.close();
        answering.join().unwrap();
        failing.join().unwrap();
        assert!(matches!(first, Ok(_) | Err(AskError::NoReply | AskError::Stopped)));
        drop(first);
        assert_eq!(Arc::strong_count(&value), 1);
    });
}
