//! However often actors come and go, in whatever way, the memory in use stays where it was: counted by the allocator itself.
//!
//! Quick by default; `AIRSSYS_CYCLES=10000000 cargo test --release -p tests --test leaks -- --nocapture` for the whole. One
//! test, since the counter is the process's.

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::task::Poll;

use airssys_rt::prelude::*;

/// By how much the memory in use may differ between the first tenth and the end: what a buffer or a map has more or less room
/// for by chance. Eight bytes that one way to come and go leaves behind each time would be four times as much in a
/// quick run.
const BOUND: i64 = 4 * 1024;

struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator; counting touches an atomic alone.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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

fn cycles() -> u64 {
    std::env::var("AIRSSYS_CYCLES").ok().and_then(|number| number.parse().ok()).unwrap_or(50_000)
}

#[derive(Clone)]
struct News;

/// Has nothing but a message to handle.
#[actor]
#[derive(Default)]
struct Plain {
    value: u64,
}

#[handlers(message(derive(Clone)))]
impl Plain {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[handler]
    async fn hang(&mut self) {
        std::future::pending::<()>().await;
    }

    #[handler]
    fn crash(&mut self) {
        // Not by `panic!`: the hook would print ten million reports.
        std::panic::resume_unwind(Box::new("crash"));
    }
}

/// Has a declared timer and a declared subscription.
#[actor]
struct Declared;

#[handlers]
impl Declared {
    #[handler(every = "1h")]
    fn tick(&mut self) {}

    #[handler(event)]
    fn noticed(&mut self, _news: News) {}

    #[handler]
    fn crash(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("crash"))
    }
}

/// What a [`Busy`] actor does when it starts.
#[derive(Clone, Copy)]
enum Errand {
    Subscribe,
    Monitor,
    Link,
    Spawn,
    Own,
    Fail,
    Panic,
    Hang,
}

/// Does one thing at its start that has to be undone at its end.
#[actor]
struct Busy {
    errand: Errand,
    lasting: ActorRef<Lasting>,
}

#[handlers]
impl Busy {
    #[handler(start)]
    async fn started(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        match self.errand {
            Errand::Subscribe => ctx.subscribe::<Other>(),
            Errand::Monitor => drop(ctx.monitor(&self.lasting)),
            Errand::Link => ctx.link(&self.lasting),
            Errand::Spawn => ctx.spawn(std::future::pending()),
            Errand::Own => ctx.spawn_child(Plain::default()).detach(),
            Errand::Fail => return Err(ActorError::msg("no luck")),
            Errand::Panic => std::panic::resume_unwind(Box::new("no luck")),
            Errand::Hang => std::future::pending().await,
        }
        Ok(())
    }

    #[handler(message)]
    fn noticed(&mut self, _other: Other) {}

    #[handler]
    fn crash(&mut self) -> ActorResult<()> {
        Err(ActorError::msg("crash"))
    }
}

#[derive(Clone)]
struct Other;

/// Outlives all the others, and is watched, linked and subscribed all the time.
#[actor]
#[derive(Default)]
struct Lasting {
    downs: u64,
    exits: u64,
}

#[handlers]
impl Lasting {
    #[handler]
    fn watch(&mut self, process: ProcessInfo, ctx: &mut Context<Self>) {
        ctx.monitor(&process);
    }

    #[handler(down)]
    fn ended(&mut self, _down: Down) {
        self.downs += 1;
    }

    #[handler(exit)]
    fn linked(&mut self, _exit: Exit) {
        self.exits += 1;
    }
}

#[supervisor(strategy = "one_for_all", max_restarts = 1_000_000, within = "1ms")]
struct Crew {
    lasting: ActorRef<Lasting>,

    #[child(start = Plain::default())]
    plain: ActorRef<Plain>,

    #[child(start = Declared)]
    declared: ActorRef<Declared>,

    #[child(start = Busy { errand: Errand::Own, lasting: lasting.clone() })]
    busy: ActorRef<Busy>,

    #[child(start = |errand: Errand| Busy { errand, lasting: lasting.clone() })]
    crowd: Children<Busy, Errand>,
}

