//! Mailboxes: order, bounds, the three kinds of backpressure, and where every message goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use airssys_rt::prelude::*;
use tests::actors::{
    Gate, Log, Peer, Tomb, Worker, WorkerApi, at_rest, eventually, nothing_left, poll_once, settle, within,
};

macro_rules! bounded {
    ($name:ident, $message:ident, $api:ident, $($options:tt)*) => {
        #[actor($($options)*)]
        #[derive(Debug)]
        struct $name {
            log: Log,
        }

        #[handlers(message(derive(Debug, Clone, PartialEq)))]
        impl $name {
            #[handler]
            fn note(&mut self, number: u32) -> u32 {
                self.log.add(number);
                number
            }

            #[handler]
            async fn note_later(&mut self, number: u32) -> u32 {
                tokio::task::yield_now().await;
                self.log.add(number);
                number
            }

            #[handler]
            async fn hold(&mut self, gate: Gate) {
                gate.pass().await;
            }

            #[handler]
            async fn hold_then_boom(&mut self, gate: Gate) {
                gate.pass().await;
                panic!("boom");
            }

            #[handler]
            fn link_to(&mut self, other: Peer, ctx: &mut Context<Self>) {
                ctx.link(&other.0);
            }

            #[handler]
            fn watch(&mut self, other: Peer, ctx: &mut Context<Self>) {
                ctx.monitor(&other.0);
            }

            #[handler(down)]
            fn on_down(&mut self, down: Down) {
                self.log.add(format!("down {}", down.reason));
            }

            /// Tells itself two numbers at once.
            #[handler]
            fn note_and_tell_two(&mut self, number: u32, ctx: &mut Context<Self>) {
                self.log.add(number);
                let this = ctx.this();
                for more in [number + 100, number + 200] {
                    if this.note(more).try_tell().is_err() {
                        self.log.add(format!("refused {more}"));
                    }
                }
            }
        }
    };
}

bounded!(Four, FourMessage, FourApi, mailbox(capacity = 4));
bounded!(Blocks, BlocksMessage, BlocksApi, mailbox(capacity = 2, backpressure = "block"));
bounded!(Drops, DropsMessage, DropsApi, mailbox(capacity = 3, backpressure = "drop"));
bounded!(Evicts, EvictsMessage, EvictsApi, mailbox(capacity = 3, backpressure = "drop_oldest"));
bounded!(Single, SingleMessage, SingleApi, mailbox(capacity = 1, backpressure = "block"));
bounded!(SingleDrop, SingleDropMessage, SingleDropApi, mailbox(capacity = 1, backpressure = "drop"));
bounded!(
    SingleEvict,
    SingleEvictMessage,
    SingleEvictApi,
    mailbox(capacity = 1, backpressure = "drop_oldest")
);
bounded!(Endless, EndlessMessage, EndlessApi, mailbox(capacity = "unbounded"));

