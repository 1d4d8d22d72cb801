//! Many subscribers that one publish makes runnable: they share a few tasks, and nobody can tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airssys_rt::prelude::*;

/// More than get tasks of their own.
const MANY: u64 = 100;

#[derive(Clone)]
struct Tick(u64);

#[actor]
#[derive(Default)]
struct Listener {
    heard: Vec<u64>,
    seen: Arc<AtomicU64>,
}

#[handlers]
impl Listener {
    #[handler(event)]
    fn tick(&mut self, tick: Tick) {
        self.heard.push(tick.0);
        self.seen.fetch_add(1, Ordering::SeqCst);
    }

    #[handler]
    fn heard(&self) -> Vec<u64> {
        self.heard.clone()
    }
}

async fn listeners(system: &System, seen: &Arc<AtomicU64>) -> Vec<ActorRef<Listener>> {
    let mut all = Vec::new();
    for _ in 0..MANY {
        all.push(system.start(Listener { heard: Vec::new(), seen: seen.clone() }).await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c126_each_of_many_subscribers_gets_each_event_once_and_in_order() {
    let system = System::new("crowd");
    let seen = Arc::default();
    let all = listeners(&system, &seen).await;
    let bus = system.events();
    for number in 0..200 {
        assert_eq!(bus.publish(Tick(number)), all.len());
        // Asked meanwhile, an actor in the crowd answers, whoever runs it.
        let one = &all[number as usize % all.len()];
        assert_eq!(one.heard().await.unwrap().last(), Some(&number));
    }
    for one in &all {
        assert_eq!(one.heard().await.unwrap(), (0..200).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn c127_a_subscriber_of_many_that_ends_before_its_turn_takes_nobody_with_it() {
    let system = System::new("crowd");
    let seen: Arc<AtomicU64> = Arc::default();
    let mut all = listeners(&system, &seen).await;
    assert_eq!(system.events().publish(Tick(0)) as u64, MANY);
    // None has had its turn: the last ones are in the crowd.
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    let killed = all.split_off(90);
    let ended: Vec<_> = killed.iter().map(ActorRef::kill).collect();
    for one in ended {
        one.await.unwrap();
    }
    for one in &all {
        assert_eq!(one.heard().await.unwrap(), [0]);
    }
    assert_eq!(seen.load(Ordering::SeqCst), 90);
    assert_eq!(system.counters().processes, 90);
}

#[test]
fn who_is_in_the_crowd_of_a_runtime_that_goes_away_ends_with_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen: Arc<AtomicU64> = Arc::default();
    let (system, all, monitors) = runtime.block_on(async {
        let system = System::new("crowd");
        let all = listeners(&system, &seen).await;
        let monitors: Vec<_> = all.iter().map(ActorRef::monitor).collect();
        assert_eq!(system.events().publish(Tick(0)) as u64, MANY);
        (system, all, monitors)
    });
    drop(runtime);
    assert_eq!(seen.load(Ordering::SeqCst), 0, "nobody had a turn");
    let elsewhere = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    elsewhere.block_on(async {
        for monitor in monitors {
            let down = tokio::time::timeout(Duration::from_secs(60), monitor).await.unwrap();
            assert_eq!(down.reason, ExitReason::Killed);
        }
    });
    drop(all);
    assert_eq!(system.counters().processes, 0);
    assert_eq!(Arc::strong_count(&seen), 1, "their states are dropped");
}

#[actor]
struct Blocks {
    last: Option<ActorRef<Answers>>,
    seen: Arc<AtomicU64>,
}

#[handlers]
impl Blocks {
    #[handler(event)]
    fn tick(&mut self, _tick: Tick) {
        let Some(last) = &self.last else { return };
        if tokio::task::block_in_place(|| last.answer().blocking_ask()) == Ok(1) {
            self.seen.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[handler]
    fn meet(&mut self, last: ActorRef<Answers>) {
        self.last = Some(last);
    }
}

#[actor]
#[derive(Default)]
struct Answers {
    heard: u64,
}

#[handlers]
impl Answers {
    #[handler(event)]
    fn tick(&mut self, _tick: Tick) {
        self.heard += 1;
    }

    #[handler]
    async fn answer(&mut self) -> u64 {
        self.heard
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_of_many_that_blocks_for_the_answer_of_a_later_one_gets_it() {
    let system = System::new("crowd");
    let seen: Arc<AtomicU64> = Arc::default();
    let mut all = listeners(&system, &seen).await;
    // In the line before the one whose answer they wait for.
    let mut blocked = Vec::new();
    for _ in 0..2 {
        blocked.push(system.start(Blocks { last: None, seen: seen.clone() }).await.unwrap());
    }
    let last = system.start(Answers::default()).await.unwrap();
    for one in &blocked {
        one.meet(last.clone()).await.unwrap();
    }
    all.extend(listeners(&system, &seen).await);
    let bus = system.events();
    let reached = tokio::spawn(async move { bus.publish(Tick(0)) }).await.unwrap();
    assert_eq!(reached, all.len() + blocked.len() + 1);
    let all_but_last = (all.len() + blocked.len()) as u64;
    let all_have_heard = async {
        while seen.load(Ordering::SeqCst) < all_but_last {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_have_heard).await.unwrap();
}
