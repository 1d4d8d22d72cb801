//! The part of `impl Actor` that is about an incarnation's life: what starts, ends and disturbs it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::answer::{call, still};
use super::behaviour::name_if;
use super::duration;
use crate::args::handler::Role;
use crate::model::handlers::Handlers;
use crate::model::method::{ArgKind, Method, Returns, ungrouped};
use crate::model::names::placed;

/// Which parts of a life the actor takes part in, known before it runs.
pub fn constants(model: &Handlers) -> TokenStream {
    let starts = says(model, Role::Start, "STARTS");
    let stops = says(model, Role::Stop, "STOPS");
    let errors = says(model, Role::Error, "HANDLES_ERRORS");
    let traps = model.of(Role::Exit).next().map(|_| says(model, Role::Exit, "TRAPS_EXITS"));
    let prepares = prepare(model).is_none().then(|| {
        quote!(
            const PREPARES: bool = false;
        )
    });
    quote!(#starts #stops #errors #prepares #traps)
}

/// The hooks that the runtime calls.
pub fn hooks(model: &Handlers) -> TokenStream {
    let krate = &model.krate;
    let prepare = prepare(model);
    let start = model.of(Role::Start).map(|method| hook(krate, method, "on_start", None));
    let stop = model
        .of(Role::Stop)
        .map(|method| hook(krate, method, "on_stop", Some(("reason", quote!(#krate::ExitReason)))));
    let error = model
        .of(Role::Error)
        .map(|method| hook(krate, method, "on_error", Some(("error", quote!(&#krate::ActorError)))));
    let down = model
        .of(Role::Down)
        .map(|method| hook(krate, method, "on_down", Some(("down", quote!(#krate::Down)))));
    let exit = model
        .of(Role::Exit)
        .map(|method| hook(krate, method, "on_exit", Some(("exit", quote!(#krate::Exit)))));
    quote! {
        #prepare
        #(#start)*
        #(#stop)*
        #(#error)*
        #(#down)*
        #(#exit)*
    }
}

/// `const STARTS: bool = true;`, as far as the handler's conditions say so.
fn says(model: &Handlers, role: Role, constant: &str) -> TokenStream {
    let constant = format_ident!("{constant}");
    let methods: Vec<&Method> = model.of(role).collect();
    if methods.is_empty() {
        return quote!(const #constant: bool = false;);
    }
    let here = methods.iter().map(|method| {
        let cfgs = &method.attrs.cfgs;
        quote!(#(#cfgs)* const #constant: bool = true;)
    });
    let nowhere = methods.iter().all(|method| !method.attrs.cfgs.is_empty()).then(|| {
        let conditions = methods.iter().map(|method| {
            let all = method.attrs.conditions();
            quote!(all(#(#all),*))
        });
        quote!(#[cfg(not(any(#(#conditions),*)))] const #constant: bool = false;)
    });
    quote!(#(#here)* #nowhere)
}

/// `fn prepare`: the subscriptions and timers that every incarnation begins with.
fn prepare(model: &Handlers) -> Option<TokenStream> {
    let krate = &model.krate;
    let events = model.of(Role::Event).filter_map(|method| {
        let cfgs = &method.attrs.cfgs;
        let event = &method.fields().next()?.ty;
        Some(quote!(#(#cfgs)* ctx.subscribe::<#event>();))
    });
    let timers = model.timers().filter_map(|(n, method)| {
        let cfgs = &method.attrs.cfgs;
        let (start, time) = match method.role {
            Role::Every(period) => (quote!(every), duration(period)),
            Role::After(delay) => (quote!(after), duration(delay)),
            _ => return None,
        };
        Some(quote!(#(#cfgs)* ctx.#start(#time, #krate::private::Timer::<#n>);))
    });
    let lines: Vec<TokenStream> = events.chain(timers).collect();
    (!lines.is_empty()).then(|| {
        quote! {
            fn prepare(ctx: &mut #krate::Context<Self>) {
                #(#lines)*
            }
        }
    })
}

/// `async fn on_stop(&mut self, reason: ExitReason, ctx: &mut Context<Self>)`, calling the user's method.
fn hook(krate: &syn::Path, method: &Method, name: &str, given: Option<(&str, TokenStream)>) -> TokenStream {
    let (cfgs, lints, still) = (&method.attrs.cfgs, &method.attrs.lints, still(method));
    let name = format_ident!("{name}");
    let ctx = name_if(method.takes(ArgKind::Context), "ctx");
    let given_name = given.as_ref().map(|(name, _)| name_if(method.fields().next().is_some(), name));
    let parameter = given.as_ref().map(|(_, ty)| quote!(#given_name: #ty,));
    let call = call(krate, method, |arg| {
        let by_ref = matches!(ungrouped(&arg.written.ty), Type::Reference(_));
        let lent = by_ref && method.role != Role::Error;
        if lent { quote!(&#given_name) } else { quote!(#given_name) }
    });
    let (output, body) = if method.role == Role::Error {
        (quote!(#krate::ErrorAction), call)
    } else {
        (quote!(#krate::ActorResult<()>), result(krate, method, call))
    };
    quote! {
        #(#cfgs)*
        #(#lints)*
        #still
        async fn #name(&mut self, #parameter #ctx: &mut #krate::Context<Self>) -> #output {
            #body
        }
    }
}

/// The call as an `ActorResult<()>`.
fn result(krate: &syn::Path, method: &Method, call: TokenStream) -> TokenStream {
    let ok = quote!(::core::result::Result::Ok(()));
    match &method.returns {
        Returns::Fallible(_) => call,
        Returns::Result(_) => {
            // A wrong error is wrong where the handler says what it returns.
            let at = method.answer_span().unwrap_or_else(|| method.ident.span());
            placed(at, quote!(#krate::private::outcome(#call)))
        }
        _ => quote!(#call; #ok),
    }
}
