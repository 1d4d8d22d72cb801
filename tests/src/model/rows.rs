//! The rows of BEHAVIOUR.tsv, one by one, against the model alone.
use super::*;

fn worker(id: &str) -> Child {
    let body = Body::Worker { stuck: false };
    let shutdown = Shutdown::After(5_000);
    Child { id: id.to_owned(), policy: Policy::Permanent, shutdown, significant: false, body }
}

fn transient(id: &str) -> Child {
    Child { policy: Policy::Transient, ..worker(id) }
}

fn temporary(id: &str) -> Child {
    Child { policy: Policy::Temporary, ..worker(id) }
}

fn significant(child: Child) -> Child {
    Child { significant: true, ..child }
}

fn below(id: &str, supervisor: Supervisor) -> Child {
    Child { shutdown: Shutdown::Wait, body: Body::Supervisor(supervisor), ..worker(id) }
}

fn supervisor(strategy: Strategy, children: Vec<Child>) -> Supervisor {
    Supervisor {
        strategy,
        max_restarts: 3,
        within: 5_000,
        backoff: None,
        auto_shutdown: AutoShutdown::Never,
        children,
    }
}

fn one_for_one(children: Vec<Child>) -> Supervisor {
    supervisor(Strategy::OneForOne, children)
}

fn one_for_all(children: Vec<Child>) -> Supervisor {
    supervisor(Strategy::OneForAll, children)
}

fn rest_for_one(children: Vec<Child>) -> Supervisor {
    supervisor(Strategy::RestForOne, children)
}

fn workers(ids: &[&str]) -> Vec<Child> {
    ids.iter().map(|id| worker(id)).collect()
}

fn up(supervisor: Supervisor) -> Tree {
    let mut tree = Tree::new("root", supervisor);
    assert_eq!(tree.start_root().answer.as_deref(), Some("ok"));
    tree
}

#[track_caller]
fn shows(outcome: &Outcome, lines: &[&str]) {
    assert_eq!(outcome.lines(), lines);
}

fn crash(tree: &mut Tree, who: &str, how: Reason) -> Outcome {
    tree.step(&Step::Crash { who: who.to_owned(), how })
}

fn fail_starts(tree: &mut Tree, who: &str, times: u32) {
    tree.step(&Step::FailStarts { who: who.to_owned(), times, how: Fault::Error });
}

fn start(tree: &mut Tree, supervisor: &str, child: Child) -> Outcome {
    tree.step(&Step::StartChild { supervisor: supervisor.to_owned(), child })
}

fn terminate(tree: &mut Tree, supervisor: &str, id: &str) -> Outcome {
    tree.step(&Step::TerminateChild { supervisor: supervisor.to_owned(), id: id.to_owned() })
}

fn restart(tree: &mut Tree, supervisor: &str, id: &str) -> Outcome {
    tree.step(&Step::RestartChild { supervisor: supervisor.to_owned(), id: id.to_owned() })
}

fn delete(tree: &mut Tree, supervisor: &str, id: &str) -> Outcome {
    tree.step(&Step::DeleteChild { supervisor: supervisor.to_owned(), id: id.to_owned() })
}

fn stop(tree: &mut Tree, supervisor: &str) -> Outcome {
    tree.step(&Step::Stop { supervisor: supervisor.to_owned() })
}

#[test]
fn c001_c042_children_start_in_order_and_stop_in_reverse() {
    let mut tree = Tree::new("root", one_for_one(workers(&["a", "b"])));
    shows(&tree.start_root(), &["start a #1", "start b #1", "start root #1", "-> ok"]);
    let seen = stop(&mut tree, "root");
    let lines = [
        "end b #1 shutdown",
        "end a #1 shutdown",
        "end root #1 shutdown",
        "ended a shutdown",
        "ended b shutdown",
        "ended root shutdown",
    ];
    shows(&seen, &lines);
}

