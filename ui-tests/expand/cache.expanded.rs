use std::collections::HashMap;

use std::hash::Hash;

use airssys_rt::prelude::*;

pub struct Cache<K, V = String, const ROOM: usize = 2>
where
    K: Eq + Hash,
{
    entries: HashMap<K, V>,
    name: String,
}

#[automatically_derived]
impl<
    K: ::core::marker::Send + 'static,
    V: ::core::marker::Send + 'static,
    const ROOM: usize,
> ::airssys_rt::private::Annotated for Cache<K, V, ROOM>
where
    K: Eq + Hash,
{
    const CONFIG: ::airssys_rt::ActorConfig = ::airssys_rt::ActorConfig::DEFAULT
        .unbounded()
        .inline(false);
}

impl<K: Send + 'static, V, const ROOM: usize> Cache<K, V, ROOM>
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{
    /// The value under `key`, if it is there.
    #[allow(clippy::needless_pass_by_value)]
    pub fn get(&mut self, key: K) -> Option<V> {
        self.entries.get(&key).cloned()
    }
    /// Keeps `value` while there is room.
    #[allow(clippy::needless_pass_by_value)]
    pub fn put(&mut self, key: K, value: V, ctx: &mut Context<Self>) -> ActorResult<()> {
        if self.entries.len() == ROOM {
            return Err(ActorError::msg(format!("{} is full", ctx.pid())));
        }
        self.entries.insert(key, value);
        Ok(())
    }
    #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
    async fn rename(&mut self, name: impl Into<String>, reply: ReplyTo<String>) {
        reply.send(std::mem::replace(&mut self.name, name.into()));
    }
    #[cfg(not(windows))]
    #[allow(clippy::unused_async)]
    async fn clear(&mut self) -> usize {
        self.entries.drain().count()
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
#[derive(Clone)]
pub enum CacheCommand<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
    const ROOM: usize,
>
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{
    /// The value under `key`, if it is there.
    Get {
        /// The argument `key`.
        key: K,
    },
    /// Keeps `value` while there is room.
    Put {
        /// The argument `key`.
        key: K,
        /// The argument `value`.
        value: V,
    },
    /// Calls `rename`.
    Rename {
        /// The argument `name`.
        name: String,
    },
    /// Calls `clear`.
    #[cfg(not(windows))]
    Clear,
}

#[automatically_derived]
impl<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
    const ROOM: usize,
> ::airssys_rt::Actor for Cache<K, V, ROOM>
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{
    type Message = CacheCommand<K, V, ROOM>;
    const CONFIG: ::airssys_rt::ActorConfig = <Self as ::airssys_rt::private::Annotated>::CONFIG;
    const STARTS: bool = false;
    const STOPS: bool = false;
    const HANDLES_ERRORS: bool = false;
    const PREPARES: bool = false;
    fn is_plain(message: &CacheCommand<K, V, ROOM>) -> bool {
        ::core::matches!(message, CacheCommand::Get { .. } | CacheCommand::Put { .. })
    }
    #[inline]
    fn handle_plain(
        &mut self,
        message: CacheCommand<K, V, ROOM>,
        ctx: &mut ::airssys_rt::Context<Self>,
        answer: &mut ::airssys_rt::Answer<'_>,
    ) -> ::airssys_rt::Plain<CacheCommand<K, V, ROOM>> {
        match message {
            CacheCommand::Get { key } => {
                let value = Self::get(self, key);
                answer.send(value);
                ::airssys_rt::Plain::Done(::core::result::Result::Ok(()))
            }
            CacheCommand::Put { key, value } => {
                ::airssys_rt::Plain::Done(
                    Self::put(self, key, value, ctx)
                        .map(|()| {
                            if !ctx.has_failed() {
                                answer.send(());
                            }
                        }),
                )
            }
            later => ::airssys_rt::Plain::Later(later),
        }
    }
    async fn handle(
        &mut self,
        message: CacheCommand<K, V, ROOM>,
        ctx: &mut ::airssys_rt::Context<Self>,
    ) -> ::airssys_rt::ActorResult<()> {
        match message {
            CacheCommand::Rename { name } => {
                let reply = ctx.answer().defer::<String>();
                Self::rename(self, name, reply).await;
                ::core::result::Result::Ok(())
            }
            #[cfg(not(windows))]
            CacheCommand::Clear => {
                let value = Self::clear(self).await;
                ctx.answer().send(value);
                ::core::result::Result::Ok(())
            }
            plain => ::airssys_rt::private::handle_plain(self, plain, ctx),
        }
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
pub(crate) trait CacheApi<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
    const ROOM: usize,
>: ::airssys_rt::Address<CacheCommand<K, V, ROOM>>
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{
    /// The value under `key`, if it is there.
    ///
    /// Awaited, it gives `Result<Option<V>, AskError>`.
    fn get(
        &self,
        key: K,
    ) -> ::airssys_rt::Request<'_, Self, CacheCommand<K, V, ROOM>, Option<V>> {
        ::airssys_rt::Request::new(self, CacheCommand::Get { key })
    }
    /// Keeps `value` while there is room.
    ///
    /// Awaited, it gives `Result<(), AskError>`.
    fn put(
        &self,
        key: K,
        value: V,
    ) -> ::airssys_rt::Request<'_, Self, CacheCommand<K, V, ROOM>, ()> {
        ::airssys_rt::Request::new(self, CacheCommand::Put { key, value })
    }
    /// A request to call `rename`.
    ///
    /// Awaited, it gives `Result<String, AskError>`.
    fn rename(
        &self,
        name: impl ::core::convert::Into<String>,
    ) -> ::airssys_rt::Request<'_, Self, CacheCommand<K, V, ROOM>, String> {
        ::airssys_rt::Request::new(
            self,
            CacheCommand::Rename {
                name: ::core::convert::Into::into(name),
            },
        )
    }
    /// A request to call `clear`.
    ///
    /// Awaited, it gives `Result<usize, AskError>`.
    #[cfg(not(windows))]
    fn clear(&self) -> ::airssys_rt::Request<'_, Self, CacheCommand<K, V, ROOM>, usize> {
        ::airssys_rt::Request::new(self, CacheCommand::Clear)
    }
}

#[automatically_derived]
impl<
    K: Send + 'static,
    V: ::core::marker::Send + 'static,
    const ROOM: usize,
    __D: ::airssys_rt::Address<CacheCommand<K, V, ROOM>>,
> CacheApi<K, V, ROOM> for __D
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{}

pub async fn run(system: &System) -> ActorResult<()> {
    let cache: ActorRef<Cache<u8>> = system
        .spawn(Cache {
            entries: HashMap::new(),
            name: "first".into(),
        });
    cache.put(1, "one".into()).await?;
    cache.put(2, "two".into()).tell().await?;
    assert_eq!(cache.get(2). await ?, Some("two".to_owned()));
    assert_eq!(cache.rename("second"). await ?, "first");
    assert_eq!(cache.clear(). await ?, 2);
    Ok(())
}