fn numbers(range: impl IntoIterator<Item = u32>) -> Vec<String> {
    range.into_iter().map(|number| number.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn c084_what_one_sender_sends_by_whatever_way_is_handled_in_that_order() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        for number in 0..600_u32 {
            match number % 6 {
                0 => actor.note(number).tell().await.unwrap(),
                1 => actor.note_later(number).try_tell().unwrap(),
                2 => assert_eq!(actor.note(number).await, Ok(number)),
                3 => actor.note(number).try_tell().unwrap(),
                4 => assert_eq!(actor.note(number).await, Ok(number)),
                _ => assert_eq!(actor.note_later(number).await, Ok(number)),
            }
        }
        assert_eq!(actor.drain().await, Ok(ExitReason::Normal));
        assert_eq!(log.lines(), numbers(0..600));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (600, 600));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c084_each_of_many_senders_keeps_its_own_order_and_nothing_is_handled_twice() {
    #[actor(mailbox(capacity = 8))]
    struct Recorder {
        seen: Vec<Vec<u32>>,
    }
    #[handlers]
    impl Recorder {
        #[handler]
        fn put(&mut self, sender: usize, number: u32) {
            self.seen[sender].push(number);
        }
        #[handler]
        async fn put_later(&mut self, sender: usize, number: u32) {
            tokio::task::yield_now().await;
            self.seen[sender].push(number);
        }
        #[handler]
        fn seen(&mut self) -> Vec<Vec<u32>> {
            self.seen.clone()
        }
    }
    const SENDERS: usize = 6;
    const EACH: u32 = 1_000;
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Recorder { seen: vec![Vec::new(); SENDERS] });
        let mut senders = Vec::new();
        for sender in 0..SENDERS {
            let actor = actor.clone();
            senders.push(tokio::spawn(async move {
                for number in 0..EACH {
                    match (number as usize + sender) % 5 {
                        0 => actor.put(sender, number).await.unwrap(),
                        1 => actor.put_later(sender, number).tell().await.unwrap(),
                        2 => actor.put_later(sender, number).await.unwrap(),
                        _ => actor.put(sender, number).tell().await.unwrap(),
                    }
                }
            }));
        }
        for sender in senders {
            sender.await.unwrap();
        }
        for seen in actor.seen().await.unwrap() {
            assert_eq!(seen, (0..EACH).collect::<Vec<_>>());
        }
        let counters = nothing_left(&system).await;
        assert_eq!(counters.accepted, u64::from(EACH) * SENDERS as u64 + 1);
        assert_eq!(counters.handled, counters.accepted);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c085_a_full_mailbox_holds_no_more_than_its_capacity_and_lets_senders_in_as_they_came() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Four { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        for number in 1..=4 {
            actor.note(number).try_tell().unwrap();
        }
        assert_eq!(actor.process().mailbox_len(), 4);
        assert_eq!(actor.note(99).try_tell(), Err(TrySendError::Full(FourMessage::Note { number: 99 })));
        let mut tells = Vec::new();
        for number in 5..=12 {
            let mut tell = Box::pin(actor.note(number).tell());
            assert!(poll_once(&mut tell).await.is_pending());
            tells.push(tell);
        }
        assert_eq!(actor.process().mailbox_len(), 4, "those who wait are outside");
        assert_eq!(system.counters().queued, 4);
        gate.open();
        for tell in tells {
            tell.await.unwrap();
            assert!(actor.process().mailbox_len() <= 4);
        }
        actor.drain().await.unwrap();
        assert_eq!(log.lines(), numbers(1..=12));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.refused), (13, 13, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c085_a_newcomer_does_not_overtake_those_who_wait() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Single { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let second = Gate::new();
        actor.hold(second.clone()).try_tell().unwrap();
        let mut first = Box::pin(actor.note(1).tell());
        assert!(poll_once(&mut first).await.is_pending());
        let mut asked = Box::pin(actor.note(2).into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        gate.open();
        second.reached().await;
        // One was let in: the place is taken.
        assert!(actor.note(3).try_tell().is_err());
        second.open();
        first.await.unwrap();
        assert_eq!(asked.await, Ok(2));
        assert_eq!(actor.note(4).await, Ok(4));
        assert_eq!(log.lines(), ["1", "2", "4"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c085_many_senders_at_a_small_mailbox_all_get_through() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Single { log: log.clone() });
        let process = actor.process();
        let tasks: Vec<_> = (0..8_u32)
            .map(|task| {
                let actor = actor.clone();
                let process = process.clone();
                tokio::spawn(async move {
                    for number in 0..300 {
                        match number % 3 {
                            0 => actor.note(task).tell().await.unwrap(),
                            1 => actor.note_later(task).tell().await.unwrap(),
                            _ => assert_eq!(actor.note(task).await, Ok(task)),
                        }
                        assert!(process.mailbox_len() <= 1, "more than the capacity");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        actor.drain().await.unwrap();
        assert_eq!(log.len(), 2_400);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (2_400, 2_400));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c086_a_full_drop_mailbox_refuses_the_new_message_and_gives_it_back() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Drops { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        for number in 1..=3 {
            actor.note(number).tell().await.unwrap();
        }
        let message = DropsMessage::Note { number: 4 };
        assert_eq!(actor.note(4).tell().await, Err(SendError::Full(message.clone())));
        assert_eq!(actor.note(4).try_tell(), Err(TrySendError::Full(message.clone())));
        assert_eq!(actor.note(4).tell().await.unwrap_err().into_message(), message);
        assert_eq!(actor.note(4).await, Err(AskError::Full));
        assert_eq!(actor.note_later(4).await, Err(AskError::Full));
        let counters = at_rest_but(&system, 3);
        assert_eq!((counters.refused, counters.accepted), (5, 4));
        gate.open();
        assert_eq!(actor.drain().await, Ok(ExitReason::Normal));
        assert_eq!(log.lines(), numbers(1..=3));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (4, 4, 0));
    })
    .await;
}

fn at_rest_but(system: &System, queued: u64) -> airssys_rt::Counters {
    let counters = system.counters();
    assert_eq!(counters.queued, queued);
    counters
}

#[tokio::test(start_paused = true)]
async fn c087_a_full_drop_oldest_mailbox_keeps_the_newest_in_order() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Evicts { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let mut asked = Box::pin(actor.note(1).into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        for number in 2..=3 {
            actor.note(number).tell().await.unwrap();
        }
        assert!(poll_once(&mut asked).await.is_pending());
        let began = tokio::time::Instant::now();
        actor.note(4).try_tell().unwrap();
        assert_eq!(asked.await, Err(AskError::Evicted), "at once");
        assert_eq!(began.elapsed(), Duration::ZERO);
        for number in 5..=7 {
            actor.note(number).tell().await.unwrap();
        }
        assert_eq!(actor.process().mailbox_len(), 3);
        gate.open();
        assert_eq!(actor.drain().await, Ok(ExitReason::Normal));
        assert_eq!(log.lines(), numbers(5..=7));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (8, 4));
        assert_eq!((counters.evicted, counters.dead_lettered, counters.refused), (4, 4, 0));
        assert_eq!(system.dead_letters().count(), 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c087_an_ask_that_arrives_at_a_full_drop_oldest_mailbox_is_answered() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Evicts { log: log.clone() });
        for number in 1..=3 {
            actor.note_later(number).try_tell().unwrap();
        }
        assert_eq!(actor.note(4).await, Ok(4));
        assert_eq!(log.lines(), numbers(2..=4));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.evicted), (4, 3, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c087_the_oldest_is_evicted_also_while_an_asker_runs_what_is_queued() {
    within(async {
        let mut outcomes = Vec::new();
        for ask in [true, false] {
            let system = System::new("test");
            let log = Log::new();
            let actor = system.spawn(Evicts { log: log.clone() });
            actor.note_and_tell_two(1).try_tell().unwrap();
            actor.note(2).try_tell().unwrap();
            if ask {
                // An ask of a plain handler may run what is queued on the asker's turn.
                assert_eq!(actor.note(3).await, Ok(3));
            } else {
                actor.note(3).try_tell().unwrap();
            }
            settle().await;
            outcomes.push(log.lines());
        }
        // When 201 comes, 2 is the oldest of three.
        assert_eq!(outcomes[1], ["1", "3", "101", "201"]);
        let mut asked = outcomes[0].clone();
        asked.sort();
        assert_eq!(asked, ["1", "101", "201", "3"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c088_a_sender_that_waits_for_room_is_woken_with_its_message_when_the_receiver_ends() {
    within(async {
        for ending in 0..4 {
            let system = System::new("test");
            let log = Log::new();
            let actor = system.spawn(Blocks { log: log.clone() });
            let gate = Gate::new();
            if ending == 3 {
                actor.hold_then_boom(gate.clone()).try_tell().unwrap();
            } else {
                actor.hold(gate.clone()).try_tell().unwrap();
            }
            gate.reached().await;
            actor.note(1).try_tell().unwrap();
            actor.note(2).try_tell().unwrap();
            let message = BlocksMessage::Note { number: 3 };
            let told = tokio::spawn(actor.note(3).owned().tell());
            let asked = tokio::spawn(actor.note(4).owned().into_future());
            settle().await;
            assert!(!told.is_finished() && !asked.is_finished());
            let began = tokio::time::Instant::now();
            match ending {
                0 => drop(actor.stop()),
                1 => drop(actor.drain()),
                2 => drop(actor.kill()),
                _ => gate.open(),
            }
            assert_eq!(told.await.unwrap(), Err(SendError::Stopped(message)), "{ending}");
            assert_eq!(asked.await.unwrap(), Err(AskError::Stopped), "{ending}");
            assert_eq!(began.elapsed(), Duration::ZERO);
            gate.open();
            actor.process().wait().await;
            let counters = nothing_left(&system).await;
            assert_eq!(counters.accepted, 3, "{ending}");
            assert_eq!(log.lines(), if ending == 1 { numbers([1, 2]) } else { numbers([]) });
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c089_a_cancelled_sender_loses_no_capacity_and_nobody_else_a_place() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Blocks { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        actor.note(1).try_tell().unwrap();
        actor.note(2).try_tell().unwrap();
        let mut tells = Vec::new();
        for number in 3..=9 {
            let mut tell = Box::pin(actor.note(number).tell());
            assert!(poll_once(&mut tell).await.is_pending());
            tells.push(Some(tell));
        }
        let mut asked = Box::pin(actor.note(10).into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        for place in [0, 2, 3, 6] {
            tells[place] = None;
        }
        drop(asked);
        gate.open();
        for tell in tells.into_iter().flatten() {
            tell.await.unwrap();
        }
        // All the room there was is there again.
        settle().await;
        assert_eq!(actor.process().mailbox_len(), 0);
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        actor.note(11).try_tell().unwrap();
        actor.note(12).try_tell().unwrap();
        assert!(actor.note(13).try_tell().is_err());
        gate.open();
        actor.drain().await.unwrap();
        assert_eq!(log.lines(), numbers([1, 2, 4, 7, 8, 11, 12]));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (9, 9));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c089_a_sender_cancelled_after_it_was_let_in_has_sent_its_message() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Single { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        actor.note(1).try_tell().unwrap();
        let mut tell = Box::pin(actor.note(2).tell());
        assert!(poll_once(&mut tell).await.is_pending());
        gate.open();
        let seen = log.clone();
        eventually("both are handled", move || seen.len() == 2).await;
        drop(tell);
        assert_eq!(log.lines(), numbers([1, 2]));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (3, 3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c089_senders_cancelled_at_any_moment_lose_nothing() {
    within(async {
        let system = System::new("test");
        let handled = Arc::new(AtomicU32::new(0));
        #[actor(mailbox(capacity = 1))]
        struct Slow {
            handled: Arc<AtomicU32>,
        }
        #[handlers]
        impl Slow {
            #[handler]
            async fn one(&mut self) {
                tokio::task::yield_now().await;
                self.handled.fetch_add(1, Ordering::SeqCst);
            }
        }
        let actor = system.spawn(Slow { handled: handled.clone() });
        let sent = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..6_usize)
            .map(|task| {
                let (actor, sent) = (actor.clone(), sent.clone());
                tokio::spawn(async move {
                    for round in 0..200_usize {
                        let mut tell = Box::pin(actor.one().tell());
                        for _ in 0..=(task + round) % 7 {
                            if poll_once(&mut tell).await.is_ready() {
                                sent.fetch_add(1, Ordering::SeqCst);
                                break;
                            }
                            tokio::task::yield_now().await;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        // One that nobody cancels still gets in.
        actor.one().await.unwrap();
        actor.drain().await.unwrap();
        let counters = nothing_left(&system).await;
        assert_eq!(counters.accepted, counters.handled);
        assert_eq!(counters.handled, u64::from(handled.load(Ordering::SeqCst)));
        // A sender may be let in and dropped before it hears of it: those were sent, too.
        assert!(counters.handled > u64::from(sent.load(Ordering::SeqCst)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c090_a_message_to_an_ended_actor_comes_back() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        for ending in 0..3 {
            let actor = system.spawn(Blocks { log: log.clone() });
            match ending {
                0 => drop(actor.stop().await),
                1 => drop(actor.kill().await),
                _ => {
                    let gate = Gate::new();
                    gate.open();
                    assert!(actor.hold_then_boom(gate).await.is_err());
                    actor.process().wait().await;
                }
            }
            let message = BlocksMessage::Note { number: 1 };
            assert_eq!(actor.note(1).tell().await, Err(SendError::Stopped(message.clone())));
            assert_eq!(actor.note(1).try_tell(), Err(TrySendError::Stopped(message.clone())));
            assert_eq!(actor.tell(message.clone()).await.unwrap_err().into_message(), message);
            assert_eq!(actor.try_tell(message.clone()).unwrap_err().into_message(), message);
            assert_eq!(actor.recipient().try_tell(message.clone()).unwrap_err().into_message(), message);
        }
        let counters = nothing_left(&system).await;
        assert_eq!(counters.accepted, 1, "what came back was not taken in");
        assert!(log.is_empty());
    })
    .await;
}

macro_rules! controls {
    ($test:ident, $actor:ident) => {
        #[tokio::test(start_paused = true)]
        async fn $test() {
            within(async {
                for ending in 0..3 {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn($actor { log: log.clone() });
                    let peer = system.spawn(Worker::default());
                    if ending == 2 {
                        actor.link_to(Peer(peer.process())).await.unwrap();
                    }
                    let gate = Gate::new();
                    actor.hold(gate.clone()).try_tell().unwrap();
                    gate.reached().await;
                    actor.note(1).try_tell().unwrap();
                    let reason = match ending {
                        0 => {
                            let ended = actor.stop();
                            gate.open();
                            ended.await.unwrap()
                        }
                        1 => actor.kill().await.unwrap(),
                        _ => {
                            assert!(peer.boom("boom".into()).await.is_err());
                            actor.process().wait().await
                        }
                    };
                    let wanted = match ending {
                        0 => ExitReason::Shutdown,
                        1 => ExitReason::Killed,
                        _ => ExitReason::Panicked { message: "boom".into() },
                    };
                    assert_eq!(reason, wanted);
                    assert!(log.is_empty(), "what is queued is overtaken");
                    nothing_left(&system).await;
                }
                // A monitor's notice takes no room and evicts nothing.
                let system = System::new("test");
                let log = Log::new();
                let actor = system.spawn($actor { log: log.clone() });
                let peer = system.spawn(Worker::default());
                actor.watch(Peer(peer.process())).await.unwrap();
                let gate = Gate::new();
                actor.hold(gate.clone()).try_tell().unwrap();
                gate.reached().await;
                actor.note(1).try_tell().unwrap();
                peer.stop().await.unwrap();
                assert_eq!(actor.process().mailbox_len(), 1, "it takes no room");
                gate.open();
                let seen = log.clone();
                eventually("both have come", move || seen.len() == 2).await;
                assert_eq!(log.lines(), ["1", "down shutdown"]);
                let counters = nothing_left(&system).await;
                assert_eq!((counters.evicted, counters.refused, counters.dead_lettered), (0, 0, 0));
            })
            .await;
        }
    };
}

controls!(c091_stop_kill_exit_and_down_pass_a_full_mailbox_that_blocks, Single);
controls!(c091_stop_kill_exit_and_down_pass_a_full_mailbox_that_drops, SingleDrop);
controls!(c091_stop_kill_exit_and_down_pass_a_full_mailbox_that_evicts, SingleEvict);

#[supervisor]
struct Home {
    log: Log,
    #[child(start = Worker::new(&log))]
    worker: ActorRef<Worker>,
}

#[tokio::test(start_paused = true)]
async fn c092_queued_messages_survive_a_restart_in_order_and_only_the_one_in_hand_is_lost() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(Home::spec(log.clone())).await.unwrap();
        let worker = home.worker.clone();
        worker.note(1).try_tell().unwrap();
        let mut lost = Box::pin(worker.boom_later("boom".into()).into_future());
        assert!(poll_once(&mut lost).await.is_pending());
        worker.note(2).try_tell().unwrap();
        worker.note_later(3).try_tell().unwrap();
        let mut kept = Box::pin(worker.note(4).into_future());
        assert!(poll_once(&mut kept).await.is_pending());
        worker.boom("again".into()).try_tell().unwrap();
        worker.note(5).try_tell().unwrap();
        let began = tokio::time::Instant::now();
        let reason = ExitReason::Panicked { message: "boom".into() };
        assert_eq!(lost.await, Err(AskError::Crashed { reason }));
        assert_eq!(began.elapsed(), Duration::ZERO, "its asker is told at once");
        assert_eq!(kept.await, Ok(4));
        assert_eq!(worker.note(6).await, Ok(6));
        assert_eq!(log.lines(), numbers(1..=6));
        assert_eq!(worker.process().restarts(), 2);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.lost_in_hand, counters.dead_lettered, counters.restarts), (2, 0, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c092_senders_that_wait_for_room_wait_on_through_a_restart() {
    #[supervisor]
    struct Narrow {
        log: Log,
        #[child(start = Single { log: log.clone() })]
        one: ActorRef<Single>,
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(Narrow::spec(log.clone())).await.unwrap();
        let one = home.one.clone();
        let gate = Gate::new();
        one.hold_then_boom(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        one.note(1).try_tell().unwrap();
        let mut tells = Vec::new();
        for number in 2..=4 {
            let mut tell = Box::pin(one.note(number).tell());
            assert!(poll_once(&mut tell).await.is_pending());
            tells.push(tell);
        }
        gate.open();
        for tell in tells {
            tell.await.unwrap();
        }
        assert_eq!(one.note(5).await, Ok(5));
        assert_eq!(log.lines(), numbers(1..=5));
        nothing_left(&system).await;
    })
    .await;
}

/// Fills the mailbox of a busy actor with tells and asks, ends it, and looks where they went.
async fn leftovers(ending: u32) {
    let dead = Log::new();
    let seen = dead.clone();
    let system = System::builder()
        .on_dead_letter(move |letter| seen.add(format!("{} {}", letter.to, letter.reason)))
        .build()
        .unwrap();
    let log = Log::new();
    let actor = system.spawn(Worker::new(&log));
    let gate = Gate::new();
    let mut first = match ending {
        2 => Box::pin(actor.boom_later("boom".into()).owned().into_future())
            as std::pin::Pin<Box<dyn Future<Output = _>>>,
        3 => {
            let finish = actor.finish().owned();
            Box::pin(async move { finish.await.map(drop) })
        }
        _ => {
            let hold = actor.hold(gate.clone(), 1).owned();
            Box::pin(async move { hold.await.map(drop) })
        }
    };
    if ending < 2 {
        assert!(poll_once(&mut first).await.is_pending());
    } else {
        // Not at the asker: something else is first.
        actor.note_later(1).try_tell().unwrap();
        assert!(poll_once(&mut first).await.is_pending());
    }
    let mut asks = Vec::new();
    for number in 2..=6 {
        actor.note(number).try_tell().unwrap();
        let mut ask = Box::pin(actor.note_later(number).into_future());
        assert!(poll_once(&mut ask).await.is_pending());
        asks.push(ask);
    }
    let began = tokio::time::Instant::now();
    if ending < 2 {
        gate.reached().await;
    }
    match ending {
        0 => {
            let ended = actor.stop();
            gate.open();
            ended.await.unwrap();
        }
        1 => drop(actor.kill().await.unwrap()),
        _ => {}
    }
    let reason = actor.process().wait().await;
    let error =
        if reason.is_abnormal() { AskError::Crashed { reason: reason.clone() } } else { AskError::Stopped };
    for ask in asks {
        assert_eq!(ask.await, Err(error.clone()), "{reason}");
    }
    let wanted = match ending {
        0 => Ok(()),
        1 => Err(AskError::Crashed { reason: ExitReason::Killed }),
        2 => Err(AskError::Crashed { reason: ExitReason::Panicked { message: "boom".into() } }),
        _ => Ok(()),
    };
    assert_eq!(first.await, wanted);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(dead.lines(), vec![format!("{} {reason}", actor.pid()); 10], "each once");
    let letters = system.dead_letters().recent();
    assert_eq!(letters.len(), 10);
    assert!(letters.iter().all(|letter| letter.to == actor.pid() && letter.reason == reason));
    assert!(
        letters
            .iter()
            .all(|letter| letter.actor.ends_with("Worker") && letter.message.ends_with("WorkerMessage"))
    );
    let counters = nothing_left(&system).await;
    assert_eq!(counters.dead_lettered, 10);
}

#[tokio::test(start_paused = true)]
async fn c093_what_is_left_at_a_stop_goes_to_the_dead_letters_or_back_to_its_asker() {
    within(leftovers(0)).await;
}

#[tokio::test(start_paused = true)]
async fn c093_what_is_left_at_a_kill_goes_to_the_dead_letters_or_back_to_its_asker() {
    within(leftovers(1)).await;
}

#[tokio::test(start_paused = true)]
async fn c093_what_is_left_at_a_panic_goes_to_the_dead_letters_or_back_to_its_asker() {
    within(leftovers(2)).await;
}

#[tokio::test(start_paused = true)]
async fn c093_what_is_left_when_the_actor_stops_itself_goes_to_the_dead_letters_or_back_to_its_asker() {
    within(leftovers(3)).await;
}

#[tokio::test(start_paused = true)]
async fn c093_what_is_left_when_the_restart_budget_is_spent_is_accounted_for() {
    #[supervisor(max_restarts = 1, within = "5s")]
    struct Impatient {
        log: Log,
        #[child(start = Worker::new(&log))]
        worker: ActorRef<Worker>,
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(Impatient::spec(log.clone())).await.unwrap();
        let worker = home.worker.clone();
        worker.boom("one".into()).try_tell().unwrap();
        worker.note(1).try_tell().unwrap();
        worker.boom("two".into()).try_tell().unwrap();
        worker.note(2).try_tell().unwrap();
        let mut asked = Box::pin(worker.note(3).into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        let began = tokio::time::Instant::now();
        let reason = worker.process().wait().await;
        assert_eq!(reason, ExitReason::Panicked { message: "two".into() });
        assert_eq!(asked.await, Err(AskError::Crashed { reason }));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(log.lines(), ["1"]);
        assert!(matches!(worker.note(4).try_tell(), Err(TrySendError::Stopped(_))));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.lost_in_hand, counters.dead_lettered), (2, 2));
    })
    .await;
}

struct Parcel(#[expect(dead_code, reason = "it tells of its own end")] Tomb);

#[actor(mailbox(capacity = 2))]
struct Post;

#[handlers]
impl Post {
    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[handler]
    fn take(&mut self, parcel: Parcel) {
        drop(parcel);
    }
}

#[tokio::test(start_paused = true)]
async fn c094_queued_messages_are_dropped_when_the_actor_ends_though_senders_hold_on() {
    within(async {
        let system = System::new("test");
        for kill in [true, false] {
            let log = Log::new();
            let actor = system.spawn(Post);
            let more = actor.clone();
            let gate = Gate::new();
            actor.hold(gate.clone()).try_tell().unwrap();
            gate.reached().await;
            actor.take(Parcel(Tomb::new(&log, "first"))).try_tell().unwrap();
            more.take(Parcel(Tomb::new(&log, "second"))).try_tell().unwrap();
            if kill {
                actor.kill().await.unwrap();
            } else {
                let ended = actor.stop();
                gate.open();
                ended.await.unwrap();
            }
            assert_eq!(log.lines(), ["first", "second"]);
            drop((actor, more));
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c093_a_message_whose_destructor_panics_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a message's destructor");
        }
    }
    #[actor]
    struct Taker;
    #[handlers]
    impl Taker {
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
        #[handler]
        fn take(&mut self, bomb: Bomb) {
            std::mem::forget(bomb);
        }
        #[handler]
        async fn note(&mut self) {}
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Taker);
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        actor.take(Bomb).try_tell().unwrap();
        let mut asked = Box::pin(actor.note().into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        actor.take(Bomb).try_tell().unwrap();
        let down = actor.monitor();
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(down.await.reason, ExitReason::Killed);
        assert_eq!(asked.await, Err(AskError::Crashed { reason: ExitReason::Killed }));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.dead_lettered, counters.lost_in_hand), (4, 3, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c093_the_recent_dead_letters_are_the_last_ones_oldest_first_and_bounded() {
    within(async {
        let system = System::new("test");
        let mut pids = Vec::new();
        for _ in 0..200 {
            let actor = system.spawn(Worker::default());
            actor.sleep(Duration::from_secs(1)).try_tell().unwrap();
            actor.note(1).try_tell().unwrap();
            settle_a_little().await;
            actor.kill().await.unwrap();
            pids.push(actor.pid());
        }
        assert_eq!(system.dead_letters().count(), 200);
        let recent = system.dead_letters().recent();
        assert!(!recent.is_empty() && recent.len() < 200);
        let seen: Vec<_> = recent.iter().map(|letter| letter.to).collect();
        assert_eq!(seen, pids[200 - recent.len()..]);
    })
    .await;
}

async fn settle_a_little() {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn c129_a_dead_letter_hook_that_panics_or_makes_dead_letters_stops_nothing() {
    within(async {
        let calls = Log::new();
        let system = System::new("test");
        let gate = Gate::new();
        let full = system.spawn(SingleEvict { log: Log::new() });
        full.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        full.note(1).try_tell().unwrap();
        let (seen, crowded) = (calls.clone(), full.clone());
        system.dead_letters().on_each(move |letter| {
            seen.add(format!("first {}", letter.to));
            // One more dead letter, within the hook.
            crowded.note(2).try_tell().unwrap();
        });
        let seen = calls.clone();
        system.dead_letters().on_each(move |letter| {
            seen.add(format!("second {}", letter.to));
            panic!("in the hook");
        });
        let seen = calls.clone();
        let same = system.clone();
        system.dead_letters().on_each(move |letter| {
            let known = same.dead_letters().recent().len() as u64;
            assert!(known <= same.dead_letters().count());
            seen.add(format!("third {}", letter.to));
        });
        let actor = system.spawn(Worker::default());
        actor.sleep(Duration::from_secs(1)).try_tell().unwrap();
        actor.note(1).try_tell().unwrap();
        actor.note(2).try_tell().unwrap();
        settle().await;
        actor.kill().await.unwrap();
        let pid = actor.pid();
        let once = [format!("first {pid}"), format!("second {pid}"), format!("third {pid}")];
        assert_eq!(calls.lines(), [once.clone(), once].concat());
        assert_eq!(system.dead_letters().count(), 4, "those of the hook are counted");
        assert_eq!(system.counters().evicted, 2);
        gate.open();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c095_an_ask_from_a_handler_does_not_look_through_the_callers_own_queue() {
    #[actor(mailbox(capacity = "unbounded"))]
    struct Busy {
        noted: u32,
    }
    #[handlers]
    impl Busy {
        #[handler]
        async fn ask_around(&mut self, gate: Gate, other: ActorRef<Worker>, times: u32) -> u32 {
            gate.pass().await;
            let mut sum = 0;
            for _ in 0..times {
                sum += other.note_later(1).await.unwrap_or(0);
            }
            sum
        }
        #[handler]
        fn note(&mut self) -> u32 {
            self.noted += 1;
            self.noted
        }
    }
    within(async {
        let system = System::new("test");
        let busy = system.spawn(Busy { noted: 0 });
        let other = system.spawn(Worker::default());
        let gate = Gate::new();
        let request = busy.ask_around(gate.clone(), other, 2_000).timeout(Duration::from_secs(3_600));
        let mut asked = Box::pin(request.into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        for _ in 0..200_000 {
            busy.note().try_tell().unwrap();
        }
        gate.open();
        assert_eq!(asked.await, Ok(2_000));
        assert_eq!(busy.note().await, Ok(200_001));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c085_an_unbounded_mailbox_takes_everything_at_once() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Endless { log: log.clone() });
        for number in 0..5_000 {
            actor.note(number).try_tell().unwrap();
        }
        assert_eq!(actor.process().mailbox_len(), 5_000);
        actor.drain().await.unwrap();
        assert_eq!(log.len(), 5_000);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c085_a_system_sets_the_mailbox_of_actors_that_say_nothing() {
    within(async {
        let config = ActorConfig::DEFAULT.capacity(2).backpressure(BackpressureStrategy::Drop);
        let system = System::builder().mailbox(config).build().unwrap();
        let plain = system.spawn(Worker::default());
        let own = system.spawn(Four { log: Log::new() });
        for number in 0..2 {
            plain.note(number).tell().await.unwrap();
        }
        assert!(matches!(plain.note(2).tell().await, Err(SendError::Full(_))));
        for number in 0..4 {
            own.note(number).try_tell().unwrap();
        }
        assert!(matches!(own.note(4).try_tell(), Err(TrySendError::Full(_))));
        let counters = at_rest(&system).await;
        assert_eq!(counters.refused, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c085_a_mailbox_takes_1024_when_nobody_says_otherwise() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Worker::default());
        for number in 0..1_024 {
            actor.note(number).try_tell().unwrap();
        }
        assert!(matches!(actor.note(0).try_tell(), Err(TrySendError::Full(_))));
    })
    .await;
}