#[test]
fn c002_a_failed_start_takes_back_what_was_started() {
    let mut tree = Tree::new("root", one_for_one(workers(&["a", "b", "c"])));
    fail_starts(&mut tree, "c", 1);
    let lines = [
        "start a #1",
        "start b #1",
        "start-failed c error",
        "end b #1 shutdown",
        "end a #1 shutdown",
        "start-failed root child",
        "-> start failed",
    ];
    shows(&tree.start_root(), &lines);
}

#[test]
fn c009_a_failed_start_child_leaves_nothing() {
    let mut tree = up(one_for_one(vec![]));
    fail_starts(&mut tree, "a", 1);
    shows(&start(&mut tree, "root", worker("a")), &["start-failed a error", "-> start failed"]);
    assert_eq!(tree.which_children("root"), Some(vec![]));
    shows(&start(&mut tree, "root", worker("a")), &["start a #1", "-> ok"]);
}

#[test]
fn c011_to_c015_a_restart_type_says_who_is_restarted() {
    for how in [Reason::Normal, Reason::Shutdown, Reason::Error, Reason::Panic, Reason::Killed] {
        let mut tree = up(one_for_one(vec![worker("p"), transient("r"), temporary("t")]));
        let word = how.word();
        shows(&crash(&mut tree, "p", how), &[&*format!("end p #1 {word}"), "start p #2"]);
        let second = if how.is_abnormal() { "start r #2".to_owned() } else { format!("ended r {word}") };
        shows(&crash(&mut tree, "r", how), &[&*format!("end r #1 {word}"), &*second]);
        shows(&crash(&mut tree, "t", how), &[&*format!("end t #1 {word}"), &*format!("ended t {word}")]);
        let kept = if how.is_abnormal() { "r running" } else { "r stopped" };
        assert_eq!(tree.which_children("root"), Some(vec!["p running".to_owned(), kept.to_owned()]));
    }
}

#[test]
fn c016_a_temporary_bystander_is_forgotten() {
    let mut tree = up(one_for_all(vec![worker("a"), temporary("t")]));
    let lines = ["end a #1 error", "end t #1 shutdown", "start a #2", "ended t shutdown"];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
    assert_eq!(tree.which_children("root"), Some(vec!["a running".to_owned()]));
}

#[test]
fn c021_c024_one_for_all_stops_in_reverse_and_starts_in_order_again_and_again() {
    let mut tree = up(one_for_all(workers(&["a", "b", "c"])));
    for old in 1..4 {
        let new = old + 1;
        let lines = [
            format!("end b #{old} panic"),
            format!("end c #{old} shutdown"),
            format!("end a #{old} shutdown"),
            format!("start a #{new}"),
            format!("start b #{new}"),
            format!("start c #{new}"),
        ];
        assert_eq!(crash(&mut tree, "b", Reason::Panic).lines(), lines);
    }
}

#[test]
fn c022_rest_for_one_takes_the_later_ones() {
    let mut tree = up(rest_for_one(workers(&["a", "b", "c", "d"])));
    let lines = [
        "end b #1 error",
        "end d #1 shutdown",
        "end c #1 shutdown",
        "start b #2",
        "start c #2",
        "start d #2",
    ];
    shows(&crash(&mut tree, "b", Reason::Error), &lines);
}

#[test]
fn c025_one_for_all_is_tried_again_as_a_whole() {
    let mut tree = up(one_for_all(workers(&["a", "b", "c"])));
    fail_starts(&mut tree, "b", 1);
    let lines = [
        "end c #1 error",
        "end b #1 shutdown",
        "end a #1 shutdown",
        "start a #2",
        "start-failed b error",
        "end a #2 shutdown",
        "start a #3",
        "start b #2",
        "start c #2",
    ];
    shows(&crash(&mut tree, "c", Reason::Error), &lines);
}

#[test]
fn c026_rest_for_one_goes_on_at_the_one_that_failed() {
    let mut tree = up(rest_for_one(workers(&["a", "b", "c"])));
    fail_starts(&mut tree, "b", 1);
    let lines = [
        "end a #1 error",
        "end c #1 shutdown",
        "end b #1 shutdown",
        "start a #2",
        "start-failed b error",
        "start b #2",
        "start c #2",
    ];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
}