struct Stage {
    system: System,
    lasting: ActorRef<Lasting>,
    crew: Supervised<Crew>,
}

/// Looks at a future once, and drops it.
async fn once(future: impl Future) {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| {
        let _ = future.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}

/// How many ways to come and go there are.
const WAYS: u64 = 18;

impl Stage {
    async fn new() -> Self {
        let system = System::new("leaks");
        let lasting = system.spawn(Lasting::default());
        let crew = system.start(Crew::spec(lasting.clone())).await.unwrap();
        Self { system, lasting, crew }
    }

    fn busy(&self, errand: Errand) -> Busy {
        Busy { errand, lasting: self.lasting.clone() }
    }

    async fn come_and_go(&self, cycle: u64) {
        let system = &self.system;
        match cycle % WAYS {
            0 => {
                let plain = system.spawn(Plain::default());
                plain.add(1).tell().await.unwrap();
                plain.stop().await.unwrap();
            }
            1 => drop(system.spawn(Plain::default()).crash().await),
            2 => drop(self.crew.plain.crash().await),
            3 => drop(self.crew.declared.crash().await),
            // One name again and again, or one that was never there.
            4 => {
                let number = if cycle.is_multiple_of(2) { 0 } else { cycle };
                let named = system.start(Plain::default()).named(format!("name {number}")).await.unwrap();
                assert!(system.start(Plain::default()).named(format!("name {number}")).await.is_err());
                named.stop().await.unwrap();
            }
            5 => drop(system.spawn(Declared).stop().await),
            6 => {
                let plain = system.spawn(Plain::default());
                drop(plain.add(1).tell_after(Duration::from_secs(3_600)));
                let timer = plain.add(1).tell_every(Duration::from_secs(3_600));
                timer.cancel();
                // Due at once, and of nobody when it fires.
                plain.add(1).tell_after(Duration::ZERO).detach();
                plain.kill().await.unwrap();
            }
            7 => {
                let busy = system.start(self.busy(Errand::Subscribe)).await.unwrap();
                system.events().publish(Other);
                busy.stop().await.unwrap();
            }
            8 => {
                let busy = system.start(self.busy(Errand::Monitor)).await.unwrap();
                self.lasting.watch(busy.process()).await.unwrap();
                let monitor = busy.monitor();
                drop(busy.monitor());
                busy.stop().await.unwrap();
                monitor.await;
            }
            9 => {
                let busy = system.start(self.busy(Errand::Link)).await.unwrap();
                if cycle.is_multiple_of(2) { drop(busy.crash().await) } else { drop(busy.stop().await) }
            }
            10 => drop(system.start(self.busy(Errand::Spawn)).await.unwrap().kill().await),
            11 => drop(system.start(self.busy(Errand::Own)).await.unwrap().stop().await),
            12 => {
                let bad = if cycle.is_multiple_of(2) { Errand::Fail } else { Errand::Panic };
                assert!(system.start(self.busy(bad)).named("bad").await.is_err());
                assert!(self.crew.crowd.start(bad).await.is_err());
            }
            13 => {
                // Killed while it starts: by its starter that goes away, or by a kill.
                once(system.start(self.busy(Errand::Hang)).named("hanging").into_future()).await;
                let hanging = system.spawn(self.busy(Errand::Hang));
                tokio::task::yield_now().await;
                let _ = hanging.kill().await;
            }
            14 => {
                let child = self.crew.crowd.start(Errand::Link).await.unwrap();
                self.crew.crowd.terminate(child.pid()).await.unwrap();
            }
            15 => {
                let spec = ChildSpec::new("added", || async { Ok(Plain::default()) }).named("added");
                let added = self.crew.start_child(spec).await.unwrap();
                drop(added.crash().await);
                self.crew.terminate_child("added").await.unwrap();
                self.crew.delete_child("added").await.unwrap();
            }
            16 => {
                // An ask that is given up, and one whose actor goes.
                let plain = system.spawn(Plain::default());
                once(plain.hang().ask()).await;
                let asked = tokio::spawn(plain.hang().owned().ask());
                tokio::task::yield_now().await;
                plain.kill().await.unwrap();
                assert!(asked.await.unwrap().is_err());
            }
            _ => {
                // A whole tree.
                let crew = system.start(Crew::spec(self.lasting.clone())).await.unwrap();
                crew.crowd.start(Errand::Monitor).await.unwrap();
                if cycle.is_multiple_of(2) { drop(crew.kill().await) } else { drop(crew.stop().await) }
            }
        }
    }

    /// Which ways leave how much behind, each time: to say more than that something does.
    async fn suspects(&self) -> Vec<(u64, i64)> {
        let mut suspects = Vec::new();
        for way in 0..WAYS {
            let mut marks = [0; 2];
            for mark in &mut marks {
                for cycle in 0..2_000 {
                    self.come_and_go(way + WAYS * (1_000_000 + cycle)).await;
                }
                *mark = self.bytes().await;
            }
            let [before, after] = marks;
            if after - before >= 2_000 {
                suspects.push((way, (after - before) / 2_000));
            }
        }
        suspects
    }

    /// Lets everything end that is about to, and says how many bytes are in use.
    async fn bytes(&self) -> i64 {
        loop {
            for _ in 0..64 {
                tokio::task::yield_now().await;
            }
            let counters = self.system.counters();
            // The lasting one, the supervisor, its three children, and what one of them owns.
            if (counters.processes, counters.names, counters.queued) == (6, 0, 0) {
                return LIVE.load(Relaxed);
            }
        }
    }
}

#[test]
fn c019_memory_is_flat_over_any_number_of_starts_crashes_and_stops() {
    systems_come_and_go();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let began = std::time::Instant::now();
        let stage = Stage::new().await;
        let cycles = cycles().max(10_000).next_multiple_of(10 * WAYS);
        let mut marks = [0; 3];
        for cycle in 1..=cycles {
            stage.come_and_go(cycle).await;
            for (mark, tenths) in marks.iter_mut().zip([1, 5, 10]) {
                if cycle == cycles / 10 * tenths {
                    *mark = stage.bytes().await;
                }
            }
        }
        let [first, half, end] = marks;
        println!(
            "{cycles} cycles in {:.1?}: {first} bytes in use at 10 %, {half} at 50 %, {end} at 100 %",
            began.elapsed()
        );
        if (end - first).abs() >= BOUND {
            panic!("memory is not flat: ways and their bytes each time: {:?}", stage.suspects().await);
        }
        let counters = stage.system.counters();
        assert!(counters.restarts >= cycles / WAYS, "{counters:?}");
        assert_eq!(counters.leaked, 0);
        assert_eq!(stage.system.events().subscribers::<News>(), 1);
        assert_eq!(stage.system.events().subscribers::<Other>(), 0);
    });
}

