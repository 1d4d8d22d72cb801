//! `fn spec`: the plan of a supervisor, which starts its children in the order of the fields.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, Ident, Pat, Path, Type, parse_quote};

use super::duration;
use crate::args::child::{ChildArgs, Restart, Shutdown};
use crate::args::supervisor::{AutoShutdown, Strategy, SupervisorArgs};
use crate::args::value::bare;
use crate::model::mentions::Mention;
use crate::model::names::{local, placed};
use crate::model::supervisor::{Child, Field, Kind, Supervisor};

pub fn expand(model: &Supervisor) -> TokenStream {
    let Supervisor { krate, ident, vis, generics, cfgs, .. } = model;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let arguments = model.arguments().map(|field| {
        let Field { ident, ty, cfgs, .. } = field;
        quote!(#(#cfgs)* #ident: #ty)
    });
    let options = options(krate, &model.args);
    let name = ident.unraw().to_string();
    let children = local("children");
    let starts = model.children().map(|(field, child)| start(model, &children, field, child));
    let fields = model.fields.iter().map(|field| {
        let Field { ident, cfgs, .. } = field;
        quote!(#(#cfgs)* #ident)
    });
    let supervisor = local("supervisor");
    // A field that only its siblings need is not dead: it is read here.
    let reads = model.fields.iter().map(|field| {
        let Field { ident, cfgs, .. } = field;
        quote!(#(#cfgs)* let _ = &#supervisor.#ident;)
    });
    let many = (model.arguments().count() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let doc = format!(" The spec of [`{name}`]: what starts it, in a system or below another supervisor.");
    quote! {
        #(#cfgs)*
        impl #impl_generics #ident #type_generics #where_clause {
            #[doc = #doc]
            ///
            /// It takes the fields that are no children. Nothing runs until it is started.
            #many
            #[must_use = "a spec does nothing until it is started"]
            #vis fn spec(#(#arguments),*) -> #krate::SupervisorSpec<Self> {
                #krate::Supervisor::builder()
                    .name(#name)
                    #options
                    .plan(move |mut #children: #krate::Starting| async move {
                        #(#starts)*
                        let #supervisor = Self { #(#fields),* };
                        #(#reads)*
                        ::core::result::Result::Ok(#supervisor)
                    })
            }
        }
    }
}

/// `.strategy(…).max_restarts(…)`: what was said, and no more.
fn options(krate: &Path, args: &SupervisorArgs) -> TokenStream {
    let strategy = args.strategy.map(|strategy| {
        let strategy = match strategy {
            Strategy::OneForOne => quote!(OneForOne),
            Strategy::OneForAll => quote!(OneForAll),
            Strategy::RestForOne => quote!(RestForOne),
        };
        quote!(.strategy(#krate::RestartStrategy::#strategy))
    });
    let max_restarts = args.max_restarts.map(|n| {
        let n = Literal::u32_unsuffixed(n);
        quote!(.max_restarts(#n))
    });
    let within = args.within.map(duration).map(|within| quote!(.within(#within)));
    let backoff = args.backoff.as_ref().map(|backoff| {
        let (first, max) = (duration(backoff.first), duration(backoff.max));
        let jitter = backoff.jitter.map(|jitter| {
            let jitter = Literal::f64_unsuffixed(jitter);
            quote!(.jitter(#jitter))
        });
        let reset_after = backoff.reset_after.map(duration).map(|after| quote!(.reset_after(#after)));
        quote!(.backoff(#krate::Backoff::new(#first, #max) #jitter #reset_after))
    });
    let auto_shutdown = args.auto_shutdown.map(|auto| {
        let auto = match auto {
            AutoShutdown::Never => quote!(Never),
            AutoShutdown::AnySignificant => quote!(AnySignificant),
            AutoShutdown::AllSignificant => quote!(AllSignificant),
        };
        quote!(.auto_shutdown(#krate::AutoShutdown::#auto))
    });
    quote!(#strategy #max_restarts #within #backoff #auto_shutdown)
}

/// `let ledger: ActorRef<Ledger> = { … };`
fn start(model: &Supervisor, children: &Ident, field: &Field, child: &Child) -> TokenStream {
    let Field { ident, ty, cfgs, .. } = field;
    let krate = &model.krate;
    if child.broken {
        return quote!(#(#cfgs)* let #ident: #ty = #krate::private::missing(););
    }
    let (amount, amount_option) = amount(&child.args);
    let clones = clones(model, child);
    let spec = spec(model, field, child);
    let options = child_options(krate, &child.args);
    quote! {
        #(#cfgs)*
        let #ident: #ty = {
            #amount
            #clones
            #children.start(#spec #options #amount_option).await?
        };
    }
}

/// `let path = Clone::clone(&path);` for each name that the start expression mentions.
fn clones(model: &Supervisor, child: &Child) -> TokenStream {
    let one = |(field, mention): (&Field, &Mention)| {
        let Field { ident, cfgs, .. } = field;
        // A macro may have meant something else by the word.
        let perhaps = (!mention.certain).then(|| quote!(#[allow(unused_variables)]));
        let clone = placed(mention.ident.span(), quote!(::core::clone::Clone::clone(&#ident)));
        quote!(#(#cfgs)* #perhaps let #ident = #clone;)
    };
    model.meant(&child.mentions).into_iter().map(one).collect()
}

fn spec(model: &Supervisor, field: &Field, child: &Child) -> TokenStream {
    let krate = &model.krate;
    let name = field.ident.unraw().to_string();
    let clones = clones(model, child);
    let start = child.args.start.as_ref().map(bare);
    match &child.kind {
        None => TokenStream::new(),
        Some(Kind::Actor(actor) | Kind::Pool(actor)) => {
            let begin = begin(krate, actor, start);
            quote!(#krate::ChildSpec::new(#name, move || { #clones #begin }))
        }
        Some(Kind::Supervisor(below)) => {
            let ty: Type = parse_quote!(#krate::SupervisorSpec<#below>);
            let default = Expr::Verbatim(placed(below.span(), quote!(<#below>::spec())));
            let begin = begin(krate, &ty, Some(start.unwrap_or(&default)));
            quote!(#krate::ChildSpec::supervisor(#name, #begin))
        }
        Some(Kind::Dynamic(actor, arg)) => {
            let (parameter, body) = match start {
                Some(Expr::Closure(closure)) => (parameter(closure, arg), Some(&*closure.body)),
                other => (quote!((): ()), other),
            };
            let begin = begin(krate, actor, body);
            quote!(#krate::ChildSpec::dynamic(#name, move |#parameter| { #clones #begin }))
        }
    }
}

/// `async move { let started: Ledger = …; Ok(started) }`
fn begin(krate: &Path, ty: &Type, start: Option<&Expr>) -> TokenStream {
    let default = Expr::Verbatim(placed(ty.span(), quote!(::core::default::Default::default())));
    let start = start.unwrap_or(&default);
    let started = local("started");
    quote! {
        async move {
            let #started: #ty = #start;
            ::core::result::Result::Ok::<_, #krate::ActorError>(#started)
        }
    }
}

/// The one parameter that a closure of several stands for: `(a, b): (A, B)`.
fn parameter(closure: &ExprClosure, arg: &Type) -> TokenStream {
    let inputs: Vec<&Pat> = closure.inputs.iter().collect();
    match inputs.as_slice() {
        [Pat::Type(one)] => quote!(#one),
        [one] => quote!(#one: #arg),
        several => {
            let pats = several.iter().map(|pat| match pat {
                Pat::Type(typed) => &*typed.pat,
                pat => pat,
            });
            let types: Option<Vec<&Type>> = several
                .iter()
                .map(|pat| match pat {
                    Pat::Type(typed) => Some(&*typed.ty),
                    _ => None,
                })
                .collect();
            match types {
                Some(types) => quote!((#(#pats),*): (#(#types),*)),
                None => quote!((#(#pats),*): #arg),
            }
        }
    }
}

fn child_options(krate: &Path, args: &ChildArgs) -> TokenStream {
    let restart = args.restart.map(|restart| {
        let restart = match restart {
            Restart::Permanent => quote!(Permanent),
            Restart::Transient => quote!(Transient),
            Restart::Temporary => quote!(Temporary),
        };
        quote!(.restart(#krate::RestartPolicy::#restart))
    });
    let shutdown = args.shutdown.map(|shutdown| {
        let shutdown = match shutdown {
            Shutdown::After(limit) => {
                let limit = duration(limit);
                quote!(After(#limit))
            }
            Shutdown::Kill => quote!(Kill),
            Shutdown::Wait => quote!(Wait),
        };
        quote!(.shutdown(#krate::Shutdown::#shutdown))
    });
    let start_timeout = args.start_timeout.map(duration).map(|limit| quote!(.start_timeout(#limit)));
    let named = args.name.as_ref().map(|name| quote!(.named(#name)));
    let significant = args.significant.as_ref().map(|(_, yes)| quote!(.significant(#yes)));
    quote!(#restart #shutdown #start_timeout #named #significant)
}

/// The statement before and the option after for `count` and `max`.
///
/// An expression is evaluated before the clones, which the closure then takes away.
fn amount(args: &ChildArgs) -> (TokenStream, TokenStream) {
    let amount = args.count.as_ref().map(|(_, expr)| (quote!(pool), expr));
    let amount = amount.or_else(|| args.max.as_ref().map(|(_, expr)| (quote!(max), expr)));
    match amount {
        None => (TokenStream::new(), TokenStream::new()),
        Some((option, expr)) if matches!(bare(expr), Expr::Lit(_)) => {
            (TokenStream::new(), quote!(.#option(#expr)))
        }
        Some((option, expr)) => {
            let amount = local("amount");
            (quote!(let #amount: usize = #expr;), quote!(.#option(#amount)))
        }
    }
}
