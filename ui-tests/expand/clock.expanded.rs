use airssys_rt::prelude::*;

use airssys_rt::testing::Probe;

/// Ticks, and says when it begins and ends.
pub struct Clock {
    log: Recipient<String>,
    ticks: u64,
}

#[automatically_derived]
impl ::airssys_rt::private::Annotated for Clock {
    const CONFIG: ::airssys_rt::ActorConfig = ::airssys_rt::ActorConfig::DEFAULT;
}

impl Clock {
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.log.tell(format!("begins for the {}. time", ctx.incarnation())).await?;
        Ok(())
    }
    fn end(&mut self, reason: &ExitReason) -> Result<(), std::fmt::Error> {
        self.log.try_tell(format!("ends: {reason}")).map_err(|_| std::fmt::Error)
    }
    #[allow(clippy::unused_self)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        if error.to_string() == "spring" {
            ErrorAction::Resume
        } else {
            ErrorAction::Stop
        }
    }
    fn tick(&mut self) {
        self.ticks += 1;
    }
    #[allow(clippy::unused_async, clippy::unused_self)]
    async fn strike(&mut self, ctx: &mut Context<Self>) {
        ctx.fail(ActorError::msg("spring"));
    }
    pub fn ticks(&self) -> u64 {
        self.ticks
    }
}

/// The messages of [`Clock`], one for each handler: plain data. [`ClockApi`] makes them.
#[non_exhaustive]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub enum ClockMessage {
    /// Calls `ticks`.
    Ticks,
}

#[automatically_derived]
impl ::airssys_rt::Actor for Clock {
    type Message = ClockMessage;
    const CONFIG: ::airssys_rt::ActorConfig = <Self as ::airssys_rt::private::Annotated>::CONFIG;
    const STARTS: bool = true;
    const STOPS: bool = true;
    const HANDLES_ERRORS: bool = true;
    fn is_plain(_: &ClockMessage) -> bool {
        true
    }
    #[inline]
    fn handle_plain(
        &mut self,
        message: ClockMessage,
        _ctx: &mut ::airssys_rt::Context<Self>,
        answer: &mut ::airssys_rt::Answer<'_>,
    ) -> ::airssys_rt::Plain<ClockMessage> {
        match message {
            ClockMessage::Ticks => {
                let value = Self::ticks(self);
                answer.send(value);
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
        }
    }
    fn handle(
        &mut self,
        message: ClockMessage,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> impl ::core::future::Future<
        Output = ::airssys_rt::ActorResult<()>,
    > + ::core::marker::Send {
        ::airssys_rt::private::handle_at_once(self, message, ctx)
    }
    fn prepare(ctx: &mut ::airssys_rt::Context<Self>) {
        ctx.every(
            ::core::time::Duration::from_millis(250),
            ::airssys_rt::private::Timer::<0>,
        );
        ctx.after(
            ::core::time::Duration::from_secs(1),
            ::airssys_rt::private::Timer::<1>,
        );
    }
    async fn on_start(
        &mut self,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::begin(self, ctx).await
    }
    async fn on_stop(
        &mut self,
        reason: ::airssys_rt::ExitReason,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        ::airssys_rt::private::outcome(Self::end(self, &reason))
    }
    async fn on_error(
        &mut self,
        error: &::airssys_rt::ActorError,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ErrorAction {
        Self::failed(self, error)
    }
}

#[automatically_derived]
impl ::airssys_rt::Handles<::airssys_rt::private::Timer<0>> for Clock {
    type Reply = ();
    fn is_plain(_: &::airssys_rt::private::Timer<0>) -> bool {
        true
    }
    fn handle_plain(
        &mut self,
        _message: ::airssys_rt::private::Timer<0>,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::core::result::Result<
        ::airssys_rt::ActorResult<()>,
        ::airssys_rt::private::Timer<0>,
    > {
        Self::tick(self);
        ::core::result::Result::Ok(::core::result::Result::Ok(()))
    }
    async fn handle(
        &mut self,
        _message: ::airssys_rt::private::Timer<0>,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::tick(self);
        ::core::result::Result::Ok(())
    }
}

#[automatically_derived]
impl ::airssys_rt::Handles<::airssys_rt::private::Timer<1>> for Clock {
    type Reply = ();
    async fn handle(
        &mut self,
        _message: ::airssys_rt::private::Timer<1>,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::strike(self, ctx).await;
        ::core::result::Result::Ok(())
    }
}

/// The handlers of [`Clock`], as methods of every address of its messages.
///
/// An address is an `ActorRef`, a `WeakRef`, a `Recipient`, a `Pool` or a `Probe`. Each method makes a `Request`, which
/// sends nothing by itself: await it for the answer, or `.tell()` it. The trait has to be in scope.
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub trait ClockApi: ::airssys_rt::Address<ClockMessage> {
    /// A request to call `ticks`.
    ///
    /// Awaited, it gives `Result<u64, AskError>`.
    fn ticks(&self) -> ::airssys_rt::Request<'_, Self, ClockMessage, u64> {
        ::airssys_rt::Request::new(self, ClockMessage::Ticks)
    }
}

#[automatically_derived]
impl<__D: ::airssys_rt::Address<ClockMessage>> ClockApi for __D {}

/// On paused time.
pub async fn run(system: &System) -> ActorResult<()> {
    let log = Probe::<String>::new();
    let clock = system
        .start(Clock {
            log: log.recipient(),
            ticks: 0,
        })
        .await?;
    tokio::time::advance(Duration::from_millis(250)).await;
    while clock.ticks().await? == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_millis(750)).await;
    while clock.ticks().await? == 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(clock.stop(). await ?, ExitReason::Shutdown);
    assert_eq!(log.try_next().as_deref(), Some("begins for the 1. time"));
    assert_eq!(log.try_next().as_deref(), Some("ends: shutdown"));
    Ok(())
}
