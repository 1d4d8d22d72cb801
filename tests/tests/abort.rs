//! With `panic = "abort"` no supervisor can do its work: it says so instead of starting.

use tests::scratch::Project;

const PROGRAM: &str = r#"
use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {
    #[handler]
    fn work(&mut self) -> u32 { 7 }
}

#[supervisor]
struct Shop {
    #[child]
    worker: ActorRef<Worker>,
}

#[tokio::main]
async fn main() {
    let system = System::new("abort");
    let refused = system.start(Shop::spec()).await.map(|shop| shop.worker.clone()).unwrap_err();
    assert!(matches!(refused, StartError::Invalid { .. }), "{refused}");
    println!("refused: {refused}");
    assert!(system.processes().is_empty());
    // An actor without a supervisor promises nothing about crashes, and runs.
    assert_eq!(system.spawn(Worker).work().await, Ok(7));
}
"#;

#[test]
fn with_panic_abort_a_supervisor_refuses_to_start_and_says_why() {
    let project = Project::new(env!("CARGO_TARGET_TMPDIR"), "abort", "[profile.dev]\npanic = \"abort\"");
    project.write("src/main.rs", &[PROGRAM]);
    let out = project.cargo(&["run"]);
    assert!(out.contains("refused: ") && out.contains("panic = \"abort\""), "{out}");
}
