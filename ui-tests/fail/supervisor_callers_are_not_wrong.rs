//! Who starts a supervisor that has a mistake has none.

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Worker;

#[handlers]
impl Worker {}

#[supervisor]
struct Office {
    desks: usize,

    #[child(restart = "somtimes", count = 4)]
    worker: ActorRef<Worker>,

    #[child(count = desks)]
    others: Pool<Worker>,
}

async fn start(system: &System) -> Result<Supervised<Office>, StartError> {
    let office = system.start(Office::spec(3)).await?;
    let _ = office.worker.pid();
    Ok(office)
}

fn main() {}
