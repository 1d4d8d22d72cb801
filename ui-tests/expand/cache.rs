// A generic actor: parameters, defaults, bounds, a condition, an answer that may fail and one that comes later.

use std::collections::HashMap;
use std::hash::Hash;

use airssys_rt::prelude::*;

#[actor(mailbox(capacity = "unbounded"), inline = false)]
pub struct Cache<K, V = String, const ROOM: usize = 2>
where
    K: Eq + Hash,
{
    entries: HashMap<K, V>,
    name: String,
}

#[handlers(message(name = "CacheCommand", derive(Clone)), vis = "pub(crate)")]
impl<K: Send + 'static, V, const ROOM: usize> Cache<K, V, ROOM>
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{
    /// The value under `key`, if it is there.
    #[handler]
    pub fn get(&mut self, key: K) -> Option<V> {
        self.entries.get(&key).cloned()
    }

    /// Keeps `value` while there is room.
    #[handler]
    pub fn put(&mut self, key: K, value: V, ctx: &mut Context<Self>) -> ActorResult<()> {
        if self.entries.len() == ROOM {
            return Err(ActorError::msg(format!("{} is full", ctx.pid())));
        }
        self.entries.insert(key, value);
        Ok(())
    }

    #[handler]
    async fn rename(&mut self, name: impl Into<String>, reply: ReplyTo<String>) {
        reply.send(std::mem::replace(&mut self.name, name.into()));
    }

    #[cfg(not(windows))]
    #[handler]
    async fn clear(&mut self) -> usize {
        self.entries.drain().count()
    }
}

pub async fn run(system: &System) -> ActorResult<()> {
    let cache: ActorRef<Cache<u8>> = system.spawn(Cache { entries: HashMap::new(), name: "first".into() });
    cache.put(1, "one".into()).await?;
    cache.put(2, "two".into()).tell().await?;
    assert_eq!(cache.get(2).await?, Some("two".to_owned()));
    assert_eq!(cache.rename("second").await?, "first");
    assert_eq!(cache.clear().await?, 2);
    Ok(())
}