#[test]
fn c028_two_that_crash_at_once_make_one_new_group() {
    let mut tree = up(one_for_all(workers(&["a", "b"])));
    let step = Step::CrashBoth { first: "a".to_owned(), second: "b".to_owned(), how: Reason::Error };
    shows(&tree.step(&step), &["{end a #1 error, end b #1 error}", "start a #2", "start b #2"]);
}

#[test]
fn c029_c030_added_and_stopped_children_are_members_of_the_group() {
    let mut tree = up(one_for_all(workers(&["a", "b"])));
    start(&mut tree, "root", transient("d"));
    crash(&mut tree, "d", Reason::Normal);
    terminate(&mut tree, "root", "b");
    let lines = ["end a #1 error", "start a #2", "start b #2", "start d #2"];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
}

#[test]
fn c027_c031_a_group_counts_once_and_beyond_the_limit_all_stop() {
    let mut tree = up(one_for_all(workers(&["a", "b"])));
    for _ in 0..3 {
        assert!(crash(&mut tree, "a", Reason::Error).ended.is_empty());
    }
    let lines = [
        "end a #4 error",
        "end b #4 shutdown",
        "end root #1 shutdown",
        "ended a error",
        "ended b shutdown",
        "ended root shutdown",
    ];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
}

#[test]
fn c032_c039_restarts_leave_the_window_one_by_one_and_not_before_the_period_is_over() {
    let mut tree = up(Supervisor { max_restarts: 1, within: 100, ..one_for_one(workers(&["a"])) });
    for _ in 0..5 {
        assert!(crash(&mut tree, "a", Reason::Error).ended.is_empty());
        tree.step(&Step::Advance { by: 101 });
    }
    crash(&mut tree, "a", Reason::Error);
    tree.step(&Step::Advance { by: 100 });
    assert!(!crash(&mut tree, "a", Reason::Error).ended.is_empty());
}

#[test]
fn c033_a_limit_of_none_allows_none() {
    let mut tree = up(Supervisor { max_restarts: 0, ..one_for_one(workers(&["a"])) });
    let lines = ["end a #1 error", "end root #1 shutdown", "ended a error", "ended root shutdown"];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
}

#[test]
fn c034_every_failed_try_counts() {
    let mut tree = up(one_for_one(workers(&["a"])));
    fail_starts(&mut tree, "a", 9);
    let seen = crash(&mut tree, "a", Reason::Error).lines();
    assert_eq!(seen.iter().filter(|line| line.starts_with("start-failed a")).count(), 3);
    assert!(seen.contains(&"end root #1 shutdown".to_owned()));
}

#[test]
fn c037_c038_a_supervisor_that_gave_up_comes_back_with_its_declared_children() {
    let inner = Supervisor { max_restarts: 0, ..one_for_one(workers(&["a"])) };
    let mut tree = up(one_for_one(vec![below("s", inner)]));
    start(&mut tree, "s", worker("d"));
    let lines = [
        "end a #1 error",
        "end d #1 shutdown",
        "end s #1 shutdown",
        "start a #2",
        "start s #2",
        "ended d shutdown",
    ];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
    assert_eq!(tree.which_children("s"), Some(vec!["a running".to_owned()]));
}

#[test]
fn c037_a_transient_supervisor_that_gave_up_stays_down() {
    let inner = Supervisor { max_restarts: 0, ..one_for_one(workers(&["a"])) };
    let transient = Child { policy: Policy::Transient, ..below("s", inner) };
    let mut tree = up(one_for_one(vec![transient, worker("b")]));
    let lines = ["end a #1 error", "end s #1 shutdown", "ended a error", "ended s shutdown"];
    shows(&crash(&mut tree, "a", Reason::Error), &lines);
    assert_eq!(tree.which_children("root"), Some(vec!["s stopped".to_owned(), "b running".to_owned()]));
    shows(&restart(&mut tree, "root", "s"), &["start a #2", "start s #2", "-> ok"]);
}

