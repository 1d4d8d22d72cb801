//! Actors that block a thread and do not yield: whoever ends them goes on, and nothing runs beside them.
//!
//! On the real clock and real threads: nothing else shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use airssys_rt::prelude::*;
use airssys_rt::{Answer, Plain, SupervisorBuilder};
use tests::actors::{Log, Oops, Worker, WorkerApi, adds_up, eventually, within};
use tests::latch::Latch;
use tokio::runtime::{Builder, Runtime};

/// Where a child blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Expression,
    Start,
    /// A plain handler that was told.
    Told,
    /// A plain handler that runs on its asker's turn.
    Inline,
    Async,
    Error,
    Stop,
    Drop,
    /// The same of an actor without a stop handler, which can end at once when it is idle.
    BareDrop,
}

/// How it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Stop,
    Terminate,
    Kill,
    Shutdown,
}

/// Makes the incarnations of a child that blocks at one place while its latch is closed.
#[derive(Clone)]
struct Script {
    place: Place,
    latch: Latch,
    log: Log,
    alive: Arc<AtomicU32>,
}

impl Script {
    fn new(place: Place) -> Self {
        Self { place, latch: Latch::new(), log: Log::new(), alive: Arc::default() }
    }

    fn build<const HOOKS: bool>(&self) -> Stubborn<HOOKS> {
        assert_eq!(self.alive.fetch_add(1, Ordering::SeqCst), 0, "two incarnations at a time");
        self.log.add("made");
        let child = Stubborn(self.clone());
        child.at(Place::Expression);
        child
    }

    fn spec<const HOOKS: bool>(&self) -> ChildSpec<Stubborn<HOOKS>> {
        let script = self.clone();
        let spec = ChildSpec::new("stubborn", move || {
            let script = script.clone();
            async move { Ok(script.build()) }
        });
        spec.named("stubborn").shutdown(SHORT)
    }

    fn count(&self, line: &str) -> usize {
        self.log.lines().iter().filter(|known| *known == line).count()
    }

    async fn blocked(&self) {
        eventually("it blocks", || self.latch.came() > 0).await;
        assert_eq!(self.latch.went(), 0);
    }

    /// Gets the child to block, where it does not do so by itself.
    async fn block<const HOOKS: bool>(&self, child: &ActorRef<Stubborn<HOOKS>>) -> Option<Asked> {
        let mut asked = None;
        match self.place {
            Place::Told => child.order(Do::Plain).tell().await.unwrap(),
            Place::Async => child.order(Do::Later).tell().await.unwrap(),
            Place::Error => child.order(Do::Fail).tell().await.unwrap(),
            Place::Inline => asked = Some(tokio::spawn(child.order(Do::Plain).owned().into_future())),
            _ => return None,
        }
        self.blocked().await;
        asked
    }
}

type Asked = tokio::task::JoinHandle<Result<(), AskError>>;

const SHORT: Shutdown = Shutdown::After(Duration::from_millis(10));

struct Stubborn<const HOOKS: bool>(Script);

impl<const HOOKS: bool> Stubborn<HOOKS> {
    fn at(&self, place: Place) {
        let here = match self.0.place {
            Place::Inline => Place::Told,
            Place::BareDrop => Place::Drop,
            here => here,
        };
        if here == place {
            self.0.latch.pass();
        }
    }
}

impl<const HOOKS: bool> Drop for Stubborn<HOOKS> {
    fn drop(&mut self) {
        self.at(Place::Drop);
        self.0.log.add("gone");
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug)]
enum Do {
    Plain,
    Later,
    Fail,
    Panic,
}

trait Orders: Address<Do> {
    fn order(&self, what: Do) -> Request<'_, Self, Do, ()> {
        Request::new(self, what)
    }
}

impl<D: Address<Do>> Orders for D {}

/// By hand, since the macros write the hooks of an actor or do not.
impl<const HOOKS: bool> Actor for Stubborn<HOOKS> {
    type Message = Do;
    const STARTS: bool = HOOKS;
    const STOPS: bool = HOOKS;

    fn is_plain(message: &Do) -> bool {
        !matches!(message, Do::Later)
    }

