//! What the attributes of a tree say arrives in the running tree.

use airssys_rt::ProcessRole;
use airssys_rt::prelude::*;
use tests::supervision::*;

#[supervisor(max_restarts = 7, within = "1m", auto_shutdown = "all_significant")]
struct Below {
    script: Script,

    #[child(start = script.build().await?, restart = "temporary", significant, shutdown = "kill")]
    inner: ActorRef<Worker>,
}

#[supervisor(
    strategy = "rest_for_one",
    max_restarts = 2,
    within = "10s",
    backoff(first = "1s", max = "2s", jitter = 0.0, reset_after = "1m")
)]
struct Top {
    first: Script,
    many: Script,
    below: Script,

    #[child(start = first.build().await?, restart = "transient", shutdown = "2s", name = "the first")]
    one: ActorRef<Worker>,

    #[child(start = many.build().await?, count = 2, shutdown = "wait")]
    pool: Pool<Worker>,

    #[child(start = Below::spec(below), restart = "transient")]
    low: Supervised<Below>,

    #[child(start = |script: Script| script.build().await?, restart = "temporary", max = 1)]
    later: Children<Worker, Script>,
}

#[tokio::test(start_paused = true)]
async fn the_options_of_a_tree_are_those_of_its_attributes() {
    bounded(async {
        let stage = Stage::new();
        let [one, many, inner, late] = stage.scripts(["one", "many", "inner", "late"]);
        let top = stage.system.start(Top::spec(one.clone(), many, inner)).await.unwrap();
        let expected =
            ["one", "many", "many", "inner"].map(|id| [format!("{id} starts"), format!("{id} up")]);
        assert_eq!(stage.log.take(), expected.concat());

        let children = top.children().await.unwrap();
        let facts: Vec<_> =
            children.iter().map(|row| (&*row.id, row.role, row.restart, row.shutdown)).collect();
        let (worker, supervisor) = (ProcessRole::Worker, ProcessRole::Supervisor);
        let expected = [
            ("one", worker, RestartPolicy::Transient, Shutdown::After(Duration::from_secs(2))),
            ("pool", worker, RestartPolicy::Permanent, Shutdown::Wait),
            ("pool", worker, RestartPolicy::Permanent, Shutdown::Wait),
            ("low", supervisor, RestartPolicy::Transient, Shutdown::Wait),
        ];
        assert_eq!(facts, expected);
        assert_eq!(top.health().await.unwrap().max_restarts, 2);
        assert_eq!(top.low.health().await.unwrap().max_restarts, 7);
        assert_eq!(top.low.children().await.unwrap()[0].shutdown, Shutdown::Kill);
        assert_eq!(stage.system.lookup::<Worker>("the first"), Some(top.one.clone()));

        // At most one of these.
        top.later.start(late.clone()).await.unwrap();
        assert_eq!(top.later.start(late).await.unwrap_err(), StartError::MaxChildren { max: 1 });

        // Rest for one, after a second.
        let crashed = tokio::time::Instant::now();
        stage.log.take();
        crash(&top.one).await;
        stage.log.until("inner up").await;
        assert_eq!(crashed.elapsed(), Duration::from_secs(1));
        assert_eq!(stage.gone(), ["one", "late", "inner", "many", "many"]);
        assert!(top.later.members().await.unwrap().is_empty());

        // The supervisor below ends with its significant child, and stays down.
        let low = top.low.monitor();
        top.low.inner.finish().await.unwrap_or(());
        assert_eq!(low.await.reason, ExitReason::Shutdown);
        until_status(&top, "low", Some(ChildStatus::Stopped)).await;

        // Twice in ten seconds is allowed.
        stage.log.take();
        crash(&top.one).await;
        stage.log.until("inner up").await;
        let down = top.monitor();
        crash(&top.one).await;
        assert_eq!(down.await.reason, ExitReason::Shutdown);
        stage.assert_nothing_left();
    })
    .await;
}
