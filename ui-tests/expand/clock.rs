// A life: what is called at its beginning, at its end, at a failure, and by the clock.

use airssys_rt::prelude::*;
use airssys_rt::testing::Probe;

/// Ticks, and says when it begins and ends.
#[actor]
pub struct Clock {
    log: Recipient<String>,
    ticks: u64,
}

#[handlers]
impl Clock {
    #[handler(start)]
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.log.tell(format!("begins for the {}. time", ctx.incarnation())).await?;
        Ok(())
    }

    #[handler(stop)]
    fn end(&mut self, reason: &ExitReason) -> Result<(), std::fmt::Error> {
        self.log.try_tell(format!("ends: {reason}")).map_err(|_| std::fmt::Error)
    }

    #[handler(error)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        if error.to_string() == "spring" { ErrorAction::Resume } else { ErrorAction::Stop }
    }

    #[handler(every = "250ms")]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[handler(after = "1s")]
    async fn strike(&mut self, ctx: &mut Context<Self>) {
        ctx.fail(ActorError::msg("spring"));
    }

    #[handler]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }
}

/// On paused time.
pub async fn run(system: &System) -> ActorResult<()> {
    let log = Probe::<String>::new();
    let clock = system.start(Clock { log: log.recipient(), ticks: 0 }).await?;
    tokio::time::advance(Duration::from_millis(250)).await;
    while clock.ticks().await? == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_millis(750)).await;
    while clock.ticks().await? == 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(clock.stop().await?, ExitReason::Shutdown);
    assert_eq!(log.try_next().as_deref(), Some("begins for the 1. time"));
    assert_eq!(log.try_next().as_deref(), Some("ends: shutdown"));
    Ok(())
}