    fn handle_plain(&mut self, message: Do, _: &mut Context<Self>, answer: &mut Answer<'_>) -> Plain<Do> {
        match message {
            Do::Later => return Plain::Later(message),
            Do::Fail => return Plain::Done(Err(Oops("on purpose").into())),
            Do::Panic => panic!("on purpose"),
            Do::Plain => self.at(Place::Told),
        }
        answer.send(());
        Plain::Done(Ok(()))
    }

    async fn handle(&mut self, _: Do, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.at(Place::Async);
        ctx.answer().send(());
        Ok(())
    }

    async fn on_start(&mut self, _: &mut Context<Self>) -> ActorResult<()> {
        self.at(Place::Start);
        Ok(())
    }

    async fn on_stop(&mut self, _: ExitReason, _: &mut Context<Self>) -> ActorResult<()> {
        self.at(Place::Stop);
        Ok(())
    }

    async fn on_error(&mut self, error: &ActorError, _: &mut Context<Self>) -> ErrorAction {
        self.at(Place::Error);
        if error.downcast_ref::<Oops>().is_some() { ErrorAction::Resume } else { ErrorAction::Restart }
    }
}

/// A runtime that waits for nobody when it goes: a failed test leaves blocked threads behind.
struct Workers(Option<Runtime>);

impl Workers {
    /// So many of them: each blocked actor takes one.
    fn new(workers: usize) -> Self {
        Self(Some(Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()))
    }

    /// Runs a test on this thread, since a worker that is blocked may hold tasks that were woken there.
    fn run(&self, body: impl Future<Output = ()>) {
        self.0.as_ref().unwrap().block_on(within(body));
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.take().unwrap().shutdown_background();
    }
}

fn with_workers(workers: usize, body: impl Future<Output = ()>) {
    Workers::new(workers).run(body);
}

fn sibling(id: &str, log: &Log) -> ChildSpec<Worker> {
    let log = log.clone();
    ChildSpec::new(id, move || {
        let log = log.clone();
        async move { Ok(Worker::new(&log)) }
    })
}

/// When the blocked one has yielded at last, nothing of it is left, and it is not counted as left behind any more.
async fn yielded(system: &System) {
    eventually("it has ended with everything of it", || {
        let counters = system.counters();
        (counters.processes, counters.names, counters.queued, counters.timers) == (0, 0, 0, 0)
    })
    .await;
    let counters = system.counters();
    assert_eq!(counters.leaked, 0);
    assert!(adds_up(&counters), "{counters:?}");
}

/// A child that blocks somewhere is ended somehow.
async fn is_left_behind<const HOOKS: bool>(place: Place, how: How) {
    let told = format!("{place:?}, {how:?}");
    let system = System::new("test");
    let (script, log) = (Script::new(place), Log::new());
    let (above, below) = (sibling("above", &log), sibling("below", &log));
    let at_start = matches!(place, Place::Expression | Place::Start);
    let builder = Supervisor::builder().child(above);
    let mut asked = None;
    let supervisor = if at_start {
        // The start itself has a limit, and is given up.
        let supervisor = system.start(builder.child(below)).await.unwrap();
        let limited = script.spec::<HOOKS>().start_timeout(Duration::from_millis(10));
        let error = supervisor.start_child(limited).await.unwrap_err();
        assert!(matches!(error, StartError::Timeout { .. }), "{told}: {error}");
        assert_eq!(system.counters().leaked, 1, "{told}");
        supervisor
    } else {
        let supervisor = system.start(builder.child(script.spec::<HOOKS>()).child(below)).await.unwrap();
        let child = supervisor.child::<Stubborn<HOOKS>>("stubborn").await.unwrap();
        asked = script.block(&child).await;
        supervisor
    };
    let others: Vec<_> = system.processes().into_iter().filter(|one| one.name().is_none()).collect();
    assert_eq!(others.len(), 3, "{told}");
    match how {
        How::Stop => assert_eq!(supervisor.stop().await, Ok(ExitReason::Shutdown), "{told}"),
        How::Kill => assert_eq!(supervisor.kill().await, Ok(ExitReason::Killed), "{told}"),
        How::Terminate => {
            let terminated = supervisor.terminate_child("stubborn").await;
            assert_eq!(terminated.is_ok(), !at_start, "{told}: {terminated:?}");
            // The supervisor is there for others.
            assert_eq!(supervisor.child::<Worker>("above").await.unwrap().note(1).await, Ok(1), "{told}");
            assert_eq!(system.counters().leaked, 1, "{told}");
            supervisor.stop().await.unwrap();
        }
        How::Shutdown => {
            let report = system.shutdown().await;
            let leaked: Vec<_> = report.leaked.iter().map(ProcessInfo::name).collect();
            assert_eq!(leaked, [Some("stubborn".into())], "{told}");
            assert!(!report.is_clean(), "{told}");
        }
    }
    assert_eq!(script.latch.went(), 0, "{told}: it blocks all the time");
    assert_eq!(system.counters().leaked, 1, "{told}");
    for other in others {
        assert!(!other.is_alive(), "{told}: {other:?}");
    }
    assert_eq!(system.processes().len(), 1, "{told}");
    assert_eq!(system.counters().names, 1, "{told}: the name is still its own");
    script.latch.open();
    yielded(&system).await;
    assert_eq!((script.count("made"), script.count("gone")), (1, 1), "{told}");
    if let Some(asked) = asked {
        // It was handled to its end: the answer is the asker's.
        assert_eq!(asked.await.unwrap(), Ok(()), "{told}");
    }
}