/// A system, on a runtime of its own, that is in the middle of things when the runtime goes: its tree, asks, a start under way,
/// an idle actor that nobody else would end.
fn system_comes_and_goes(number: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let stage = runtime.block_on(async {
        let stage = Stage::new().await;
        for cycle in 0..WAYS {
            stage.come_and_go(cycle).await;
        }
        let hanging = stage.system.start(stage.busy(Errand::Hang)).named("hanging").into_future();
        tokio::spawn(hanging);
        stage.crew.crowd.start(Errand::Monitor).await.unwrap();
        tokio::spawn(stage.crew.plain.hang().owned().ask());
        stage.crew.plain.add(1).tell().await.unwrap();
        for _ in 0..number % 8 {
            tokio::task::yield_now().await;
        }
        stage
    });
    if number.is_multiple_of(2) {
        // The handles outlive the runtime, or the other way round.
        drop(runtime);
    }
    drop(stage);
}

fn systems_come_and_go() {
    let mut marks = [0; 2];
    for mark in &mut marks {
        (0..200).for_each(system_comes_and_goes);
        *mark = LIVE.load(Relaxed);
    }
    let [before, after] = marks;
    println!("200 systems: {before} bytes in use before, {after} after");
    assert!((after - before).abs() < BOUND, "{before} bytes in use before 200 systems, {after} after");
}
