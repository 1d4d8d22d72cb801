//! The journey of each attribute through the rooms; whatever happens, the user's item comes out.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Item;

use crate::errors::Errors;
use crate::model::actor::Actor;
use crate::model::handlers::Handlers;
use crate::model::protocol::Protocol;
use crate::model::supervisor::Supervisor;
use crate::{check, expand};

pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let model = Actor::parse(args, item.clone(), &mut errors);
    let annotated = model.as_ref().map(expand::annotated::expand);
    let errors = errors.into_tokens();
    quote!(#item #annotated #errors)
}

pub fn handlers(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut parsed = Handlers::parse(args, item, &mut errors);
    if let (Some(model), Some(block)) = (&parsed.model, &parsed.block)
        && check::once::check(model, block, &mut errors)
    {
        parsed.model = None;
    }
    if let Some(model) = &mut parsed.model {
        check::handlers::check(model, &mut errors);
    }
    let item = parsed.item;
    let generated = parsed.model.as_ref().map(expand::handlers);
    let errors = errors.into_tokens();
    quote!(#item #generated #errors)
}

pub fn protocol(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let model = Protocol::parse(args, item.clone(), &mut errors).map(|mut model| {
        check::protocol::check(&mut model, &mut errors);
        model
    });
    // The trait that is generated has the name of the one that was written, so it is one or the other.
    let item = model.as_ref().map_or(item, expand::protocol::expand);
    let errors = errors.into_tokens();
    quote!(#item #errors)
}

pub fn supervisor(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(mut parsed) = Supervisor::parse(args, item.clone(), &mut errors) else {
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    };
    let mut spec = None;
    if let Some(model) = &mut parsed.model {
        check::supervisor::check(model, &mut errors);
        spec = Some(expand::spec::expand(model));
        if let Item::Struct(item) = &mut parsed.item {
            item.attrs.extend(expand::tree::expand(model));
        }
    }
    let item = &parsed.item;
    let errors = errors.into_tokens();
    quote!(#item #spec #errors)
}

pub fn misplaced(message: &str, item: TokenStream) -> TokenStream {
    let error = syn::Error::new(Span::call_site(), message).to_compile_error();
    quote!(#item #error)
}
