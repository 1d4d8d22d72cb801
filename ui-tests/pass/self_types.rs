//! `Self` in a handler is the actor, also where it becomes part of the message.

#![deny(warnings)]

use airssys_rt::prelude::*;

trait Keyed {
    type Key;
}

#[actor]
#[derive(Clone)]
struct Node<K: Clone + Send + 'static> {
    key: K,
    peers: Vec<ActorRef<Self>>,
}

impl<K: Clone + Send + 'static> Keyed for Node<K> {
    type Key = K;
}

#[handlers]
impl<K: Clone + Send + 'static> Node<K>
where
    Self: Keyed<Key = K>,
{
    #[handler]
    fn join(&mut self, peer: ActorRef<Self>) -> Vec<ActorRef<Self>> {
        self.peers.push(peer);
        self.peers.clone()
    }

    #[handler]
    fn key(&self) -> <Self as Keyed>::Key {
        self.key.clone()
    }

    #[handler]
    async fn copy(&mut self, other: Option<Self>, reply: ReplyTo<Self>) {
        reply.send(other.unwrap_or_else(|| self.clone()));
    }

    #[handler(message)]
    fn replace(&mut self, mut other: Box<Self>) -> Box<Self> {
        std::mem::swap(self, &mut other);
        other
    }
}

fn requests(node: &ActorRef<Node<u8>>) {
    let _ = node.join(node.clone());
    let _ = node.key();
    let _ = node.copy(None);
}

fn main() {
    let _ = (requests, Node { key: 1u8, peers: Vec::new() });
}
