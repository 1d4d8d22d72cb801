//! `enum CounterMessage`: the actor's protocol as plain data.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Visibility;

use crate::model::handlers::Handlers;
use crate::model::method::{Arg, Method};

pub fn expand(model: &Handlers) -> TokenStream {
    let Handlers { api, message, generics, derives, vis, cfgs, lints, .. } = model;
    let where_clause = &generics.where_clause;
    let derives = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
    // The message is an associated type of the actor, so it has to be as visible as that, which an impl
    // block cannot know. What is not meant for everybody is hidden instead: its trait is out of their reach.
    let hidden = (!matches!(vis, Visibility::Public(_))).then(|| quote!(#[doc(hidden)]));
    let doc = format!(
        " The messages of [`{}`], one for each handler: plain data. [`{api}`] makes them.",
        model.actor_path
    );
    let variants = model.calls().map(variant);
    let unused = unused(model);
    quote! {
        #[doc = #doc]
        #(#cfgs)*
        #(#lints)*
        #hidden
        #[non_exhaustive]
        #[allow(private_interfaces, private_bounds, rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)]
        #derives
        pub enum #message #generics #where_clause {
            #(#variants,)*
            #unused
        }
    }
}

fn variant(method: &Method) -> TokenStream {
    let Method { variant, attrs, sig, .. } = method;
    let (cfgs, lints) = (&attrs.cfgs, &attrs.lints);
    let docs = if attrs.docs.is_empty() {
        let doc = format!(" Calls `{}`.", sig.ident);
        vec![syn::parse_quote!(#[doc = #doc])]
    } else {
        attrs.docs.clone()
    };
    let fields: Vec<TokenStream> = method.fields().map(field).collect();
    let fields = (!fields.is_empty()).then(|| quote!({ #(#fields),* }));
    quote!(#(#docs)* #(#cfgs)* #(#lints)* #variant #fields)
}

fn field(arg: &Arg) -> TokenStream {
    let Arg { name, ty, .. } = arg;
    let doc = format!(" The argument `{name}`.");
    quote!(#[doc = #doc] #name: #ty)
}

/// Holds the type parameters that no handler's arguments hold.
fn unused(model: &Handlers) -> Option<TokenStream> {
    let unused = model.unused();
    (!unused.is_empty()).then(|| {
        quote! {
            #[doc(hidden)]
            __Unused(::core::marker::PhantomData<fn() -> (#(#unused,)*)>),
        }
    })
}
