//! An annotated impl block: the actor's protocol, read off its methods.

use std::collections::BTreeSet;

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, FnArg, Generics, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Path, Type, Visibility,
    parse_quote,
};

use super::generics::{bounded, travelling, unmentioned};
use super::known;
use super::method::{Arg, Method, MethodAttrs, last_segment, plain_path, ungrouped};
use super::names::suffixed;
use super::{actor::kind, selfless};
use crate::args::handler::{Role, is, is_conditional};
use crate::args::handlers::HandlersArgs;
use crate::errors::Errors;
use crate::walk::{self, Look, Met};

pub struct Handlers {
    pub krate: Path,
    /// The actor as the impl names it: `Cache<K, V>`.
    pub actor: Type,
    /// Its path without parameters, for docs.
    pub actor_path: String,
    pub actor_ident: Ident,
    pub generics: Generics,
    pub message: Ident,
    pub api: Ident,
    pub derives: Vec<Path>,
    /// The protocols that its handlers make up.
    pub protocols: Vec<Path>,
    pub vis: Visibility,
    pub cfgs: Vec<Attribute>,
    pub lints: Vec<Attribute>,
    pub methods: Vec<Method>,
}

/// The impl block without our attributes, and what it means where that could be understood.
pub struct Parsed {
    pub item: TokenStream,
    pub block: Option<ItemImpl>,
    pub model: Option<Handlers>,
}

impl Handlers {
    pub fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Parsed {
        let args = HandlersArgs::parse(args, errors);
        let mut item = match syn::parse2::<Item>(item.clone()) {
            Ok(Item::Impl(item)) => item,
            Ok(other) => {
                let (at, what) = kind(&other);
                errors.at(
                    at,
                    format!("`#[handlers]` belongs on an impl block, not on {what}: put it on `impl Counter {{ … }}`"),
                );
                return Parsed { item, block: None, model: None };
            }
            Err(error) => {
                errors.push(error);
                return Parsed { item, block: None, model: None };
            }
        };
        let actor_type = (*item.self_ty).clone();
        let methods = take_methods(&mut item, &actor_type, errors);
        let model = subject(&item, errors).map(|(path, ident)| {
            let mut generics = bounded(&item.generics, &travelling());
            selfless::in_generics(&mut generics, &actor_type);
            let attrs = MethodAttrs::of(&item.attrs, &actor_type);
            Self {
                krate: super::krate(args.krate),
                actor_path: plain_path(&path),
                message: args.message_name.unwrap_or_else(|| suffixed(&ident, "Message")),
                api: suffixed(&ident, "Api"),
                actor: actor_type,
                actor_ident: ident,
                generics,
                derives: args.derives,
                protocols: args.protocols,
                vis: args.vis.unwrap_or_else(|| most_visible(&methods)),
                cfgs: attrs.cfgs,
                lints: attrs.lints,
                methods,
            }
        });
        Parsed { item: item.to_token_stream(), block: Some(item), model }
    }

    /// The handlers of the actor's own message, in order.
    pub fn calls(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter().filter(|method| method.role == Role::Call)
    }

    pub fn plain_calls(&self) -> impl Iterator<Item = &Method> {
        self.calls().filter(|method| !method.is_async())
    }

    pub fn async_calls(&self) -> impl Iterator<Item = &Method> {
        self.calls().filter(|method| method.is_async())
    }

    /// The method of a lifecycle role: one, or several under conditions that exclude each other.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Method> {
        self.methods.iter().filter(move |method| method.role == role)
    }

    /// The `every` and `after` handlers; each timer's message is numbered by its place here.
    pub fn timers(&self) -> impl Iterator<Item = (Literal, &Method)> {
        self.methods
            .iter()
            .filter(|method| matches!(method.role, Role::Every(_) | Role::After(_)))
            .enumerate()
            .map(|(n, method)| (Literal::usize_unsuffixed(n), method))
    }

    /// The handlers of events and shared messages.
    pub fn shared(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter().filter(|method| matches!(method.role, Role::Event | Role::Message))
    }

    /// The arguments that may not be `Send`, each type once; one under conditions is there once for each.
    pub fn doubtful(&self) -> Vec<(&Method, &Arg)> {
        let parameters: Vec<String> =
            self.generics.type_params().map(|param| param.ident.to_string()).collect();
        let mut seen = BTreeSet::new();
        self.calls()
            .filter(|method| !method.broken)
            .flat_map(|method| method.fields().map(move |arg| (method, arg)))
            .filter(|(_, arg)| !known::is_send(&arg.ty, &parameters))
            .filter(|(method, arg)| {
                !method.attrs.cfgs.is_empty() || seen.insert(arg.ty.to_token_stream().to_string())
            })
            .collect()
    }

    /// The type parameters that no variant holds for certain, so that a hidden one has to.
    pub fn unused(&self) -> Vec<Ident> {
        let held = self
            .calls()
            .filter(|method| method.attrs.cfgs.is_empty())
            .flat_map(Method::fields)
            .map(|field| &field.ty);
        unmentioned(&self.generics, held)
    }
}