fn everywhere(how: How) {
    let workers = Workers::new(12);
    std::thread::scope(|threads| {
        let test = |place| match place {
            Place::Expression | Place::BareDrop => workers.run(is_left_behind::<false>(place, how)),
            _ => workers.run(is_left_behind::<true>(place, how)),
        };
        let places = [Place::Told, Place::Inline, Place::Async, Place::Error, Place::Stop, Place::Drop];
        // Who is killed is not told to stop.
        for place in places.into_iter().filter(|place| (*place, how) != (Place::Stop, How::Kill)) {
            threads.spawn(move || test(place));
        }
        for place in [Place::Expression, Place::Start, Place::BareDrop] {
            threads.spawn(move || test(place));
        }
    });
}

#[test]
fn c053_wherever_a_child_blocks_its_supervisor_stops() {
    everywhere(How::Stop);
}

#[test]
fn c053_wherever_a_child_blocks_it_can_be_terminated() {
    everywhere(How::Terminate);
}

#[test]
fn c053_wherever_a_child_blocks_its_supervisor_can_be_killed() {
    everywhere(How::Kill);
}

#[test]
fn c053_wherever_a_child_blocks_the_system_shuts_down_and_reports_it() {
    everywhere(How::Shutdown);
}

/// A supervisor whose tries to start do not come to an end.
fn patient(strategy: RestartStrategy) -> SupervisorBuilder {
    let pause = Duration::from_millis(20);
    Supervisor::builder()
        .strategy(strategy)
        .max_restarts(1_000_000)
        .backoff(Backoff::new(pause, pause).jitter(0.0))
}

#[test]
fn c052_a_blocked_bystander_starts_again_when_it_has_yielded_and_never_before() {
    with_workers(8, async {
        for place in [Place::Told, Place::Async, Place::Error, Place::Stop, Place::Drop] {
            let system = System::new("test");
            let (script, log) = (Script::new(place), Log::new());
            let builder = patient(RestartStrategy::OneForAll)
                .child(sibling("above", &log))
                .child(script.spec::<true>());
            let supervisor = system.start(builder).await.unwrap();
            let above = supervisor.child::<Worker>("above").await.unwrap();
            let child = supervisor.child::<Stubborn<true>>("stubborn").await.unwrap();
            script.block(&child).await;
            let _ = above.boom("down with all".into()).await;
            script.blocked().await;
            // The group is tried again and again, and each try counts.
            let counted = || system.counters().restarts;
            eventually("it is tried several times", || counted() > 6).await;
            assert_eq!((script.count("made"), script.latch.went()), (1, 0), "{place:?}");
            assert_eq!(system.counters().leaked, 1, "{place:?}: reported once");
            assert_eq!(child.process().incarnation(), 1);
            script.latch.open();
            eventually("the next one is there", || script.count("made") == 2).await;
            eventually("it runs", || child.process().status() == ProcessStatus::Waiting).await;
            assert_eq!(script.count("gone"), 1, "{place:?}");
            assert_eq!(child.process().incarnation(), 2);
            assert_eq!(child.order(Do::Plain).await, Ok(()), "{place:?}");
            assert_eq!(above.note(1).await, Ok(1));
            assert_eq!(system.counters().leaked, 0, "{place:?}");
            // Blocked once more, it would be reported once more: it is not remembered as one that leaks.
            assert!(system.shutdown().await.is_clean(), "{place:?}");
            yielded(&system).await;
        }
    });
}

