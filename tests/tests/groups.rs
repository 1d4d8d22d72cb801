//! Groups: a name that many actors share; each member once, and nobody that has ended.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Wake, Waker};

use airssys_rt::prelude::*;
use airssys_rt::testing::Simulation;
use tests::actors::{
    Gate, Log, Tomb, Worker, WorkerApi, WorkerMessage, eventually, nothing_left, settle, within,
};

/// What is said to a group.
#[derive(Clone, Debug)]
struct Said(u32);

/// Listens, and joins and leaves by itself.
#[actor(mailbox(capacity = 4, backpressure = "drop"))]
#[derive(Default)]
struct Guest {
    log: Log,
}

#[handlers]
impl Guest {
    #[handler(message)]
    fn said(&mut self, said: Said) {
        self.log.add(said.0);
    }

    #[handler]
    fn enter(&mut self, room: String, ctx: &mut Context<Self>) {
        ctx.join(room);
    }

    #[handler]
    fn exit(&mut self, room: String, ctx: &mut Context<Self>) -> bool {
        ctx.leave(&room)
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

/// Listens as well, as another type.
#[actor]
#[derive(Default)]
struct Robot {
    log: Log,
}

#[handlers]
impl Robot {
    #[handler(message)]
    async fn said(&mut self, said: Said) {
        self.log.add(said.0);
    }
}

fn guest(system: &System) -> (ActorRef<Guest>, Log) {
    let log = Log::new();
    (system.spawn(Guest { log: log.clone() }), log)
}

fn pids(members: &[ProcessInfo]) -> Vec<ProcessId> {
    members.iter().map(ProcessInfo::pid).collect()
}

/// No group is left when everybody has ended.
async fn nobody_left(system: &System) {
    nothing_left(system).await;
    assert_eq!(system.groups().names(), Vec::<Arc<str>>::new(), "groups without members");
}

#[tokio::test(start_paused = true)]
async fn c120_a_member_is_listed_once_however_often_it_joins() {
    within(async {
        let system = System::new("test");
        let groups = system.groups();
        let (one, _) = guest(&system);
        let (two, _) = guest(&system);
        let robot = system.spawn(Robot::default());
        assert!(groups.members::<Guest>("hall").is_empty());
        assert!(groups.join("hall", &two));
        assert!(groups.join("hall", &one));
        assert!(groups.join("hall", &robot));
        assert!(groups.join("hall", &one), "again");
        one.enter("hall".into()).await.unwrap();
        assert!(groups.join("attic", &one));
        assert_eq!(groups.members::<Guest>("hall"), [one.clone(), two.clone()]);
        assert_eq!(groups.members::<Robot>("hall"), slice::from_ref(&robot));
        assert!(groups.members::<Worker>("hall").is_empty());
        assert_eq!(pids(&groups.processes("hall")), [one.pid(), two.pid(), robot.pid()]);
        assert_eq!(groups.names(), ["attic".into(), "hall".into()] as [Arc<str>; 2]);

        assert!(groups.leave("hall", &one), "once out, however often it joined");
        assert!(!groups.leave("hall", &one));
        assert!(!groups.leave("cellar", &one));
        assert!(!one.exit("hall".into()).await.unwrap());
        assert_eq!(groups.members::<Guest>("hall"), slice::from_ref(&two));
        assert!(one.exit("attic".into()).await.unwrap());
        assert_eq!(groups.names(), ["hall".into()] as [Arc<str>; 1]);
        assert!(groups.join("hall", &one), "and in again");
        assert_eq!(groups.members::<Guest>("hall").len(), 2);
        nobody_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c120_what_is_told_to_a_group_reaches_each_live_member_once() {
    within(async {
        let system = System::new("test");
        let groups = system.groups();
        assert_eq!(groups.tell_all::<Guest, _>("hall", Said(0)), 0);
        let (one, first) = guest(&system);
        let (two, second) = guest(&system);
        let (outside, unheard) = guest(&system);
        let (gone, silence) = guest(&system);
        let robot = Log::new();
        let third = system.spawn(Robot { log: robot.clone() });
        for member in [&one, &two, &gone, &one] {
            groups.join("hall", member);
        }
        groups.join("hall", &third);
        groups.join("attic", &outside);
        assert_eq!(groups.tell_all::<Guest, _>("hall", Said(1)), 3);
        assert_eq!(groups.tell_all::<Robot, _>("hall", Said(2)), 1);
        settle().await;
        gone.kill().await.unwrap();
        assert_eq!(groups.tell_all::<Guest, _>("hall", Said(3)), 2);
        groups.leave("hall", &two);
        assert_eq!(groups.tell_all::<Guest, _>("hall", Said(4)), 1);
        settle().await;
        assert_eq!(first.lines(), ["1", "3", "4"]);
        assert_eq!(second.lines(), ["1", "3"]);
        assert_eq!(silence.lines(), ["1"]);
        assert_eq!(robot.lines(), ["2"]);
        assert!(unheard.is_empty());
        // A group of actors of one type takes their own messages, too.
        assert_eq!(groups.tell_all::<Worker, _>("work", WorkerMessage::Note { number: 1 }), 0);
        let log = Log::new();
        let workers = [system.spawn(Worker::new(&log)), system.spawn(Worker::new(&log))];
        for worker in &workers {
            groups.join("work", worker);
        }
        assert_eq!(groups.tell_all::<Worker, _>("work", WorkerMessage::Note { number: 1 }), 2);
        for worker in groups.members::<Worker>("work") {
            assert_eq!(worker.note(2).await, Ok(2));
        }
        assert_eq!(log.lines(), ["1", "2", "1", "2"]);
        nobody_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c120_a_full_member_loses_what_is_told_to_its_group_counted_and_delays_nobody() {
    within(async {
        let system = System::new("test");
        let groups = system.groups();
        let (slow, behind) = guest(&system);
        let (fast, log) = guest(&system);
        groups.join("hall", &slow);
        groups.join("hall", &fast);
        let gate = Gate::new();
        slow.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        for number in 0..10 {
            let reached = groups.tell_all::<Guest, _>("hall", Said(number));
            assert_eq!(reached, if number < 4 { 2 } else { 1 }, "room for four");
            settle().await;
        }
        assert_eq!(system.counters().refused, 6);
        gate.open();
        settle().await;
        assert_eq!(behind.lines(), ["0", "1", "2", "3"]);
        assert_eq!(log.len(), 10);
        nobody_left(&system).await;
    })
    .await;
}

/// Looks at the groups at the very moment at which a monitor tells of an end.
struct AtDown {
    system: System,
    seen: Mutex<Vec<(usize, usize)>>,
}

impl Wake for AtDown {
    fn wake(self: Arc<Self>) {
        let groups = self.system.groups();
        let seen = (groups.names().len(), groups.processes("hall").len());
        self.seen.lock().unwrap().push(seen);
    }
}

#[tokio::test(start_paused = true)]
async fn c120_who_ends_in_any_way_is_in_no_group_when_its_down_is_seen() {
    within(async {
        let system = System::new("test");
        for way in 0..7 {
            let worker = system.spawn(Worker::default());
            system.groups().join("hall", &worker);
            system.groups().join("attic", &worker);
            let at_down = Arc::new(AtDown { system: system.clone(), seen: Mutex::default() });
            let waker = Waker::from(at_down.clone());
            let mut down = pin!(worker.monitor());
            assert!(down.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_pending());
            let process = worker.process();
            match way {
                0 => drop(worker.stop()),
                1 => drop(worker.kill()),
                2 => drop(worker.boom("boom".into()).await),
                3 => drop(worker.fail().await),
                4 => drop(worker.finish().await),
                5 => drop(worker.drain()),
                _ => drop(worker),
            }
            process.wait().await;
            assert_eq!(*at_down.seen.lock().unwrap(), [(0, 0)], "way {way}");
            let down = down.as_mut().poll(&mut TaskContext::from_waker(&waker));
            assert!(matches!(down, Poll::Ready(down) if down.pid == process.pid()));
        }
        nobody_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c120_who_has_ended_cannot_join() {
    within(async {
        let system = System::new("test");
        let (actor, _) = guest(&system);
        actor.kill().await.unwrap();
        assert!(!system.groups().join("hall", &actor));
        assert!(!system.groups().leave("hall", &actor));
        assert!(system.groups().names().is_empty(), "and no empty group is made");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c120_a_group_keeps_nobody_alive() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        #[actor]
        struct Mortal {
            _tomb: Tomb,
        }
        #[handlers]
        impl Mortal {
            #[handler]
            fn nothing(&self) {}
        }
        let actor = system.spawn(Mortal { _tomb: Tomb::new(&log, "gone") });
        system.groups().join("hall", &actor);
        let process = actor.process();
        drop(actor);
        assert_eq!(process.wait().await, ExitReason::Normal);
        assert_eq!(log.lines(), ["gone"]);
        assert!(system.groups().names().is_empty());
    })
    .await;
}

#[supervisor(max_restarts = 5, within = "1s", backoff(first = "1s", max = "1s"))]
struct Home {
    log: Log,
    #[child(start = Guest { log: log.clone() })]
    guest: ActorRef<Guest>,
}

#[tokio::test(start_paused = true)]
async fn c120_a_restart_keeps_membership_and_an_end_for_good_does_not() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let groups = system.groups();
        let home = system.start(Home::spec(log.clone())).await.unwrap();
        groups.join("hall", &home.guest);
        home.guest.enter("attic".into()).await.unwrap();
        assert!(home.guest.boom().await.is_err());
        settle().await;
        assert_eq!(home.guest.process().status(), ProcessStatus::Starting, "it waits for its backoff");
        assert_eq!(groups.members::<Guest>("hall"), slice::from_ref(&home.guest));
        assert_eq!(groups.members::<Guest>("attic"), slice::from_ref(&home.guest));
        assert_eq!(groups.tell_all::<Guest, _>("hall", Said(1)), 1, "it waits for the new incarnation");
        home.guest.note().await.unwrap();
        assert_eq!(home.guest.process().incarnation(), 2);
        assert_eq!(log.lines(), ["1"]);
        // Ended by its supervisor, and started again by it.
        home.terminate_child("guest").await.unwrap();
        assert!(groups.names().is_empty());
        assert!(!groups.join("hall", &home.guest));
        home.restart_child("guest").await.unwrap();
        home.guest.note().await.unwrap();
        assert!(groups.names().is_empty(), "it is in the groups that it joins now");
        assert!(groups.join("hall", &home.guest));
        assert_eq!(groups.members::<Guest>("hall"), slice::from_ref(&home.guest));
        nobody_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c120_the_groups_of_two_systems_are_not_related_and_take_guests() {
    within(async {
        let here = System::new("here");
        let there = System::new("there");
        // The same ids in both.
        let (native, first) = guest(&here);
        let (visitor, second) = guest(&there);
        assert_eq!(native.pid(), visitor.pid());
        here.groups().join("hall", &native);
        here.groups().join("hall", &visitor);
        there.groups().join("hall", &visitor);
        assert_eq!(here.groups().members::<Guest>("hall").len(), 2);
        assert_eq!(there.groups().members::<Guest>("hall"), slice::from_ref(&visitor));
        assert_eq!(here.groups().tell_all::<Guest, _>("hall", Said(1)), 2);
        assert!(there.groups().leave("hall", &visitor));
        assert_eq!(here.groups().tell_all::<Guest, _>("hall", Said(2)), 2);
        settle().await;
        assert_eq!(
            (first.lines(), second.lines()),
            (vec!["1".into(), "2".into()], vec!["1".into(), "2".into()])
        );
        nobody_left(&there).await;
        assert_eq!(here.groups().members::<Guest>("hall"), [native], "the visitor has ended");
        nobody_left(&here).await;
    })
    .await;
}

/// Idle it ends on the stack of whoever stops it: the end is as quick as the join that it meets.
#[actor]
struct Dot;

#[handlers]
impl Dot {
    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c120_joining_leaving_and_ending_at_once_leave_no_ghost() {
    const ROUNDS: usize = 200;
    const DOTS: usize = 400;
    within(async {
        let system = System::new("test");
        let groups = system.groups();
        let watching = Arc::new(AtomicBool::new(true));
        let watcher = {
            let (groups, watching) = (groups.clone(), watching.clone());
            std::thread::spawn(move || {
                let mut listings = 0;
                while watching.load(Ordering::Relaxed) {
                    let members = pids(&groups.processes("hall"));
                    assert_eq!(members.iter().collect::<BTreeSet<_>>().len(), members.len(), "listed twice");
                    listings += 1;
                    std::thread::yield_now();
                }
                listings
            })
        };
        let (mut joined, mut left, mut late) = (0, 0, 0);
        for round in 0..ROUNDS {
            let dots: Vec<_> = (0..DOTS).map(|_| system.spawn(Dot)).collect();
            // Joins, leaves and ends go through the dots side by side: before, in and after each other.
            let start = Arc::new(std::sync::Barrier::new(3));
            let side_by_side = |what: fn(&Groups, &ActorRef<Dot>) -> bool| {
                let (start, groups, dots) = (start.clone(), groups.clone(), dots.clone());
                std::thread::spawn(move || {
                    start.wait();
                    dots.iter().filter(|dot| what(&groups, dot)).count()
                })
            };
            let joins = side_by_side(|groups, dot| groups.join("hall", dot));
            let leaves = side_by_side(|groups, dot| groups.leave("hall", dot));
            start.wait();
            for dot in &dots {
                match round % 4 {
                    0 | 1 => drop(dot.kill()),
                    2 => drop(dot.stop()),
                    _ => dot.boom().try_tell().unwrap(),
                }
            }
            for dot in &dots {
                dot.process().wait().await;
            }
            let (ins, outs) = (joins.join().unwrap(), leaves.join().unwrap());
            assert!(outs <= ins, "{outs} have left of {ins} that joined");
            (joined, left, late) = (joined + ins, left + outs, late + DOTS - ins);
            assert_eq!(groups.names(), Vec::<Arc<str>>::new(), "a ghost, in round {round}");
        }
        watching.store(false, Ordering::Relaxed);
        let listings: usize = watcher.join().unwrap();
        println!(
            "{joined} joined, {left} left, {late} came too late, {listings} listings, ghost members = 0"
        );
        nobody_left(&system).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c120_what_a_group_took_was_handled_once_each_while_members_come_and_go() {
    within(async {
        let system = System::new("test");
        let groups = system.groups();
        let heard = Arc::new(AtomicU32::new(0));
        let member = || Robotic { heard: heard.clone() };
        let residents: Vec<_> = (0..4).map(|_| system.spawn(member())).collect();
        for resident in &residents {
            groups.join("hall", resident);
        }
        let tellers: Vec<_> = (0..4)
            .map(|_| {
                let groups = groups.clone();
                tokio::spawn(async move {
                    let mut reached = 0;
                    for number in 0..500 {
                        let taken = groups.tell_all::<Robotic, _>("hall", Said(number));
                        assert!(taken >= 4, "the residents are there all the while");
                        reached += taken;
                        tokio::task::yield_now().await;
                    }
                    reached
                })
            })
            .collect();
        for _ in 0..200 {
            let guest = system.spawn(member());
            groups.join("hall", &guest);
            tokio::task::yield_now().await;
            groups.leave("hall", &guest);
            guest.drain().await.unwrap();
        }
        let mut reached = 0;
        for teller in tellers {
            reached += teller.await.unwrap();
        }
        let (seen, wanted) = (heard.clone(), u32::try_from(reached).unwrap());
        eventually("all that was taken is handled", move || seen.load(Ordering::SeqCst) == wanted).await;
        nobody_left(&system).await;
        assert_eq!(heard.load(Ordering::SeqCst), wanted, "and nothing twice");
    })
    .await;
}

#[supervisor(max_restarts = 100, within = "1s")]
struct Lively {
    log: Log,
    #[child(start = Guest { log: log.clone() })]
    guest: ActorRef<Guest>,
}

/// Counts what it hears, and never refuses it.
#[actor(mailbox(capacity = "unbounded"))]
struct Robotic {
    heard: Arc<AtomicU32>,
}

#[handlers]
impl Robotic {
    #[handler(message)]
    fn said(&mut self, _said: Said) {
        self.heard.fetch_add(1, Ordering::SeqCst);
    }
}

/// One step of a seeded run, done by an actor of its own, so that the seed orders them all.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Join,
    Leave,
    Tell,
    Crash,
    Stop,
    Kill,
}

/// Does a step to a guest and writes down how it went.
#[actor]
struct Hand {
    guests: Vec<ActorRef<Guest>>,
    told: Arc<AtomicU32>,
}

#[handlers]
impl Hand {
    #[handler]
    async fn act(&mut self, step: Step, guest: usize, ctx: &mut Context<Self>) {
        let groups = ctx.system().groups();
        let guest = &self.guests[guest];
        let own = format!("only {}", guest.pid());
        match step {
            Step::Join => {
                if groups.join("hall", guest) {
                    // Ended by now or not: then it leaves no name behind.
                    groups.join(own, guest);
                }
            }
            Step::Leave => drop(groups.leave("hall", guest)),
            Step::Tell => {
                let reached = groups.tell_all::<Guest, _>("hall", Said(1));
                let members = groups.members::<Guest>("hall");
                assert!(reached <= members.len());
                self.told.fetch_add(u32::try_from(reached).unwrap(), Ordering::SeqCst);
            }
            Step::Crash => drop(guest.boom().try_tell()),
            Step::Stop => drop(guest.stop()),
            Step::Kill => drop(guest.kill()),
        }
    }
}

/// Looks for a guest in the groups when it hears of its end.
#[actor]
struct Mourner {
    guests: Vec<ActorRef<Guest>>,
    ended: Arc<AtomicU32>,
}

#[handlers]
impl Mourner {
    #[handler(start)]
    fn begin(&mut self, ctx: &mut Context<Self>) {
        for guest in &self.guests {
            ctx.monitor(guest);
        }
    }

    #[handler(down)]
    fn ended(&mut self, down: Down, ctx: &mut Context<Self>) {
        let groups = ctx.system().groups();
        let own = format!("only {}", down.pid);
        assert!(!groups.names().iter().any(|name| **name == *own), "a ghost of {}", down.pid);
        assert!(!pids(&groups.processes("hall")).contains(&down.pid));
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// What happened in all seeds together: a run in which nothing meets shows nothing.
#[derive(Default)]
struct Totals {
    told: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
    restarts: AtomicU32,
    listed: AtomicU32,
}

#[test]
fn c120_no_seeded_order_of_joining_leaving_and_ending_leaves_a_ghost() {
    const GUESTS: usize = 6;
    let totals = Arc::new(Totals::default());
    Simulation::check(0..200, |sim| {
        let totals = totals.clone();
        async move {
            let system = sim.system().clone();
            let groups = system.groups();
            let log = Log::new();
            let mut homes = Vec::new();
            let mut guests = Vec::new();
            // Half of them are restarted after a crash, the others end.
            for place in 0..GUESTS {
                if place % 2 == 0 {
                    let home = system.start(Lively::spec(log.clone())).await.unwrap();
                    guests.push(home.guest.clone());
                    homes.push(home);
                } else {
                    guests.push(system.spawn(Guest { log: log.clone() }));
                }
            }
            let mourner = system.spawn(Mourner { guests: guests.clone(), ended: totals.ended.clone() });
            let hand = || system.spawn(Hand { guests: guests.clone(), told: totals.told.clone() });
            let hands: Vec<_> = (0..4).map(|_| hand()).collect();
            let mut dice = sim.seed();
            for turn in 0..60 {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let roll = (dice >> 33) as usize;
                let step = match roll % 16 {
                    0..=6 => Step::Join,
                    7..=9 => Step::Leave,
                    10..=12 => Step::Tell,
                    13 => Step::Crash,
                    14 => Step::Stop,
                    _ => Step::Kill,
                };
                hands[turn % hands.len()].act(step, roll / 16 % GUESTS).tell().await.unwrap();
            }
            for hand in &hands {
                assert_eq!(hand.drain().await, Ok(ExitReason::Normal), "its checks failed");
            }
            let listed = pids(&groups.processes("hall"));
            let by_type: Vec<_> = groups.members::<Guest>("hall").iter().map(ActorRef::pid).collect();
            assert_eq!(by_type, listed);
            assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "listed twice");
            let restarts: u32 = guests.iter().map(|guest| guest.process().restarts()).sum();
            totals.restarts.fetch_add(restarts, Ordering::Relaxed);
            totals.listed.fetch_add(listed.len() as u32, Ordering::Relaxed);
            assert!(system.shutdown().await.is_clean());
            assert_eq!(mourner.process().exit_reason(), Some(ExitReason::Shutdown), "its checks failed");
            assert_eq!(groups.names(), Vec::<Arc<str>>::new(), "ghost members");
        }
    });
    let [told, ended, restarts, listed] =
        [&*totals.told, &*totals.ended, &totals.restarts, &totals.listed].map(|n| n.load(Ordering::SeqCst));
    println!(
        "200 seeds: {told} told, {ended} ended, {restarts} restarts, {listed} listed, ghost members = 0"
    );
    assert!(told > 0 && ended > 200 && restarts > 0 && listed > 0);
}
