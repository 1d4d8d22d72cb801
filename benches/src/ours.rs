//! The cases on airssys-rt, as a macro user writes them.

use std::time::Instant;

use airssys_rt::prelude::*;
use tokio::sync::oneshot;

use crate::{on_two_workers, per};

#[actor]
#[derive(Default)]
pub struct Counter {
    value: u64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[handler]
    async fn add_async(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[handler]
    fn boom(&mut self) {
        std::panic::resume_unwind(Box::new("boom"));
    }
}

pub fn tell(producers: u64) -> f64 {
    const MESSAGES: u64 = 2_000_000;
    on_two_workers(async move {
        let system = System::new("bench");
        let counter = system.spawn(Counter::default());
        let began = Instant::now();
        let each = MESSAGES / producers;
        let tasks: Vec<_> = (0..producers)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..each {
                        counter.add(1).tell().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(counter.add_async(0).timeout(Duration::from_secs(60)).await.unwrap(), each * producers);
        per(MESSAGES, began.elapsed())
    })
}

pub fn ask(is_async: bool) -> f64 {
    const ASKS: u64 = 300_000;
    on_two_workers(async move {
        let system = System::new("bench");
        let counter = system.spawn(Counter::default());
        let began = Instant::now();
        for _ in 0..ASKS {
            if is_async {
                counter.add_async(1).await.unwrap();
            } else {
                counter.add(1).await.unwrap();
            }
        }
        per(ASKS, began.elapsed())
    })
}

pub fn ask_many(is_async: bool) -> f64 {
    const ASKS: u64 = 640_000;
    on_two_workers(async move {
        let system = System::new("bench");
        let counter = system.spawn(Counter::default());
        let began = Instant::now();
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let counter = counter.clone();
                tokio::spawn(async move {
                    for _ in 0..ASKS / 64 {
                        if is_async {
                            counter.add_async(1).await.unwrap();
                        } else {
                            counter.add(1).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        per(ASKS, began.elapsed())
    })
}

#[actor]
struct Hopper {
    next: Option<WeakRef<Hopper>>,
    done: Option<oneshot::Sender<()>>,
}

#[handlers]
impl Hopper {
    #[handler]
    fn meet(&mut self, next: WeakRef<Hopper>) {
        self.next = Some(next);
    }

    #[handler]
    fn hop(&mut self, left: u64) {
        if left == 0 {
            if let Some(done) = self.done.take() {
                let _ = done.send(());
            }
        } else if let Some(next) = &self.next {
            let _ = next.hop(left - 1).try_tell();
        }
    }
}

fn hops(actors: usize, hops: u64) -> f64 {
    on_two_workers(async move {
        let system = System::new("bench");
        let (done, ended) = oneshot::channel();
        let mut done = Some(done);
        // Where the last hop lands.
        let last = (hops % actors as u64) as usize;
        let all: Vec<_> = (0..actors)
            .map(|place| {
                system.spawn(Hopper { next: None, done: if place == last { done.take() } else { None } })
            })
            .collect();
        for (place, hopper) in all.iter().enumerate() {
            hopper.meet(all[(place + 1) % actors].downgrade()).await.unwrap();
        }
        let began = Instant::now();
        all[0].hop(hops).tell().await.unwrap();
        ended.await.unwrap();
        per(hops, began.elapsed())
    })
}

pub fn ping_pong() -> f64 {
    hops(2, 500_000)
}

pub fn ring() -> f64 {
    hops(1_000, 500_000)
}

pub fn spawn() -> f64 {
    const ACTORS: u64 = 200_000;
    on_two_workers(async move {
        let system = System::new("bench");
        let began = Instant::now();
        for _ in 0..ACTORS {
            drop(system.spawn(Counter::default()));
        }
        per(ACTORS, began.elapsed())
    })
}

pub fn crash() -> f64 {
    const CRASHES: u64 = 20_000;
    on_two_workers(async move {
        let system = System::new("bench");
        let spec = Supervisor::builder()
            .max_restarts(u32::MAX)
            .child(ChildSpec::new("counter", || async { Ok(Counter::default()) }));
        let supervisor = system.start(spec).await.unwrap();
        let counter: ActorRef<Counter> = supervisor.child("counter").await.unwrap();
        let began = Instant::now();
        for _ in 0..CRASHES {
            counter.boom().try_tell().unwrap();
            assert_eq!(counter.add(1).await.unwrap(), 1);
        }
        per(CRASHES, began.elapsed())
    })
}
