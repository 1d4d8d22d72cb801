//! Supervisors of each visibility, with every sort of child.

use airssys_rt::prelude::*;

/// Where somebody works.
#[actor(blocking)]
#[derive(Debug, Default)]
pub struct Desk {
    papers: u64,
}

#[handlers]
impl Desk {
    /// Puts papers on it.
    #[handler]
    pub fn put(&mut self, papers: u64) -> u64 {
        self.papers += papers;
        self.papers
    }
}

/// Several desks.
#[supervisor(strategy = "one_for_all", backoff(first = "10ms", max = "1s", jitter = 0.1))]
#[derive(Debug)]
pub struct Floor {
    papers: u64,
    /// The first one.
    #[child(start = Desk { papers }, shutdown = "kill")]
    pub first: ActorRef<Desk>,
}

/// A house.
#[supervisor(max_restarts = 1, within = "1m", auto_shutdown = "any_significant")]
#[derive(Debug)]
pub struct Office {
    papers: u64,
    desks: usize,
    /// The one at the entry.
    #[child(restart = "transient", significant, name = "reception")]
    pub reception: ActorRef<Desk>,
    /// Those of everybody.
    #[child(start = Desk { papers }, count = desks)]
    pub pool: Pool<Desk>,
    /// Upstairs.
    #[child(start = Floor::spec(papers))]
    pub floor: Supervised<Floor>,
    /// Those of guests.
    #[child(start = |papers: u64| Desk { papers }, max = 3, restart = "temporary", start_timeout = "5s")]
    pub guests: Children<Desk, u64>,
}

#[supervisor]
struct Annex {
    #[child]
    only: ActorRef<Desk>,
}

/// Puts a paper on the only desk of the annex.
///
/// # Errors
/// When the annex cannot be started, or its desk does not answer.
pub async fn annex(system: &System) -> ActorResult<u64> {
    let annex = system.start(Annex::spec()).await?;
    Ok(annex.only.put(1).await?)
}

#[cfg(test)]
mod tests {
    use super::{DeskApi, Office, annex};
    use airssys_rt::prelude::*;

    #[tokio::test]
    async fn the_house_opens() -> ActorResult<()> {
        let system = System::new("strict");
        let office = system.start(Office::spec(7, 2)).await?;
        assert_eq!(office.reception.put(1).await?, 1);
        assert_eq!(office.pool.put(1).await?, 8);
        assert_eq!(office.floor.first.put(1).await?, 8);
        assert_eq!(office.guests.start(1).await?.put(1).await?, 2);
        assert_eq!(annex(&system).await?, 1);
        assert!(system.shutdown().await.is_clean());
        Ok(())
    }
}
