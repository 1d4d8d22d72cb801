/// Counts, and never below zero.
#[derive(Debug, Default)]
pub struct Counter {
    value: i64,
}
#[automatically_derived]
impl ::airssys_rt::private::Annotated for Counter {
    const CONFIG: ::airssys_rt::ActorConfig = ::airssys_rt::ActorConfig::DEFAULT
        .capacity(256)
        .backpressure(::airssys_rt::BackpressureStrategy::Block);
}
impl Counter {
    /// Adds `by` and answers the new value.
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    pub fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    pub async fn value(&self) -> i64 {
        self.value
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    pub fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        self.take(amount)
    }
    fn audit(&self) {}
}
/// The messages of [`Counter`], one for each handler: plain data. [`CounterApi`] makes them.
#[non_exhaustive]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
#[derive(Debug)]
pub enum CounterMessage {
    /// Adds `by` and answers the new value.
    Increment {
        /// The argument `by`.
        by: i64,
    },
    /// Calls `value`.
    Value,
    /// Calls `withdraw`.
    Withdraw {
        /// The argument `amount`.
        amount: i64,
    },
}
#[automatically_derived]
impl ::airssys_rt::Actor for Counter {
    type Message = CounterMessage;
    const CONFIG: ::airssys_rt::ActorConfig = <Self as ::airssys_rt::private::Annotated>::CONFIG;
    const STARTS: bool = false;
    const STOPS: bool = false;
    const HANDLES_ERRORS: bool = false;
    const PREPARES: bool = false;
    fn is_plain(message: &CounterMessage) -> bool {
        ::core::matches!(
            message, CounterMessage::Increment { .. } | CounterMessage::Withdraw { .. }
        )
    }
    #[inline]
    fn handle_plain(
        &mut self,
        message: CounterMessage,
        _ctx: &mut ::airssys_rt::Context<Self>,
        answer: &mut ::airssys_rt::Answer<'_>,
    ) -> ::airssys_rt::Plain<CounterMessage> {
        match message {
            CounterMessage::Increment { by } => {
                let value = Self::increment(self, by);
                answer.send(value);
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
            CounterMessage::Withdraw { amount } => {
                let value = Self::withdraw(self, amount);
                answer.result(value);
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
            later => ::airssys_rt::Plain::Later(later),
        }
    }
    async fn handle(
        &mut self,
        message: CounterMessage,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        match message {
            CounterMessage::Value => {
                let value = Self::value(self).await;
                ctx.answer().send(value);
                ::core::result::Result::Ok(())
            }
            plain => ::airssys_rt::private::handle_plain(self, plain, ctx),
        }
    }
}
/// The handlers of [`Counter`], as methods of every address of its messages.
///
/// An address is an `ActorRef`, a `WeakRef`, a `Recipient`, a `Pool` or a `Probe`. Each method makes a `Request`, which
/// sends nothing by itself: await it for the answer, or `.tell()` it. The trait has to be in scope.
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub trait CounterApi: ::airssys_rt::Address<CounterMessage> {
    /// Adds `by` and answers the new value.
    ///
    /// Awaited, it gives `Result<i64, AskError>`.
    fn increment(
        &self,
        by: i64,
    ) -> ::airssys_rt::Request<'_, Self, CounterMessage, i64> {
        ::airssys_rt::Request::new(self, CounterMessage::Increment { by })
    }
    /// A request to call `value`.
    ///
    /// Awaited, it gives `Result<i64, AskError>`.
    fn value(&self) -> ::airssys_rt::Request<'_, Self, CounterMessage, i64> {
        ::airssys_rt::Request::new(self, CounterMessage::Value)
    }
    /// A request to call `withdraw`.
    ///
    /// Awaited, it gives `Result<Result<i64, Overdrawn>, AskError>`.
    fn withdraw(
        &self,
        amount: i64,
    ) -> ::airssys_rt::Request<'_, Self, CounterMessage, Result<i64, Overdrawn>> {
        ::airssys_rt::Request::new(self, CounterMessage::Withdraw { amount })
    }
}
#[automatically_derived]
impl<__D: ::airssys_rt::Address<CounterMessage>> CounterApi for __D {}
const _: () = {
    fn check() {
        ::airssys_rt::private::needs_sync_state::<Counter>();
    }
};
