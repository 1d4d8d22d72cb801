//! The bus: each event once, in order, to whoever is subscribed, and nobody waits.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use airssys_rt::Delivery;
use airssys_rt::prelude::*;
use airssys_rt::testing::Simulation;
use tests::actors::{Gate, Log, Oops, at_rest, eventually, nothing_left, poll_once, settle, within};
use tokio::time::Instant;

/// An event.
#[derive(Clone, Debug)]
struct Sold(u32);

/// Another one.
#[derive(Clone, Debug)]
struct Bought(u32);

/// One that nobody wants.
#[derive(Clone, Debug)]
struct Lost;

/// Subscribes by declaration to what is sold, and on demand to what is bought.
#[actor(mailbox(capacity = 4, backpressure = "drop"))]
struct Subscriber {
    log: Log,
}

#[handlers]
impl Subscriber {
    #[handler(event)]
    fn sold(&mut self, event: Sold) {
        self.log.add(format!("sold {}", event.0));
    }

    #[handler(message)]
    async fn bought(&mut self, event: Bought) {
        self.log.add(format!("bought {}", event.0));
    }

    #[handler]
    fn subscribe(&mut self, ctx: &mut Context<Self>) {
        ctx.subscribe::<Bought>();
        ctx.subscribe::<Bought>();
    }

    #[handler]
    fn unsubscribe(&mut self, ctx: &mut Context<Self>) {
        ctx.unsubscribe::<Bought>();
        ctx.unsubscribe::<Sold>();
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }

    #[handler]
    async fn note(&mut self) {}
}

fn subscriber(system: &System) -> (ActorRef<Subscriber>, Log) {
    let log = Log::new();
    (system.spawn(Subscriber { log: log.clone() }), log)
}

