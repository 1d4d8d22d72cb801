//! `impl Actor`: the match that runs each handler in place.

use proc_macro2::TokenStream;
use quote::quote;

use super::answer::{any, broken, later, pattern, plain, still};
use super::lifecycle;
use crate::model::handlers::Handlers;
use crate::model::method::ArgKind;

pub fn expand(model: &Handlers) -> TokenStream {
    let Handlers { krate, actor, message, generics, cfgs, lints, .. } = model;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let is_plain = is_plain(model);
    let handle_plain = handle_plain(model);
    let handle = handle(model);
    let (constants, hooks) = (lifecycle::constants(model), lifecycle::hooks(model));
    quote! {
        #(#cfgs)*
        #(#lints)*
        #[automatically_derived]
        impl #impl_generics #krate::Actor for #actor #where_clause {
            type Message = #message #type_generics;
            const CONFIG: #krate::ActorConfig = <Self as #krate::private::Annotated>::CONFIG;
            #constants
            #is_plain
            #handle_plain
            #handle
            #hooks
        }
    }
}

/// Whether there is a message that is handled without a future.
fn any_plain(model: &Handlers) -> bool {
    model.plain_calls().next().is_some() || !model.unused().is_empty()
}

fn is_plain(model: &Handlers) -> Option<TokenStream> {
    if !any_plain(model) {
        return None;
    }
    let Handlers { message, generics, .. } = model;
    let (_, type_generics, _) = generics.split_for_impl();
    let patterns: Vec<TokenStream> = model.plain_calls().map(|method| any(message, method)).collect();
    let unused = (!model.unused().is_empty()).then(|| quote!(#message::__Unused(_)));
    if model.async_calls().next().is_none() {
        return Some(quote! {
            fn is_plain(_: &#message #type_generics) -> bool {
                true
            }
        });
    }
    let body = if model.plain_calls().all(|method| method.attrs.cfgs.is_empty()) {
        let patterns = patterns.into_iter().chain(unused);
        quote!(::core::matches!(message, #(#patterns)|*))
    } else {
        let arms = model.plain_calls().zip(patterns).map(|(method, pattern)| {
            let cfgs = &method.attrs.cfgs;
            quote!(#(#cfgs)* #pattern => true,)
        });
        let unused = unused.map(|pattern| quote!(#pattern => true,));
        quote!(match message { #(#arms)* #unused _ => false })
    };
    Some(quote! {
        fn is_plain(message: &#message #type_generics) -> bool {
            #body
        }
    })
}

fn handle_plain(model: &Handlers) -> Option<TokenStream> {
    if !any_plain(model) {
        return None;
    }
    let Handlers { krate, message, generics, .. } = model;
    let (_, type_generics, _) = generics.split_for_impl();
    let arms = model.plain_calls().map(|method| {
        if method.broken {
            return broken(message, method);
        }
        let (cfgs, still) = (&method.attrs.cfgs, still(method));
        let (pattern, body) = (pattern(message, method), plain(krate, method));
        quote!(#(#cfgs)* #still #pattern => #body,)
    });
    let unused = (!model.unused().is_empty())
        .then(|| quote!(#message::__Unused(_) => #krate::Plain::Done(::core::result::Result::Ok(())),));
    let doubts = model.async_calls().next().is_none().then(|| doubts(model));
    let rest = model.async_calls().next().map(|_| quote!(later => #krate::Plain::Later(later),));
    let whole = || model.plain_calls().filter(|method| !method.broken);
    let ctx = name_if(whole().any(|method| method.takes(ArgKind::Context)), "ctx");
    let answer = name_if(whole().next().is_some(), "answer");
    Some(quote! {
        #[inline]
        fn handle_plain(
            &mut self,
            message: #message #type_generics,
            #ctx: &mut #krate::Context<Self>,
            #answer: &mut #krate::Answer<'_>,
        ) -> #krate::Plain<#message #type_generics> {
            #doubts
            match message {
                #(#arms)*
                #unused
                #rest
            }
        }
    })
}

fn handle(model: &Handlers) -> TokenStream {
    let Handlers { krate, message, generics, .. } = model;
    let (_, type_generics, _) = generics.split_for_impl();
    let arms: Vec<TokenStream> = model
        .async_calls()
        .map(|method| {
            if method.broken {
                return broken(message, method);
            }
            let (cfgs, still) = (&method.attrs.cfgs, still(method));
            let (pattern, body) = (pattern(message, method), later(krate, method));
            quote!(#(#cfgs)* #still #pattern => #body,)
        })
        .collect();
    if arms.is_empty() && any_plain(model) {
        return quote! {
            fn handle(
                &mut self,
                message: #message #type_generics,
                ctx: &mut #krate::Context<Self>,
            ) -> impl ::core::future::Future<Output = #krate::ActorResult<()>> + ::core::marker::Send {
                #krate::private::handle_at_once(self, message, ctx)
            }
        };
    }
    let (uses_ctx, body) = match (arms.is_empty(), any_plain(model)) {
        (true, _) => (false, quote!(match message {})),
        (false, true) => (
            true,
            quote!(match message {
                #(#arms)*
                plain => #krate::private::handle_plain(self, plain, ctx),
            }),
        ),
        (false, false) => (true, quote!(match message { #(#arms)* })),
    };
    let ctx = name_if(uses_ctx, "ctx");
    let doubts = doubts(model);
    quote! {
        async fn handle(
            &mut self,
            message: #message #type_generics,
            #ctx: &mut #krate::Context<Self>,
        ) -> #krate::ActorResult<()> {
            #doubts
            #body
        }
    }
}

/// `travels::<Order>();` for each argument that may not be `Send`, in the function that moves the message.
///
/// An error in there is the only one: the compiler asks no more of a function that it has not understood.
fn doubts(model: &Handlers) -> TokenStream {
    let krate = &model.krate;
    let lines = model.doubtful().into_iter().map(|(method, arg)| {
        let (cfgs, ty) = (&method.attrs.cfgs, &arg.ty);
        quote!(#(#cfgs)* #krate::private::travels::<#ty>();)
    });
    quote!(#(#lines)*)
}

/// A parameter's name, with an underscore in front where it is not used.
pub fn name_if(used: bool, name: &str) -> syn::Ident {
    if used { quote::format_ident!("{name}") } else { quote::format_ident!("_{name}") }
}
