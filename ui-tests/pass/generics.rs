//! Type and const parameters, their bounds, where clauses and defaults, are parameters of everything generated.

use std::collections::HashMap;
use std::hash::Hash;

use airssys_rt::prelude::*;

#[actor]
struct Cache<K, V = String, const N: usize = 8>
where
    K: Eq + Hash,
{
    map: HashMap<K, V>,
}

#[handlers(message(derive(Debug, Clone)))]
impl<K: Send + 'static, V, const N: usize> Cache<K, V, N>
where
    K: Eq + Hash,
    V: Clone + Send + 'static,
{
    #[handler]
    fn get(&mut self, key: K) -> Option<V> {
        self.map.get(&key).cloned()
    }

    #[handler]
    fn put(&mut self, key: K, value: V) -> Result<Option<V>, (K, V)> {
        if self.map.len() >= N { Err((key, value)) } else { Ok(self.map.insert(key, value)) }
    }

    #[handler]
    async fn keys_of(&mut self, values: [V; N]) -> usize {
        values.len()
    }

    #[handler(message)]
    fn clear(&mut self, _all: All) -> usize {
        self.map.drain().count()
    }
}

struct All;

/// No message of it mentions the parameters.
#[actor]
struct Silent<T, U: Default> {
    state: (T, U),
}

#[handlers(message(derive(Debug, Clone, PartialEq)))]
impl<T: Send + 'static, U: Default + Send + 'static> Silent<T, U> {
    #[handler]
    fn touch(&mut self) {
        self.state.1 = U::default();
    }

    #[handler]
    async fn later(&mut self) {
        self.state.1 = U::default();
    }
}

/// Handlers for one instance only.
#[actor]
struct Sized8<const N: usize>([u8; N]);

#[handlers]
impl Sized8<8> {
    #[handler]
    fn bytes(&self) -> [u8; 8] {
        self.0
    }
}

fn requests(
    cache: &ActorRef<Cache<u8>>,
    silent: &ActorRef<Silent<u8, u16>>,
    eight: &ActorRef<Sized8<8>>,
) {
    let _ = cache.get(1);
    let _ = cache.put(1, String::new());
    let _ = silent.touch();
    let _ = silent.later();
    let _ = eight.bytes();
}

fn main() {
    let message: CacheMessage<u8, u16, 3> = CacheMessage::Get { key: 1 };
    assert_eq!(format!("{message:?}"), "Get { key: 1 }");
    assert!(SilentMessage::<u8, u16>::Touch == SilentMessage::Touch);
    let _ = requests;
    let _ = Cache::<u8, u8, 3> { map: HashMap::new() };
    let _ = Silent { state: (1, 2) };
    let _ = Sized8([0; 8]);
}
