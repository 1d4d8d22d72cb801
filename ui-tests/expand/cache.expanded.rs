struct Cache<K, V = String>
where
    K: Eq + Hash,
{
    map: HashMap<K, V>,
}
#[automatically_derived]
impl<
    K: ::core::marker::Send + 'static,
    V: ::core::marker::Send + 'static,
> ::airssys_rt::private::Annotated for Cache<K, V>
where
    K: Eq + Hash,
{
    const CONFIG: ::airssys_rt::ActorConfig = ::airssys_rt::ActorConfig::DEFAULT
        .unbounded()
        .inline(false);
}
impl<K: Send + 'static, V> Cache<K, V>
where
    K: Eq + Hash,
{
    #[cfg(feature = "reads")]
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    fn get(&mut self, key: K, ctx: &mut Context<Self>) -> ActorResult<Option<V>> {
        self.read(key, ctx)
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    async fn rename(&mut self, name: impl Into<String>, reply: ReplyTo<String>) {
        self.later(name.into(), reply).await;
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    async fn begin(&mut self, ctx: &mut Context<Self>) -> ActorResult<()> {
        self.load(ctx).await
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    fn end(&mut self, reason: &ExitReason) {
        self.save(reason);
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    fn failed(&mut self, error: &ActorError) -> ErrorAction {
        self.decide(error)
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    fn flushed(&mut self, event: Flushed) {
        self.note(event);
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    async fn sweep(&mut self) {
        self.clean().await;
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::unused_self)]
    fn size(&self, _of: Size) -> Result<usize, Overflow> {
        self.count()
    }
}
/// The messages of [`Cache`], one for each handler: plain data. [`CacheApi`] makes them.
#[doc(hidden)]
#[non_exhaustive]
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
pub enum CacheMessage<K: Send + 'static, V: ::core::marker::Send + 'static>
where
    K: Eq + Hash,
{
    /// Calls `get`.
    #[cfg(feature = "reads")]
    Get {
        /// The argument `key`.
        key: K,
    },
    /// Calls `rename`.
    Rename {
        /// The argument `name`.
        name: String,
    },
    #[doc(hidden)]
    __Unused(::core::marker::PhantomData<fn() -> (K, V)>),
}
#[automatically_derived]
impl<K: Send + 'static, V: ::core::marker::Send + 'static> ::airssys_rt::Actor
for Cache<K, V>
where
    K: Eq + Hash,
{
    type Message = CacheMessage<K, V>;
    const CONFIG: ::airssys_rt::ActorConfig = <Self as ::airssys_rt::private::Annotated>::CONFIG;
    const STARTS: bool = true;
    const STOPS: bool = true;
    const HANDLES_ERRORS: bool = true;
    fn is_plain(message: &CacheMessage<K, V>) -> bool {
        match message {
            #[cfg(feature = "reads")]
            CacheMessage::Get { .. } => true,
            CacheMessage::__Unused(_) => true,
            _ => false,
        }
    }
    #[inline]
    fn handle_plain(
        &mut self,
        message: CacheMessage<K, V>,
        ctx: &mut ::airssys_rt::Context<Self>,
        answer: &mut ::airssys_rt::Answer<'_>,
    ) -> ::airssys_rt::Plain<CacheMessage<K, V>> {
        match message {
            #[cfg(feature = "reads")]
            CacheMessage::Get { key } => {
                ::airssys_rt::Plain::Done(
                    Self::get(self, key, ctx)
                        .map(|value| {
                            if !ctx.has_failed() {
                                answer.send(value);
                            }
                        }),
                )
            }
            CacheMessage::__Unused(_) => {
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
            later => ::airssys_rt::Plain::Later(later),
        }
    }
    async fn handle(
        &mut self,
        message: CacheMessage<K, V>,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        match message {
            CacheMessage::Rename { name } => {
                let reply = ctx.answer().defer::<String>();
                Self::rename(self, name, reply).await;
                ::core::result::Result::Ok(())
            }
            plain => ::airssys_rt::private::handle_plain(self, plain, ctx),
        }
    }
    fn prepare(ctx: &mut ::airssys_rt::Context<Self>) {
        ctx.subscribe::<Flushed>();
        ctx.every(
            ::core::time::Duration::from_secs(60),
            ::airssys_rt::private::Timer::<0usize>,
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
        Self::end(self, &reason);
        ::core::result::Result::Ok(())
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
impl<K: Send + 'static, V: ::core::marker::Send + 'static> ::airssys_rt::Handles<Flushed>
for Cache<K, V>
where
    K: Eq + Hash,
{
    type Reply = ();
    fn is_plain(_: &Flushed) -> bool {
        true
    }
    fn handle_plain(
        &mut self,
        message: Flushed,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::core::result::Result<::airssys_rt::ActorResult<()>, Flushed> {
        Self::flushed(self, message);
        ::core::result::Result::Ok(::core::result::Result::Ok(()))
    }
    async fn handle(
        &mut self,
        message: Flushed,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::flushed(self, message);
        ::core::result::Result::Ok(())
    }
}
#[automatically_derived]
impl<K: Send + 'static, V: ::core::marker::Send + 'static> ::airssys_rt::Handles<Size>
for Cache<K, V>
where
    K: Eq + Hash,
{
    type Reply = Result<usize, Overflow>;
    fn is_plain(_: &Size) -> bool {
        true
    }
    fn handle_plain(
        &mut self,
        message: Size,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::core::result::Result<
        ::airssys_rt::ActorResult<Result<usize, Overflow>>,
        Size,
    > {
        ::core::result::Result::Ok(::core::result::Result::Ok(Self::size(self, message)))
    }
    async fn handle(
        &mut self,
        message: Size,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<Result<usize, Overflow>> {
        ::core::result::Result::Ok(Self::size(self, message))
    }
    fn is_error(reply: &Self::Reply) -> bool {
        ::core::result::Result::is_err(reply)
    }
}
#[automatically_derived]
impl<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
> ::airssys_rt::Handles<::airssys_rt::private::Timer<0usize>> for Cache<K, V>
where
    K: Eq + Hash,
{
    type Reply = ();
    async fn handle(
        &mut self,
        _message: ::airssys_rt::private::Timer<0usize>,
        _ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        Self::sweep(self).await;
        ::core::result::Result::Ok(())
    }
}
/// The handlers of [`Cache`], as methods of every address of its messages.
///
/// An address is an `ActorRef`, a `WeakRef`, a `Recipient`, a `Pool` or a `Probe`. Each method makes a `Request`, which
/// sends nothing by itself: await it for the answer, or `.tell()` it. The trait has to be in scope.
#[allow(
    private_interfaces,
    private_bounds,
    rustdoc::broken_intra_doc_links,
    rustdoc::private_intra_doc_links
)]
trait CacheApi<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
>: ::airssys_rt::Address<CacheMessage<K, V>>
where
    K: Eq + Hash,
{
    /// A request to call `get`.
    ///
    /// Awaited, it gives `Result<Option<V>, AskError>`.
    #[cfg(feature = "reads")]
    fn get(
        &self,
        key: K,
    ) -> ::airssys_rt::Request<'_, Self, CacheMessage<K, V>, Option<V>> {
        ::airssys_rt::Request::new(self, CacheMessage::Get { key })
    }
    /// A request to call `rename`.
    ///
    /// Awaited, it gives `Result<String, AskError>`.
    fn rename(
        &self,
        name: impl ::core::convert::Into<String>,
    ) -> ::airssys_rt::Request<'_, Self, CacheMessage<K, V>, String> {
        ::airssys_rt::Request::new(
            self,
            CacheMessage::Rename {
                name: ::core::convert::Into::into(name),
            },
        )
    }
}
#[automatically_derived]
impl<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
    __D: ::airssys_rt::Address<CacheMessage<K, V>>,
> CacheApi<K, V> for __D
where
    K: Eq + Hash,
{}
