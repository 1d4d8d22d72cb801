//! The bus: each event once, in order, to whoever is subscribed, and nobody waits.

use airssys_rt::prelude::*;
use tests::actors::{Gate, Log, at_rest, eventually, nothing_left, settle, within};

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
        system.events().subscribe::<Bought>(&actor);
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
