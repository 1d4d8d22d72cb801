//! The raw layer, and the handles: who keeps an actor alive, who does not, and what each can do.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};

use airssys_rt::prelude::*;
use airssys_rt::{Answer, Plain};
use futures_core::Stream;
use tests::actors::{
    Gate, Log, Oops, Tomb, Worker, WorkerApi, WorkerMessage, at_rest, eventually, nothing_left, poll_once,
    settle, within,
};

/// An actor written by hand, with one message that is plain and one that is not.
struct Raw {
    log: Log,
}

enum RawMessage {
    Plain(u32),
    Waits(u32),
    /// Promised to be plain, and given back.
    Broken(u32),
    Fails,
}

impl Actor for Raw {
    type Message = RawMessage;

    fn is_plain(message: &RawMessage) -> bool {
        !matches!(message, RawMessage::Waits(_))
    }

    fn handle_plain(
        &mut self,
        message: RawMessage,
        _ctx: &mut Context<Self>,
        answer: &mut Answer<'_>,
    ) -> Plain<RawMessage> {
        match message {
            RawMessage::Plain(number) => {
                self.log.add(format!("plain {number}"));
                answer.send(number);
                answer.send(number + 1);
                Plain::Done(Ok(()))
            }
            RawMessage::Fails => Plain::Done(Err(Oops("raw").into())),
            other => Plain::Later(other),
        }
    }

    async fn handle(&mut self, message: RawMessage, ctx: &mut Context<Self>) -> ActorResult<()> {
        match message {
            RawMessage::Waits(number) | RawMessage::Broken(number) => {
                tokio::task::yield_now().await;
                self.log.add(format!("waits {number}"));
                ctx.answer().send(number);
                assert!(!ctx.answer().is_awaited());
                Ok(())
            }
            _ => Err(ActorError::msg("not for this one")),
        }
    }

    async fn on_start(&mut self, _ctx: &mut Context<Self>) -> ActorResult<()> {
        self.log.add("start");
        Ok(())
    }

    async fn on_stop(&mut self, reason: ExitReason, _ctx: &mut Context<Self>) -> ActorResult<()> {
        self.log.add(format!("stop: {reason}"));
        Ok(())
    }

    async fn on_error(&mut self, error: &ActorError, _ctx: &mut Context<Self>) -> ErrorAction {
        self.log.add(format!("error: {error}"));
        assert_eq!(error.downcast_ref::<Oops>(), Some(&Oops("raw")));
        ErrorAction::Resume
    }
}

impl Handles<u8> for Raw {
    type Reply = u16;

    async fn handle(&mut self, message: u8, _ctx: &mut Context<Self>) -> ActorResult<u16> {
        self.log.add(format!("byte {message}"));
        Ok(u16::from(message) + 1)
    }
}

