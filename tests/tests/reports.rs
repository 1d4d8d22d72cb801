//! What the runtime says about a failure: one report, with the actor, its message and the place.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use airssys_rt::prelude::*;
use tests::actors::{Gate, Log, Oops, Worker, WorkerApi, nothing_left, settle, within};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down the events of the runtime that are at least warnings.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<String>>>);

impl Reports {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Reports {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "airssys_rt"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if *event.metadata().level() > tracing::Level::WARN {
            return;
        }
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn panic_first() {
    panic!("the first"); // line of the first
}

fn panic_second() {
    panic!("the second"); // line of the second
}

macro_rules! suite {
    ($suite:ident, inline = $inline:literal) => {
        mod $suite {
            use super::*;

            #[actor(inline = $inline)]
            struct First;

            #[handlers]
            impl First {
                #[handler]
                fn boom(&mut self) {
                    panic_first();
                }
            }

            #[actor(inline = $inline)]
            struct Second;

            #[handlers]
            impl Second {
                #[handler]
                fn boom(&mut self) {
                    panic_second();
                }
            }

            #[tokio::test(start_paused = true)]
            async fn c075_a_panic_is_reported_once_with_actor_message_and_place() {
                let reports = Reports::default();
                let _guard = tracing::subscriber::set_default(reports.clone());
                within(async {
                    let system = System::new("test");
                    let actor = system.start(First).named("it").await.unwrap();
                    let pid = actor.pid();
                    assert!(actor.boom().await.is_err());
                    actor.process().wait().await;
                    let lines = reports.lines();
                    assert_eq!(lines.len(), 1, "{lines:?}");
                    let line = &lines[0];
                    assert_eq!(line.matches(" message=").count(), 1, "two fields of one name: {line}");
                    for part in [
                        "ERROR".to_owned(),
                        format!("pid={pid}"),
                        "name=\"it\"".to_owned(),
                        "First".to_owned(),
                        "FirstMessage".to_owned(),
                        "reports.rs:".to_owned(),
                        "the first".to_owned(),
                    ] {
                        assert!(line.contains(&part), "no `{part}` in {line}");
                    }
                })
                .await;
            }

            #[tokio::test(start_paused = true)]
            async fn c075_two_panics_at_once_are_reported_each_with_its_own_place() {
                let reports = Reports::default();
                let _guard = tracing::subscriber::set_default(reports.clone());
                within(async {
                    let system = System::new("test");
                    let (first, second) = (system.spawn(First), system.spawn(Second));
                    // Their own tasks have not run when both have panicked.
                    let (one, two) = tokio::join!(first.boom().into_future(), second.boom().into_future());
                    assert!(one.is_err() && two.is_err());
                    first.process().wait().await;
                    second.process().wait().await;
                    let source = include_str!("reports.rs");
                    let lines = reports.lines();
                    assert_eq!(lines.len(), 2, "{lines:?}");
                    for (text, mark) in
                        [("the first", "line of the first"), ("the second", "line of the second")]
                    {
                        let number = source.lines().position(|line| line.contains(mark)).unwrap() + 1;
                        let line = lines.iter().find(|line| line.contains(text)).unwrap();
                        assert!(line.contains(&format!("reports.rs:{number}")), "{line}, line {number}");
                    }
                })
                .await;
            }
        }
    };
}

suite!(at_the_asker, inline = true);
suite!(the_long_way, inline = false);

#[tokio::test(start_paused = true)]
async fn c076_an_orderly_end_is_not_reported_as_a_crash() {
    let reports = Reports::default();
    let _guard = tracing::subscriber::set_default(reports.clone());
    within(async {
        let system = System::new("test");
        for way in 0..4 {
            let worker = system.spawn(Worker::default());
            match way {
                0 => drop(worker.stop().await),
                1 => drop(worker.drain().await),
                2 => drop(worker.finish().await),
                _ => {
                    let process = worker.process();
                    drop(worker);
                    process.wait().await;
                }
            }
        }
        settle().await;
        assert_eq!(reports.lines(), [""; 0]);
        let worker = system.spawn(Worker::default());
        assert!(worker.fail().await.is_err());
        worker.process().wait().await;
        let lines = reports.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("ERROR") && lines[0].contains("on purpose"), "{lines:?}");
        nothing_left(&system).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c076_an_error_told_to_nobody_is_reported_as_a_warning() {
    #[actor]
    struct Strict;
    #[handlers]
    impl Strict {
        #[handler]
        fn own(&mut self) -> Result<(), Oops> {
            Err(Oops("own"))
        }
    }
    let reports = Reports::default();
    let _guard = tracing::subscriber::set_default(reports.clone());
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Strict);
        assert_eq!(actor.own().await, Ok(Err(Oops("own"))));
        assert!(reports.lines().is_empty());
        actor.own().tell().await.unwrap();
        settle().await;
        let lines = reports.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("WARN") && lines[0].contains("Oops"), "{lines:?}");
        assert!(actor.process().is_alive());
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

#[tokio::test(start_paused = true)]
async fn c075_an_error_that_cannot_be_shown_is_reported_and_handled_like_others() {
    #[actor]
    struct Inexpressible {
        log: Log,
    }
    #[handlers]
    impl Inexpressible {
        #[handler]
        fn fail(&mut self) -> ActorResult<()> {
            Err(Unprintable)?
        }
        #[handler(stop)]
        fn end(&mut self) -> ActorResult<()> {
            self.log.add("stop");
            Err(Unprintable)?
        }
    }
    let reports = Reports::default();
    let _guard = tracing::subscriber::set_default(reports.clone());
    within(async {
        let system = System::new("test");
        let log = Log::new();
        let actor = system.spawn(Inexpressible { log: log.clone() });
        let text = "an error whose Display panicked: cannot be shown";
        assert_eq!(actor.fail().await, Err(AskError::Failed { message: text.into() }));
        assert_eq!(actor.process().wait().await, ExitReason::Failed { message: text.into() });
        assert_eq!(log.lines(), ["stop"]);
        let lines = reports.lines();
        assert_eq!(lines.len(), 2, "the failure, and that of its stop handler: {lines:?}");
        assert!(lines.iter().all(|line| line.contains("cannot be shown")));
        let counters = nothing_left(&system).await;
        assert_eq!((counters.failures, counters.lost_in_hand), (1, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c078_a_hook_that_fails_is_reported() {
    #[actor]
    struct Hooked;
    impl Drop for Hooked {
        fn drop(&mut self) {
            panic!("in the destructor");
        }
    }
    #[handlers]
    impl Hooked {
        #[handler]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
        #[handler(stop)]
        fn end(&mut self) {
            panic!("in the stop handler");
        }
    }
    let reports = Reports::default();
    let _guard = tracing::subscriber::set_default(reports.clone());
    within(async {
        let system = System::new("test");
        let actor = system.spawn(Hooked);
        assert_eq!(actor.stop().await, Ok(ExitReason::Shutdown));
        let lines = reports.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].contains("in the stop handler") && lines[1].contains("in the destructor"),
            "{lines:?}"
        );
    })
    .await;
}
