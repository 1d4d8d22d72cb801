//! An actor's part in protocols: each of its handlers by name, and `impl Handles` of each protocol's message.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::answer::pattern;
use super::protocol::{names, tuple};
use crate::model::handlers::Handlers;
use crate::model::method::Method;
use crate::model::names::{placed, suffixed};

pub fn expand(model: &Handlers) -> Option<TokenStream> {
    if model.protocols.is_empty() {
        return None;
    }
    let handlers = model.calls().map(|method| by_name(model, method));
    let protocols = model.protocols.iter().map(|path| handles(model, path));
    Some(quote! { #(#handlers)* #(#protocols)* })
}

/// `impl Handler<{ name("deposit") }> for Account`, where a protocol that asks for `deposit` finds it.
fn by_name(model: &Handlers, method: &Method) -> TokenStream {
    let Handlers { krate, actor, message, generics, cfgs, lints, .. } = model;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (own_cfgs, own_lints) = (&method.attrs.cfgs, &method.attrs.lints);
    let name = method.sig.ident.unraw().to_string();
    let (args, names, reply) = (tuple(method), names(method), method.returns.reply());
    let pattern = pattern(message, method);
    quote! {
        #(#cfgs)*
        #(#own_cfgs)*
        #(#lints)*
        #(#own_lints)*
        #[automatically_derived]
        impl #impl_generics #krate::private::Handler<{ #krate::private::name(#name) }> for #actor #where_clause {
            type Args = #args;
            type Reply = #reply;
            fn pack((#names): Self::Args) -> Self::Message {
                #pattern
            }
            #[allow(unreachable_patterns)]
            fn unpack(message: Self::Message) -> ::core::result::Result<Self::Args, Self::Message> {
                match message {
                    #pattern => ::core::result::Result::Ok((#names)),
                    other => ::core::result::Result::Err(other),
                }
            }
        }
    }
}

/// `impl Handles<LedgerMessage> for Account`: sent as a message of its own.
fn handles(model: &Handlers, path: &Path) -> TokenStream {
    let Handlers { krate, actor, generics, cfgs, lints, .. } = model;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    // Where a handler is missing, the protocol's name is to be looked at.
    let at = path.segments.last().map_or_else(|| path.span(), |last| last.ident.span());
    let message = message(path);
    let open = placed(at, quote!(< <#krate::private::Nobody as));
    let close = placed(at, quote!(>::ProtocolMessage as #krate::private::Protocol<Self>>));
    let route = quote!(#open #path #close);
    let (into, from) = (placed(at, quote!(::into_own)), placed(at, quote!(::from_own)));
    // Both functions name what they need in the same way, so that it is said once.
    quote! {
        #(#cfgs)*
        #(#lints)*
        #[automatically_derived]
        impl #impl_generics #krate::Handles<#message> for #actor #where_clause {
            type Reply = ();
            async fn handle(
                &mut self,
                message: #message,
                ctx: &mut #krate::Context<Self>,
            ) -> #krate::ActorResult<()> {
                #krate::private::handle_protocol(self, message, ctx).await
            }
            fn into_own(message: #message) -> ::core::result::Result<Self::Message, #message> {
                let into_own = #route #into;
                into_own(message)
            }
            fn from_own(own: Self::Message) -> ::core::result::Result<#message, Self::Message> {
                let from_own = #route #from;
                from_own(own)
            }
        }
    }
}

/// `bank::LedgerMessage<K>`, next to `bank::Ledger<K>`.
///
/// The trait would lead to it, as it does in the bodies; but where the compiler looks for two impls of one thing, it takes
/// no answer from a trait that another crate may implement anew.
fn message(path: &Path) -> Path {
    let mut message = path.clone();
    if let Some(last) = message.segments.last_mut() {
        last.ident = suffixed(&last.ident, "Message");
    }
    message
}
