//! A letter is a message with its way back.

use std::sync::Arc;

use crate::instrument::Caller;
use crate::reply::{Port, Told};

/// A message on its way to an actor.
pub struct Letter<M> {
    pub(crate) message: M,
    pub(crate) port: Option<Arc<dyn Port>>,
}

impl<M> Letter<M> {
    /// A message that nobody waits for.
    #[inline]
    pub(crate) fn told(message: M) -> Self {
        let caller = Caller::current();
        let port = caller.is_some().then(|| Arc::new(Told(caller)) as Arc<dyn Port>);
        Self { message, port }
    }

    #[inline]
    pub(crate) fn asked(message: M, port: Arc<dyn Port>) -> Self {
        Self { message, port: Some(port) }
    }
}

crate::opaque::opaque_debug! {
    Letter<M>;
}
