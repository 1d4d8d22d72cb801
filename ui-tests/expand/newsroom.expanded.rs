use airssys_rt::prelude::*;

/// Published, and heard by whoever handles it.
#[derive(Clone)]
pub struct Headline(pub String);

/// Asked of any actor that keeps count.
pub struct Count;

#[derive(Default)]
pub struct Newsroom {
    headlines: Vec<String>,
    gone: Vec<ExitReason>,
}

#[automatically_derived]
impl ::airssys_rt::private::Annotated for Newsroom {
    const CONFIG: ::airssys_rt::ActorConfig = ::airssys_rt::ActorConfig::DEFAULT;
}

impl Newsroom {
    #[allow(clippy::needless_pass_by_value)]
    fn heard(&mut self, headline: Headline, ctx: &mut Context<Self>) -> ActorResult<()> {
        if headline.0.is_empty() {
            ctx.stop();
        }
        self.headlines.push(headline.0);
        Ok(())
    }
    /// How many headlines there were.
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    async fn count(&self, _of: Count) -> Result<usize, std::convert::Infallible> {
        Ok(self.headlines.len())
    }
    #[allow(clippy::needless_pass_by_value)]
    fn last(&mut self, length: usize, reply: ReplyTo<String>) {
        let last = self.headlines.last();
        reply
            .send(
                last.map_or_else(String::new, |text| text.chars().take(length).collect()),
            );
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
    pub fn watch(&mut self, other: ActorRef<Newsroom>, ctx: &mut Context<Self>) {
        ctx.monitor(&other);
        ctx.link(&other);
    }
    #[allow(clippy::needless_pass_by_value)]
    fn closed(&mut self, down: Down) {
        self.gone.push(down.reason);
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    async fn failed(&mut self, exit: Exit) {
        self.gone.push(exit.reason);
    }
    pub fn gone(&self) -> usize {
        self.gone.len()
    }
}

/// The messages of [`Newsroom`], one for each handler: plain data. [`NewsroomApi`] makes them.
#[non_exhaustive]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub enum NewsroomMessage {
    /// Calls `watch`.
    Watch {
        /// The argument `other`.
        other: ActorRef<Newsroom>,
    },
    /// Calls `gone`.
    Gone,
}

#[automatically_derived]
impl ::airssys_rt::Actor for Newsroom {
    type Message = NewsroomMessage;
    const CONFIG: ::airssys_rt::ActorConfig = <Self as ::airssys_rt::private::Annotated>::CONFIG;
    const STARTS: bool = false;
    const STOPS: bool = false;
    const HANDLES_ERRORS: bool = false;
    const TRAPS_EXITS: bool = true;
    fn is_plain(_: &NewsroomMessage) -> bool {
        true
    }
    #[inline]
    fn handle_plain(
        &mut self,
        message: NewsroomMessage,
        ctx: &mut ::airssys_rt::Context<Self>,
        answer: &mut ::airssys_rt::Answer<'_>,
    ) -> ::airssys_rt::Plain<NewsroomMessage> {
        match message {
            NewsroomMessage::Watch { other } => {
                Self::watch(self, other, ctx);
                if !ctx.has_failed() {
                    answer.send(());
                }
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
            NewsroomMessage::Gone => {
                let value = Self::gone(self);
                answer.send(value);
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
        }
    }
    fn handle(
        &mut self,
        message: NewsroomMessage,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> impl ::core::future::Future<
        Output = ::airssys_rt::ActorResult<()>,
    > + ::core::marker::Send {
        ::airssys_rt::private::handle_at_once(self, message, ctx)
    }
    fn prepare(ctx: &mut ::airssys_rt::Context<Self>) {
        ctx.subscribe::<Headline>();
    }
    async fn on_down(
        &mut self,
        down: ::airssys_rt::Down,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::closed(self, down);
        ::core::result::Result::Ok(())
    }
    async fn on_exit(
        &mut self,
        exit: ::airssys_rt::Exit,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::failed(self, exit).await;
        ::core::result::Result::Ok(())
    }
}

#[automatically_derived]
impl ::airssys_rt::Handles<Headline> for Newsroom {
    type Reply = ();
    fn is_plain(_: &Headline) -> bool {
        true
    }
    fn handle_plain(
        &mut self,
        message: Headline,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::core::result::Result<::airssys_rt::ActorResult<()>, Headline> {
        ::core::result::Result::Ok(Self::heard(self, message, ctx))
    }
    async fn handle(
        &mut self,
        message: Headline,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::heard(self, message, ctx)
    }
}

#[automatically_derived]
impl ::airssys_rt::Handles<Count> for Newsroom {
    type Reply = Result<usize, std::convert::Infallible>;
    async fn handle(
        &mut self,
        message: Count,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<Result<usize, std::convert::Infallible>> {
        ::core::result::Result::Ok(
            Self::count(::airssys_rt::private::shared(self), message).await,
        )
    }
    fn is_error(reply: &Self::Reply) -> bool {
        ::core::result::Result::is_err(reply)
    }
}

#[automatically_derived]
impl ::airssys_rt::Handles<usize> for Newsroom {
    type Reply = String;
    fn is_plain(_: &usize) -> bool {
        true
    }
    fn handle_plain(
        &mut self,
        message: usize,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::core::result::Result<::airssys_rt::ActorResult<String>, usize> {
        let reply = ctx.answer().defer::<String>();
        Self::last(self, message, reply);
        ::core::result::Result::Ok(
            ::core::result::Result::Err(::airssys_rt::private::deferred()),
        )
    }
    async fn handle(
        &mut self,
        message: usize,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<String> {
        let reply = ctx.answer().defer::<String>();
        Self::last(self, message, reply);
        ::core::result::Result::Err(::airssys_rt::private::deferred())
    }
}

/// The handlers of [`Newsroom`], as methods of every address of its messages.
///
/// An address is an `ActorRef`, a `WeakRef`, a `Recipient`, a `Pool` or a `Probe`. Each method makes a `Request`, which
/// sends nothing by itself: await it for the answer, or `.tell()` it. The trait has to be in scope.
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub trait NewsroomApi: ::airssys_rt::Address<NewsroomMessage> {
    /// A request to call `watch`.
    ///
    /// Awaited, it gives `Result<(), AskError>`.
    fn watch(
        &self,
        other: ActorRef<Newsroom>,
    ) -> ::airssys_rt::Request<'_, Self, NewsroomMessage, ()> {
        ::airssys_rt::Request::new(self, NewsroomMessage::Watch { other })
    }
    /// A request to call `gone`.
    ///
    /// Awaited, it gives `Result<usize, AskError>`.
    fn gone(&self) -> ::airssys_rt::Request<'_, Self, NewsroomMessage, usize> {
        ::airssys_rt::Request::new(self, NewsroomMessage::Gone)
    }
}

#[automatically_derived]
impl<__D: ::airssys_rt::Address<NewsroomMessage>> NewsroomApi for __D {}

pub async fn run(system: &System) -> ActorResult<()> {
    let paper = system.start(Newsroom::default()).await?;
    let other = system.start(Newsroom::default()).await?;
    system.events().publish(Headline("rain tomorrow".into()));
    assert_eq!(paper.ask(Count). await ?, Ok(1));
    assert_eq!(paper.ask(4_usize). await ?, "rain");
    paper.watch(other.clone()).await?;
    assert_eq!(other.kill(). await ?, ExitReason::Killed);
    while paper.gone().await? == 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}
