//! What a message and an actor cost in allocations and bytes, counted by the allocator itself.
//!
//! One test, since the counters are the process's.

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use airssys_rt::prelude::*;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator; counting touches atomics alone.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        LIVE.fetch_add(layout.size() as i64, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as i64, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { Heap.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[actor]
#[derive(Default)]
struct Counter {
    value: u64,
}

#[protocol]
trait Adds {
    fn add(&self, by: u64) -> u64;
    fn waiting(&self) -> u64;
}

#[handlers(protocols(Adds))]
impl Counter {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[handler]
    async fn ready(&mut self) -> u64 {
        self.value
    }

    #[handler]
    async fn waiting(&mut self) -> u64 {
        tokio::task::yield_now().await;
        self.value
    }
}

/// The fewest allocations of one round out of many: growth of buffers is amortised over the others.
async fn fewest(mut round: impl AsyncFnMut()) -> u64 {
    let mut fewest = u64::MAX;
    for _ in 0..200 {
        let before = ALLOCATIONS.load(Relaxed);
        round().await;
        fewest = fewest.min(ALLOCATIONS.load(Relaxed) - before);
    }
    fewest
}

/// The mean over many rounds in steady state.
async fn mean(rounds: u64, mut round: impl AsyncFnMut()) -> f64 {
    for _ in 0..rounds {
        round().await;
    }
    let before = ALLOCATIONS.load(Relaxed);
    for _ in 0..rounds {
        round().await;
    }
    (ALLOCATIONS.load(Relaxed) - before) as f64 / rounds as f64
}

/// Lets tasks that were woken come to rest.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn messages_and_actors_cost_no_more_than_promised() {
    let system = System::new("allocations");
    let counter = system.spawn(Counter::default());

    let tell = mean(2_000, async || {
        counter.add(1).tell().await.unwrap();
        tokio::task::yield_now().await;
    })
    .await;
    // Whoever is told a handful at a time does not grow its buffer anew each time.
    let burst = mean(500, async || {
        for _ in 0..16 {
            counter.add(1).tell().await.unwrap();
        }
        tokio::task::yield_now().await;
    })
    .await;
    assert!(burst <= 0.01, "sixteen tells at once allocate {burst} times");
    let plain = mean(2_000, async || assert!(counter.add(1).await.is_ok())).await;
    let ready = mean(2_000, async || assert!(counter.ready().await.is_ok())).await;
    let waiting = mean(2_000, async || assert!(counter.waiting().await.is_ok())).await;
    println!(
        "allocations: tell {tell}, ask plain {plain}, ask ready async {ready}, ask waiting async {waiting}"
    );
    assert!(tell <= 0.01, "a tell allocates {tell} times");
    assert!(plain <= 0.01, "an ask of a plain handler allocates {plain} times");
    assert!(ready <= 1.01, "an ask of a ready async handler allocates {ready} times");
    assert!(waiting <= 2.01, "an ask of a waiting async handler allocates {waiting} times");

    // Through a protocol it is no more, since its message is sent as the actor's own.
    let adds: AddsRef = counter.recipient();
    let tell = mean(2_000, async || {
        adds.add(1).tell().await.unwrap();
        tokio::task::yield_now().await;
    })
    .await;
    let plain = mean(2_000, async || assert!(adds.add(1).await.is_ok())).await;
    let waiting = mean(2_000, async || assert!(adds.waiting().await.is_ok())).await;
    println!("allocations through a protocol: tell {tell}, ask plain {plain}, ask waiting async {waiting}");
    assert!(tell <= 0.01, "a tell through a protocol allocates {tell} times");
    assert!(plain <= 0.01, "an ask of a plain handler through a protocol allocates {plain} times");
    assert!(waiting <= 2.01, "an ask of a waiting handler through a protocol allocates {waiting} times");

    // One that is asked and never told keeps no task: it begins anew on its asker's poll.
    let asked = system.spawn(Counter::default());
    let begun = mean(2_000, async || assert!(asked.ready().await.is_ok())).await;
    println!("allocations: ask ready async of an actor without a task {begun}");
    assert!(begun <= 1.01, "an ask that begins its actor's task allocates {begun} times");

    let spawn = fewest(async || drop(system.spawn(Counter::default()))).await;
    println!("allocations: spawn {spawn}");
    assert!(spawn <= 1, "a spawn allocates {spawn} times");

    const ACTORS: usize = 1_000;
    let mut actors = Vec::with_capacity(ACTORS);
    let before = LIVE.load(Relaxed);
    actors.extend((0..ACTORS).map(|_| system.spawn(Counter::default())));
    let bytes = || (LIVE.load(Relaxed) - before) as f64 / ACTORS as f64;
    let fresh = bytes();
    for actor in &actors {
        for _ in 0..1_024 {
            actor.add(1).try_tell().unwrap();
        }
        assert_eq!(actor.ready().timeout(Duration::from_secs(60)).await.unwrap(), 1_024);
    }
    settle().await;
    let used = bytes();
    // Used again and again, each of them is hot and keeps a parked task; at most 4,096 of a system do.
    for _ in 0..4 {
        for actor in &actors {
            actor.add(1).tell().await.unwrap();
        }
        settle().await;
    }
    for actor in &actors {
        assert_eq!(actor.ready().await.unwrap(), 1_028);
    }
    settle().await;
    let hot = bytes();
    println!("bytes an idle actor: new {fresh:.0}, after a burst to capacity {used:.0}, hot {hot:.0}");
    assert!(fresh <= 192.0, "a new actor holds {fresh} bytes");
    assert!(used <= 384.0, "an actor holds {used} bytes after a burst");
    assert!(hot <= 1_280.0, "a hot actor holds {hot} bytes");

    drop((actors, adds));
    assert_eq!(system.counters().processes, 2);
}
