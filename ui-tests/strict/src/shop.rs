//! A public actor with every sort of handler, a generic one, and those that only this crate or module sees.

use std::collections::HashMap;
use std::hash::Hash;

use airssys_rt::prelude::*;

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
}

/// Why nothing is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// Published when the shop opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened;

/// Sells, while it is open.
#[actor(mailbox(capacity = 16, backpressure = "drop"))]
#[derive(Debug, Default)]
pub struct Shop {
    open: bool,
    sold: Vec<Item>,
}

#[handlers(message(derive(Debug, Clone)))]
impl Shop {
    /// Opens the shop, and says so.
    #[handler]
    pub fn open(&mut self, ctx: &mut Context<Self>) -> usize {
        self.open = true;
        ctx.publish(Opened)
    }

    /// Sells one.
    ///
    /// # Errors
    /// When the shop is closed.
    #[handler]
    pub fn sell(&mut self, item: Item) -> Result<usize, Closed> {
        if !self.open {
            return Err(Closed);
        }
        self.sold.push(item);
        Ok(self.sold.len())
    }

    /// Everything that was sold.
    #[handler]
    pub async fn sold(&self) -> Vec<Item> {
        self.sold.clone()
    }

    #[handler]
    async fn without_docs(&mut self, name: impl Into<String>, mut count: u8, _unused: u8) -> ActorResult<u8> {
        count = count.checked_add(1).ok_or_else(|| ActorError::msg("too many"))?;
        self.sold.push(Item { name: name.into() });
        Ok(count)
    }

    #[handler]
    pub(crate) fn later(&mut self, reply: ReplyTo<usize>, (one, other): (u8, u8)) {
        reply.send(self.sold.len() + usize::from(one) + usize::from(other));
    }

    /// Nothing of the shop is used here, and nothing awaited.
    #[handler]
    pub async fn idle(&self, text: String) -> usize {
        text.len()
    }

    /// What was before.
    #[deprecated = "ask for what is sold"]
    #[must_use]
    #[handler]
    pub fn before(&self) -> usize {
        self.sold.len()
    }

    #[handler(start)]
    fn begin(&mut self) {}

    #[handler(stop)]
    async fn end(&mut self, _reason: ExitReason) -> ActorResult<()> {
        Ok(())
    }

    #[handler(error)]
    fn failed(&mut self, _error: &ActorError) -> ErrorAction {
        ErrorAction::Escalate
    }

    #[handler(down)]
    fn gone(&mut self, _down: Down) {}

    #[handler(exit)]
    async fn linked(&mut self, exit: Exit) {
        drop(exit);
    }

    #[handler(event)]
    fn opened(&mut self, _event: Opened) {}

    #[handler(every = "1h")]
    fn count(&mut self) {}

    #[handler(after = "1h")]
    async fn close(&mut self) {
        self.open = false;
    }

    #[handler(message)]
    fn many(&mut self, items: Vec<Item>) -> usize {
        items.len()
    }
}

/// Keeps things.
#[actor]
#[derive(Debug)]
pub struct Stock<K: Eq + Hash, V = Item, const ROOM: usize = 8> {
    things: HashMap<K, V>,
}

impl<K: Eq + Hash, V, const ROOM: usize> Default for Stock<K, V, ROOM> {
    fn default() -> Self {
        Self { things: HashMap::new() }
    }
}

#[handlers]
impl<K, V, const ROOM: usize> Stock<K, V, ROOM>
where
    K: Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Puts one in, while there is room.
    #[handler]
    pub fn put(&mut self, key: K, value: V) -> bool {
        self.things.len() < ROOM && self.things.insert(key, value).is_none()
    }

    /// Looks for one.
    #[handler]
    pub fn get(&mut self, key: K) -> Option<V> {
        self.things.get(&key).cloned()
    }
}

/// Seen by this crate.
#[actor]
#[derive(Debug, Default)]
pub(crate) struct Cellar {
    bottles: u32,
}

#[handlers]
impl Cellar {
    #[handler]
    pub(crate) fn bottles(&self) -> u32 {
        self.bottles
    }
}

#[actor(inline = false)]
#[derive(Default)]
struct Till {
    coins: Vec<Coin>,
}

struct Coin;

#[handlers]
impl Till {
    #[handler]
    fn take(&mut self, coin: Coin) -> usize {
        self.coins.push(coin);
        self.coins.len()
    }
}

/// Counts what is below and in the till.
///
/// # Errors
/// When the actors do not answer.
pub async fn count(system: &System) -> Result<u32, AskError> {
    let bottles = system.spawn(Cellar::default()).bottles().await?;
    let coins = system.spawn(Till::default()).take(Coin).await?;
    Ok(bottles + u32::try_from(coins).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Item, Shop, ShopApi, Stock, StockApi, count};
    use airssys_rt::prelude::*;

    #[tokio::test]
    async fn every_actor_answers() -> ActorResult<()> {
        let system = System::new("strict");
        let shop = system.spawn(Shop::default());
        assert_eq!(shop.open().await?, 1);
        let item = Item { name: "tea".to_owned() };
        assert_eq!(shop.sell(item.clone()).await?, Ok(1));
        assert_eq!(shop.without_docs("coffee", 1, 2).await?, 2);
        assert_eq!(shop.later((1, 2)).await?, 5);
        assert_eq!(shop.idle("four".to_owned()).await?, 4);
        assert_eq!(shop.sold().await?.len(), 2);
        let stock: ActorRef<Stock<u8>> = system.spawn(Stock::default());
        assert!(stock.put(1, item).await?);
        assert!(stock.get(1).await?.is_some());
        assert_eq!(count(&system).await?, 1);
        assert!(system.shutdown().await.is_clean());
        Ok(())
    }
}
