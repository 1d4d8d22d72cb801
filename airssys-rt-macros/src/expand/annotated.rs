//! `impl Annotated`: how an actor is run, said by `#[actor]` and read by `#[handlers]`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::args::actor::{Backpressure, Capacity};
use crate::model::actor::Actor;

pub fn expand(model: &Actor) -> TokenStream {
    let Actor { krate, ident, generics, cfgs, .. } = model;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let config = config(model);
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics #krate::private::Annotated for #ident #type_generics #where_clause {
            const CONFIG: #krate::ActorConfig = #config;
        }
    }
}

fn config(model: &Actor) -> TokenStream {
    let krate = &model.krate;
    let mut config = quote!(#krate::ActorConfig::DEFAULT);
    match model.capacity {
        Some(Capacity::Messages(messages)) => {
            let messages = Literal::u64_unsuffixed(messages);
            config.extend(quote!(.capacity(#messages)));
        }
        Some(Capacity::Unbounded) => config.extend(quote!(.unbounded())),
        None => {}
    }
    if let Some(strategy) = model.backpressure {
        let strategy = match strategy {
            Backpressure::Block => quote!(Block),
            Backpressure::Drop => quote!(Drop),
            Backpressure::DropOldest => quote!(DropOldest),
        };
        config.extend(quote!(.backpressure(#krate::BackpressureStrategy::#strategy)));
    }
    if let Some(inline) = model.inline {
        config.extend(quote!(.inline(#inline)));
    }
    if let Some(blocking) = model.blocking {
        config.extend(quote!(.blocking(#blocking)));
    }
    config
}