#[test]
fn c036_c040_c041_c055_to_c058_a_child_waits_longer_each_time_and_can_be_called_off() {
    let backoff = Some(Backoff { first: 100, max: 300, reset_after: 1_000 });
    let mut tree = up(Supervisor { max_restarts: 9, backoff, ..one_for_one(workers(&["a"])) });
    fail_starts(&mut tree, "a", 2);
    crash(&mut tree, "a", Reason::Error);
    assert_eq!(tree.which_children("root"), Some(vec!["a restarting".to_owned()]));
    shows(&start(&mut tree, "root", worker("a")), &["-> already present"]);
    shows(&restart(&mut tree, "root", "a"), &["-> restarting"]);
    shows(&delete(&mut tree, "root", "a"), &["-> restarting"]);
    for (by, line) in [(100, "start-failed a error"), (200, "start-failed a error"), (300, "start a #2")] {
        shows(&tree.step(&Step::Advance { by: by - 1 }), &[]);
        shows(&tree.step(&Step::Advance { by: 1 }), &[line]);
    }
    tree.step(&Step::Advance { by: 1_001 });
    crash(&mut tree, "a", Reason::Error);
    shows(&tree.step(&Step::Advance { by: 100 }), &["start a #3"]);
    crash(&mut tree, "a", Reason::Error);
    shows(&terminate(&mut tree, "root", "a"), &["ended a error", "-> ok"]);
    shows(&tree.step(&Step::Advance { by: 9_000 }), &[]);
}

#[test]
fn c043_c044_a_stuck_child_is_killed_in_the_end_and_a_brutally_killed_one_at_once() {
    let stuck = Child { body: Body::Worker { stuck: true }, ..worker("a") };
    let brutal = Child { shutdown: Shutdown::Kill, ..worker("b") };
    let mut tree = up(one_for_one(vec![stuck, brutal]));
    let seen = stop(&mut tree, "root").lines();
    assert_eq!(&seen[..2], ["end b #1 killed", "end a #1 killed"]);
    assert_eq!(tree.now(), 5_000);
}

#[test]
fn c048_c062_c063_members_stop_at_once_and_their_number_is_limited() {
    let group = Child { body: Body::Children { max: 2, stuck: true }, ..temporary("g") };
    let mut tree = up(one_for_one(vec![group]));
    let member = |id: &str| Step::StartMember { group: "g".to_owned(), id: id.to_owned() };
    shows(&tree.step(&member("m1")), &["start m1 #1", "-> ok"]);
    shows(&tree.step(&member("m2")), &["start m2 #1", "-> ok"]);
    shows(&tree.step(&member("m3")), &["-> max children"]);
    shows(&crash(&mut tree, "m2", Reason::Error), &["end m2 #1 error", "ended m2 error"]);
    let gone = Step::TerminateMember { group: "g".to_owned(), id: "m2".to_owned() };
    shows(&tree.step(&gone), &["-> not found"]);
    shows(&tree.step(&member("m4")), &["start m4 #1", "-> ok"]);
    let seen = stop(&mut tree, "root").lines();
    assert_eq!(&seen[..2], ["{end m1 #1 killed, end m4 #1 killed}", "end root #1 shutdown"]);
    assert_eq!(tree.now(), 5_000);
}

#[test]
fn c035_members_live_on_the_budget_of_their_supervisor() {
    let group = Child { body: Body::Children { max: 9, stuck: false }, ..worker("g") };
    let mut tree = up(Supervisor { max_restarts: 1, ..one_for_all(vec![worker("a"), group]) });
    tree.step(&Step::StartMember { group: "g".to_owned(), id: "m".to_owned() });
    shows(&crash(&mut tree, "m", Reason::Error), &["end m #1 error", "start m #2"]);
    assert!(crash(&mut tree, "m", Reason::Error).lines().contains(&"end root #1 shutdown".to_owned()));
}

