//! The program of the "Coming from" chapters: told, asked, crashed, and asked again under the same reference.

// ANCHOR: program
use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Counter {
    value: u64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    /// Crashes when there is nobody to share with.
    #[handler]
    fn share(&self, among: u64) -> u64 {
        self.value / among
    }
}

#[supervisor(max_restarts = 3, within = "5s")]
struct App {
    #[child]
    counter: ActorRef<Counter>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = System::new("app");
    let app = system.start(App::spec()).await?;
    let counter = app.counter.clone();

    counter.add(2).tell().await?; // tell
    assert_eq!(counter.add(40).await?, 42); // ask
    assert!(counter.share(0).await.is_err()); // the crash: the asker is told
    assert_eq!(counter.add(1).await?, 1); // fresh, under the same reference

    system.shutdown().await;
    Ok(())
}
// ANCHOR_END: program

#[test]
fn the_program_of_the_coming_from_chapters_runs() {
    main().expect("its asks are answered");
}
