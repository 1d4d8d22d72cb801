//! What is written for the user: one file for each item. Everything is decided by now, so nothing here can fail.

pub mod annotated;
pub mod answer;
pub mod api;
pub mod behaviour;
pub mod handles;
pub mod lifecycle;
pub mod message;
pub mod protocol;
pub mod protocols;
pub mod spec;
pub mod tree;

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::model::handlers::Handlers;

/// Everything that `#[handlers]` generates beside the impl block.
pub fn handlers(model: &Handlers) -> TokenStream {
    let message = message::expand(model);
    let behaviour = behaviour::expand(model);
    let handles = handles::expand(model);
    let api = api::expand(model);
    let protocols = protocols::expand(model);
    quote! { #message #behaviour #handles #api #protocols }
}

/// A duration in the largest unit that holds it exactly.
pub fn duration(duration: Duration) -> TokenStream {
    let nanos = duration.as_nanos();
    let (from, count) = if nanos.is_multiple_of(1_000_000_000) {
        ("from_secs", nanos / 1_000_000_000)
    } else if nanos.is_multiple_of(1_000_000) {
        ("from_millis", nanos / 1_000_000)
    } else if nanos.is_multiple_of(1_000) {
        ("from_micros", nanos / 1_000)
    } else {
        ("from_nanos", nanos)
    };
    let from = quote::format_ident!("{from}");
    let count = Literal::u128_unsuffixed(count);
    quote!(::core::time::Duration::#from(#count))
}
