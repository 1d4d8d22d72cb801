//! One actor: its start, its failures, its end, and that its handlers never overlap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use airssys_rt::NotRunning;
use airssys_rt::prelude::*;
use tests::actors::{
    Gate, Log, Oops, Peer, Tomb, Watcher, WatcherApi, Worker, WorkerApi, at_rest, eventually, nothing_left,
    poll_once, settle, within,
};

/// How the start of a [`Starter`] goes.
#[derive(Clone, Debug, Default)]
enum Begin {
    #[default]
    Well,
    Errs,
    Panics,
    Waits(Gate),
    Stops,
    Fails,
    LinksAndWaits(Peer),
    Continues,
    ContinuesTwice,
}

#[actor(mailbox(capacity = 1))]
#[derive(Debug)]
struct Starter {
    begin: Begin,
    log: Log,
    _tomb: Tomb,
}

impl Starter {
    fn new(begin: Begin, log: &Log) -> Self {
        Self { begin, log: log.clone(), _tomb: Tomb::new(log, "dropped") }
    }
}

/// A follow-up step.
#[derive(Clone, Debug)]
struct Step(&'static str);

#[handlers]
impl Starter {
    #[handler(start)]
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.log.add("start");
        match self.begin.clone() {
            Begin::Well => {}
            Begin::Errs => Err(Oops("no start"))?,
            Begin::Panics => panic!("cannot start"),
            Begin::Waits(gate) => gate.pass().await,
            Begin::Stops => ctx.stop(),
            Begin::Fails => ctx.fail(Oops("failed on start")),
            Begin::LinksAndWaits(peer) => {
                ctx.link(&peer.0);
                self.log.add("linked");
                std::future::pending::<()>().await;
            }
            Begin::Continues => ctx.continue_with(Step("follow-up")),
            Begin::ContinuesTwice => {
                ctx.continue_with(Step("first"));
                ctx.continue_with(Step("second"));
            }
        }
        self.log.add("started");
        Ok(())
    }

    #[handler(message)]
    fn step(&mut self, step: Step) {
        self.log.add(step.0);
    }

    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    #[handler]
    fn note_and_continue(&mut self, number: u32, ctx: &mut Context<Self>) {
        self.log.add(number);
        ctx.continue_with(Step("follow-up"));
    }

    #[handler(stop)]
    fn stopping(&mut self, reason: ExitReason) {
        self.log.add(format!("stop: {reason}"));
    }
}

