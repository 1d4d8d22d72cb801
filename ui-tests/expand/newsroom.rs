// What many actors share: an event, a message of its own type, and the ends of others.

use airssys_rt::prelude::*;

/// Published, and heard by whoever handles it.
#[derive(Clone)]
pub struct Headline(pub String);

/// Asked of any actor that keeps count.
pub struct Count;

#[actor]
#[derive(Default)]
pub struct Newsroom {
    headlines: Vec<String>,
    gone: Vec<ExitReason>,
}

#[handlers]
impl Newsroom {
    #[handler(event)]
    fn heard(&mut self, headline: Headline, ctx: &mut Context<Self>) -> ActorResult<()> {
        if headline.0.is_empty() {
            ctx.stop();
        }
        self.headlines.push(headline.0);
        Ok(())
    }

    /// How many headlines there were.
    #[handler(message)]
    async fn count(&self, _of: Count) -> Result<usize, std::convert::Infallible> {
        Ok(self.headlines.len())
    }

    #[handler(message)]
    fn last(&mut self, length: usize, reply: ReplyTo<String>) {
        let last = self.headlines.last();
        reply.send(last.map_or_else(String::new, |text| text.chars().take(length).collect()));
    }

    #[handler]
    pub fn watch(&mut self, other: ActorRef<Newsroom>, ctx: &mut Context<Self>) {
        ctx.monitor(&other);
        ctx.link(&other);
    }

    #[handler(down)]
    fn closed(&mut self, down: Down) {
        self.gone.push(down.reason);
    }

    #[handler(exit)]
    async fn failed(&mut self, exit: Exit) {
        self.gone.push(exit.reason);
    }

    #[handler]
    pub fn gone(&self) -> usize {
        self.gone.len()
    }
}

pub async fn run(system: &System) -> ActorResult<()> {
    let paper = system.start(Newsroom::default()).await?;
    let other = system.start(Newsroom::default()).await?;
    system.events().publish(Headline("rain tomorrow".into()));
    assert_eq!(paper.ask(Count).await?, Ok(1));
    assert_eq!(paper.ask(4_usize).await?, "rain");
    paper.watch(other.clone()).await?;
    assert_eq!(other.kill().await?, ExitReason::Killed);
    while paper.gone().await? == 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}