#[tokio::test(start_paused = true)]
async fn c075_an_actor_written_by_hand_is_one_like_any_other() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let raw = system.spawn(Raw { log: log.clone() });
        let ask = |message| Request::<_, _, u32>::new(&raw, message);
        assert_eq!(ask(RawMessage::Plain(1)).await, Ok(1), "the first answer counts");
        assert_eq!(ask(RawMessage::Waits(2)).await, Ok(2));
        assert_eq!(ask(RawMessage::Broken(3)).await, Ok(3));
        assert_eq!(ask(RawMessage::Fails).await, Err(AskError::Failed { message: "raw".into() }));
        assert_eq!(raw.ask(4_u8).await, Ok(5));
        let bytes: Recipient<u8> = raw.recipient();
        bytes.tell(5).await.unwrap();
        assert_eq!(bytes.ask::<u16>(6).await, Ok(7));
        raw.tell(RawMessage::Broken(7)).await.unwrap();
        assert_eq!(raw.drain().await, Ok(ExitReason::Normal));
        assert_eq!(
            log.lines(),
            [
                "start",
                "plain 1",
                "waits 2",
                "waits 3",
                "error: raw",
                "byte 4",
                "byte 5",
                "byte 6",
                "waits 7",
                "stop: normal"
            ]
        );
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.failures), (8, 8, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c072_a_preparation_that_panics_is_a_failed_start_and_nobody_elses_panic() {
    struct Unprepared<const STARTS: bool>;
    impl<const STARTS: bool> Actor for Unprepared<STARTS> {
        type Message = ();
        const STARTS: bool = STARTS;
        fn prepare(_ctx: &mut Context<Self>) {
            panic!("not prepared");
        }
        async fn handle(&mut self, _message: (), _ctx: &mut Context<Self>) -> ActorResult<()> {
            Ok(())
        }
    }
    within(async {
        let system = System::new("test");
        let reason = ExitReason::Panicked { message: "not prepared".into() };
        assert_eq!(system.spawn(Unprepared::<true>).process().wait().await, reason);
        assert_eq!(system.spawn(Unprepared::<false>).process().wait().await, reason);
        assert!(matches!(system.start(Unprepared::<true>).await, Err(StartError::Panicked { .. })));
        assert!(matches!(system.start(Unprepared::<false>).await, Err(StartError::Panicked { .. })));
        assert_eq!(system.counters().processes, 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_an_unsupervised_actor_drains_and_ends_with_its_last_strong_reference() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let more = actor.clone();
        let recipient: Recipient<WorkerMessage> = actor.recipient();
        let again = recipient.clone();
        let weak = actor.downgrade();
        let process = actor.process();
        drop(actor);
        drop(more);
        drop(recipient);
        settle().await;
        assert!(process.is_alive(), "a recipient keeps it");
        assert_eq!(again.note(1).await, Ok(1));
        for number in 2..=5 {
            again.note_later(number).try_tell().unwrap();
        }
        let request = again.note(6).owned();
        drop(again);
        settle().await;
        assert!(process.is_alive(), "a request that owns its address keeps it");
        assert_eq!(request.await, Ok(6));
        assert_eq!(process.wait().await, ExitReason::Normal);
        assert_eq!(log.lines(), ["1", "2", "3", "4", "5", "6"]);
        assert!(weak.upgrade().is_none());
        let counters = nothing_left(&system).await;
        assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (6, 6, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_what_is_queued_at_the_last_reference_is_handled_and_asked_answers_come() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let weak = actor.downgrade();
        let gate = Gate::new();
        actor.hold(gate.clone(), 1).try_tell().unwrap();
        gate.reached().await;
        let mut asked = Box::pin(weak.note(2).into_future());
        assert!(poll_once(&mut asked).await.is_pending());
        drop(actor);
        assert!(weak.upgrade().is_none(), "there is nobody who could keep it");
        assert_eq!(weak.note(3).await, Err(AskError::Stopped));
        gate.open();
        assert_eq!(asked.await, Ok(2), "an ask under way is answered");
        eventually("it has ended", || system.counters().processes == 0).await;
        assert_eq!(log.lines(), ["1", "2"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_a_weak_reference_sends_while_the_actor_lives_and_keeps_it_no_longer() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let weak = actor.downgrade();
        assert_eq!(weak.note(1).await, Ok(1));
        weak.note(2).tell().await.unwrap();
        weak.note(3).try_tell().unwrap();
        assert_eq!(weak.note_later(4).await, Ok(4));
        assert_eq!(weak.upgrade().as_ref(), Some(&actor));
        assert_eq!(log.lines(), ["1", "2", "3", "4"]);
        let process = actor.process();
        drop(actor);
        assert_eq!(process.wait().await, ExitReason::Normal);
        assert!(weak.upgrade().is_none());
        let message = WorkerMessage::Note { number: 5 };
        assert_eq!(weak.note(5).tell().await, Err(SendError::Stopped(message.clone())));
        assert_eq!(weak.note(5).try_tell(), Err(TrySendError::Stopped(message)));
        assert_eq!(weak.note(5).await, Err(AskError::Stopped));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_a_detached_actor_stays_until_it_is_stopped() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        let (pid, weak) = (actor.pid(), actor.downgrade());
        actor.detach();
        drop(actor);
        settle().await;
        let found = system.actor_ref::<Worker>(pid).unwrap();
        assert_eq!(found.note(1).await, Ok(1));
        drop(found);
        settle().await;
        assert_eq!(weak.note(2).await, Ok(2));
        assert_eq!(weak.upgrade().unwrap().stop().await, Ok(ExitReason::Shutdown));
        assert!(system.actor_ref::<Worker>(pid).is_none());
        assert!(system.process(pid).is_none());
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c123_an_actor_that_holds_a_reference_to_itself_is_not_ended_by_others() {
    #[actor]
    struct Own {
        own: Option<ActorRef<Own>>,
    }
    #[handlers]
    impl Own {
        #[handler]
        fn keep(&mut self, ctx: &mut Context<Self>) {
            self.own = Some(ctx.this());
        }
        #[handler]
        fn let_go(&mut self) {
            self.own = None;
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Own { own: None });
        let (weak, process) = (actor.downgrade(), actor.process());
        actor.keep().await.unwrap();
        drop(actor);
        settle().await;
        assert!(process.is_alive());
        weak.let_go().await.unwrap();
        assert_eq!(process.wait().await, ExitReason::Normal, "its last reference went within its handler");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c123_the_last_reference_may_go_at_any_moment_and_nothing_sent_before_is_lost() {
    within(async {
        let system = System::new("test");
        for round in 0..300_u32 {
            let log = Log::new();
            let actor = system.spawn(Worker::new(&log));
            let process = actor.process();
            let tasks: Vec<_> = (0..3)
                .map(|task| {
                    let actor = actor.clone();
                    tokio::spawn(async move {
                        for number in 0..round % 5 {
                            if (task + number) % 2 == 0 {
                                actor.note(number).try_tell().unwrap();
                            } else {
                                actor.note(number).await.unwrap();
                            }
                        }
                    })
                })
                .collect();
            drop(actor);
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(process.wait().await, ExitReason::Normal);
            assert_eq!(log.len() as u32, 3 * (round % 5));
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c096_typed_methods_work_on_every_address() {
    async fn twice(worker: &impl WorkerApi, number: u32) -> Result<u32, AskError> {
        worker.note(number).await?;
        worker.note_later(number).await
    }
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Worker::new(&log));
        assert_eq!(twice(&actor, 1).await, Ok(1));
        assert_eq!(twice(&actor.downgrade(), 2).await, Ok(2));
        assert_eq!(twice(&actor.recipient(), 3).await, Ok(3));
        assert_eq!(twice(&Recipient::new(actor.downgrade()), 4).await, Ok(4));
        let probe = airssys_rt::testing::Probe::<WorkerMessage>::new();
        probe.answer_with(|message| match message {
            WorkerMessage::Note { number } | WorkerMessage::NoteLater { number } => Box::new(number + 10),
            _ => Box::new(()),
        });
        assert_eq!(twice(&probe, 5).await, Ok(15));
        assert_eq!(probe.received(), 2);
        assert_eq!(log.len(), 8);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c107_a_recipient_knows_its_process_and_a_weak_one_keeps_nobody() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Worker::default());
        let recipient: Recipient<WorkerMessage> = actor.recipient();
        assert_eq!(recipient.pid(), Some(actor.pid()));
        assert_eq!(recipient.process().map(|process| process.pid()), Some(actor.pid()));
        drop(recipient);
        let weak: Recipient<WorkerMessage> = Recipient::new(actor.downgrade());
        let process = actor.process();
        drop(actor);
        assert_eq!(process.wait().await, ExitReason::Normal);
        assert!(matches!(weak.try_tell(WorkerMessage::Note { number: 1 }), Err(TrySendError::Stopped(_))));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c083_the_status_follows_the_actor() {
    #[actor]
    struct Slow {
        start: Gate,
        stop: Gate,
    }
    #[handlers]
    impl Slow {
        #[handler(start)]
        async fn begin(&mut self) {
            self.start.pass().await;
        }
        #[handler(stop)]
        async fn end(&mut self) {
            self.stop.pass().await;
        }
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
    }
    within(async {
        let system = System::new("test");
        let [start, stop, hold] = [(); 3].map(|()| Gate::new());
        let actor = system.spawn(Slow { start: start.clone(), stop: stop.clone() });
        let process = actor.process();
        assert_eq!(process.status(), ProcessStatus::Starting);
        start.reached().await;
        assert_eq!((process.status(), process.incarnation()), (ProcessStatus::Starting, 1));
        start.open();
        eventually("it waits", || process.status() == ProcessStatus::Waiting).await;
        actor.hold(hold.clone()).try_tell().unwrap();
        hold.reached().await;
        assert_eq!(process.status(), ProcessStatus::Running);
        let ended = actor.stop();
        assert_eq!(process.status(), ProcessStatus::Stopping);
        hold.open();
        stop.reached().await;
        assert_eq!(process.status(), ProcessStatus::Stopping);
        assert!(process.is_alive());
        assert_eq!(process.exit_reason(), None);
        stop.open();
        assert_eq!(ended.await, Ok(ExitReason::Shutdown));
        assert_eq!(process.status(), ProcessStatus::Stopped);
        assert_eq!(process.exit_reason(), Some(ExitReason::Shutdown));
        assert_eq!(process.wait().await, ExitReason::Shutdown);
    })
    .await;
}

/// A stream that a test feeds.
#[derive(Clone)]
struct Feed(Arc<Mutex<FeedState>>);

struct FeedState {
    items: VecDeque<u32>,
    ended: bool,
    waker: Option<Waker>,
    tomb: Option<Tomb>,
}

impl Feed {
    fn new(log: &Log) -> Self {
        let tomb = Some(Tomb::new(log, "stream dropped"));
        Self(Arc::new(Mutex::new(FeedState { items: VecDeque::new(), ended: false, waker: None, tomb })))
    }

    fn put(&self, item: u32) {
        let mut state = self.0.lock().unwrap();
        state.items.push_back(item);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn end(&self) {
        let mut state = self.0.lock().unwrap();
        state.ended = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().items.len()
    }
}

/// The reading end; dropped, it says so.
struct Reader(Feed);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().tomb = None;
    }
}

impl Stream for Reader {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<u32>> {
        let mut state = self.0.0.lock().unwrap();
        match state.items.pop_front() {
            Some(666) => {
                drop(state);
                panic!("in the stream");
            }
            Some(item) => Poll::Ready(Some(item)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Item(u32);

#[actor(mailbox(capacity = 2))]
struct Drinker {
    log: Log,
}

#[handlers]
impl Drinker {
    #[handler]
    fn attach(&mut self, feed: Feed, ctx: &mut Context<Self>) {
        ctx.attach(Reader(feed), Item);
    }

    #[handler(message)]
    async fn item(&mut self, item: Item) {
        tokio::task::yield_now().await;
        self.log.add(item.0);
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
    fn note(&mut self) {}
}

#[tokio::test(start_paused = true)]
async fn c084_items_of_a_stream_are_handled_in_order_and_wait_for_room() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Drinker { log: log.clone() });
        let feed = Feed::new(&log);
        actor.attach(feed.clone()).await.unwrap();
        for item in 1..=3 {
            feed.put(item);
        }
        let seen = log.clone();
        eventually("they are handled", move || seen.len() == 3).await;
        let gate = Gate::new();
        actor.hold(gate.clone()).try_tell().unwrap();
        gate.reached().await;
        for item in 4..=9 {
            feed.put(item);
        }
        settle().await;
        assert_eq!(actor.process().mailbox_len(), 2);
        assert_eq!(feed.len(), 3, "two in the mailbox, one before it");
        gate.open();
        feed.end();
        let seen = log.clone();
        eventually("all is handled", move || seen.len() == 10).await;
        let mut lines = log.lines();
        let dropped = lines.iter().position(|line| line == "stream dropped").unwrap();
        lines.remove(dropped);
        assert_eq!(lines, (1..=9).map(|item| item.to_string()).collect::<Vec<_>>());
        actor.note().await.unwrap();
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c081_a_stream_ends_with_the_incarnation_and_keeps_nobody_alive() {
    within(async {
        let system = System::new("test");
        for way in 0..4 {
            let log = Log::new();
            let actor = system.spawn(Drinker { log: log.clone() });
            let feed = Feed::new(&log);
            actor.attach(feed.clone()).await.unwrap();
            feed.put(1);
            let seen = log.clone();
            eventually("one is handled", move || seen.len() == 1).await;
            let process = actor.process();
            match way {
                0 => drop(actor.stop()),
                1 => drop(actor.kill()),
                2 => drop(actor.boom().await),
                _ => {}
            }
            drop(actor);
            process.wait().await;
            let seen = log.clone();
            eventually("the stream is dropped", move || seen.len() == 2).await;
            feed.put(2);
            settle().await;
            assert_eq!(log.lines(), ["1", "stream dropped"]);
        }
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_a_stream_that_panics_harms_nobody() {
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Drinker { log: log.clone() });
        let feed = Feed::new(&log);
        actor.attach(feed.clone()).await.unwrap();
        feed.put(1);
        feed.put(666);
        feed.put(2);
        let seen = log.clone();
        eventually("the stream is dropped", move || seen.len() == 2).await;
        actor.note().await.unwrap();
        settle().await;
        assert_eq!(log.lines().iter().filter(|line| *line == "1").count(), 1);
        assert!(actor.process().is_alive());
        let counters = at_rest(&system).await;
        assert_eq!(counters.accepted, counters.handled);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c106_processes_are_listed_in_the_order_of_their_ids_until_they_end() {
    within(async {
        let system = System::new("test");
        let mut workers: Vec<_> = (0..100).map(|_| system.spawn(Worker::default())).collect();
        let ids: Vec<_> = system.processes().iter().map(ProcessInfo::pid).collect();
        assert_eq!(ids, workers.iter().map(ActorRef::pid).collect::<Vec<_>>());
        assert!(ids.is_sorted());
        let gone = workers.remove(50);
        gone.kill().await.unwrap();
        assert!(system.process(gone.pid()).is_none());
        assert!(system.actor_ref::<Worker>(gone.pid()).is_none());
        assert!(system.actor_ref::<Drinker>(workers[0].pid()).is_none(), "of another type");
        assert_eq!(system.actor_ref::<Worker>(workers[0].pid()), Some(workers[0].clone()));
        assert_eq!(system.processes().len(), 99);
        let next = system.spawn(Worker::default());
        assert!(next.pid() > ids[99], "no id is used again");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c075_a_handler_may_lend_its_context_to_an_async_helper() {
    #[actor]
    struct Delegating;
    impl Delegating {
        async fn shared(&mut self, ctx: &Context<Self>) -> ProcessId {
            tokio::task::yield_now().await;
            ctx.pid()
        }
        async fn unique(&mut self, ctx: &mut Context<Self>) {
            tokio::task::yield_now().await;
            ctx.stop();
        }
    }
    #[handlers]
    impl Delegating {
        #[handler]
        async fn delegate(&mut self, ctx: &mut Context<Self>) -> ProcessId {
            let pid = self.shared(ctx).await;
            self.unique(ctx).await;
            pid
        }
    }
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Delegating);
        assert_eq!(actor.delegate().await, Ok(actor.pid()));
        assert_eq!(actor.process().wait().await, ExitReason::Normal);
    })
    .await;
}
