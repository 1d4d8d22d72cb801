//! Asks: every one ends, by whatever way it goes, and nobody can tell which way it went.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use airssys_rt::prelude::*;
use tests::actors::{Gate, Log, Oops, at_rest, eventually, nothing_left, poll_once, settle, within};

/// The same actor and the same tests, with asks that may run at the asker and with such that may not.
macro_rules! suite {
    ($suite:ident, inline = $inline:literal) => {
        mod $suite {
            use super::*;

            /// A shared message.
            #[derive(Clone, Debug, PartialEq)]
            struct Shared(u32);

            /// A shared message whose answer comes later.
            struct Errand(u32);

            /// The right to answer, on its way to somebody else.
            struct Forward(ReplyTo<u32>, u32);

            /// A reference that travels in a message.
            #[derive(Clone)]
            struct Friend(ActorRef<Subject>);

            #[actor(inline = $inline)]
            #[derive(Default)]
            struct Subject {
                log: Log,
                kept: Vec<ReplyTo<u32>>,
                friend: Option<ActorRef<Subject>>,
            }

            impl Subject {
                fn new(log: &Log) -> Self {
                    Self { log: log.clone(), ..Self::default() }
                }
            }

            #[handlers]
            impl Subject {
                #[handler]
                fn double(&mut self, number: u32) -> u32 {
                    self.log.add(format!("double {number}"));
                    number * 2
                }

                #[handler]
                async fn double_later(&mut self, number: u32) -> u32 {
                    tokio::task::yield_now().await;
                    self.log.add(format!("double later {number}"));
                    number * 2
                }

                #[handler]
                async fn after(&mut self, time: Duration, number: u32) -> u32 {
                    tokio::time::sleep(time).await;
                    self.log.add(format!("after {number}"));
                    number
                }

                #[handler]
                async fn hold(&mut self, gate: Gate) -> u32 {
                    gate.pass().await;
                    self.log.add("held");
                    1
                }

                #[handler]
                fn boom(&mut self) -> u32 {
                    panic!("boom");
                }

                #[handler]
                async fn boom_later(&mut self) -> u32 {
                    tokio::task::yield_now().await;
                    panic!("boom");
                }

                #[handler]
                fn refuse(&mut self) -> ActorResult<u32> {
                    Err(Oops("on purpose"))?
                }

                #[handler]
                fn own(&mut self, well: bool) -> Result<u32, Oops> {
                    if well { Ok(1) } else { Err(Oops("own")) }
                }

                #[handler]
                fn mark_failed(&mut self, ctx: &mut Context<Self>) -> u32 {
                    ctx.fail(Oops("marked"));
                    3
                }

                #[handler]
                async fn mark_failed_later(&mut self, ctx: &mut Context<Self>) -> u32 {
                    ctx.fail(Oops("marked"));
                    3
                }

                #[handler]
                fn finish(&mut self, ctx: &mut Context<Self>) -> u32 {
                    ctx.stop();
                    9
                }

                /// Keeps the right to answer.
                #[handler]
                fn keep(&mut self, reply: ReplyTo<u32>) {
                    self.kept.push(reply);
                }

                #[handler]
                async fn keep_later(&mut self, reply: ReplyTo<u32>) {
                    tokio::task::yield_now().await;
                    self.kept.push(reply);
                }

                /// Answers everybody that waits.
                #[handler]
                fn answer_all(&mut self, number: u32) {
                    for reply in self.kept.drain(..) {
                        reply.send(number);
                    }
                }

                #[handler]
                fn forget_all(&mut self) {
                    self.kept.clear();
                }

                #[handler]
                fn answer_from_a_task(
                    &mut self,
                    gate: Gate,
                    number: u32,
                    ctx: &mut Context<Self>,
                    reply: ReplyTo<u32>,
                ) {
                    ctx.spawn(async move {
                        gate.pass().await;
                        reply.send(number);
                    });
                }

                #[handler]
                fn answer_at_once(&mut self, number: u32, reply: ReplyTo<u32>) {
                    reply.send(number);
                }

                #[handler]
                fn drop_reply(&mut self, reply: ReplyTo<u32>) {
                    drop(reply);
                }

                #[handler]
                async fn drop_reply_later(&mut self, reply: ReplyTo<u32>) {
                    tokio::task::yield_now().await;
                    drop(reply);
                }

                /// Fails with the right to answer in its hand.
                #[handler]
                fn boom_with_reply(&mut self, reply: ReplyTo<u32>) {
                    let _reply = reply;
                    panic!("boom");
                }

                #[handler]
                async fn boom_with_reply_later(&mut self, reply: ReplyTo<u32>) {
                    let _reply = reply;
                    tokio::task::yield_now().await;
                    panic!("boom");
                }

                /// Fails with an error and the right to answer in its hand.
                #[handler]
                async fn hold_reply(&mut self, gate: Gate, reply: ReplyTo<u32>) {
                    let _reply = reply;
                    gate.pass().await;
                }

                /// Fails after it gave the right to answer to a task.
                #[handler]
                fn boom_after_keeping(&mut self, slot: Slot, reply: ReplyTo<u32>) {
                    *slot.0.lock().unwrap() = Some(reply);
                    panic!("boom");
                }

                #[handler]
                fn forward(&mut self, number: u32, reply: ReplyTo<u32>) {
                    if let Some(friend) = &self.friend {
                        let _ = friend.try_tell(Forward(reply, number));
                    }
                }

                #[handler(message)]
                fn forwarded(&mut self, forward: Forward) {
                    self.log.add("forwarded");
                    forward.0.send(forward.1 + 1);
                }

                #[handler(message)]
                fn shared(&mut self, shared: Shared) -> u32 {
                    self.log.add(format!("shared {}", shared.0));
                    shared.0 * 3
                }

                #[handler(message)]
                fn errand(&mut self, errand: Errand, reply: ReplyTo<u32>) {
                    self.log.add(format!("errand {}", errand.0));
                    self.kept.push(reply);
                }

                #[handler]
                fn befriend(&mut self, friend: Friend) {
                    self.friend = Some(friend.0);
                }

                /// Asks itself.
                #[handler]
                async fn ask_self(&mut self, ctx: &mut Context<Self>) -> Result<u32, AskError> {
                    ctx.this().double(1).await
                }

                #[handler]
                async fn ask_self_anyway(&mut self, ctx: &mut Context<Self>) -> Result<u32, AskError> {
                    ctx.this().double(1).timeout(Duration::from_secs(1)).ignore_cycle().await
                }

                /// Asks along a chain of friends; the last one asks `end`.
                #[handler]
                async fn ask_on(&mut self, hops: u32, end: Friend) -> Result<u32, AskError> {
                    match &self.friend {
                        Some(friend) if hops > 0 => friend.ask_on(hops - 1, end).await?,
                        _ => end.0.double(1).await,
                    }
                }

                /// Asks its friend, which keeps the right to answer.
                #[handler]
                async fn ask_keeper(&mut self) -> Result<u32, AskError> {
                    match &self.friend {
                        Some(friend) => friend.keep().timeout(Duration::from_secs(2)).await,
                        None => Err(AskError::Stopped),
                    }
                }

                /// Asks its friend something, and answers everybody with what came of it.
                #[handler]
                async fn ask_friend_then_answer(&mut self) -> Result<u32, AskError> {
                    let answer = match &self.friend {
                        Some(friend) => friend.double(4).timeout(Duration::from_secs(1)).await,
                        None => Err(AskError::Stopped),
                    };
                    for reply in self.kept.drain(..) {
                        reply.send(77);
                    }
                    answer
                }

                /// Asks its friend for something slow.
                #[handler]
                async fn ask_slow_friend(&mut self, time: Duration) -> Result<u32, AskError> {
                    match &self.friend {
                        Some(friend) => friend.after(time, 5).await,
                        None => Err(AskError::Stopped),
                    }
                }
            }

            /// A place outside the actor for the right to answer.
            #[derive(Clone, Default)]
            struct Slot(Arc<Mutex<Option<ReplyTo<u32>>>>);

            fn crashed() -> AskError {
                AskError::Crashed { reason: ExitReason::Panicked { message: "boom".into() } }
            }

            #[tokio::test(start_paused = true)]
            async fn c096_an_ask_gets_the_answer_of_its_own_request() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    let asks = (0..50_u32).map(|number| {
                        let actor = actor.clone();
                        tokio::spawn(async move {
                            if number % 2 == 0 {
                                assert_eq!(actor.double(number).await, Ok(number * 2));
                            } else {
                                assert_eq!(actor.double_later(number).await, Ok(number * 2));
                            }
                        })
                    });
                    for ask in asks.collect::<Vec<_>>() {
                        ask.await.unwrap();
                    }
                    assert_eq!(actor.own(true).await, Ok(Ok(1)));
                    assert_eq!(actor.own(false).await, Ok(Err(Oops("own"))));
                    assert_eq!(actor.ask(Shared(4)).await, Ok(12));
                    assert_eq!(
                        actor.ask(SubjectMessage::Double { number: 4 }).await,
                        Ok(()),
                        "by value: that it was handled"
                    );
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled, counters.told_errors), (54, 54, 0));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c096_an_answer_of_another_type_is_no_reply() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let wrong = Request::<_, SubjectMessage, String>::new(
                        &actor,
                        SubjectMessage::Double { number: 1 },
                    );
                    assert_eq!(wrong.await, Err(AskError::NoReply));
                    let any =
                        Request::<_, SubjectMessage, ()>::new(&actor, SubjectMessage::Double { number: 1 });
                    assert_eq!(any.await, Ok(()));
                    let wrong = Request::<_, SubjectMessage, String>::new(
                        &actor,
                        SubjectMessage::DoubleLater { number: 1 },
                    );
                    assert_eq!(wrong.await, Err(AskError::NoReply));
                    assert_eq!(actor.double(1).await, Ok(2));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c097_an_answer_that_is_late_is_dropped_and_the_asker_told_on_time() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    let began = tokio::time::Instant::now();
                    let limit = Duration::from_millis(50);
                    let late = actor.after(Duration::from_millis(200), 1).timeout(limit).await;
                    assert_eq!(late, Err(AskError::Timeout { limit }));
                    assert!(began.elapsed() >= limit && began.elapsed() <= limit + Duration::from_millis(2));
                    // The next ask waits for the slow handler, and gets its own answer.
                    assert_eq!(actor.double(21).await, Ok(42));
                    assert_eq!(log.lines(), ["after 1", "double 21"]);
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled), (2, 2));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c097_an_ask_without_a_limit_has_the_systems() {
                within(async {
                    let actor = System::new("test").spawn(Subject::default());
                    let began = tokio::time::Instant::now();
                    let limit = Duration::from_secs(5);
                    let asked = actor.after(Duration::from_secs(20), 1).await;
                    assert_eq!(asked, Err(AskError::Timeout { limit }));
                    assert!(began.elapsed() >= limit && began.elapsed() < Duration::from_secs(6));

                    let limit = Duration::from_millis(700);
                    let system = System::builder().ask_timeout(limit).build().unwrap();
                    let actor = system.spawn(Subject::default());
                    let asked = actor.after(Duration::from_secs(20), 1).await;
                    assert_eq!(asked, Err(AskError::Timeout { limit }));
                    assert_eq!(
                        actor.downgrade().double(1).await,
                        Err(AskError::Timeout { limit }),
                        "a weak one, too"
                    );
                    assert_eq!(
                        actor.recipient().double(1).await,
                        Err(AskError::Timeout { limit }),
                        "and a recipient"
                    );
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c097_a_request_whose_asker_gave_up_before_its_turn_is_skipped_and_accounted_for() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    let gate = Gate::new();
                    actor.hold(gate.clone()).try_tell().unwrap();
                    let limit = Duration::from_millis(50);
                    assert_eq!(actor.double(1).timeout(limit).await, Err(AskError::Timeout { limit }));
                    assert_eq!(actor.double_later(2).timeout(limit).await, Err(AskError::Timeout { limit }));
                    gate.open();
                    assert_eq!(actor.double(3).await, Ok(6));
                    assert_eq!(log.lines(), ["held", "double 3"]);
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled, counters.dead_lettered), (4, 2, 2));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c097_the_limit_covers_the_wait_for_room() {
                #[actor(mailbox(capacity = 1), inline = $inline)]
                struct Narrow;
                #[handlers]
                impl Narrow {
                    #[handler]
                    async fn hold(&mut self, gate: Gate) {
                        gate.pass().await;
                    }
                    #[handler]
                    fn note(&mut self, log: Log) {
                        log.add("noted");
                    }
                }
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Narrow);
                    let gate = Gate::new();
                    actor.hold(gate.clone()).try_tell().unwrap();
                    gate.reached().await;
                    actor.note(log.clone()).try_tell().unwrap();
                    let limit = Duration::from_millis(50);
                    let began = tokio::time::Instant::now();
                    assert_eq!(
                        actor.note(log.clone()).timeout(limit).await,
                        Err(AskError::Timeout { limit })
                    );
                    assert!(began.elapsed() >= limit && began.elapsed() <= limit + Duration::from_millis(2));
                    gate.open();
                    actor.drain().await.unwrap();
                    assert_eq!(log.lines(), ["noted"], "what found no room was not sent");
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled), (2, 2));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c097_the_limit_of_a_request_bounds_the_asks_made_for_it() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let friend = system.spawn(Subject::new(&log));
                    let actor = system.spawn(Subject::new(&log));
                    actor.befriend(Friend(friend.clone())).await.unwrap();
                    let gate = Gate::new();
                    let began = tokio::time::Instant::now();
                    let limit = Duration::from_millis(300);
                    let slow = Duration::from_secs(2);
                    let asked =
                        tokio::spawn(actor.ask_slow_friend(slow).timeout(limit).owned().into_future());
                    assert_eq!(asked.await.unwrap(), Err(AskError::Timeout { limit }));
                    // The asking handler has given up as well: it takes its next message.
                    gate.open();
                    assert_eq!(actor.hold(gate).await, Ok(1));
                    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
                    drop(friend);
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c098_an_ask_of_an_ended_actor_fails_at_once() {
                within(async {
                    let system = System::new("test");
                    for ending in 0..3 {
                        let actor = system.spawn(Subject::default());
                        match ending {
                            0 => drop(actor.stop().await),
                            1 => drop(actor.kill().await),
                            _ => {
                                assert_eq!(actor.boom().await, Err(crashed()));
                                actor.process().wait().await;
                            }
                        }
                        let began = tokio::time::Instant::now();
                        assert_eq!(actor.double(1).await, Err(AskError::Stopped));
                        assert_eq!(actor.double_later(1).await, Err(AskError::Stopped));
                        assert_eq!(actor.ask(Shared(1)).await, Err(AskError::Stopped));
                        assert_eq!(actor.keep().await, Err(AskError::Stopped));
                        let weak = actor.downgrade();
                        drop(actor);
                        assert_eq!(weak.double(1).await, Err(AskError::Stopped));
                        assert_eq!(weak.double_later(1).await, Err(AskError::Stopped));
                        assert_eq!(began.elapsed(), Duration::ZERO);
                    }
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c099_an_ask_whose_target_fails_with_it_is_told_at_once() {
                within(async {
                    let system = System::new("test");
                    let failed = |message: &'static str| AskError::Failed { message: message.into() };
                    let began = tokio::time::Instant::now();
                    for case in 0..7 {
                        let actor = system.spawn(Subject::default());
                        let process = actor.process();
                        let (got, wanted) = match case {
                            0 => (actor.boom().await, crashed()),
                            1 => (actor.boom_later().await, crashed()),
                            2 => (actor.refuse().await, failed("on purpose")),
                            3 => (actor.mark_failed().await, failed("marked")),
                            4 => (actor.mark_failed_later().await, failed("marked")),
                            5 => (actor.boom_with_reply().await, crashed()),
                            _ => (actor.boom_with_reply_later().await, crashed()),
                        };
                        assert_eq!(got, Err(wanted), "case {case}");
                        assert!(process.wait().await.is_abnormal());
                    }
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.lost_in_hand, counters.failures), (7, 7, 7));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c099_asks_in_hand_and_queued_are_told_at_once_when_the_target_ends() {
                within(async {
                    for ending in 0..3 {
                        let system = System::new("test");
                        let actor = system.spawn(Subject::default());
                        let gate = Gate::new();
                        let mut held = Box::pin(actor.hold(gate.clone()).into_future());
                        assert!(poll_once(&mut held).await.is_pending());
                        gate.reached().await;
                        let mut queued = Box::pin(actor.double(1).into_future());
                        assert!(poll_once(&mut queued).await.is_pending());
                        let began = tokio::time::Instant::now();
                        let killed = AskError::Crashed { reason: ExitReason::Killed };
                        let (in_hand, in_queue) = match ending {
                            0 => {
                                drop(actor.kill());
                                (Err(killed.clone()), Err(killed))
                            }
                            1 => {
                                drop(actor.stop());
                                gate.open();
                                (Ok(1), Err(AskError::Stopped))
                            }
                            _ => {
                                drop(actor.drain());
                                gate.open();
                                (Ok(1), Ok(2))
                            }
                        };
                        assert_eq!(held.await, in_hand, "{ending}");
                        assert_eq!(queued.await, in_queue, "{ending}");
                        assert_eq!(began.elapsed(), Duration::ZERO);
                        nothing_left(&system).await;
                    }
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c099_an_answer_given_before_the_stop_is_an_answer() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    assert_eq!(actor.finish().await, Ok(9));
                    assert_eq!(actor.double(1).await, Err(AskError::Stopped));
                    assert_eq!(actor.process().wait().await, ExitReason::Normal);
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c100_a_reply_dropped_without_an_answer_is_no_reply_at_once() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let began = tokio::time::Instant::now();
                    assert_eq!(actor.drop_reply().await, Err(AskError::NoReply));
                    assert_eq!(actor.drop_reply_later().await, Err(AskError::NoReply));
                    let mut kept = Box::pin(actor.keep().into_future());
                    assert!(poll_once(&mut kept).await.is_pending());
                    actor.forget_all().await.unwrap();
                    assert_eq!(kept.await, Err(AskError::NoReply));
                    // The one who keeps it ends.
                    for ending in 0..3 {
                        let actor = system.spawn(Subject::default());
                        let mut kept = Box::pin(actor.keep().into_future());
                        assert!(poll_once(&mut kept).await.is_pending());
                        settle().await;
                        match ending {
                            0 => drop(actor.stop()),
                            1 => drop(actor.kill()),
                            _ => assert_eq!(actor.boom().await, Err(crashed())),
                        }
                        assert_eq!(kept.await, Err(AskError::NoReply));
                    }
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c100_a_reply_in_the_hand_of_a_killed_handler_is_no_hang() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let gate = Gate::new();
                    let mut ask = Box::pin(actor.hold_reply(gate.clone()).into_future());
                    assert!(poll_once(&mut ask).await.is_pending());
                    gate.reached().await;
                    let began = tokio::time::Instant::now();
                    drop(actor.kill());
                    let told = ask.await.unwrap_err();
                    let killed = AskError::Crashed { reason: ExitReason::Killed };
                    assert!(told == killed || told == AskError::NoReply, "{told}");
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.lost_in_hand), (1, 1));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c101_an_actor_that_asks_itself_is_told_so_at_once() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let began = tokio::time::Instant::now();
                    let path = vec![actor.pid(), actor.pid()];
                    assert_eq!(actor.ask_self().await, Ok(Err(AskError::Deadlock { path })));
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    let limit = Duration::from_secs(1);
                    assert_eq!(actor.ask_self_anyway().await, Ok(Err(AskError::Timeout { limit })));
                    assert_eq!(actor.double(1).await, Ok(2), "it goes on");
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c102_a_ring_of_two_or_three_ends_at_once_with_its_path() {
                within(async {
                    let system = System::new("test");
                    let [a, b, c] = [(); 3].map(|()| system.spawn(Subject::default()));
                    a.befriend(Friend(b.clone())).await.unwrap();
                    b.befriend(Friend(c.clone())).await.unwrap();
                    let began = tokio::time::Instant::now();
                    let path = vec![b.pid(), a.pid(), b.pid()];
                    assert_eq!(a.ask_on(1, Friend(a.clone())).await, Ok(Err(AskError::Deadlock { path })));
                    let path = vec![c.pid(), a.pid(), b.pid(), c.pid()];
                    assert_eq!(a.ask_on(2, Friend(a.clone())).await, Ok(Err(AskError::Deadlock { path })));
                    // The ring need not contain the first one.
                    let path = vec![c.pid(), b.pid(), c.pid()];
                    assert_eq!(a.ask_on(2, Friend(b.clone())).await, Ok(Err(AskError::Deadlock { path })));
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    // Without a ring the same chain works.
                    let d = system.spawn(Subject::default());
                    assert_eq!(a.ask_on(2, Friend(d.clone())).await, Ok(Ok(2)));
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c102_two_that_ask_each_other_at_once_both_get_an_answer() {
                within(async {
                    let system = System::new("test");
                    let [a, b] = [(); 2].map(|()| system.spawn(Subject::default()));
                    a.befriend(Friend(b.clone())).await.unwrap();
                    b.befriend(Friend(a.clone())).await.unwrap();
                    let began = tokio::time::Instant::now();
                    let (one, two) =
                        tokio::join!(a.ask_on(0, Friend(b.clone())), b.ask_on(0, Friend(a.clone())));
                    for outcome in [one.unwrap(), two.unwrap()] {
                        assert!(matches!(outcome, Ok(2) | Err(AskError::Deadlock { .. })), "{outcome:?}");
                    }
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c102_an_ask_back_to_one_that_waits_for_a_deferred_answer_is_a_deadlock() {
                within(async {
                    let system = System::new("test");
                    let [a, b] = [(); 2].map(|()| system.spawn(Subject::default()));
                    a.befriend(Friend(b.clone())).await.unwrap();
                    b.befriend(Friend(a.clone())).await.unwrap();
                    let mut waits = Box::pin(a.ask_keeper().into_future());
                    assert!(poll_once(&mut waits).await.is_pending());
                    settle().await;
                    let began = tokio::time::Instant::now();
                    let path = vec![b.pid(), a.pid(), b.pid()];
                    assert_eq!(b.ask_friend_then_answer().await, Ok(Err(AskError::Deadlock { path })));
                    assert_eq!(waits.await, Ok(Ok(77)));
                    assert_eq!(began.elapsed(), Duration::ZERO);
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c102_an_ask_that_is_over_is_no_part_of_a_ring() {
                #[actor(inline = $inline)]
                struct Asker {
                    friend: ActorRef<Subject>,
                }
                #[handlers]
                impl Asker {
                    /// Keeps the future of an ask that was refused, and lets its friend ask back.
                    #[handler]
                    async fn ask_twice(
                        &mut self,
                        ended: Friend,
                    ) -> (Result<u32, AskError>, Result<u32, AskError>) {
                        let mut first = std::pin::pin!(ended.0.double(1).into_future());
                        let first = first.as_mut().await;
                        (first, self.friend.double_later(2).await)
                    }
                }
                within(async {
                    let system = System::new("test");
                    let friend = system.spawn(Subject::default());
                    let asker = system.spawn(Asker { friend: friend.clone() });
                    let ended = system.spawn(Subject::default());
                    ended.stop().await.unwrap();
                    assert_eq!(asker.ask_twice(Friend(ended)).await, Ok((Err(AskError::Stopped), Ok(4))));
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c103_an_answer_may_come_after_the_handler_has_returned() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let asks: Vec<_> = (0..4)
                        .map(|number| {
                            let request = match number % 2 {
                                0 => actor.keep().owned(),
                                _ => actor.keep_later().owned(),
                            };
                            tokio::spawn(request.into_future())
                        })
                        .collect();
                    settle().await;
                    assert_eq!(actor.double(1).await, Ok(2), "it goes on meanwhile");
                    assert!(asks.iter().all(|ask| !ask.is_finished()));
                    actor.answer_all(8).await.unwrap();
                    for ask in asks {
                        assert_eq!(ask.await.unwrap(), Ok(8));
                    }
                    assert_eq!(actor.answer_at_once(6).await, Ok(6));
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled), (7, 7));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c103_an_answer_may_come_from_another_task() {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let gate = Gate::new();
                    let mut ask = Box::pin(actor.answer_from_a_task(gate.clone(), 5).into_future());
                    assert!(poll_once(&mut ask).await.is_pending());
                    gate.reached().await;
                    assert_eq!(actor.double(1).await, Ok(2));
                    gate.open();
                    assert_eq!(ask.await, Ok(5));
                    // The task ends with the incarnation, and with it the right to answer.
                    let mut ask = Box::pin(actor.answer_from_a_task(Gate::new(), 5).into_future());
                    assert!(poll_once(&mut ask).await.is_pending());
                    settle().await;
                    actor.stop().await.unwrap();
                    assert_eq!(ask.await, Err(AskError::NoReply));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c103_an_answer_may_come_from_another_actor() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let friend = system.spawn(Subject::new(&log));
                    let actor = system.spawn(Subject::new(&log));
                    actor.befriend(Friend(friend.clone())).await.unwrap();
                    assert_eq!(actor.forward(1).await, Ok(2));
                    assert_eq!(log.lines(), ["forwarded"]);
                    let began = tokio::time::Instant::now();
                    friend.stop().await.unwrap();
                    assert_eq!(actor.forward(1).await, Err(AskError::NoReply), "nobody took it");
                    assert_eq!(began.elapsed(), Duration::ZERO);
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c103_a_shared_message_may_be_answered_later_too() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    let mut ask = Box::pin(actor.ask(Errand(1)).into_future());
                    assert!(poll_once(&mut ask).await.is_pending());
                    settle().await;
                    assert_eq!(log.lines(), ["errand 1"]);
                    assert!(poll_once(&mut ask).await.is_pending(), "not answered yet");
                    actor.answer_all(8).await.unwrap();
                    assert_eq!(ask.await, Ok(8));
                    actor.tell(Errand(2)).await.unwrap();
                    actor.answer_all(9).await.unwrap();
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled), (4, 4));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c103_a_reply_kept_elsewhere_when_its_handler_panics_is_the_same_whichever_way_was_taken()
            {
                within(async {
                    let system = System::new("test");
                    let actor = system.spawn(Subject::default());
                    let slot = Slot::default();
                    let mut ask = Box::pin(actor.boom_after_keeping(slot.clone()).into_future());
                    assert!(poll_once(&mut ask).await.is_pending(), "the right to answer lives on");
                    settle().await;
                    assert!(!actor.process().is_alive());
                    slot.0.lock().unwrap().take().unwrap().send(4);
                    assert_eq!(ask.await, Ok(4));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c104_an_ask_that_is_dropped_leaves_the_handler_alone_and_its_answer_is_discarded() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    let gate = Gate::new();
                    let mut ask = Box::pin(actor.hold(gate.clone()).into_future());
                    assert!(poll_once(&mut ask).await.is_pending());
                    gate.reached().await;
                    let mut queued = Box::pin(actor.double(1).into_future());
                    assert!(poll_once(&mut queued).await.is_pending());
                    drop(ask);
                    drop(queued);
                    gate.open();
                    let seen = log.clone();
                    eventually("both are handled", move || seen.len() == 2).await;
                    assert_eq!(log.lines(), ["held", "double 1"]);
                    let mut kept = Box::pin(actor.keep().into_future());
                    assert!(poll_once(&mut kept).await.is_pending());
                    settle().await;
                    drop(kept);
                    actor.answer_all(1).await.unwrap();
                    let counters = nothing_left(&system).await;
                    assert_eq!((counters.accepted, counters.handled), (4, 4));
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c104_an_ask_may_be_dropped_after_any_number_of_polls() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    type Making = fn(
                        &ActorRef<Subject>,
                    )
                        -> Pin<Box<dyn Future<Output = Result<u32, AskError>> + Send + '_>>;
                    let making: [Making; 5] = [
                        |actor| Box::pin(actor.double(1).into_future()),
                        |actor| Box::pin(actor.double_later(1).into_future()),
                        |actor| Box::pin(actor.after(Duration::from_millis(1), 1).into_future()),
                        |actor| Box::pin(actor.keep().into_future()),
                        |actor| Box::pin(actor.drop_reply_later().into_future()),
                    ];
                    for make in making {
                        for polls in 0..6 {
                            let mut ask = make(&actor);
                            for _ in 0..polls {
                                if poll_once(&mut ask).await.is_ready() {
                                    break;
                                }
                                tokio::task::yield_now().await;
                            }
                            drop(ask);
                            // The next one gets its own answer.
                            assert_eq!(actor.double(polls).await, Ok(polls * 2));
                        }
                    }
                    actor.forget_all().await.unwrap();
                    let counters = at_rest(&system).await;
                    assert_eq!(counters.accepted, counters.handled);
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c096_a_request_does_nothing_until_it_is_sent() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    let request = actor.double(1);
                    assert!(matches!(request.into_message(), SubjectMessage::Double { number: 1 }));
                    drop(actor.double(1).ask());
                    drop(actor.double(1).tell());
                    drop(actor.double(1).owned());
                    settle().await;
                    assert!(log.is_empty());
                    assert_eq!(system.counters().accepted, 0);
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c096_what_was_sent_before_is_handled_before() {
                within(async {
                    let system = System::new("test");
                    let log = Log::new();
                    let actor = system.spawn(Subject::new(&log));
                    for round in 0..20 {
                        for number in 0..round {
                            if number % 3 == 1 {
                                actor.double_later(number).try_tell().unwrap();
                            } else {
                                actor.double(number).try_tell().unwrap();
                            }
                        }
                        actor.try_tell(Shared(round)).unwrap();
                        let before = log.len() as u32;
                        assert_eq!(actor.double(99).await, Ok(198));
                        assert_eq!(log.len() as u32, before + round + 2);
                        assert_eq!(log.lines().last().map(String::as_str), Some("double 99"));
                    }
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c099_trouble_before_an_ask_is_met_before_it() {
                within(async {
                    let system = System::new("test");
                    // Told to fail first, then asked: the ask is answered by nobody.
                    for case in 0..3 {
                        let actor = system.spawn(Subject::default());
                        assert_eq!(actor.double(1).await, Ok(2));
                        match case {
                            0 => actor.boom().try_tell().unwrap(),
                            1 => actor.refuse().try_tell().unwrap(),
                            _ => actor.finish().try_tell().unwrap(),
                        }
                        let wanted = match case {
                            0 => crashed(),
                            1 => AskError::Crashed {
                                reason: ExitReason::Failed { message: "on purpose".into() },
                            },
                            _ => AskError::Stopped,
                        };
                        assert_eq!(actor.double(1).await, Err(wanted), "case {case}");
                    }
                    nothing_left(&system).await;
                })
                .await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn c099_no_ask_hangs_whatever_dies_when() {
                within(async {
                    let system = System::new("test");
                    for round in 0..60_u32 {
                        let actor = system.spawn(Subject::default());
                        let asks: Vec<_> = (0..12_u32)
                            .map(|number| {
                                let actor = actor.clone();
                                tokio::spawn(async move {
                                    for step in 0..20 {
                                        let request = match (number + step) % 4 {
                                            0 => {
                                                actor.double(number).timeout(Duration::from_secs(3_600)).await
                                            }
                                            1 => {
                                                actor
                                                    .double_later(number)
                                                    .timeout(Duration::from_secs(3_600))
                                                    .await
                                            }
                                            2 => actor.drop_reply().timeout(Duration::from_secs(3_600)).await,
                                            _ => {
                                                actor
                                                    .answer_at_once(number)
                                                    .timeout(Duration::from_secs(3_600))
                                                    .await
                                            }
                                        };
                                        let well = matches!(
                                            request,
                                            Ok(_)
                                                | Err(AskError::Stopped
                                                    | AskError::NoReply
                                                    | AskError::Crashed { .. })
                                        );
                                        assert!(well, "{request:?}");
                                    }
                                })
                            })
                            .collect();
                        for _ in 0..round % 10 {
                            tokio::task::yield_now().await;
                        }
                        match round % 4 {
                            0 => drop(actor.kill()),
                            1 => drop(actor.stop()),
                            2 => drop(actor.boom().try_tell()),
                            _ => drop(actor.finish().try_tell()),
                        }
                        for ask in asks {
                            ask.await.unwrap();
                        }
                        actor.process().wait().await;
                    }
                    nothing_left(&system).await;
                })
                .await;
            }
        }
    };
}

suite!(at_the_asker, inline = true);
suite!(the_long_way, inline = false);

/// A member of a pool, of which some are slow and some are dead.
#[actor]
struct Member {
    number: u32,
}

#[handlers]
impl Member {
    #[handler]
    async fn work(&mut self) -> u32 {
        if self.number == 1 {
            std::future::pending::<()>().await;
        }
        if self.number == 2 {
            panic!("boom");
        }
        self.number
    }
}

#[supervisor]
struct Team {
    next: Arc<std::sync::atomic::AtomicU32>,
    #[child(
        start = Member { number: next.fetch_add(1, std::sync::atomic::Ordering::SeqCst) },
        count = 5, restart = "temporary"
    )]
    members: Pool<Member>,
}

#[tokio::test(start_paused = true)]
async fn c105_an_ask_of_many_gives_the_answers_in_order_with_the_errors_in_place() {
    within(async {
        let system = System::new("test");
        let team = system.start(Team::spec(Arc::default())).await.unwrap();
        let limit = Duration::from_millis(50);
        let began = tokio::time::Instant::now();
        let all = team.members.all(|member| member.work().timeout(limit)).await;
        let crashed = AskError::Crashed { reason: ExitReason::Panicked { message: "boom".into() } };
        assert_eq!(all, [Ok(0), Err(AskError::Timeout { limit }), Err(crashed), Ok(3), Ok(4)]);
        assert!(began.elapsed() <= limit + Duration::from_millis(2));
    })
    .await;
}

/// Two of them are done when both are at it.
#[actor]
struct Meeting {
    here: Arc<(Mutex<u32>, std::sync::Condvar)>,
}

#[handlers]
impl Meeting {
    /// Takes so long that it is noted.
    #[handler]
    fn dawdle(&mut self) {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
    }

    #[handler]
    fn look(&self) -> u32 {
        *self.here.0.lock().unwrap()
    }

    /// Whether the other one came while this one kept its thread.
    #[handler]
    fn meet(&mut self) -> bool {
        let (here, came) = &*self.here;
        let mut here = here.lock().unwrap();
        *here += 1;
        came.notify_all();
        let (_here, waited) =
            came.wait_timeout_while(here, Duration::from_secs(5), |here| *here < 2).unwrap();
        !waited.timed_out()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c105_those_whose_plain_handlers_take_long_answer_an_ask_of_many_beside_each_other() {
    within(async {
        let system = System::new("test");
        let here = Arc::default();
        let [one, other] = [0; 2].map(|_| system.spawn(Meeting { here: Arc::clone(&here) }));
        // From a task, as the asker of a test stands outside the workers.
        let met = tokio::spawn(async move {
            for _ in 0..8 {
                one.dawdle().await.unwrap();
                other.dawdle().await.unwrap();
            }
            // What takes no time in between changes nothing.
            for _ in 0..8 {
                assert_eq!((one.look().await, other.look().await), (Ok(0), Ok(0)));
            }
            let (one, other) = (one.meet(), other.meet());
            tokio::join!(one.ask(), other.ask())
        });
        assert_eq!(met.await.unwrap(), (Ok(true), Ok(true)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c096_a_very_long_limit_is_as_good_as_none() {
    within(async {
        let system = System::new("test");
        let actor = system.spawn(tests::actors::Worker::default());
        use tests::actors::WorkerApi;
        assert_eq!(actor.note_later(1).timeout(Duration::MAX).await, Ok(1));
        assert_eq!(actor.note(1).timeout(Duration::ZERO).await.map_err(drop).unwrap_or(1), 1);
    })
    .await;
}