#[test]
fn c052_a_restart_that_blocks_past_its_limit_is_tried_again_when_it_has_yielded() {
    with_workers(8, async {
        for place in [Place::Expression, Place::Start] {
            let system = System::new("test");
            let script = Script::new(place);
            // The first start passes.
            script.latch.open();
            let spec = script.spec::<true>().start_timeout(Duration::from_millis(10));
            let supervisor = system.start(patient(RestartStrategy::OneForOne).child(spec)).await.unwrap();
            let child = supervisor.child::<Stubborn<true>>("stubborn").await.unwrap();
            script.latch.close();
            let _ = child.order(Do::Panic).await;
            eventually("the next one blocks", || script.latch.came() == 2).await;
            eventually("it is left behind", || system.counters().leaked == 1).await;
            let before = system.counters().restarts;
            eventually("it is tried again", || system.counters().restarts > before + 3).await;
            assert_eq!(script.count("made"), 2, "{place:?}");
            script.latch.open();
            eventually("the one after it is there", || script.count("made") == 3).await;
            assert_eq!(child.order(Do::Plain).await, Ok(()), "{place:?}");
            assert_eq!(script.count("gone"), 2, "{place:?}");
            assert_eq!(system.counters().leaked, 0, "{place:?}");
            assert!(system.shutdown().await.is_clean());
            yielded(&system).await;
        }
    });
}

#[test]
fn c053_a_terminated_child_that_blocks_cannot_be_started_again_before_it_yields() {
    with_workers(4, async {
        let system = System::new("test");
        let script = Script::new(Place::Told);
        let supervisor = system.start(Supervisor::builder().child(script.spec::<true>())).await.unwrap();
        let child = supervisor.child::<Stubborn<true>>("stubborn").await.unwrap();
        script.block(&child).await;
        let waiting = tokio::spawn(child.order(Do::Plain).owned().into_future());
        eventually("an ask waits", || child.process().mailbox_len() == 1).await;
        supervisor.terminate_child("stubborn").await.unwrap();
        assert_eq!(child.process().status(), ProcessStatus::Stopping);
        let error = supervisor.restart_child("stubborn").await.unwrap_err();
        assert!(error.to_string().contains("does not yield"), "{error}");
        // Nobody hears of an end that has not come.
        let down = child.monitor();
        script.latch.open();
        assert_eq!(down.await.reason, ExitReason::Killed);
        assert!(matches!(waiting.await.unwrap(), Err(AskError::Crashed { .. } | AskError::Stopped)));
        supervisor.restart_child("stubborn").await.unwrap();
        assert_eq!(child.order(Do::Plain).await, Ok(()));
        assert_eq!(child.process().incarnation(), 2);
        assert!(system.shutdown().await.is_clean());
        yielded(&system).await;
    });
}

#[test]
fn c053_a_new_child_of_the_id_of_one_left_behind_is_another_one() {
    with_workers(4, async {
        let system = System::new("test");
        let (script, next) = (Script::new(Place::Told), Script::new(Place::Stop));
        let supervisor = system.start(Supervisor::builder().child(script.spec::<true>())).await.unwrap();
        let old = supervisor.child::<Stubborn<true>>("stubborn").await.unwrap();
        script.block(&old).await;
        supervisor.terminate_child("stubborn").await.unwrap();
        supervisor.delete_child("stubborn").await.unwrap();
        // Its name is its own until it has yielded; the id is free.
        let error = supervisor.start_child(next.spec::<true>()).await.unwrap_err();
        assert!(matches!(&error, StartError::NameTaken { owner, .. } if *owner == old.pid()), "{error}");
        let anonymous = next.clone();
        let spec = ChildSpec::new("stubborn", move || {
            let next = anonymous.clone();
            async move { Ok(next.build::<true>()) }
        });
        let new = supervisor.start_child(spec).await.unwrap();
        assert_ne!(new.pid(), old.pid());
        assert_eq!(new.order(Do::Plain).await, Ok(()));
        script.latch.open();
        assert_eq!(old.process().wait().await, ExitReason::Killed);
        // The end of the old one is nothing to the new one.
        assert_eq!(new.order(Do::Plain).await, Ok(()));
        assert_eq!((new.process().incarnation(), system.counters().restarts), (1, 0));
        next.latch.open();
        assert!(system.shutdown().await.is_clean());
        yielded(&system).await;
    });
}

