//! `trait CounterApi`: the typed methods that every address of `CounterMessage` has.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::errors::show;
use crate::model::handlers::Handlers;
use crate::model::method::{Arg, ArgKind, Method};
use crate::model::names::{local, placed};

pub fn expand(model: &Handlers) -> TokenStream {
    let Handlers { krate, api, message, generics, vis, cfgs, lints, .. } = model;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let methods = model.calls().map(|method| request(model, method));
    let doc =
        format!(" The handlers of [`{}`], as methods of every address of its messages.", model.actor_path);
    let address = local("__D");
    let mut with_address = generics.clone();
    with_address.params.push(syn::parse_quote!(#address: #krate::Address<#message #type_generics>));
    let (impl_with_address, _, _) = with_address.split_for_impl();
    quote! {
        #[doc = #doc]
        ///
        /// An address is an `ActorRef`, a `WeakRef`, a `Recipient`, a `Pool` or a `Probe`. Each method makes a `Request`, which
        /// sends nothing by itself: await it for the answer, or `.tell()` it. The trait has to be in scope.
        #(#cfgs)*
        #(#lints)*
        #[allow(private_interfaces, private_bounds, rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)]
        #vis trait #api #impl_generics: #krate::Address<#message #type_generics> #where_clause {
            #(#methods)*
        }
        #(#cfgs)*
        #(#lints)*
        #[automatically_derived]
        impl #impl_with_address #api #type_generics for #address #where_clause {}
    }
}

/// One handler's method, which makes its request.
pub fn request(model: &Handlers, method: &Method) -> TokenStream {
    let Handlers { krate, message, generics, .. } = model;
    let (_, type_generics, _) = generics.split_for_impl();
    let Method { ident, variant, attrs, .. } = method;
    let (cfgs, lints, forwarded) = (&attrs.cfgs, &attrs.lints, &attrs.request);
    let docs: TokenStream = if attrs.docs.is_empty() {
        let doc = format!(" A request to call `{}`.", method.sig.ident);
        quote!(#[doc = #doc])
    } else {
        attrs.docs.iter().map(ToTokens::to_token_stream).collect()
    };
    let parameters = method.fields().map(parameter);
    let fields: Vec<TokenStream> = method.fields().map(field).collect();
    let fields = (!fields.is_empty()).then(|| quote!({ #(#fields),* }));
    let reply = method.returns.reply();
    let answer = format!(" Awaited, it gives `Result<{}, AskError>`.", show(&reply));
    // What is wrong with the answer's type is reported where it is written, and with the message's, at the method.
    let at = Span::call_site().located_at(method.answer_span().unwrap_or_else(|| ident.span()));
    let whole = placed(ident.span(), quote!(#message::#variant));
    let new = placed(at, quote!(#krate::Request::new));
    let body = quote_spanned!(at=> #new(self, #whole #fields));
    quote! {
        #docs
        #[doc = ""]
        #[doc = #answer]
        #(#cfgs)*
        #(#lints)*
        #(#forwarded)*
        fn #ident(&self, #(#parameters),*) -> #krate::Request<'_, Self, #message #type_generics, #reply> {
            #body
        }
    }
}

fn parameter(arg: &Arg) -> TokenStream {
    let Arg { name, ty, kind, .. } = arg;
    match kind {
        ArgKind::Into => quote!(#name: impl ::core::convert::Into<#ty>),
        _ => quote!(#name: #ty),
    }
}

fn field(arg: &Arg) -> TokenStream {
    let Arg { name, kind, .. } = arg;
    match kind {
        ArgKind::Into => quote!(#name: ::core::convert::Into::into(#name)),
        _ => quote!(#name),
    }
}