#[tokio::test(start_paused = true)]
async fn c126_each_subscriber_gets_each_event_of_its_types_once_and_in_order() {
    within(async {
        let system = System::new("test");
        let (one, first) = subscriber(&system);
        let (two, second) = subscriber(&system);
        one.subscribe().await.unwrap();
        assert_eq!(system.events().subscribers::<Sold>(), 2);
        assert_eq!(system.events().subscribers::<Bought>(), 1, "twice is once");
        for number in 0..30 {
            assert_eq!(system.events().publish(Sold(number)), 2);
            assert_eq!(system.events().publish(Bought(number)), 1);
            assert_eq!(system.events().publish(Lost), 0);
            settle().await;
        }
        one.note().await.unwrap();
        two.note().await.unwrap();
        let both: Vec<_> = (0..30).flat_map(|n| [format!("sold {n}"), format!("bought {n}")]).collect();
        let sold: Vec<_> = (0..30).map(|n| format!("sold {n}")).collect();
        assert_eq!(first.lines(), both);
        assert_eq!(second.lines(), sold);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.events_lost, counters.accepted, counters.handled), (0, 93, 93));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c126_nothing_comes_after_unsubscribe_has_returned() {
    within(async {
        let system = System::new("test");
        let (actor, log) = subscriber(&system);
        actor.subscribe().await.unwrap();
        system.events().publish(Sold(1));
        system.events().publish(Bought(1));
        actor.unsubscribe().await.unwrap();
        assert_eq!(system.events().publish(Sold(2)), 0);
        assert_eq!(system.events().publish(Bought(2)), 0);
        actor.note().await.unwrap();
        assert_eq!(log.lines(), ["sold 1", "bought 1"]);
        // And again, from outside.
        system.events().subscribe::<Bought>(&actor);
        system.events().subscribe::<Bought>(&actor);
        assert_eq!(system.events().publish(Bought(3)), 1);
        system.events().unsubscribe::<Bought>(&actor);
        system.events().unsubscribe::<Bought>(&actor);
        assert_eq!(system.events().publish(Bought(4)), 0);
        actor.note().await.unwrap();
        assert_eq!(log.lines(), ["sold 1", "bought 1", "bought 3"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c126_a_declared_subscription_is_there_before_the_start_handler() {
    #[actor]
    struct Early {
        log: Log,
        gate: Gate,
    }
    #[handlers]
    impl Early {
        #[handler(start)]
        async fn begin(&mut self) {
            self.gate.pass().await;
            self.log.add("started");
        }
        #[handler(event)]
        fn sold(&mut self, event: Sold) {
            self.log.add(event.0);
        }
    }
    within(async {
        let system = System::new("test");
        let (log, gate) = (Log::new(), Gate::new());
        let actor = system.spawn(Early { log: log.clone(), gate: gate.clone() });
        gate.reached().await;
        assert_eq!(system.events().publish(Sold(1)), 1);
        gate.open();
        let seen = log.clone();
        eventually("it is handled", move || seen.len() == 2).await;
        assert_eq!(log.lines(), ["started", "1"]);
        drop(actor);
    })
    .await;
}

#[supervisor]
struct Home {
    log: Log,
    #[child(start = Subscriber { log: log.clone() })]
    actor: ActorRef<Subscriber>,
}

#[tokio::test(start_paused = true)]
async fn c126_a_declared_subscription_lasts_through_a_restart_and_one_made_by_a_handler_does_not() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(Home::spec(log.clone())).await.unwrap();
        home.actor.subscribe().await.unwrap();
        home.actor.boom().try_tell().unwrap();
        assert_eq!(system.events().publish(Sold(1)), 1, "it waits for the new incarnation");
        home.actor.note().await.unwrap();
        assert_eq!(home.actor.process().restarts(), 1);
        assert_eq!(system.events().subscribers::<Bought>(), 0);
        assert_eq!(system.events().publish(Bought(2)), 0);
        assert_eq!(system.events().publish(Sold(2)), 1);
        home.actor.note().await.unwrap();
        assert_eq!(log.lines(), ["sold 1", "sold 2"]);
        nothing_left(&system).await;
        assert_eq!(system.events().subscribers::<Sold>(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c127_a_subscriber_that_fails_or_ends_is_removed_and_nobody_else_is_touched() {
    #[actor]
    struct Bad;
    #[handlers]
    impl Bad {
        #[handler(event)]
        fn sold(&mut self, _event: Sold) {
            panic!("boom");
        }
    }
    within(async {
        let system = System::new("test");
        let (good, log) = subscriber(&system);
        let bad = system.spawn(Bad);
        let (_good_too, more) = subscriber(&system);
        let down = bad.monitor();
        assert_eq!(system.events().publish(Sold(1)), 3);
        assert_eq!(down.await.reason, ExitReason::Panicked { message: "boom".into() });
        assert_eq!(system.events().subscribers::<Sold>(), 2);
        assert_eq!(system.events().publish(Sold(2)), 2);
        settle().await;
        assert_eq!(log.lines(), ["sold 1", "sold 2"]);
        assert_eq!(more.lines(), ["sold 1", "sold 2"]);
        good.stop().await.unwrap();
        assert_eq!(system.events().subscribers::<Sold>(), 1);
        assert_eq!(system.events().publish(Sold(3)), 1);
        nothing_left(&system).await;
        assert_eq!(system.events().subscribers::<Sold>(), 0);
        assert_eq!(system.events().publish(Sold(4)), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c127_an_ended_actor_cannot_be_subscribed() {
    within(async {
        let system = System::new("test");
        let (actor, log) = subscriber(&system);
        actor.kill().await.unwrap();
        assert!(!system.events().subscribe::<Bought>(&actor), "it says so");
        assert_eq!(system.events().subscribers::<Bought>(), 0);
        assert_eq!(system.events().publish(Bought(1)), 0);
        assert!(log.is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c127_a_subscription_keeps_nobody_alive() {
    within(async {
        let system = System::new("test");
        let (actor, _log) = subscriber(&system);
        actor.subscribe().await.unwrap();
        let process = actor.process();
        drop(actor);
        assert_eq!(process.wait().await, ExitReason::Normal);
        assert_eq!(system.events().subscribers::<Sold>(), 0);
        assert_eq!(system.events().subscribers::<Bought>(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c128_a_slow_subscriber_loses_events_counted_and_delays_nobody() {
    within(async {
        let system = System::new("test");
        let (slow, behind) = subscriber(&system);
        let (fast, log) = subscriber(&system);
        let gate = Gate::new();
        slow.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        for number in 0..20 {
            let reached = system.events().publish(Sold(number));
            assert_eq!(reached, if number < 4 { 2 } else { 1 }, "room for four");
            settle().await;
        }
        assert_eq!(log.len(), 20, "the other one has them all");
        assert!(behind.is_empty());
        assert_eq!(system.events().lost(), 16);
        assert_eq!(system.events().lost_by(slow.pid()), 16);
        assert_eq!(system.events().lost_by(fast.pid()), 0);
        assert_eq!(system.counters().events_lost, 16);
        gate.open();
        settle().await;
        slow.note().await.unwrap();
        assert_eq!(system.events().publish(Sold(20)), 2, "it is subscribed still");
        slow.note().await.unwrap();
        assert_eq!(behind.lines(), ["sold 0", "sold 1", "sold 2", "sold 3", "sold 20"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c128_publishing_does_not_wait_for_a_mailbox_that_blocks() {
    #[actor(mailbox(capacity = 1, backpressure = "block"))]
    struct Blocking {
        log: Log,
    }
    #[handlers]
    impl Blocking {
        #[handler(event)]
        fn sold(&mut self, event: Sold) {
            self.log.add(event.0);
        }
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
        #[handler]
        async fn note(&mut self) {}
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Blocking { log: log.clone() });
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        assert_eq!(system.events().publish(Sold(1)), 1);
        assert_eq!(system.events().publish(Sold(2)), 0);
        assert_eq!(system.events().lost_by(actor.pid()), 1);
        gate.open();
        actor.note().await.unwrap();
        assert_eq!(log.lines(), ["1"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c126_events_of_many_publishers_come_once_each_in_the_order_of_each() {
    #[actor(mailbox(capacity = "unbounded"))]
    struct Collector {
        seen: Vec<Vec<u32>>,
    }
    #[derive(Clone)]
    struct Numbered(usize, u32);
    #[handlers]
    impl Collector {
        #[handler(event)]
        fn numbered(&mut self, event: Numbered) {
            self.seen[event.0].push(event.1);
        }
        #[handler]
        fn seen(&mut self) -> Vec<Vec<u32>> {
            self.seen.clone()
        }
    }
    within(async {
        let system = System::new("test");
        let actors: Vec<_> = (0..3).map(|_| system.spawn(Collector { seen: vec![Vec::new(); 4] })).collect();
        let tasks: Vec<_> = (0..4)
            .map(|publisher| {
                let bus = system.events();
                tokio::spawn(async move {
                    for number in 0..1_000 {
                        assert!(bus.publish(Numbered(publisher, number)) >= 3);
                        if number % 100 == 0 {
                            tokio::task::yield_now().await;
                        }
                    }
                })
            })
            .collect();
        // Others come and go meanwhile.
        for _ in 0..50 {
            let guest = system.spawn(Collector { seen: vec![Vec::new(); 4] });
            tokio::task::yield_now().await;
            guest.kill().await.unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        for actor in &actors {
            for seen in actor.seen().await.unwrap() {
                assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
            }
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c129_a_handler_may_publish_also_what_it_is_subscribed_to() {
    #[actor]
    struct Echo {
        log: Log,
    }
    #[handlers]
    impl Echo {
        #[handler(event)]
        fn sold(&mut self, event: Sold, ctx: &mut Context<Self>) {
            self.log.add(event.0);
            if event.0 > 0 {
                ctx.publish(Sold(event.0 - 1));
            }
        }
        #[handler]
        async fn note(&mut self) {}
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let echo = system.spawn(Echo { log: log.clone() });
        system.events().publish(Sold(5));
        let seen = log.clone();
        eventually("it has run down", move || seen.len() == 6).await;
        assert_eq!(log.lines(), ["5", "4", "3", "2", "1", "0"]);
        echo.note().await.unwrap();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c129_an_event_may_subscribe_and_unsubscribe_while_it_is_published() {
    #[actor]
    struct Fickle {
        log: Log,
    }
    #[handlers]
    impl Fickle {
        #[handler(event)]
        fn sold(&mut self, event: Sold, ctx: &mut Context<Self>) {
            self.log.add(format!("sold {}", event.0));
            ctx.unsubscribe::<Sold>();
            ctx.subscribe::<Bought>();
        }
        #[handler(message)]
        fn bought(&mut self, event: Bought, ctx: &mut Context<Self>) {
            self.log.add(format!("bought {}", event.0));
            ctx.unsubscribe::<Bought>();
            ctx.subscribe::<Sold>();
        }
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Fickle { log: log.clone() });
        for number in 0..4 {
            system.events().publish(Sold(number));
            settle().await;
            system.events().publish(Bought(number));
            settle().await;
        }
        let wanted: Vec<_> = (0..4).flat_map(|n| [format!("sold {n}"), format!("bought {n}")]).collect();
        assert_eq!(log.lines(), wanted);
        drop(actor);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c126_the_buses_of_two_systems_are_not_related() {
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        let (one, first) = subscriber(&here);
        let (two, second) = subscriber(&there);
        assert_eq!(here.events().publish(Sold(1)), 1);
        one.note().await.unwrap();
        two.note().await.unwrap();
        assert_eq!((first.len(), second.len()), (1, 0));
        nothing_left(&here).await;
        assert_eq!(there.events().publish(Sold(2)), 1);
        nothing_left(&there).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c126_an_actor_of_another_system_is_subscribed_to_the_bus_it_was_given_to() {
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        let (guest, log) = subscriber(&there);
        here.events().subscribe::<Bought>(&guest);
        assert_eq!(there.events().publish(Bought(1)), 0, "not its own system's");
        assert_eq!(here.events().publish(Bought(2)), 1);
        guest.note().await.unwrap();
        assert_eq!(log.lines(), ["bought 2"]);
        guest.stop().await.unwrap();
        assert_eq!(here.events().subscribers::<Bought>(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c128_events_for_an_actor_that_ends_are_accounted_for() {
    within(async {
        let system = System::new("test");
        let (actor, log) = subscriber(&system);
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        assert_eq!(system.events().publish(Sold(1)), 1);
        assert_eq!(system.events().publish(Sold(2)), 1);
        actor.kill().await.unwrap();
        assert!(log.is_empty());
        let counters = at_rest(&system).await;
        assert_eq!((counters.accepted, counters.dead_lettered, counters.lost_in_hand), (3, 2, 1));
    })
    .await;
}

/// Publishes and waits, and does what it is told with what it is subscribed to.
#[actor(mailbox(capacity = 4, backpressure = "drop"))]
struct Herald {
    log: Log,
    gate: Option<Gate>,
}

impl Herald {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), gate: None }
    }
}

#[handlers]
impl Herald {
    #[handler(event)]
    async fn sold(&mut self, event: Sold) {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        self.log.add(format!("sold {}", event.0));
    }

    #[handler]
    async fn proclaim(&mut self, event: Sold, limit: Duration, ctx: &mut Context<Self>) -> Delivery {
        let delivery = ctx.publish_and_wait(event).timeout(limit).await;
        self.log.add("proclaimed");
        delivery
    }

    #[handler]
    async fn note(&mut self) {}
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn c130_a_publish_that_waits_returns_when_every_subscriber_has_handled_the_event() {
    within(async {
        let system = System::new("test");
        let (plain, first) = subscriber(&system);
        let (log, gate) = (Log::new(), Gate::new());
        let slow = system.spawn(Herald { log: log.clone(), gate: Some(gate.clone()) });
        let mut publish = Box::pin(system.events().publish_and_wait(Sold(1)).timeout(LONG).into_future());
        for _ in 0..3 {
            assert!(poll_once(&mut publish).await.is_pending());
            settle().await;
        }
        assert_eq!(first.lines(), ["sold 1"], "published at the first poll, and once");
        assert!(log.is_empty());
        gate.open();
        let delivery = publish.await;
        assert_eq!(log.lines(), ["sold 1"], "handled by the time that it returns");
        assert_eq!((delivery.handled, delivery.subscribers()), (2, 2));
        assert!(delivery.is_complete());
        // Nobody wants it, or nobody is left that wants it.
        assert_eq!(system.events().publish_and_wait(Lost).await, Delivery::default());
        plain.stop().await.unwrap();
        slow.kill().await.unwrap();
        let nobody = system.events().publish_and_wait(Sold(2)).await;
        assert_eq!(nobody, Delivery::default());
        assert!(nobody.is_complete());
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_it_returns_when_its_time_has_passed_and_the_event_is_handled_all_the_same() {
    within(async {
        let limit = Duration::from_millis(300);
        let system = System::builder().ask_timeout(Duration::from_secs(2)).build().unwrap();
        let (_plain, first) = subscriber(&system);
        let (log, gate) = (Log::new(), Gate::new());
        let slow = system.spawn(Herald { log: log.clone(), gate: Some(gate.clone()) });
        let began = Instant::now();
        let delivery = system.events().publish_and_wait(Sold(1)).timeout(limit).await;
        assert_eq!(began.elapsed(), limit);
        assert_eq!((delivery.handled, delivery.timed_out, delivery.subscribers()), (1, 1, 2));
        assert!(!delivery.is_complete());
        // Without a limit of its own: the system's.
        let began = Instant::now();
        let delivery = system.events().publish_and_wait(Sold(2)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(2));
        assert_eq!(delivery.timed_out, 1);
        let at_once = system.events().publish_and_wait(Sold(3)).timeout(Duration::ZERO).await;
        assert_eq!(at_once.timed_out, 2, "none has had its turn");
        (0..3).for_each(|_| gate.open());
        slow.note().await.unwrap();
        assert_eq!(log.lines(), ["sold 1", "sold 2", "sold 3"], "late, and each once");
        assert_eq!(first.lines(), ["sold 1", "sold 2", "sold 3"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (7, 7));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_a_subscriber_that_fails_or_ends_is_waited_for_no_longer() {
    #[actor]
    struct Bad {
        way: u32,
        gate: Gate,
    }
    #[handlers]
    impl Bad {
        #[handler(event)]
        async fn sold(&mut self, _event: Sold) -> ActorResult<()> {
            match self.way {
                0 => panic!("boom"),
                1 => Err(Oops("no"))?,
                _ => self.gate.pass().await,
            }
            Ok(())
        }
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
    }
    within(async {
        let system = System::new("test");
        let (_good, log) = subscriber(&system);
        let began = Instant::now();
        for way in 0..7 {
            let gate = Gate::new();
            let bad = system.spawn(Bad { way, gate: gate.clone() });
            if way > 3 {
                bad.hold(gate.clone()).try_tell().unwrap();
                gate.reached().await;
            }
            let events = system.events();
            let publish = tokio::spawn(async move { events.publish_and_wait(Sold(way)).timeout(LONG).await });
            settle().await;
            assert_eq!(publish.is_finished(), way < 2, "way {way}");
            match way {
                // With the event in hand: killed, and stopped after it.
                2 => drop(bad.kill()),
                3 => {
                    drop(bad.stop());
                    gate.open();
                }
                // With the event queued: killed, stopped, and drained.
                4 => drop(bad.kill()),
                5 => {
                    drop(bad.stop());
                    gate.open();
                }
                6 => {
                    drop(bad.drain());
                    (0..2).for_each(|_| gate.open());
                }
                _ => {}
            }
            let delivery = publish.await.unwrap();
            let handled = if way == 3 || way == 6 { 2 } else { 1 };
            assert_eq!((delivery.handled, delivery.failed), (handled, 2 - handled), "way {way}");
            assert_eq!(delivery.subscribers(), 2);
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "at once, each time");
        assert_eq!(log.len(), 7);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_an_event_that_a_full_subscriber_loses_is_counted_and_not_waited_for() {
    #[actor(mailbox(capacity = 1, backpressure = "drop_oldest"))]
    struct Newest {
        log: Log,
    }
    #[handlers]
    impl Newest {
        #[handler(event)]
        fn bought(&mut self, event: Bought) {
            self.log.add(event.0);
        }
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
    }
    within(async {
        let system = System::new("test");
        let (full, log) = subscriber(&system);
        let gate = Gate::new();
        full.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        for number in 0..4 {
            system.events().publish(Sold(number));
        }
        let delivery = system.events().publish_and_wait(Sold(4)).timeout(LONG).await;
        assert_eq!((delivery.lost, delivery.subscribers()), (1, 1));
        assert_eq!((system.events().lost(), system.events().lost_by(full.pid())), (1, 1));
        gate.open();
        settle().await;
        assert_eq!(log.lines(), ["sold 0", "sold 1", "sold 2", "sold 3"]);
        // Taken in, and evicted by a newer one.
        let (seen, gate) = (Log::new(), Gate::new());
        let newest = system.spawn(Newest { log: seen.clone() });
        newest.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        let mut first = Box::pin(system.events().publish_and_wait(Bought(1)).timeout(LONG).into_future());
        assert!(poll_once(&mut first).await.is_pending());
        let mut second = Box::pin(system.events().publish_and_wait(Bought(2)).timeout(LONG).into_future());
        assert!(poll_once(&mut second).await.is_pending());
        let evicted = first.await;
        assert_eq!((evicted.lost, evicted.subscribers()), (1, 1));
        gate.open();
        assert_eq!(second.await.handled, 1);
        assert_eq!(seen.lines(), ["2"]);
        nothing_left(&system).await;
    })
    .await;
}

#[supervisor(backoff(first = "1s", max = "1s"))]
struct SlowHome {
    log: Log,
    #[child(start = Subscriber { log: log.clone() })]
    actor: ActorRef<Subscriber>,
}

#[tokio::test(start_paused = true)]
async fn c130_an_event_queued_before_a_restart_is_waited_for_through_it() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let home = system.start(SlowHome::spec(log.clone())).await.unwrap();
        home.actor.boom().try_tell().unwrap();
        let began = Instant::now();
        let delivery = system.events().publish_and_wait(Sold(1)).timeout(LONG).await;
        assert_eq!(delivery.handled, 1);
        assert_eq!(home.actor.process().incarnation(), 2, "the new incarnation has handled it");
        assert!(began.elapsed() > Duration::ZERO, "after its backoff");
        assert_eq!(log.lines(), ["sold 1"]);
        // Not in time: handled later all the same.
        home.actor.boom().try_tell().unwrap();
        let short = Duration::from_millis(10);
        let delivery = system.events().publish_and_wait(Sold(2)).timeout(short).await;
        assert_eq!((delivery.timed_out, delivery.subscribers()), (1, 1));
        home.actor.note().await.unwrap();
        assert_eq!(log.lines(), ["sold 1", "sold 2"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_dropped_before_it_is_polled_nothing_is_published_and_later_nothing_is_lost() {
    within(async {
        let system = System::new("test");
        let (actor, log) = subscriber(&system);
        drop(system.events().publish_and_wait(Sold(1)));
        drop(system.events().publish_and_wait(Sold(2)).into_future());
        let mut publish = Box::pin(system.events().publish_and_wait(Sold(3)).into_future());
        assert!(poll_once(&mut publish).await.is_pending());
        drop(publish);
        actor.note().await.unwrap();
        assert_eq!(log.lines(), ["sold 3"]);
        // An actor that gives up waits for nobody any more: it can be asked by the one it waited for.
        let impatient = system.spawn(Impatient);
        let (seen, gate) = (Log::new(), Gate::new());
        let late = Late { impatient: impatient.clone(), gate: gate.clone(), log: seen.clone() };
        let _late = system.spawn(late);
        impatient.give_up().await.unwrap();
        gate.reached().await;
        gate.open();
        let asked = seen.clone();
        eventually("it has asked", move || asked.len() == 1).await;
        assert_eq!(seen.lines(), ["Ok(())"]);
        nothing_left(&system).await;
    })
    .await;
}

/// Publishes and waits no longer than one poll.
#[actor]
struct Impatient;

#[handlers]
impl Impatient {
    #[handler]
    async fn give_up(&mut self, ctx: &mut Context<Self>) {
        let mut publish = Box::pin(ctx.publish_and_wait(Bought(9)).into_future());
        assert!(poll_once(&mut publish).await.is_pending());
    }

    #[handler]
    async fn note(&mut self) {}
}

/// Asks the publisher while it handles what was published.
#[actor]
struct Late {
    impatient: ActorRef<Impatient>,
    gate: Gate,
    log: Log,
}

#[handlers]
impl Late {
    #[handler(event)]
    async fn bought(&mut self, _event: Bought) {
        self.gate.pass().await;
        self.log.add(format!("{:?}", self.impatient.note().await));
    }
}

#[tokio::test(start_paused = true)]
async fn c130_a_handler_that_publishes_to_itself_is_told_so_at_once() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let herald = system.spawn(Herald::new(&log));
        let (_other, heard) = subscriber(&system);
        let began = Instant::now();
        let delivery = herald.proclaim(Sold(1), LONG).timeout(LONG).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!((delivery.handled, delivery.deadlocked, delivery.subscribers()), (1, 1, 2));
        assert!(!delivery.is_complete());
        herald.note().await.unwrap();
        assert_eq!(log.lines(), ["proclaimed", "sold 1"], "it has the event, as any other");
        assert_eq!(heard.lines(), ["sold 1"]);
        nothing_left(&system).await;
    })
    .await;
}

/// Asks a herald to publish, or asks it while it handles what was published.
#[actor]
struct Reporter {
    herald: ActorRef<Herald>,
    log: Log,
}

#[handlers]
impl Reporter {
    #[handler(event)]
    async fn sold(&mut self, event: Sold) {
        if event.0 == 2 {
            let error = self.herald.note().timeout(LONG).await.expect_err("it waits for this handler");
            self.log.add(matches!(error, AskError::Deadlock { .. }));
        }
        self.log.add(event.0);
    }

    #[handler]
    async fn order(&mut self, event: Sold) -> Result<Delivery, AskError> {
        self.herald.proclaim(event, LONG).timeout(LONG).await
    }

    #[handler]
    async fn inquire(&mut self) -> Result<(), AskError> {
        self.herald.note().timeout(LONG).await
    }
}

#[tokio::test(start_paused = true)]
async fn c130_a_ring_of_a_publish_and_asks_is_found_from_either_side() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let herald = system.spawn(Herald::new(&Log::new()));
        let reporter = system.spawn(Reporter { herald: herald.clone(), log: log.clone() });
        let began = Instant::now();
        // It waits for the herald, so it cannot handle what the herald publishes.
        let delivery = reporter.order(Sold(1)).timeout(LONG).await.unwrap().unwrap();
        assert_eq!(
            (delivery.deadlocked, delivery.subscribers()),
            (2, 2),
            "the reporter, and the herald itself"
        );
        // The herald waits for it, so it cannot ask the herald.
        let delivery = herald.proclaim(Sold(2), LONG).timeout(LONG).await.unwrap();
        assert_eq!((delivery.handled, delivery.deadlocked), (1, 1));
        assert_eq!(log.lines(), ["1", "true", "2"]);
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody has waited for a limit");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_who_has_handled_the_event_may_ask_the_publisher_that_still_waits_for_others() {
    within(async {
        let system = System::new("test");
        let herald = system.spawn(Herald::new(&Log::new()));
        let log = Log::new();
        let reporter = system.spawn(Reporter { herald: herald.clone(), log: log.clone() });
        let gate = Gate::new();
        let _slow = system.spawn(Herald { log: Log::new(), gate: Some(gate.clone()) });
        herald.proclaim(Sold(1), LONG).try_tell().unwrap();
        gate.reached().await;
        settle().await;
        assert_eq!(log.lines(), ["1"], "the reporter has handled it");
        let inquiry = tokio::spawn({
            let reporter = reporter.clone();
            async move { reporter.inquire().timeout(LONG).await }
        });
        settle().await;
        assert!(!inquiry.is_finished(), "it waits for its turn");
        gate.open();
        assert_eq!(inquiry.await.unwrap(), Ok(Ok(())), "no ring");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_the_limit_of_a_request_bounds_the_publish_of_its_handler() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let gate = Gate::new();
        let _slow = system.spawn(Herald { log: Log::new(), gate: Some(gate.clone()) });
        let herald = system.spawn(Herald::new(&log));
        let limit = Duration::from_secs(1);
        let began = Instant::now();
        let asked = herald.proclaim(Sold(1), LONG).timeout(limit).await;
        assert!(
            matches!(asked, Ok(Delivery { timed_out: 1, .. }) | Err(AskError::Timeout { .. })),
            "{asked:?}"
        );
        herald.note().await.unwrap();
        assert_eq!(began.elapsed(), limit);
        gate.open();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c130_what_a_subscriber_answers_is_nobodys_and_its_error_is_told() {
    #[actor]
    struct Verbose {
        kept: Option<ReplyTo<u32>>,
    }
    #[handlers]
    impl Verbose {
        #[handler(message)]
        fn sold(&mut self, event: Sold) -> Result<u32, Oops> {
            if event.0 == 0 { Err(Oops("none")) } else { Ok(event.0) }
        }
        #[handler(message)]
        async fn bought(&mut self, _event: Bought, reply: ReplyTo<u32>) {
            assert!(!reply.is_awaited());
            self.kept = Some(reply);
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Verbose { kept: None });
        system.events().subscribe::<Sold>(&actor);
        system.events().subscribe::<Bought>(&actor);
        let began = Instant::now();
        for number in 0..3 {
            assert_eq!(system.events().publish_and_wait(Sold(number)).await.handled, 1);
        }
        assert_eq!(system.counters().told_errors, 1);
        assert_eq!(system.events().publish_and_wait(Bought(1)).await.handled, 1, "it keeps the reply");
        assert_eq!(began.elapsed(), Duration::ZERO);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c130_no_publish_hangs_and_each_says_what_was_handled_while_subscribers_come_and_go() {
    #[derive(Clone)]
    struct Tick;
    #[actor(mailbox(capacity = 4, backpressure = "drop"))]
    struct Listener {
        heard: Arc<AtomicUsize>,
        fails: usize,
    }
    #[handlers]
    impl Listener {
        #[handler(event)]
        async fn tick(&mut self, _tick: Tick) {
            tokio::task::yield_now().await;
            if self.fails > 0 && self.heard.load(Ordering::Relaxed) % self.fails == 1 {
                panic!("boom");
            }
            self.heard.fetch_add(1, Ordering::SeqCst);
        }
    }
    within(async {
        let system = System::new("test");
        let heard = Arc::new(AtomicUsize::new(0));
        let residents: Vec<_> =
            (0..3).map(|_| system.spawn(Listener { heard: heard.clone(), fails: 0 })).collect();
        let publishers: Vec<_> = (0..6)
            .map(|_| {
                let events = system.events();
                tokio::spawn(async move {
                    let mut sum = Delivery::default();
                    for _ in 0..200 {
                        let one = events.publish_and_wait(Tick).timeout(LONG).await;
                        assert!(one.subscribers() >= 3, "{one:?}");
                        sum.handled += one.handled;
                        sum.failed += one.failed;
                        sum.lost += one.lost;
                        sum.timed_out += one.timed_out;
                    }
                    sum
                })
            })
            .collect();
        let mut round = 0;
        while !publishers.iter().all(|publisher| publisher.is_finished()) {
            let guest = system.spawn(Listener { heard: heard.clone(), fails: 7 });
            for _ in 0..round % 8 {
                tokio::task::yield_now().await;
            }
            match round % 3 {
                0 => drop(guest.kill().await),
                1 => drop(guest.stop().await),
                _ => drop(guest),
            }
            round += 1;
        }
        let (mut handled, mut failed, mut lost) = (0, 0, 0);
        for publisher in publishers {
            let sum = publisher.await.unwrap();
            assert_eq!(sum.timed_out, 0, "none was left waiting");
            (handled, failed, lost) = (handled + sum.handled, failed + sum.failed, lost + sum.lost);
        }
        println!("1,200 publishes, {round} guests: {handled} handled, {failed} failed, {lost} lost");
        assert_eq!(handled, heard.load(Ordering::SeqCst), "what is said to be handled was");
        assert_eq!(u64::try_from(lost).unwrap(), system.events().lost());
        drop(residents);
        nothing_left(&system).await;
    })
    .await;
}

#[supervisor(strategy = "one_for_all", max_restarts = 1_000, within = "1s")]
struct Court {
    log: Log,
    #[child(start = Herald::new(&log))]
    herald: ActorRef<Herald>,
    #[child(start = Subscriber { log: log.clone() })]
    first: ActorRef<Subscriber>,
    #[child(start = Subscriber { log: log.clone() })]
    second: ActorRef<Subscriber>,
}

/// Is ready again at once: the seed says who goes next. (Tokio's `yield_now` lets all others go first.)
async fn step_aside() {
    let mut aside = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut aside, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn c130_no_seeded_order_of_publishes_and_crashes_makes_one_wait_for_its_limit() {
    let totals: Arc<[AtomicUsize; 4]> = Arc::default();
    Simulation::check(0..200, |sim| {
        let totals = totals.clone();
        async move {
            let system = sim.system().clone();
            let log = Log::new();
            let court = system.start(Court::spec(log.clone())).await.unwrap();
            let began = Instant::now();
            let (mut sum, mut early) = (Delivery::default(), 0);
            for number in 0..12 {
                // From within, which its own end may cut short, and from outside.
                court.herald.proclaim(Sold(number), LONG).tell().await.ok();
                let guest = system.spawn(Herald::new(&log));
                if number % 3 == 1 {
                    court.first.boom().tell().await.ok();
                }
                let mut publish =
                    Box::pin(system.events().publish_and_wait(Sold(number)).timeout(LONG).into_future());
                let mut met = poll_once(&mut publish).await.is_ready();
                for _ in 0..number % 6 {
                    step_aside().await;
                    met |= poll_once(&mut publish).await.is_ready();
                }
                if number % 4 == 2 {
                    court.second.boom().try_tell().ok();
                }
                drop(guest.kill());
                let one = publish.await;
                early += usize::from(met);
                assert_eq!((one.subscribers(), one.timed_out), (4, 0), "{one:?}");
                sum.handled += one.handled;
                sum.failed += one.failed;
            }
            assert!(began.elapsed() < LONG, "nobody has waited for a limit: {:?}", began.elapsed());
            let restarts = court.herald.process().restarts() as usize;
            for (total, one) in totals.iter().zip([sum.handled, sum.failed, early, restarts]) {
                total.fetch_add(one, Ordering::Relaxed);
            }
            assert!(system.shutdown().await.is_clean());
        }
    });
    let [handled, failed, early, restarts] = [0, 1, 2, 3].map(|place| totals[place].load(Ordering::Relaxed));
    println!(
        "200 seeds: {handled} handled, {failed} failed, {early} before a crash, {restarts} restarts, 0 late"
    );
    assert!(handled > 0 && failed > 0 && restarts > 0);
}
