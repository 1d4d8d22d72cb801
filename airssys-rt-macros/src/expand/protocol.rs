//! A protocol: its message, its trait for every address of that, its reference, and the way of each message into an
//! actor's own.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, GenericParam};

use super::answer::pattern;
use super::{api, message};
use crate::errors::show;
use crate::model::method::Method;
use crate::model::names::{local, placed, suffixed};
use crate::model::protocol::Protocol;

/// Everything that `#[protocol]` writes in place of the trait.
pub fn expand(model: &Protocol) -> TokenStream {
    let message = message::expand(&model.face);
    let face = face(model);
    let names = names_of(model);
    let routes = routes(model);
    quote! { #message #face #names #routes }
}

/// The trait, with a request for each method, and its impl for every address.
fn face(model: &Protocol) -> TokenStream {
    let Protocol { face, attrs, .. } = model;
    let (krate, name, message, vis) = (&face.krate, model.name(), &face.message, &face.vis);
    let (_, type_generics, where_clause) = face.generics.split_for_impl();
    let declared = &face.generics;
    let methods = face.calls().map(|method| api::request(face, method));
    let address = local("__D");
    let mut with_address = face.generics.clone();
    with_address.params.push(syn::parse_quote!(#address: #krate::ProtocolAddress<#message #type_generics>));
    let (impl_with_address, _, _) = with_address.split_for_impl();
    let (cfgs, lints) = (&face.cfgs, &face.lints);
    let not_one = Words {
        message: format!("`{{Self}}` is not an address of the protocol `{name}`"),
        label: format!("not an address of `{name}`"),
        note: "`.recipient()` of an actor's reference or pool is one, where the actor takes part in the protocol".to_owned(),
    };
    quote! {
        #(#attrs)*
        #not_one
        #[allow(private_interfaces, private_bounds, rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)]
        #vis trait #name #declared: #krate::ProtocolAddress<#message #type_generics> #where_clause {
            /// What is sent.
            #[doc(hidden)]
            type ProtocolMessage;
            #(#methods)*
        }
        #(#cfgs)*
        #(#lints)*
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #impl_with_address #name #type_generics for #address #where_clause {
            type ProtocolMessage = #message #type_generics;
        }
    }
}

/// `type LedgerRef = Recipient<LedgerMessage>`, and `LedgerMessage` itself where the message has another name, since
/// actors look for it under that one.
fn names_of(model: &Protocol) -> TokenStream {
    let Protocol { face, reference, .. } = model;
    let (krate, message, vis, cfgs) = (&face.krate, &face.message, &face.vis, &face.cfgs);
    let (_, type_generics, _) = face.generics.split_for_impl();
    // An alias checks no bounds, so it gets none.
    let parameters = face.generics.params.iter().map(|param| match param {
        GenericParam::Type(param) => {
            let (ident, default) = (&param.ident, &param.default);
            let default = default.as_ref().map(|(equals, default)| quote!(#equals #default));
            quote!(#ident #default)
        }
        other => other.to_token_stream(),
    });
    let parameters = (!face.generics.params.is_empty()).then(|| quote!(<#(#parameters),*>));
    let doc = format!(
        " A reference to any actor that takes part in [`{}`]; `account.recipient()` makes one.",
        model.name()
    );
    let usual = suffixed(model.name(), "Message");
    let usual = (usual != *message).then(|| {
        quote! {
            #[doc(hidden)]
            #(#cfgs)*
            #[allow(dead_code, private_interfaces)]
            #vis type #usual #parameters = #message #type_generics;
        }
    });
    quote! {
        #usual
        #[doc = #doc]
        #(#cfgs)*
        #[allow(dead_code, private_interfaces)]
        #vis type #reference #parameters = #krate::Recipient<#message #type_generics>;
    }
}

/// `impl Protocol<A> for LedgerMessage`, for every actor that has the handlers.
fn routes(model: &Protocol) -> TokenStream {
    let face = &model.face;
    let (krate, message) = (&face.krate, &face.message);
    let (_, type_generics, where_clause) = face.generics.split_for_impl();
    let (cfgs, lints) = (&face.cfgs, &face.lints);
    let actor = local("__A");
    let mut with_actor = face.generics.clone();
    with_actor.params.push(syn::parse_quote!(#actor: #krate::Actor));
    let (impl_with_actor, _, _) = with_actor.split_for_impl();
    let conditions = where_clause.map(|clause| {
        let predicates = clause.predicates.iter();
        quote!(#(#predicates,)*)
    });
    let asked: Vec<TokenStream> = face.calls().map(|method| asked(model, method)).collect();
    let bounds = face.calls().map(|method| {
        let Parts { handler, takes, answers } = Parts::of(method);
        let span = method.sig.ident.span();
        placed(
            span,
            quote! {
                #actor: #handler<Handler: #krate::private::Call<
                    Args: #takes #type_generics,
                    Reply: #answers #type_generics,
                >>,
            },
        )
    });
    let into = face.calls().map(|method| {
        let own_cfgs = &method.attrs.cfgs;
        let (pattern, names, handler) = (pattern(message, method), names(method), Parts::of(method).handler);
        quote! {
            #(#own_cfgs)*
            #pattern => #krate::private::pack::<<#actor as #handler>::Handler, _>((#names)),
        }
    });
    let from = face.calls().map(|method| {
        let own_cfgs = &method.attrs.cfgs;
        let (pattern, names, handler) = (pattern(message, method), names(method), Parts::of(method).handler);
        quote! {
            #(#own_cfgs)*
            let own = match #krate::private::unpack::<<#actor as #handler>::Handler, _>(own) {
                ::core::result::Result::Ok((#names)) => return ::core::result::Result::Ok(#pattern),
                ::core::result::Result::Err(own) => own,
            };
        }
    });
    let unused = (!face.unused().is_empty())
        .then(|| quote!(unused @ #message::__Unused(_) => return ::core::result::Result::Err(unused),));
    // Without a method that is as it has to be, there is no message.
    let into = match asked.is_empty() && unused.is_none() {
        true => quote!(match self {}),
        false => quote!(::core::result::Result::Ok(match self { #(#into)* #unused })),
    };
    quote! {
        #(#cfgs)*
        #(#lints)*
        const _: () = {
            #(#asked)*
            #[automatically_derived]
            impl #impl_with_actor #krate::private::Protocol<#actor> for #message #type_generics
            where
                #conditions
                #(#bounds)*
            {
                fn into_own(self) -> ::core::result::Result<#actor::Message, Self> {
                    #into
                }
                fn from_own(own: #actor::Message) -> ::core::result::Result<Self, #actor::Message> {
                    #(#from)*
                    ::core::result::Result::Err(own)
                }
            }
        };
    }
}

/// The traits that ask for the handler of one method: for it, for what it takes and for what it answers.
struct Parts {
    handler: Ident,
    takes: Ident,
    answers: Ident,
}

impl Parts {
    fn of(method: &Method) -> Self {
        let variant = method.variant.unraw();
        let part = |suffix: &str| format_ident!("__{variant}{suffix}", span = local("part").span());
        Self { handler: part(""), takes: part("Takes"), answers: part("Answers") }
    }
}

fn asked(model: &Protocol, method: &Method) -> TokenStream {
    let krate = &model.face.krate;
    let (impl_generics, type_generics, where_clause) = model.face.generics.split_for_impl();
    let Parts { handler, takes, answers } = Parts::of(method);
    let cfgs = &method.attrs.cfgs;
    let (name, protocol) = (method.sig.ident.unraw().to_string(), model.name());
    let number = quote!({ #krate::private::name(#name) });
    let (args, reply) = (tuple(method), method.returns.reply());
    let remedy = escaped(&format!("write `{}`", method.as_handler()));
    let missing = Words {
        message: format!("`{{Self}}` has no handler `{name}`, which the protocol `{protocol}` asks for"),
        label: format!("`{name}` is missing"),
        note: remedy.clone(),
    };
    let taken = Words {
        message: format!(
            "the handler `{name}` takes `{{Self}}`, and the protocol `{protocol}` gives it `{}`",
            escaped(&as_text(method))
        ),
        label: format!("`{name}` takes something else"),
        note: remedy.clone(),
    };
    let answered = Words {
        message: format!(
            "the handler `{name}` answers `{{Self}}`, and the protocol `{protocol}` has it answer `{}`",
            escaped(&show(&reply))
        ),
        label: format!("`{name}` answers something else"),
        note: format!("{remedy}; an `ActorResult` of it is answered as that, too"),
    };
    let absent = absent(model, method);
    quote! {
        #(#cfgs)*
        #missing
        trait #handler: #krate::Actor {
            type Handler: #krate::private::Call<Message = Self::Message>;
        }
        #(#cfgs)*
        #[diagnostic::do_not_recommend]
        impl<A: #krate::private::Handler<#number>> #handler for A {
            type Handler = #krate::private::Named<A, #number>;
        }
        #(#cfgs)*
        #taken
        trait #takes #impl_generics: #krate::private::Is<#args> #where_clause {}
        #(#cfgs)*
        impl #impl_generics #takes #type_generics for #args #where_clause {}
        #(#cfgs)*
        #answered
        trait #answers #impl_generics #where_clause {}
        #(#cfgs)*
        impl #impl_generics #answers #type_generics for #reply #where_clause {}
        #absent
    }
}

/// What stands in for a method that is configured away, since conditions of an impl cannot be.
fn absent(model: &Protocol, method: &Method) -> Option<TokenStream> {
    let krate = &model.face.krate;
    let conditions = method.attrs.conditions();
    if conditions.is_empty() {
        return None;
    }
    let (impl_generics, type_generics, where_clause) = model.face.generics.split_for_impl();
    let Parts { handler, takes, answers } = Parts::of(method);
    let cfg: Attribute = syn::parse_quote!(#[cfg(not(all(#(#conditions),*)))]);
    let any = local("__T");
    let mut with_any = model.face.generics.clone();
    with_any.params.push(syn::parse_quote!(#any));
    let (impl_with_any, _, _) = with_any.split_for_impl();
    Some(quote! {
        #cfg
        trait #handler: #krate::Actor {
            type Handler: #krate::private::Call;
        }
        #cfg
        impl<A: #krate::Actor> #handler for A {
            type Handler = #krate::private::Absent<A>;
        }
        #cfg
        trait #takes #impl_generics #where_clause {}
        #cfg
        impl #impl_with_any #takes #type_generics for #any #where_clause {}
        #cfg
        trait #answers #impl_generics #where_clause {}
        #cfg
        impl #impl_with_any #answers #type_generics for #any #where_clause {}
    })
}

/// What the compiler says where a trait is not implemented.
struct Words {
    message: String,
    label: String,
    note: String,
}

impl ToTokens for Words {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { message, label, note } = self;
        tokens.extend(quote! {
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        });
    }
}

/// Braces are placeholders in those words.
fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// The types of the arguments, as the compiler writes a tuple.
fn as_text(method: &Method) -> String {
    let types: Vec<String> = method.fields().map(|field| show(&field.ty)).collect();
    match types.as_slice() {
        [one] => format!("({one},)"),
        types => format!("({})", types.join(", ")),
    }
}

/// The types of the arguments, as a tuple.
pub fn tuple(method: &Method) -> TokenStream {
    let types = method.fields().map(|field| &field.ty);
    quote!((#(#types,)*))
}

/// The names of the arguments, for a tuple.
pub fn names(method: &Method) -> TokenStream {
    let names = method.fields().map(|field| &field.name);
    quote!(#(#names,)*)
}
