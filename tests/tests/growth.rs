//! A million of everything: started, each asked once, and stopped, in one process.
//!
//! Quick by default; `AIRSSYS_ACTORS=1000000 cargo test --release -p tests --test growth` for the whole.

use airssys_rt::prelude::*;

fn actors() -> usize {
    std::env::var("AIRSSYS_ACTORS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

#[actor]
struct Plain(u64);

#[handlers]
impl Plain {
    #[handler]
    fn get(&mut self) -> u64 {
        self.0
    }
}

#[actor]
struct Ticking {
    started: bool,
    ticks: u64,
}

#[handlers]
impl Ticking {
    #[handler(start)]
    async fn start(&mut self) -> ActorResult<()> {
        self.started = true;
        Ok(())
    }

    #[handler(every = "1h")]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[handler]
    async fn has_started(&mut self) -> bool {
        self.started
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_plain_actors() {
    let system = System::new("plain");
    let began = std::time::Instant::now();
    let all: Vec<_> = (0..actors() as u64).map(|n| system.spawn(Plain(n))).collect();
    for (n, actor) in (0..).zip(&all) {
        assert_eq!(actor.get().await, Ok(n));
    }
    drop(all);
    assert_eq!(system.counters().processes, 0);
    println!("{} plain actors: {:?}", actors(), began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_actors_with_a_start_handler_and_a_timer() {
    let system = System::new("ticking");
    let began = std::time::Instant::now();
    let all: Vec<_> = (0..actors()).map(|_| system.spawn(Ticking { started: false, ticks: 0 })).collect();
    for actor in &all {
        assert_eq!(actor.has_started().timeout(Duration::from_secs(600)).await, Ok(true));
    }
    assert_eq!(system.counters().timers, actors());
    for actor in &all {
        actor.stop().await.unwrap();
    }
    let counters = system.counters();
    assert_eq!((counters.processes, counters.timers), (0, 0));
    println!("{} actors with start and timer: {:?}", actors(), began.elapsed());
}

#[supervisor(max_restarts = 100)]
struct Crowd {
    #[child(start = |n: u64| Plain(n))]
    all: Children<Plain, u64>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_children_of_one_supervisor() {
    let system = System::new("crowd");
    let began = std::time::Instant::now();
    let crowd = system.start(Crowd::spec()).await.unwrap();
    let count = actors().min(100_000) as u64;
    let mut all = Vec::new();
    for n in 0..count {
        all.push(crowd.all.start(n).await.unwrap());
    }
    for (n, actor) in (0..).zip(&all) {
        assert_eq!(actor.get().await, Ok(n));
    }
    assert_eq!(crowd.count().await.unwrap().active, count as usize);
    crowd.stop().await.unwrap();
    assert_eq!(system.counters().processes, 0);
    println!("{count} children: {:?}", began.elapsed());
}
