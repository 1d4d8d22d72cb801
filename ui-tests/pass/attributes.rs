//! Attributes of a handler go where they mean something.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
pub struct Counter {
    value: i64,
}

#[handlers(message(derive(Debug, Clone)))]
#[allow(non_snake_case)]
impl Counter {
    /// Use [`Self::value`] instead.
    #[handler]
    #[deprecated(since = "0.2.0", note = "use `value`")]
    #[must_use = "it is old"]
    pub fn old(&self) -> i64 {
        self.value
    }

    #[deprecated]
    #[handler]
    pub async fn old_async(&self) -> i64 {
        self.value
    }

    #[deprecated]
    #[handler(every = "1s")]
    pub fn old_tick(&mut self) {}

    #[deprecated]
    #[handler(start)]
    pub fn old_start(&mut self) {}

    #[inline]
    #[must_use]
    #[handler]
    pub fn value(&self) -> i64 {
        self.value
    }

    #[airssys_rt::handler]
    #[expect(unused_variables, reason = "kept for later")]
    pub fn add(&mut self, by: i64) {}

    #[handler]
    pub fn camelCase(&mut self, camelArgument: i64) -> i64 {
        camelArgument
    }

    #[handler]
    #[doc(hidden)]
    pub fn undocumented(&mut self) {}
}

fn main() {
    assert_eq!(format!("{:?}", CounterMessage::CamelCase { camelArgument: 1 }), "CamelCase { camelArgument: 1 }");
    let _ = Counter { value: 0 };
}
