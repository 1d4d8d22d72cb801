//! `impl Handles<Tick>`: one for each event, timer and shared message.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Type, parse_quote};

use super::answer::{call, still};
use super::behaviour::name_if;
use crate::model::handlers::Handlers;
use crate::model::method::{ArgKind, Method, Returns};
use crate::model::names::placed;

pub fn expand(model: &Handlers) -> TokenStream {
    let krate = &model.krate;
    let shared = model.shared().filter_map(|method| {
        let field = method.fields().next()?;
        // What is wrong with the message as such is wrong where its type is written.
        let (ty, at) = (&field.ty, field.written.ty.span());
        Some(one(model, method, ty, &placed(at, quote!(#krate::Handles<#ty>))))
    });
    let timers = model.timers().map(|(n, method)| {
        let message: Type = parse_quote!(#krate::private::Timer<#n>);
        one(model, method, &message, &quote!(#krate::Handles<#message>))
    });
    quote! { #(#shared)* #(#timers)* }
}

fn one(model: &Handlers, method: &Method, message: &Type, handles: &TokenStream) -> TokenStream {
    let Handlers { krate, actor, generics, cfgs, lints, .. } = model;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (own_cfgs, own_lints, still) = (&method.attrs.cfgs, &method.attrs.lints, still(method));
    let reply = method.returns.reply();
    let plain = (!method.is_async()).then(|| plain(krate, method, message));
    let body = body(krate, method);
    let name = name_if(method.fields().next().is_some(), "message");
    let ctx = ctx(method);
    let is_error = matches!(method.returns, Returns::Result(_)).then(|| {
        quote! {
            fn is_error(reply: &Self::Reply) -> bool {
                ::core::result::Result::is_err(reply)
            }
        }
    });
    quote! {
        #(#cfgs)*
        #(#own_cfgs)*
        #(#lints)*
        #(#own_lints)*
        #still
        #[automatically_derived]
        impl #impl_generics #handles for #actor #where_clause {
            type Reply = #reply;
            #plain
            async fn handle(
                &mut self,
                #name: #message,
                #ctx: &mut #krate::Context<Self>,
            ) -> #krate::ActorResult<#reply> {
                #body
            }
            #is_error
        }
    }
}

/// The two methods that save a plain handler its future.
fn plain(krate: &syn::Path, method: &Method, message: &Type) -> TokenStream {
    let reply = method.returns.reply();
    let (lines, value) = value(krate, method);
    let name = name_if(method.fields().next().is_some(), "message");
    let ctx = ctx(method);
    quote! {
        fn is_plain(_: &#message) -> bool {
            true
        }
        fn handle_plain(
            &mut self,
            #name: #message,
            #ctx: &mut #krate::Context<Self>,
        ) -> ::core::result::Result<#krate::ActorResult<#reply>, #message> {
            #lines
            ::core::result::Result::Ok(#value)
        }
    }
}

fn body(krate: &syn::Path, method: &Method) -> TokenStream {
    let (lines, value) = value(krate, method);
    quote!(#lines #value)
}

/// The statements before, and the expression of, the handler's `ActorResult`.
fn value(krate: &syn::Path, method: &Method) -> (TokenStream, TokenStream) {
    let call = call(krate, method, |_| quote!(message));
    let ok = quote!(::core::result::Result::Ok);
    match &method.returns {
        Returns::Unit => (quote!(#call;), quote!(#ok(()))),
        Returns::Value(_) | Returns::Result(_) => (TokenStream::new(), quote!(#ok(#call))),
        Returns::Fallible(_) => (TokenStream::new(), call),
        Returns::Deferred(reply) => (
            quote!(let reply = ctx.answer().defer::<#reply>(); #call;),
            quote!(::core::result::Result::Err(#krate::private::deferred())),
        ),
    }
}

fn ctx(method: &Method) -> syn::Ident {
    name_if(method.takes(ArgKind::Context) || method.takes(ArgKind::Reply), "ctx")
}
