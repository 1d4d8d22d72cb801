//! An annotated struct: its type, and the way it is run.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Generics, Ident, Item, Path};

use super::generics::{bounded, travelling};
use crate::args::actor::{ActorArgs, Backpressure, Capacity};
use crate::errors::Errors;

pub struct Actor {
    pub krate: Path,
    pub ident: Ident,
    pub generics: Generics,
    pub cfgs: Vec<Attribute>,
    pub capacity: Option<Capacity>,
    pub backpressure: Option<Backpressure>,
    pub inline: Option<bool>,
    pub blocking: Option<bool>,
}

impl Actor {
    pub fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let args = ActorArgs::parse(args, errors);
        let item: Item = syn::parse2(item).map_err(|error| errors.push(error)).ok()?;
        let (attrs, ident, generics) = match item {
            Item::Struct(item) => (item.attrs, item.ident, item.generics),
            Item::Enum(item) => (item.attrs, item.ident, item.generics),
            // Reported, and understood: its handlers have no mistake of their own.
            Item::Union(item) => {
                errors.at(
                    item.union_token,
                    "a union cannot be an actor: put `#[actor]` on the struct or enum that holds the state",
                );
                (item.attrs, item.ident, item.generics)
            }
            other => {
                let (at, what) = kind(&other);
                let remedy = if matches!(other, Item::Impl(_)) {
                    "put `#[actor]` on the struct, and `#[handlers]` on the impl"
                } else {
                    "put `#[actor]` on the struct or enum that holds the state"
                };
                errors.at(at, format!("{what} cannot be an actor: {remedy}"));
                return None;
            }
        };
        if let Some(lifetime) = generics.lifetimes().next() {
            errors.at(
                lifetime,
                format!(
                    "an actor outlives whoever spawns it, so it cannot borrow for `{}`: let it own its state",
                    lifetime.lifetime
                ),
            );
            return None;
        }
        Some(Self {
            krate: super::krate(args.krate),
            ident,
            generics: bounded(&generics, &travelling()),
            cfgs: attrs.into_iter().filter(|attr| attr.path().is_ident("cfg")).collect(),
            capacity: args.capacity,
            backpressure: args.backpressure,
            inline: args.inline,
            blocking: args.blocking,
        })
    }
}

/// The keyword of an item that is the wrong one, and what it is called.
pub fn kind(item: &Item) -> (TokenStream, &'static str) {
    match item {
        Item::Union(item) => (item.union_token.to_token_stream(), "a union"),
        Item::Enum(item) => (item.enum_token.to_token_stream(), "an enum"),
        Item::Struct(item) => (item.struct_token.to_token_stream(), "a struct"),
        Item::Trait(item) => (item.trait_token.to_token_stream(), "a trait"),
        Item::Fn(item) => (item.sig.fn_token.to_token_stream(), "a function"),
        Item::Impl(item) => (item.impl_token.to_token_stream(), "an impl block"),
        Item::Mod(item) => (item.mod_token.to_token_stream(), "a module"),
        Item::Type(item) => (item.type_token.to_token_stream(), "a type alias"),
        other => (other.to_token_stream(), "this item"),
    }
}