#[test]
fn c049_a_killed_supervisor_takes_its_children_along_and_its_parent_restarts_it() {
    let mut tree = up(one_for_one(vec![below("s", one_for_one(workers(&["a"])))]));
    let lines = ["{end a #1 killed, end s #1 killed}", "start a #2", "start s #2"];
    shows(&tree.step(&Step::Kill { supervisor: "s".to_owned() }), &lines);
}

#[test]
fn c054_to_c058_admin_calls_answer_by_the_state_of_the_child() {
    let mut tree = up(one_for_one(workers(&["a"])));
    shows(&start(&mut tree, "root", worker("a")), &["-> already started"]);
    shows(&restart(&mut tree, "root", "a"), &["-> running"]);
    shows(&delete(&mut tree, "root", "a"), &["-> running"]);
    for call in [terminate, restart, delete] {
        shows(&call(&mut tree, "root", "x"), &["-> not found"]);
    }
    shows(&terminate(&mut tree, "root", "a"), &["end a #1 shutdown", "ended a shutdown", "-> ok"]);
    shows(&terminate(&mut tree, "root", "a"), &["-> ok"]);
    shows(&start(&mut tree, "root", worker("a")), &["-> already present"]);
    fail_starts(&mut tree, "a", 1);
    shows(&restart(&mut tree, "root", "a"), &["start-failed a error", "ended a error", "-> start failed"]);
    shows(&restart(&mut tree, "root", "a"), &["start a #2", "-> ok"]);
    terminate(&mut tree, "root", "a");
    shows(&delete(&mut tree, "root", "a"), &["-> ok"]);
    shows(&delete(&mut tree, "root", "a"), &["-> not found"]);
}

#[test]
fn c061_a_supervisor_that_has_ended_answers_nothing() {
    let mut tree = up(one_for_one(vec![]));
    stop(&mut tree, "root");
    shows(&delete(&mut tree, "root", "a"), &["-> no such process"]);
}

#[test]
fn c066_c067_any_significant_child_ends_its_supervisor() {
    let auto_shutdown = AutoShutdown::AnySignificant;
    let children = vec![significant(transient("r")), worker("b")];
    let mut tree = up(Supervisor { auto_shutdown, ..one_for_one(children.clone()) });
    shows(&crash(&mut tree, "r", Reason::Error), &["end r #1 error", "start r #2"]);
    let seen = crash(&mut tree, "r", Reason::Normal).lines();
    assert_eq!(&seen[..3], ["end r #2 normal", "end b #1 shutdown", "end root #1 shutdown"]);

    let children = vec![significant(temporary("t")), worker("b")];
    let mut tree = up(Supervisor { auto_shutdown, ..one_for_one(children) });
    let seen = crash(&mut tree, "t", Reason::Error).lines();
    assert_eq!(&seen[..3], ["end t #1 error", "end b #1 shutdown", "end root #1 shutdown"]);
}

#[test]
fn c068_c069_all_significant_children_must_have_ended_by_themselves() {
    let auto_shutdown = AutoShutdown::AllSignificant;
    let children =
        vec![significant(transient("a")), significant(transient("b")), significant(transient("c"))];
    let mut tree = up(Supervisor { auto_shutdown, ..one_for_one(children) });
    terminate(&mut tree, "root", "a");
    crash(&mut tree, "b", Reason::Normal);
    assert!(tree.is_running("root"));
    crash(&mut tree, "c", Reason::Normal);
    assert!(!tree.is_running("root"));
}

#[test]
fn c071_a_significant_supervisor_passes_its_auto_shutdown_on() {
    let auto_shutdown = AutoShutdown::AnySignificant;
    let inner = Supervisor { auto_shutdown, ..one_for_one(vec![significant(transient("a"))]) };
    let middle = Child { policy: Policy::Transient, significant: true, ..below("s", inner) };
    let mut tree = up(Supervisor { auto_shutdown, ..one_for_one(vec![worker("b"), middle]) });
    let seen = crash(&mut tree, "a", Reason::Normal).lines();
    let lines = ["end a #1 normal", "end s #1 shutdown", "end b #1 shutdown", "end root #1 shutdown"];
    assert_eq!(&seen[..4], lines);
}
