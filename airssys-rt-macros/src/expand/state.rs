//! A check at each `&self` of an async handler: its future shares the state, which must be `Sync` for that.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;

use crate::model::handlers::Handlers;
use crate::model::method::Method;
use crate::model::names::placed;

pub fn expand(model: &Handlers) -> TokenStream {
    model.methods.iter().filter_map(|method| check(model, method)).collect()
}

fn check(model: &Handlers, method: &Method) -> Option<TokenStream> {
    let Handlers { krate, actor, generics, cfgs, .. } = model;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let own_cfgs = &method.attrs.cfgs;
    let needs = placed(method.shared_state()?.span(), quote!(#krate::private::needs_sync_state::<#actor>()));
    Some(quote! {
        #(#cfgs)*
        #(#own_cfgs)*
        const _: () = {
            fn check #impl_generics () #where_clause {
                #needs;
            }
        };
    })
}