#[test]
fn c053_of_a_tree_only_the_one_that_blocks_is_reported() {
    with_workers(8, async {
        for how in [How::Kill, How::Stop, How::Shutdown] {
            let system = System::new("test");
            let (script, log) = (Script::new(Place::Told), Log::new());
            let deepest = Supervisor::builder().child(script.spec::<true>()).child(sibling("beside", &log));
            let below = |builder: SupervisorBuilder, id: &str| {
                let spec = builder.plan(|_| async { Ok(()) });
                ChildSpec::supervisor(id, async move { Ok(spec) }).shutdown(Shutdown::Kill)
            };
            let middle = Supervisor::builder().child(below(deepest, "deepest"));
            let top = Supervisor::builder().child(below(middle, "middle"));
            let top = system.start(top).await.unwrap();
            let child = system.lookup::<Stubborn<true>>("stubborn").unwrap();
            script.block(&child).await;
            match how {
                How::Kill => assert_eq!(top.kill().await, Ok(ExitReason::Killed)),
                How::Shutdown => {
                    let report = system.shutdown().await;
                    assert_eq!(report.leaked.len(), 1);
                    assert_eq!(report.leaked[0].pid(), child.pid());
                    assert_eq!((report.ended, report.killed.len()), (1, 0), "the tree itself ended in order");
                }
                _ => assert_eq!(top.stop().await, Ok(ExitReason::Shutdown)),
            }
            assert_eq!(system.counters().leaked, 1, "{how:?}");
            assert_eq!(system.processes().len(), 1, "{how:?}: {:?}", system.processes());
            script.latch.open();
            yielded(&system).await;
        }
    });
}

#[test]
fn c053_an_actor_that_nobody_supervises_is_reported_by_the_shutdown() {
    with_workers(4, async {
        let system = System::new("test");
        let script = Script::new(Place::Told);
        let child = system.spawn(script.build::<true>());
        script.block(&child).await;
        let report = system.shutdown().await;
        assert_eq!(report.leaked.iter().map(ProcessInfo::pid).collect::<Vec<_>>(), [child.pid()]);
        assert_eq!(system.counters().leaked, 1);
        // It is asked again, and still there.
        let report = system.shutdown().await;
        assert_eq!(report.leaked.len(), 1);
        assert_eq!(system.counters().leaked, 1, "reported once");
        script.latch.open();
        yielded(&system).await;
        assert!(system.shutdown().await.is_clean());
    });
}

#[test]
fn c053_a_start_that_is_given_up_leaves_nothing_behind_once_it_yields() {
    with_workers(8, async {
        for place in [Place::Expression, Place::Start] {
            let system = System::new("test");
            let script = Script::new(place);
            let limit = Duration::from_millis(10);
            // Declared: the supervisor itself does not come up.
            let spec = script.spec::<true>().start_timeout(limit);
            let error = system.start(Supervisor::builder().child(spec)).await.unwrap_err();
            assert!(matches!(error, StartError::Timeout { .. }), "{error}");
            assert!(system.lookup::<Stubborn<true>>("stubborn").is_some(), "it still holds its name");
            script.latch.open();
            yielded(&system).await;
            // The name is free.
            let supervisor = system.start(Supervisor::builder().child(script.spec::<true>())).await.unwrap();
            supervisor.stop().await.unwrap();
            yielded(&system).await;
        }
        // Unsupervised.
        let system = System::new("test");
        let script = Script::new(Place::Start);
        let actor = script.build::<true>();
        let started = system.start(actor).named("stubborn").timeout(Duration::from_millis(10)).await;
        assert!(matches!(started, Err(StartError::Timeout { .. })));
        assert_eq!(system.counters().leaked, 1);
        script.latch.open();
        yielded(&system).await;
    });
}