#[tokio::test(start_paused = true)]
async fn c072_a_start_that_succeeds_gives_the_reference() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.start(Starter::new(Begin::Well, &log)).await.unwrap();
        assert_eq!(log.lines(), ["start", "started"]);
        assert_eq!(actor.note(1).await, Ok(1));
        assert_eq!(actor.process().incarnation(), 1);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c072_a_start_that_errs_gives_the_error_and_leaves_nothing() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let error = system.start(Starter::new(Begin::Errs, &log)).named("it").await.unwrap_err();
        assert_eq!(error, StartError::Failed { child: "Starter".into(), message: "no start".into() });
        assert_eq!(log.lines(), ["start", "dropped"], "no stop handler, and the state is gone");
        let counters = system.counters();
        assert_eq!((counters.processes, counters.names, counters.timers), (0, 0, 0));
        assert!(system.lookup::<Starter>("it").is_none());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c072_a_start_that_panics_gives_the_text_of_the_panic() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let error = system.start(Starter::new(Begin::Panics, &log)).await.unwrap_err();
        assert_eq!(error, StartError::Panicked { child: "Starter".into(), message: "cannot start".into() });
        assert_eq!(log.lines(), ["start", "dropped"]);
        assert_eq!(system.counters().processes, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c072_a_start_that_marks_itself_failed_has_failed() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let error = system.start(Starter::new(Begin::Fails, &log)).await.unwrap_err();
        assert_eq!(error, StartError::Failed { child: "Starter".into(), message: "failed on start".into() });
        assert_eq!(system.counters().processes, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c072_a_start_that_stops_itself_has_started_and_then_ends() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.start(Starter::new(Begin::Stops, &log)).await.unwrap();
        assert_eq!(actor.process().wait().await, ExitReason::Normal);
        assert_eq!(log.lines(), ["start", "started", "stop: normal", "dropped"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c072_a_spawned_actor_whose_start_fails_ends_with_its_reason_and_tells_monitors_and_links() {
    within(async {
        let system = System::new("test");
        for (begin, reason) in [
            (Begin::Errs, ExitReason::Failed { message: "no start".into() }),
            (Begin::Panics, ExitReason::Panicked { message: "cannot start".into() }),
        ] {
            let log = Log::new();
            let watcher_log = Log::new();
            let watcher = system.spawn(Watcher::new(&watcher_log));
            let linked = system.spawn(Worker::default());
            let actor = system.spawn(Starter::new(begin, &log));
            let down = actor.monitor();
            // The actor has not run yet: these are set before its start.
            let id = watcher.watch(Peer(actor.process())).await.unwrap();
            linked.link_to(Peer(actor.process())).await.unwrap();
            let down = down.await;
            assert_eq!(down.reason, reason);
            assert_eq!(down.pid, actor.pid());
            assert_eq!(linked.process().wait().await, reason, "the link is told");
            watcher.note(1).await.unwrap();
            let wanted = [format!("down {:?} {id:?} {reason}", actor.pid()), "1".to_owned()];
            assert_eq!(watcher_log.lines(), wanted);
            assert_eq!(actor.note(1).await, Err(AskError::Stopped));
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c073_messages_to_a_starting_actor_wait_and_are_handled_in_order_with_room_for_one() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let gate = Gate::new();
        let actor = system.spawn(Starter::new(Begin::Waits(gate.clone()), &log));
        gate.reached().await;
        assert_eq!(actor.process().status(), ProcessStatus::Starting);
        let mut sends = Vec::new();
        for number in 1..=3 {
            sends.push(tokio::spawn(actor.note(number).owned().into_future()));
            settle().await;
        }
        assert_eq!(log.lines(), ["start"]);
        assert_eq!(actor.process().mailbox_len(), 1, "room for one");
        gate.open();
        for (number, send) in (1..).zip(sends) {
            assert_eq!(send.await.unwrap(), Ok(number));
        }
        assert_eq!(log.lines(), ["start", "started", "1", "2", "3"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c073_messages_to_an_actor_whose_start_fails_are_accounted_for() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Starter::new(Begin::Errs, &log));
        let mut ask = Box::pin(actor.note(1).into_future());
        assert!(poll_once(&mut ask).await.is_pending());
        let reason = ExitReason::Failed { message: "no start".into() };
        assert_eq!(ask.await, Err(AskError::Crashed { reason }));
        let counters = at_rest(&system).await;
        assert_eq!((counters.accepted, counters.dead_lettered), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c074_a_follow_up_step_of_the_start_runs_before_queued_messages() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Starter::new(Begin::Continues, &log));
        actor.note(1).try_tell().unwrap();
        assert_eq!(actor.note(2).await, Ok(2));
        assert_eq!(log.lines(), ["start", "started", "follow-up", "1", "2"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c074_two_follow_up_steps_run_in_the_order_in_which_they_were_asked_for() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Starter::new(Begin::ContinuesTwice, &log));
        assert_eq!(actor.note(1).await, Ok(1));
        assert_eq!(log.lines(), ["start", "started", "first", "second", "1"]);
    })
    .await;
}

#[actor]
#[derive(Debug)]
struct Continuer {
    log: Log,
}

#[handlers]
impl Continuer {
    #[handler(message)]
    fn step(&mut self, step: Step) {
        self.log.add(step.0);
    }

    #[handler]
    fn note(&mut self, number: u32) {
        self.log.add(number);
    }

    #[handler]
    fn note_and_continue(&mut self, number: u32, ctx: &mut Context<Self>) {
        self.log.add(number);
        ctx.continue_with(Step("follow-up"));
    }
}

#[tokio::test(start_paused = true)]
async fn c074_a_follow_up_step_of_a_handler_runs_before_all_that_are_queued() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Continuer { log: log.clone() });
        actor.note_and_continue(1).try_tell().unwrap();
        actor.note(2).try_tell().unwrap();
        actor.note(3).await.unwrap();
        settle().await;
        assert_eq!(log.lines(), ["1", "follow-up", "2", "3"]);
    })
    .await;
}

/// Wishes for a follow-up step, and panics.
#[actor]
struct Wisher {
    log: Log,
}

#[handlers]
impl Wisher {
    #[handler(message)]
    fn step(&mut self, step: Step) {
        self.log.add(step.0);
    }

    #[handler]
    fn wish(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(Step("never"));
        panic!("a wish");
    }

    #[handler]
    async fn wish_later(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(Step("never"));
        tokio::task::yield_now().await;
        panic!("a wish");
    }

    #[handler]
    fn note(&mut self) {
        self.log.add("noted");
    }
}

#[tokio::test(start_paused = true)]
async fn c092_what_a_handler_wished_for_goes_down_with_its_panic_whichever_way_it_was_run() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let state = log.clone();
        let spec = ChildSpec::new("wisher", move || {
            let log = state.clone();
            async move { Ok(Wisher { log }) }
        });
        let top = system.start(Supervisor::builder().child(spec)).await.expect("it starts");
        let pid = top.children().await.expect("it lives")[0].pid;
        let wisher = system.actor_ref::<Wisher>(pid).expect("it lives");
        for way in 0..3 {
            match way {
                0 => drop(wisher.wish().await),
                1 => wisher.wish().try_tell().expect("there is room"),
                _ => drop(wisher.wish_later().await),
            }
            eventually("it is restarted", || wisher.process().restarts() == way + 1).await;
            wisher.note().await.expect("it lives");
        }
        assert_eq!(log.lines(), ["noted", "noted", "noted"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_a_panic_ends_that_actor_alone_with_its_text() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let bad = system.spawn(Worker::new(&log));
        let good = system.spawn(Worker::new(&log));
        let down = bad.monitor();
        let reason = ExitReason::Panicked { message: "boom".into() };
        assert_eq!(bad.boom("boom".into()).await, Err(AskError::Crashed { reason: reason.clone() }));
        assert_eq!(down.await.reason, reason);
        assert_eq!(bad.process().status(), ProcessStatus::Stopped);
        assert_eq!(bad.process().exit_reason(), Some(reason.clone()));
        assert_eq!(bad.note(1).await, Err(AskError::Stopped));
        assert_eq!(good.note(1).await, Ok(1));

        let later = system.spawn(Worker::new(&log));
        let asked = later.boom_later("boom".into()).await;
        assert_eq!(asked, Err(AskError::Crashed { reason }));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.failures, counters.lost_in_hand), (2, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_a_panic_of_any_payload_is_an_end_like_others() {
    struct Odd;
    #[actor]
    struct Thrower;
    #[handlers]
    impl Thrower {
        #[handler]
        fn throw(&mut self) {
            std::panic::panic_any(Odd);
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Thrower);
        let AskError::Crashed { reason: ExitReason::Panicked { message } } = actor.throw().await.unwrap_err()
        else {
            panic!("not a panic");
        };
        assert_eq!(&*message, "a panic without text");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_a_handlers_error_is_the_reason_of_the_end() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Worker::default());
        let down = actor.monitor();
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
        assert_eq!(down.await.reason, ExitReason::Failed { message: "on purpose".into() });
        let counters = nothing_left(&system).await;
        assert_eq!((counters.failures, counters.lost_in_hand, counters.handled), (1, 1, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_an_orderly_end_has_its_reason_and_is_no_failure() {
    #[actor]
    struct Leaver;
    #[handlers]
    impl Leaver {
        #[handler]
        fn leave(&mut self, ctx: &mut Context<Self>) -> u8 {
            ctx.shutdown_with("enough");
            1
        }
    }
    within(async {
        let system = System::new("test");
        let finisher = system.spawn(Worker::default());
        assert_eq!(finisher.finish().await, Ok(7), "the answer comes first");
        assert_eq!(finisher.process().wait().await, ExitReason::Normal);
        let leaver = system.spawn(Leaver);
        assert_eq!(leaver.leave().await, Ok(1));
        let reason = ExitReason::ShutdownWith { detail: "enough".into() };
        assert_eq!(leaver.process().wait().await, reason);
        assert!(!reason.is_abnormal());
        let stopped = system.spawn(Worker::default());
        assert_eq!(stopped.stop().await, Ok(ExitReason::Shutdown));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.failures, counters.handled, counters.lost_in_hand), (0, 2, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_what_follows_a_stop_in_the_queue_is_not_handled() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        actor.note(1).try_tell().unwrap();
        actor.finish().try_tell().unwrap();
        actor.note(2).try_tell().unwrap();
        let mut last = Box::pin(actor.note(3).into_future());
        assert!(poll_once(&mut last).await.is_pending());
        assert_eq!(actor.process().wait().await, ExitReason::Normal);
        assert_eq!(last.await, Err(AskError::Stopped));
        assert_eq!(log.lines(), ["1"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (4, 2, 2));
    })
    .await;
}

/// An actor with every hook, each of which does as it is told.
#[actor]
#[derive(Debug)]
struct Hooked {
    log: Log,
    on_stop: Stop,
    on_error: ErrorAction,
    _tomb: Tomb,
}

#[derive(Clone, Debug)]
enum Stop {
    Well,
    Errs,
    Panics,
    Hangs,
}

impl Hooked {
    fn new(log: &Log, on_stop: Stop, on_error: ErrorAction) -> Self {
        Self { log: log.clone(), on_stop, on_error, _tomb: Tomb::new(log, "dropped") }
    }
}

#[handlers]
impl Hooked {
    #[handler(stop)]
    async fn stopping(&mut self, reason: ExitReason) -> ActorResult<()> {
        self.log.add(format!("stop: {reason}"));
        match self.on_stop {
            Stop::Well => Ok(()),
            Stop::Errs => Err(Oops("stop failed"))?,
            Stop::Panics => panic!("stop panicked"),
            Stop::Hangs => std::future::pending().await,
        }
    }

    #[handler(error)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        self.log.add(format!("error: {error}"));
        self.on_error
    }

    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    #[handler]
    fn fail(&mut self) -> ActorResult<()> {
        Err(Oops("on purpose"))?
    }

    #[handler]
    fn mark_failed(&mut self, ctx: &mut Context<Self>) -> u32 {
        ctx.fail(Oops("marked"));
        3
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }

    #[handler]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
}

#[tokio::test(start_paused = true)]
async fn c077_the_stop_handler_runs_once_with_the_reason_on_stop_drain_and_error() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        assert_eq!(actor.stop().await, Ok(ExitReason::Shutdown));
        assert_eq!(log.lines(), ["stop: shutdown", "dropped"]);

        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        assert_eq!(actor.drain().await, Ok(ExitReason::Normal));
        assert_eq!(log.lines(), ["stop: normal", "dropped"]);

        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
        assert_eq!(actor.process().wait().await, ExitReason::Failed { message: "on purpose".into() });
        assert_eq!(log.lines(), ["error: on purpose", "stop: failed: on purpose", "dropped"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c077_the_stop_handler_does_not_run_after_a_panic_or_a_kill() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        let reason = ExitReason::Panicked { message: "boom".into() };
        assert_eq!(actor.boom().await, Err(AskError::Crashed { reason: reason.clone() }));
        assert_eq!(actor.process().wait().await, reason);
        assert_eq!(log.lines(), ["error: panicked: boom", "dropped"]);

        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(log.lines(), ["dropped"], "an idle one");

        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        let gate = Gate::new();
        actor.hold(gate.clone()).tell().await.unwrap();
        gate.reached().await;
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(log.lines(), ["dropped"], "a busy one");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c077_the_stop_handler_runs_when_the_last_reference_is_gone() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        let process = actor.process();
        actor.note(1).try_tell().unwrap();
        drop(actor);
        assert_eq!(process.wait().await, ExitReason::Normal);
        assert_eq!(log.lines(), ["1", "stop: normal", "dropped"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_stop_handler_that_errs_or_panics_delays_and_changes_nothing() {
    within(async {
        let system = System::new("test");
        for on_stop in [Stop::Errs, Stop::Panics] {
            let log = Log::new();
            let actor =
                system.start(Hooked::new(&log, on_stop, ErrorAction::Restart)).named("it").await.unwrap();
            let down = actor.monitor();
            assert_eq!(actor.stop().await, Ok(ExitReason::Shutdown));
            assert_eq!(down.await.reason, ExitReason::Shutdown);
            assert!(system.lookup::<Hooked>("it").is_none());
            assert_eq!(log.lines(), ["stop: shutdown", "dropped"]);
        }
        let log = Log::new();
        let again =
            system.start(Hooked::new(&log, Stop::Well, ErrorAction::Restart)).named("it").await.unwrap();
        assert_eq!(again.note(1).await, Ok(1), "the runtime lives on");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_stop_handler_that_hangs_is_cut_at_its_limit() {
    let start = async |system: &System, hooked| system.start(hooked).named("it").await.unwrap();
    is_cut_at_its_limit(start).await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_stop_handler_that_hangs_is_cut_where_nothing_was_said_of_its_actor() {
    is_cut_at_its_limit(async |system: &System, hooked| system.spawn(hooked)).await;
}

async fn is_cut_at_its_limit(start: impl AsyncFnOnce(&System, Hooked) -> ActorRef<Hooked>) {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = start(&system, Hooked::new(&log, Stop::Hangs, ErrorAction::Restart)).await;
        let down = actor.monitor();
        let began = tokio::time::Instant::now();
        assert_eq!(actor.stop().await, Ok(ExitReason::Killed));
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(6), "{took:?}");
        assert_eq!(down.await.reason, ExitReason::Killed);
        assert_eq!(log.lines(), ["stop: shutdown", "dropped"]);
        assert!(system.lookup::<Hooked>("it").is_none());
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_stop_handler_that_hangs_can_be_killed() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Hangs, ErrorAction::Restart));
        let began = tokio::time::Instant::now();
        let stopped = actor.stop();
        settle().await;
        assert_eq!(actor.process().status(), ProcessStatus::Stopping);
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(stopped.await, Ok(ExitReason::Killed));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(log.lines(), ["stop: shutdown", "dropped"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_state_that_panics_when_dropped_ends_like_any_other() {
    #[actor]
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    #[handlers]
    impl Grenade {
        #[handler]
        fn one(&self) -> u8 {
            1
        }
        #[handler]
        fn finish(&mut self, ctx: &mut Context<Self>) {
            ctx.stop();
        }
    }
    within(async {
        let system = System::new("test");
        for round in 0..4 {
            let actor = system.start(Grenade).named("it").await.unwrap();
            assert_eq!(actor.one().await, Ok(1));
            let down = actor.monitor();
            let reason = match round {
                0 => actor.stop().await.unwrap(),
                1 => actor.kill().await.unwrap(),
                2 => {
                    actor.finish().await.unwrap();
                    actor.process().wait().await
                }
                _ => actor.drain().await.unwrap(),
            };
            let wanted = [ExitReason::Shutdown, ExitReason::Killed, ExitReason::Normal, ExitReason::Normal];
            assert_eq!(reason, wanted[round]);
            assert_eq!(down.await.reason, wanted[round]);
            assert!(system.lookup::<Grenade>("it").is_none());
        }
        // The last reference goes on the caller's own stack.
        drop(system.spawn(Grenade));
        eventually("it has gone", || system.counters().processes == 0).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_state_that_panics_when_dropped_and_never_ran_panics_at_nobody() {
    #[actor]
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    #[handlers]
    impl Grenade {
        #[handler]
        fn one(&self) -> u8 {
            1
        }
    }
    within(async {
        let system = System::new("test");
        let owner = system.start(Worker::default()).named("it").await.unwrap();
        let refused = system.start(Grenade).named("it").await;
        assert!(matches!(refused, Err(StartError::NameTaken { owner: who, .. }) if who == owner.pid()));
        let report = system.shutdown().await;
        assert!(report.is_clean());
        let late = system.spawn(Grenade);
        assert_eq!(late.one().await, Err(AskError::Stopped));
        drop(late);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c079_a_stop_ends_after_the_message_in_hand_and_the_rest_are_dead_letters() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let gate = Gate::new();
        let mut first = Box::pin(actor.hold(gate.clone(), 1).into_future());
        assert!(poll_once(&mut first).await.is_pending());
        for number in 2..=10 {
            actor.note(number).try_tell().unwrap();
        }
        gate.reached().await;
        let ended = actor.stop();
        assert_eq!(
            actor.note(11).try_tell(),
            Err(TrySendError::Stopped(tests::actors::WorkerMessage::Note { number: 11 }))
        );
        assert_eq!(actor.note(11).await, Err(AskError::Stopped));
        assert_eq!(actor.process().status(), ProcessStatus::Stopping);
        settle().await;
        assert!(log.is_empty(), "the one in hand is not cut off");
        gate.open();
        assert_eq!(first.await, Ok(1));
        assert_eq!(ended.await, Ok(ExitReason::Shutdown));
        assert_eq!(log.lines(), ["1"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (10, 1, 9));
        assert_eq!(system.dead_letters().count(), 9);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c079_a_drain_ends_after_what_is_queued() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let gate = Gate::new();
        actor.hold(gate.clone(), 1).try_tell().unwrap();
        for number in 2..=10 {
            if number % 2 == 0 {
                actor.note(number).try_tell().unwrap()
            } else {
                actor.note_later(number).try_tell().unwrap()
            }
        }
        gate.reached().await;
        let ended = actor.drain();
        assert!(matches!(actor.note(11).try_tell(), Err(TrySendError::Stopped(_))));
        assert!(matches!(actor.note(11).tell().await, Err(SendError::Stopped(_))));
        gate.open();
        assert_eq!(ended.await, Ok(ExitReason::Normal));
        assert_eq!(log.lines(), (1..=10).map(|number| number.to_string()).collect::<Vec<_>>());
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (10, 10, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c079_a_stop_overtakes_a_drain_and_a_kill_overtakes_both() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let gate = Gate::new();
        actor.hold(gate.clone(), 1).try_tell().unwrap();
        actor.note(2).try_tell().unwrap();
        gate.reached().await;
        let drained = actor.drain();
        let stopped = actor.stop();
        gate.open();
        assert_eq!(drained.await, Ok(ExitReason::Shutdown));
        assert_eq!(stopped.await, Ok(ExitReason::Shutdown));
        assert_eq!(log.lines(), ["1"]);

        let actor = system.spawn(Worker::new(&log));
        let gate = Gate::new();
        actor.hold(gate.clone(), 3).try_tell().unwrap();
        gate.reached().await;
        let drained = actor.drain();
        let stopped = actor.stop();
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(drained.await, Ok(ExitReason::Killed));
        assert_eq!(stopped.await, Ok(ExitReason::Killed));
        assert_eq!(log.lines(), ["1"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c079_an_end_asked_of_an_ended_actor_is_an_error_value() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Worker::default());
        let first = actor.stop();
        assert_eq!(first.await, Ok(ExitReason::Shutdown));
        assert!(matches!(actor.stop().await, Err(NotRunning { .. })));
        assert!(matches!(actor.drain().await, Err(NotRunning { .. })));
        assert!(matches!(actor.kill().await, Err(NotRunning { .. })));
        assert_eq!(actor.process().wait().await, ExitReason::Shutdown, "it is still known how it ended");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c080_a_kill_drops_a_pending_handler_at_its_await() {
    #[actor]
    struct Sleeper;
    #[handlers]
    impl Sleeper {
        #[handler]
        async fn sleep(&mut self, log: Log, gate: Gate) {
            let _tomb = Tomb::new(&log, "handler dropped");
            gate.pass().await;
            log.add("went on");
        }
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let gate = Gate::new();
        let actor = system.spawn(Sleeper);
        let asked = tokio::spawn(actor.sleep(log.clone(), gate.clone()).owned().into_future());
        gate.reached().await;
        let ended = actor.kill();
        gate.open();
        assert_eq!(ended.await, Ok(ExitReason::Killed));
        assert_eq!(asked.await.unwrap(), Err(AskError::Crashed { reason: ExitReason::Killed }));
        assert_eq!(log.lines(), ["handler dropped"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.lost_in_hand), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c080_a_kill_drops_a_pending_start_handler() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let gate = Gate::new();
        let actor = system.spawn(Starter::new(Begin::Waits(gate.clone()), &log));
        actor.note(1).try_tell().unwrap();
        gate.reached().await;
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(log.lines(), ["start", "dropped"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.dead_lettered), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c080_a_kill_before_the_start_has_begun_is_a_kill() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Starter::new(Begin::Well, &log));
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert!(!log.lines().iter().any(|line| line.starts_with("stop")), "{:?}", log.lines());
        assert_eq!(log.lines().last().map(String::as_str), Some("dropped"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c080_a_stop_during_the_start_lets_it_finish_and_runs_the_stop_handler() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let gate = Gate::new();
        let actor = system.spawn(Starter::new(Begin::Waits(gate.clone()), &log));
        actor.note(1).try_tell().unwrap();
        gate.reached().await;
        let ended = actor.stop();
        gate.open();
        assert_eq!(ended.await, Ok(ExitReason::Shutdown));
        assert_eq!(log.lines(), ["start", "started", "stop: shutdown", "dropped"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.dead_lettered), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c080_a_kill_cuts_an_error_handler_that_waits_and_the_counts_add_up() {
    #[actor]
    struct Ponderer;
    #[handlers]
    impl Ponderer {
        #[handler]
        fn fail(&mut self) -> ActorResult<()> {
            Err(Oops("on purpose"))?
        }
        #[handler(error)]
        async fn ponder(&mut self, _error: &ActorError) -> ErrorAction {
            std::future::pending().await
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Ponderer);
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
        settle().await;
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.lost_in_hand), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c080_a_handler_whose_destructor_panics_on_a_kill_ends_as_killed_and_its_asker_is_told() {
    struct Grenade;
    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("the handler's local");
        }
    }
    #[actor]
    struct Holder;
    #[handlers]
    impl Holder {
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            let _grenade = Grenade;
            gate.pass().await;
            std::future::pending::<()>().await;
        }
        #[handler]
        fn note(&mut self) {}
    }
    within(async {
        let system = System::new("test");
        let gate = Gate::new();
        let actor = system.spawn(Holder);
        let asked =
            tokio::spawn(actor.hold(gate.clone()).timeout(Duration::from_secs(30)).owned().into_future());
        gate.reached().await;
        actor.note().try_tell().unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(actor.kill().await, Ok(ExitReason::Killed));
        assert_eq!(asked.await.unwrap(), Err(AskError::Crashed { reason: ExitReason::Killed }));
        assert_eq!(began.elapsed(), Duration::ZERO, "told at once");
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.lost_in_hand, counters.dead_lettered), (2, 1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_start_dropped_half_way_leaves_nothing() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let gate = Gate::new();
        let mut start =
            system.start(Starter::new(Begin::Waits(gate.clone()), &log)).named("it").into_future();
        assert!(poll_once(&mut start).await.is_pending());
        gate.reached().await;
        let actor = system.lookup::<Starter>("it").unwrap();
        let down = actor.monitor();
        drop(start);
        assert_eq!(down.await.reason, ExitReason::Killed);
        assert!(system.lookup::<Starter>("it").is_none());
        assert_eq!(log.lines(), ["start", "dropped"]);
        let counters = system.counters();
        assert_eq!((counters.processes, counters.names), (0, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_start_dropped_before_its_first_poll_or_right_after_it_leaves_nothing() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        drop(system.start(Starter::new(Begin::Well, &log)).named("it").into_future());
        assert_eq!(system.counters().processes, 0);
        let mut start = system.start(Starter::new(Begin::Well, &log)).named("it").into_future();
        assert!(poll_once(&mut start).await.is_pending());
        drop(start);
        eventually("it has gone", || system.counters().processes == 0).await;
        assert_eq!(system.counters().names, 0);
        let lines = log.lines();
        assert_eq!(lines.iter().filter(|line| *line == "dropped").count(), 2, "{lines:?}");
        system.start(Worker::default()).named("it").await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_start_may_be_dropped_after_any_number_of_polls() {
    within(async {
        let system = System::new("test");
        for polls in 0..8 {
            let log = Log::new();
            let gate = Gate::new();
            gate.open();
            let mut start = system.start(Starter::new(Begin::Waits(gate), &log)).named("it").into_future();
            let mut started = None;
            for _ in 0..polls {
                if let std::task::Poll::Ready(outcome) = poll_once(&mut start).await {
                    started = Some(outcome.unwrap());
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(start);
            if let Some(actor) = started {
                assert_eq!(actor.note(1).await, Ok(1));
                actor.stop().await.unwrap();
            }
            eventually("it has gone", || system.counters().processes == 0).await;
            assert_eq!(system.counters().names, 0, "after {polls} polls");
            assert_eq!(
                log.lines().iter().filter(|line| *line == "dropped").count(),
                1,
                "after {polls} polls"
            );
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_ends_and_waits_may_be_dropped_and_the_end_goes_on() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Worker::default());
        let gate = Gate::new();
        actor.hold(gate.clone(), 1).try_tell().unwrap();
        gate.reached().await;
        let process = actor.process();
        let mut stopped = actor.stop();
        assert!(poll_once(&mut stopped).await.is_pending());
        let mut waits = Box::pin(process.wait());
        assert!(poll_once(&mut waits).await.is_pending());
        let mut down = actor.monitor();
        assert!(poll_once(&mut down).await.is_pending());
        let mut shutdown = Box::pin(system.shutdown());
        assert!(poll_once(&mut shutdown).await.is_pending());
        drop((stopped, waits, down, shutdown));
        gate.open();
        assert_eq!(process.wait().await, ExitReason::Shutdown);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_start_over_its_limit_is_killed_and_leaves_nothing() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let limit = Duration::from_secs(2);
        let began = tokio::time::Instant::now();
        let start = system.start(Starter::new(Begin::Waits(Gate::new()), &log)).named("it").timeout(limit);
        assert_eq!(start.await.unwrap_err(), StartError::Timeout { child: "Starter".into(), limit });
        assert!(began.elapsed() >= limit && began.elapsed() < limit + Duration::from_millis(10));
        assert_eq!(log.lines(), ["start", "dropped"]);
        let counters = system.counters();
        assert_eq!((counters.processes, counters.names), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c082_handlers_of_one_actor_never_overlap_whoever_asks_how() {
    #[actor]
    struct Sole {
        inside: Arc<AtomicBool>,
        count: Arc<AtomicU32>,
    }
    impl Sole {
        fn enter(&self) {
            assert!(!self.inside.swap(true, Ordering::SeqCst), "two handlers at once");
        }
        fn leave(&self) {
            self.count.fetch_add(1, Ordering::SeqCst);
            assert!(self.inside.swap(false, Ordering::SeqCst), "two handlers at once");
        }
    }
    #[handlers]
    impl Sole {
        #[handler]
        fn quick(&mut self) {
            self.enter();
            std::hint::spin_loop();
            self.leave();
        }
        #[handler]
        async fn slow(&mut self) {
            self.enter();
            tokio::task::yield_now().await;
            self.leave();
        }
    }
    within(async {
        let system = System::new("test");
        let count = Arc::new(AtomicU32::new(0));
        let actor = system.spawn(Sole { inside: Arc::default(), count: count.clone() });
        let mut tasks = Vec::new();
        for task in 0..8 {
            let actor = actor.clone();
            tasks.push(tokio::spawn(async move {
                for round in 0..500 {
                    match (task + round) % 4 {
                        0 => actor.quick().await.unwrap(),
                        1 => actor.slow().await.unwrap(),
                        2 => actor.quick().tell().await.unwrap(),
                        _ => actor.slow().tell().await.unwrap(),
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(actor.drain().await, Ok(ExitReason::Normal));
        assert_eq!(count.load(Ordering::SeqCst), 4_000);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled), (4_000, 4_000));
    })
    .await;
}

#[actor]
#[derive(Debug)]
struct Incarnated {
    inside: Arc<AtomicU32>,
}

impl Drop for Incarnated {
    fn drop(&mut self) {
        assert_eq!(self.inside.fetch_sub(1, Ordering::SeqCst), 1, "two incarnations at once");
    }
}

#[handlers]
impl Incarnated {
    #[handler(start)]
    async fn begin(&mut self) {
        tokio::task::yield_now().await;
    }

    #[handler]
    fn incarnation(&self, ctx: &mut Context<Self>) -> u32 {
        ctx.incarnation()
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }

    #[handler]
    async fn boom_later(&mut self) {
        tokio::task::yield_now().await;
        panic!("boom");
    }
}

#[supervisor(max_restarts = 1000, within = "1s")]
struct Keeper {
    inside: Arc<AtomicU32>,
    #[child(start = {
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two incarnations at once");
        Incarnated { inside: inside.clone() }
    })]
    actor: ActorRef<Incarnated>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c082_incarnations_never_overlap() {
    within(async {
        let system = System::new("test");
        let keeper = system.start(Keeper::spec(Arc::default())).await.unwrap();
        let mut tasks = Vec::new();
        for task in 0..4 {
            let actor = keeper.actor.clone();
            tasks.push(tokio::spawn(async move {
                for round in 0..50 {
                    match (task + round) % 3 {
                        0 => assert!(actor.boom().await.is_err()),
                        1 => assert!(actor.boom_later().await.is_err()),
                        _ => assert!(actor.incarnation().await.unwrap() >= 1),
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(keeper.actor.incarnation().await.unwrap(), 1 + 4 * 50 * 2 / 3 + 1);
        assert_eq!(keeper.inside.load(Ordering::SeqCst), 1);
        nothing_left(&system).await;
        assert_eq!(keeper.inside.load(Ordering::SeqCst), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c083_a_reference_from_before_a_restart_acts_on_the_present_incarnation() {
    within(async {
        let system = System::new("test");
        let keeper = system.start(Keeper::spec(Arc::default())).await.unwrap();
        let old = keeper.actor.clone();
        let recipient = old.recipient::<IncarnatedMessage>();
        let weak = old.downgrade();
        let pid = old.pid();
        let mut down = old.monitor();
        assert!(old.boom().await.is_err());
        assert_eq!(old.incarnation().await, Ok(2));
        assert_eq!(recipient.incarnation().await, Ok(2));
        assert_eq!(weak.incarnation().await, Ok(2));
        assert_eq!(old.pid(), pid);
        assert!(old.process().is_alive());
        assert_eq!(old.process().restarts(), 1);
        assert_eq!(system.actor_ref::<Incarnated>(pid), Some(old.clone()));
        assert!(poll_once(&mut down).await.is_pending(), "a restart is no end");
        // A kill of a permanent child restarts it.
        assert_eq!(old.kill().await, Ok(ExitReason::Killed));
        assert_eq!(old.incarnation().await, Ok(3));
        assert!(poll_once(&mut down).await.is_pending());
        nothing_left(&system).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        assert!(!old.process().is_alive());
        assert_eq!(old.incarnation().await, Err(AskError::Stopped));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_each_error_action_does_what_it_says() {
    within(async {
        let system = System::new("test");

        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Resume));
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
        assert_eq!(actor.mark_failed().await, Err(AskError::Failed { message: "marked".into() }));
        assert_eq!(actor.note(1).await, Ok(1), "it goes on");
        assert_eq!(log.lines(), ["error: on purpose", "error: marked", "1"]);
        let counters = at_rest(&system).await;
        assert_eq!((counters.handled, counters.lost_in_hand, counters.failures), (3, 0, 2));
        assert!(actor.boom().await.is_err());
        let reason = ExitReason::Panicked { message: "boom".into() };
        assert_eq!(actor.process().wait().await, reason, "after a panic it cannot go on");

        for (action, reason) in [
            (ErrorAction::Restart, ExitReason::Failed { message: "on purpose".into() }),
            (ErrorAction::Escalate, ExitReason::Failed { message: "on purpose".into() }),
            (ErrorAction::Stop, ExitReason::Normal),
        ] {
            let log = Log::new();
            let actor = system.spawn(Hooked::new(&log, Stop::Well, action));
            assert_eq!(actor.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
            assert_eq!(actor.process().wait().await, reason, "{action:?}");
            assert_eq!(
                log.lines(),
                ["error: on purpose".to_owned(), format!("stop: {reason}"), "dropped".to_owned()]
            );
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_an_actor_marked_failed_answers_with_the_failure() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Hooked::new(&log, Stop::Well, ErrorAction::Restart));
        actor.mark_failed().tell().await.unwrap();
        assert_eq!(actor.process().wait().await, ExitReason::Failed { message: "marked".into() });
        assert_eq!(log.lines(), ["error: marked", "stop: failed: marked", "dropped"]);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.failures, counters.lost_in_hand), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_an_error_handler_that_panics_ends_the_actor() {
    #[actor]
    struct Panicky;
    #[handlers]
    impl Panicky {
        #[handler]
        fn fail(&mut self) -> ActorResult<()> {
            Err(Oops("on purpose"))?
        }
        #[handler(error)]
        fn failed(&mut self, _error: &ActorError) -> ErrorAction {
            panic!("in the error handler");
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Panicky);
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: "on purpose".into() }));
        let reason = ExitReason::Panicked { message: "in the error handler".into() };
        assert_eq!(actor.process().wait().await, reason);
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.lost_in_hand), (1, 1));
    })
    .await;
}

#[derive(Debug)]
struct Unprintable;

impl std::fmt::Display for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("cannot be shown");
    }
}

impl std::error::Error for Unprintable {}

#[actor]
struct Inexpressible;

#[handlers]
impl Inexpressible {
    #[handler]
    fn fail(&mut self) -> ActorResult<()> {
        Err(Unprintable)?
    }

    #[handler]
    fn own(&mut self) -> Result<(), Unprintable> {
        Err(Unprintable)
    }
}

#[tokio::test(start_paused = true)]
async fn c075_an_error_that_cannot_be_shown_is_a_failure_like_others() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Inexpressible);
        let text = "an error whose Display panicked: cannot be shown";
        actor.own().tell().await.unwrap();
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: text.into() }));
        assert_eq!(actor.process().wait().await, ExitReason::Failed { message: text.into() });
        let counters = nothing_left(&system).await;
        assert_eq!((counters.told_errors, counters.failures, counters.lost_in_hand), (1, 1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_an_error_whose_destructor_panics_is_a_failure_like_others() {
    #[derive(Debug)]
    struct Sticky;
    impl std::fmt::Display for Sticky {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("sticky")
        }
    }
    impl std::error::Error for Sticky {}
    impl Drop for Sticky {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("the error's destructor");
            }
        }
    }
    #[actor]
    struct Failing;
    #[handlers]
    impl Failing {
        #[handler]
        fn fail(&mut self) -> ActorResult<()> {
            Err(ActorError::from(Sticky))
        }
        #[handler]
        fn note(&mut self) {}
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Failing);
        let asked = actor.fail().await;
        assert_eq!(asked, Err(AskError::Failed { message: "sticky".into() }));
        assert_eq!(actor.process().wait().await, ExitReason::Failed { message: "sticky".into() });
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.lost_in_hand), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_an_error_of_the_handlers_own_is_an_answer_and_told_it_is_counted() {
    #[actor]
    struct Strict;
    #[handlers]
    impl Strict {
        #[handler]
        fn plain(&mut self) -> Result<u8, Oops> {
            Err(Oops("plain"))
        }
        #[handler]
        async fn waiting(&mut self) -> Result<u8, Oops> {
            tokio::task::yield_now().await;
            Err(Oops("waiting"))
        }
        #[handler(message)]
        fn shared(&mut self, _step: Step) -> Result<u8, Oops> {
            Err(Oops("shared"))
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Strict);
        assert_eq!(actor.plain().await, Ok(Err(Oops("plain"))));
        assert_eq!(actor.waiting().await, Ok(Err(Oops("waiting"))));
        assert_eq!(actor.ask(Step("")).await, Ok(Err(Oops("shared"))));
        assert_eq!(at_rest(&system).await.told_errors, 0, "asked, it is the asker's");
        actor.plain().tell().await.unwrap();
        actor.waiting().tell().await.unwrap();
        actor.tell(Step("")).await.unwrap();
        settle().await;
        let counters = at_rest(&system).await;
        assert_eq!((counters.told_errors, counters.failures, counters.handled), (3, 0, 6));
        assert!(actor.process().is_alive());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c113_a_link_made_in_the_start_handler_ends_a_start_that_waits_with_the_same_reason() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let peer = system.spawn(Worker::default());
        let actor = system.spawn(Starter::new(Begin::LinksAndWaits(Peer(peer.process())), &log));
        let linked = log.clone();
        eventually("it is linked", move || linked.len() == 2).await;
        assert!(peer.boom("boom".into()).await.is_err());
        assert_eq!(actor.process().wait().await, ExitReason::Panicked { message: "boom".into() });
    })
    .await;
}

#[actor]
struct Host {
    log: Log,
}

#[handlers]
impl Host {
    #[handler]
    fn run(&mut self, gate: Gate, ctx: &mut Context<Self>) {
        let log = self.log.clone();
        ctx.spawn(async move {
            let _tomb = Tomb::new(&log, "task dropped");
            gate.pass().await;
            log.add("task done");
        });
    }

    #[handler]
    fn run_panicking(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(async { panic!("in a task") });
    }

    #[handler]
    fn pipe(&mut self, gate: Gate, ctx: &mut Context<Self>) {
        ctx.pipe(async move { gate.pass().await }, |()| Step("piped"));
    }

    #[handler(message)]
    fn step(&mut self, step: Step) {
        self.log.add(step.0);
    }

    #[handler]
    fn spawn_worker(&mut self, ctx: &mut Context<Self>) -> ActorRef<Worker> {
        ctx.spawn_child(Worker::new(&self.log))
    }

    #[handler]
    fn note(&mut self, number: u32) -> u32 {
        self.log.add(number);
        number
    }

    #[handler]
    fn boom(&mut self) {
        panic!("boom");
    }
}

#[tokio::test(start_paused = true)]
async fn c081_a_task_of_the_actor_ends_with_the_incarnation() {
    within(async {
        let system = System::new("test");
        for ending in 0..4 {
            let log = Log::new();
            let actor = system.spawn(Host { log: log.clone() });
            let gate = Gate::new();
            actor.run(gate.clone()).await.unwrap();
            gate.reached().await;
            assert_eq!(actor.note(1).await, Ok(1), "it runs beside the actor");
            match ending {
                0 => assert!(actor.boom().await.is_err()),
                1 => assert_eq!(actor.stop().await, Ok(ExitReason::Shutdown)),
                2 => assert_eq!(actor.kill().await, Ok(ExitReason::Killed)),
                _ => assert_eq!(actor.drain().await, Ok(ExitReason::Normal)),
            }
            let log_seen = log.clone();
            eventually("the task is dropped", move || log_seen.len() == 2).await;
            gate.open();
            settle().await;
            assert_eq!(log.lines(), ["1", "task dropped"]);
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_task_of_the_actor_runs_to_its_end_and_its_panic_is_its_own() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Host { log: log.clone() });
        let gate = Gate::new();
        gate.open();
        actor.run(gate.clone()).await.unwrap();
        actor.run_panicking().await.unwrap();
        let seen = log.clone();
        eventually("the task is done", move || seen.len() == 2).await;
        assert_eq!(log.lines(), ["task done", "task dropped"]);
        settle().await;
        assert_eq!(actor.note(1).await, Ok(1));
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c084_a_piped_result_comes_back_as_a_message_and_not_after_the_end() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Host { log: log.clone() });
        let gate = Gate::new();
        actor.pipe(gate.clone()).await.unwrap();
        gate.reached().await;
        assert_eq!(actor.note(1).await, Ok(1));
        gate.open();
        let seen = log.clone();
        eventually("it is piped", move || seen.len() == 2).await;
        assert_eq!(log.lines(), ["1", "piped"]);

        let gate = Gate::new();
        actor.pipe(gate.clone()).await.unwrap();
        gate.reached().await;
        actor.stop().await.unwrap();
        gate.open();
        settle().await;
        assert_eq!(log.lines(), ["1", "piped"]);
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_child_spawned_by_an_actor_ends_with_it() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        for ending in 0..3 {
            let actor = system.spawn(Host { log: log.clone() });
            let child = actor.spawn_worker().await.unwrap();
            assert_eq!(child.process().supervisor(), Some(actor.pid()));
            assert_eq!(actor.process().children().len(), 1);
            assert_eq!(child.note(1).await, Ok(1));
            let down = child.monitor();
            match ending {
                0 => assert!(actor.boom().await.is_err()),
                1 => assert_eq!(actor.stop().await, Ok(ExitReason::Shutdown)),
                _ => assert_eq!(actor.kill().await, Ok(ExitReason::Killed)),
            }
            assert_eq!(down.await.reason, ExitReason::Killed);
            actor.process().wait().await;
            assert!(!child.process().is_alive());
        }
        // One that ends first is no longer its parent's.
        let actor = system.spawn(Host { log: log.clone() });
        let child = actor.spawn_worker().await.unwrap();
        assert!(child.boom("boom".into()).await.is_err());
        child.process().wait().await;
        assert!(actor.process().children().is_empty());
        assert_eq!(actor.note(2).await, Ok(2), "its failure is not its parent's");
        nothing_left(&system).await;
    })
    .await;
}
