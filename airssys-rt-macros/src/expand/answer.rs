//! One handler's call, and what is done with the value that comes back.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::spanned::Spanned;

use crate::model::method::{Arg, ArgKind, Method, Returns, is_unit};
use crate::model::names::{local, placed};

/// `Self::increment(self, by)`, with `.await` where it is async.
pub fn call(krate: &syn::Path, method: &Method, pass: impl Fn(&Arg) -> TokenStream) -> TokenStream {
    let ident = &method.ident;
    let args = method.args.iter().map(|arg| match arg.kind {
        ArgKind::Context => quote!(ctx),
        ArgKind::Reply => quote!(reply),
        ArgKind::Field | ArgKind::Into => pass(arg),
    });
    let wait = method.is_async().then(|| quote!(.await));
    // Where the future shares the state, that has to be `Sync`: said at the `&self` that needs it.
    let state = match method.shared_state() {
        Some(receiver) => placed(receiver.span(), quote!(#krate::private::shared(self))),
        None => quote!(self),
    };
    quote!(Self::#ident(#state, #(#args),*) #wait)
}

/// A handler's arguments by their own names, as they come out of the message.
pub fn by_name(arg: &Arg) -> TokenStream {
    let name = &arg.name;
    quote!(#name)
}

/// The arm of a handler that has a mistake: whatever it is given, nothing is made of it.
pub fn broken(message: &Ident, method: &Method) -> TokenStream {
    let (cfgs, pattern) = (&method.attrs.cfgs, any(message, method));
    quote!(#(#cfgs)* #pattern => ::core::unreachable!(),)
}

/// `CounterMessage::Increment { .. }`.
pub fn any(message: &Ident, method: &Method) -> TokenStream {
    let variant = &method.variant;
    match method.fields().next() {
        Some(_) => quote!(#message::#variant { .. }),
        None => quote!(#message::#variant),
    }
}

/// The pattern of a handler's message: `CounterMessage::Increment { by }`.
pub fn pattern(message: &Ident, method: &Method) -> TokenStream {
    let variant = &method.variant;
    let names: Vec<_> = method.fields().map(|field| &field.name).collect();
    if names.is_empty() { quote!(#message::#variant) } else { quote!(#message::#variant { #(#names),* }) }
}

/// Gives a value to the asker; a handler that can call `ctx.fail` may have said that it is none.
fn give(method: &Method, give: TokenStream) -> TokenStream {
    if method.args.iter().any(|arg| matches!(arg.kind, ArgKind::Context)) {
        quote!(if !ctx.has_failed() { #give; })
    } else {
        quote!(#give;)
    }
}

/// The arm of a plain handler, which answers at once.
pub fn plain(krate: &syn::Path, method: &Method) -> TokenStream {
    let call = call(krate, method, by_name);
    let value = value(method);
    let done = quote!(#krate::Plain::Done(::core::result::Result::Ok(())));
    let unit = give(method, quote!(answer.send(())));
    let send = give(method, quote!(answer.send(#value)));
    match &method.returns {
        Returns::Unit => quote! {{
            #call;
            #unit
            #done
        }},
        Returns::Value(_) => quote! {{
            let #value = #call;
            #send
            #done
        }},
        Returns::Result(_) => {
            let result = give(method, quote!(answer.result(#value)));
            quote! {{
                let #value = #call;
                #result
                #done
            }}
        }
        Returns::Fallible(ty) if is_unit(ty) => {
            quote!(#krate::Plain::Done(#call.map(|()| { #unit })))
        }
        Returns::Fallible(_) => quote!(#krate::Plain::Done(#call.map(|#value| { #send }))),
        Returns::Deferred(reply) => quote! {{
            let reply = answer.defer::<#reply>();
            #call;
            #done
        }},
    }
}

/// The arm of an async handler, whose answer waits in the context.
pub fn later(krate: &syn::Path, method: &Method) -> TokenStream {
    let call = call(krate, method, by_name);
    let value = value(method);
    let ok = quote!(::core::result::Result::Ok(()));
    let unit = give(method, quote!(ctx.answer().send(())));
    let send = give(method, quote!(ctx.answer().send(#value)));
    match &method.returns {
        Returns::Unit => quote! {{
            #call;
            #unit
            #ok
        }},
        Returns::Value(_) => quote! {{
            let #value = #call;
            #send
            #ok
        }},
        Returns::Result(_) => {
            let result = give(method, quote!(ctx.answer().result(#value)));
            quote! {{
                let #value = #call;
                #result
                #ok
            }}
        }
        Returns::Fallible(ty) if is_unit(ty) => quote! {{
            #call?;
            #unit
            #ok
        }},
        Returns::Fallible(_) => quote! {{
            let #value = #call?;
            #send
            #ok
        }},
        Returns::Deferred(reply) => quote! {{
            let reply = ctx.answer().defer::<#reply>();
            #call;
            #ok
        }},
    }
}

/// The local that holds the answer. What is wrong with it is wrong with the type the handler returns.
fn value(method: &Method) -> Ident {
    let mut value = local("value");
    if let Some(at) = method.answer_span() {
        value.set_span(value.span().located_at(at));
    }
    value
}

/// `#[allow(deprecated)]`, where the deprecated handler itself is called.
pub fn still(method: &Method) -> Option<TokenStream> {
    method.attrs.deprecated.then(|| quote!(#[allow(deprecated)]))
}