/// Takes the `#[handler]`s off the methods.
fn take_methods(item: &mut ItemImpl, actor: &Type, errors: &mut Errors) -> Vec<Method> {
    let mut methods = Vec::new();
    for member in &mut item.items {
        let attrs = match member {
            ImplItem::Fn(method) => &mut method.attrs,
            ImplItem::Const(member) => &mut member.attrs,
            ImplItem::Type(member) => &mut member.attrs,
            ImplItem::Macro(member) => &mut member.attrs,
            _ => continue,
        };
        let ours = take(attrs, "handler", errors);
        let Some((first, more)) = ours.split_first() else { continue };
        let ImplItem::Fn(method) = member else {
            errors.at(first, "`#[handler]` marks a method: remove it here");
            continue;
        };
        for second in more {
            errors.at(second, "this method is a handler already: keep one `#[handler]`");
        }
        if let Some((role, at)) = Role::parse(first, errors) {
            methods.push(Method::new(method, role, at, actor));
        }
        method.attrs.extend(odd(method));
    }
    methods
}

/// `#[allow(…)]` for what clippy calls odd about a method, and what makes it a handler: it owns its arguments, and it
/// has a `self` and may be async whether it needs that today or not.
fn odd(method: &ImplItemFn) -> Option<Attribute> {
    let body = method.block.to_token_stream();
    let owns = method.sig.inputs.iter().any(|input| match input {
        FnArg::Typed(arg) => !matches!(ungrouped(&arg.ty), Type::Reference(_)) && !known::is_copy(&arg.ty),
        FnArg::Receiver(_) => false,
    });
    let lints: [(bool, Path); 3] = [
        (owns, parse_quote!(clippy::needless_pass_by_value)),
        (method.sig.asyncness.is_some() && !mentions(&body, "await"), parse_quote!(clippy::unused_async)),
        (!mentions(&body, "self"), parse_quote!(clippy::unused_self)),
    ];
    let lints: Vec<&Path> = lints.iter().filter(|(odd, _)| *odd).map(|(_, lint)| lint).collect();
    (!lints.is_empty()).then(|| parse_quote!(#[allow(#(#lints),*)]))
}

/// Whether a word stands anywhere in `tokens`.
fn mentions(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(&group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}

/// Removes and returns the attributes named `name`.
pub fn take(attrs: &mut Vec<Attribute>, name: &str, errors: &mut Errors) -> Vec<Attribute> {
    for attr in attrs.iter().filter(|attr| is_conditional(attr, name)) {
        errors.at(
            attr,
            format!("`#[{name}]` cannot hide in a `cfg_attr`: write `#[{name}]`, and `#[cfg(…)]` beside it"),
        );
    }
    attrs.retain(|attr| !is_conditional(attr, name));
    let ours = attrs.iter().filter(|attr| is(attr, name)).cloned().collect();
    attrs.retain(|attr| !is(attr, name));
    ours
}

/// The actor that an impl block is about.
fn subject(item: &ItemImpl, errors: &mut Errors) -> Option<(Path, Ident)> {
    let before = errors.count();
    if let Some((path, _)) = &item.trait_ {
        errors.at(
            path,
            format!(
                "handlers are the actor's own methods, not those of a trait: put `#[handlers]` on `impl {}`",
                crate::errors::show(&item.self_ty)
            ),
        );
    }
    for lifetime in item.generics.lifetimes() {
        errors.at(
            lifetime,
            format!(
                "an actor outlives whoever spawns it, so it cannot borrow for `{}`: let it own its state",
                lifetime.lifetime
            ),
        );
    }
    walk::ty(&mut Borrowed(errors), &item.self_ty);
    let found = match (ungrouped(&item.self_ty), last_segment(&item.self_ty)) {
        (Type::Path(path), Some(last)) => Some((path.path.clone(), last.ident.clone())),
        _ => {
            errors.at(
                &item.self_ty,
                "an actor is a struct or an enum: put `#[handlers]` on `impl Counter { … }`",
            );
            None
        }
    };
    found.filter(|_| errors.count() == before)
}

/// Reports what an actor's type borrows for.
struct Borrowed<'e>(&'e mut Errors);

impl Look for Borrowed<'_> {
    fn look(&mut self, met: Met<'_>) -> bool {
        if let Met::Lifetime(lifetime) = met
            && lifetime.ident == "_"
        {
            self.0.at(
                lifetime,
                "an actor outlives whoever spawns it, so it cannot borrow: let it own its state, and remove `'_`",
            );
        }
        true
    }
}

/// As visible as the most visible handler.
fn most_visible(methods: &[Method]) -> Visibility {
    let rank = |vis: &Visibility| match vis {
        Visibility::Public(_) => 3,
        Visibility::Restricted(vis) if vis.path.is_ident("crate") => 2,
        Visibility::Restricted(vis) if vis.path.is_ident("self") => 0,
        Visibility::Restricted(_) => 1,
        Visibility::Inherited => 0,
    };
    let mut most = Visibility::Inherited;
    for method in methods.iter().filter(|method| method.role == Role::Call) {
        if rank(&method.vis) > rank(&most) {
            most = method.vis.clone();
        }
    }
    most
}
