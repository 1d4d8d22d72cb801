//! One `#[handler]` method: when it is called, what it is given and what it gives back.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericArgument, Ident, ImplItemFn, Meta, Pat, PatType, Path, PathArguments,
    PathSegment, Receiver, ReceiverKind, ReturnType, Signature, Type, TypeParamBound, Visibility,
    parse_quote,
};

use super::names::{located, variant};
use super::{owned, selfless};
use crate::args::handler::Role;

pub struct Method {
    pub role: Role,
    /// Where the user gave the role: the word in the attribute.
    pub role_span: Span,
    pub vis: Visibility,
    pub sig: Signature,
    /// The method's name, in the macro's scope.
    pub ident: Ident,
    pub variant: Ident,
    pub args: Vec<Arg>,
    pub returns: Returns,
    pub attrs: MethodAttrs,
    /// A mistake was reported: it can be asked for, so that its callers are not wrong as well, but is never called.
    pub broken: bool,
}

pub struct Arg {
    /// As the user wrote it.
    pub written: PatType,
    /// The field's and the parameter's name, in the macro's scope.
    pub name: Ident,
    /// As what it travels.
    pub ty: Type,
    pub kind: ArgKind,
}

#[derive(PartialEq, Eq, Clone, Copy)]
pub enum ArgKind {
    /// A field of the message.
    Field,
    /// `impl Into<T>`: a field of type `T`.
    Into,
    /// `&mut Context<Self>`.
    Context,
    /// `ReplyTo<R>`; `ty` is `R`.
    Reply,
}

/// What becomes of a handler's returned value.
pub enum Returns {
    /// Nothing comes back, and the asker gets `()`.
    Unit,
    /// The value is the answer.
    Value(Type),
    /// The user's own `Result`: it is the answer, an `Err` too.
    Result(Type),
    /// `ActorResult<T>`: an `Err` is a failure of the actor.
    Fallible(Type),
    /// The reply was taken by a `ReplyTo<R>` argument.
    Deferred(Type),
}

/// The attributes of a handler that go to what is generated for it.
#[derive(Default)]
pub struct MethodAttrs {
    pub docs: Vec<Attribute>,
    pub cfgs: Vec<Attribute>,
    pub lints: Vec<Attribute>,
    /// `#[deprecated]` and `#[must_use = "…"]`, for the request's method.
    pub request: Vec<Attribute>,
    pub deprecated: bool,
}

impl Method {
    pub fn new(item: &ImplItemFn, role: Role, role_span: Span, actor: &Type) -> Self {
        let args = args(&item.sig, actor);
        let returns = match args.iter().find(|arg| arg.kind == ArgKind::Reply) {
            Some(reply) => Returns::Deferred(reply.ty.clone()),
            None => Returns::new(&item.sig.output, actor),
        };
        Self {
            role,
            role_span,
            vis: item.vis.clone(),
            sig: item.sig.clone(),
            ident: located(&item.sig.ident),
            variant: variant(&item.sig.ident),
            args,
            returns,
            attrs: MethodAttrs::of(&item.attrs, actor),
            broken: false,
        }
    }

    /// The method as it may have been meant: what is borrowed in it is owned, and nobody calls it.
    pub fn mended(mut self) -> Self {
        for arg in &mut self.args {
            arg.ty = owned::in_type(&arg.ty);
        }
        match &mut self.returns {
            Returns::Unit => {}
            Returns::Value(ty) | Returns::Result(ty) | Returns::Fallible(ty) | Returns::Deferred(ty) => {
                *ty = owned::in_type(ty);
            }
        }
        self.broken = true;
        self
    }

    pub fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }

    /// The arguments that are fields of the message.
    pub fn fields(&self) -> impl Iterator<Item = &Arg> {
        self.args.iter().filter(|arg| arg.is_field())
    }

    /// The `&self` of a handler that shares the state with its future, which needs it to be `Sync`.
    pub fn shared_state(&self) -> Option<&Receiver> {
        let receiver = self.sig.receiver().filter(|_| self.is_async())?;
        let shared = match &receiver.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
            ReceiverKind::Typed(_, ty) => {
                matches!(ungrouped(ty), Type::Reference(reference) if reference.mutability.is_none())
            }
            _ => false,
        };
        shared.then_some(receiver)
    }

    /// Where the answer's type is written.
    pub fn answer_span(&self) -> Option<Span> {
        match &self.sig.output {
            ReturnType::Type(_, ty) => Some(ungrouped(ty).span()),
            ReturnType::Default => None,
        }
    }

    pub fn takes(&self, kind: ArgKind) -> bool {
        self.args.iter().any(|arg| arg.kind == kind)
    }
}

impl Arg {
    pub fn is_field(&self) -> bool {
        matches!(self.kind, ArgKind::Field | ArgKind::Into)
    }
}

impl Returns {
    fn new(output: &ReturnType, actor: &Type) -> Self {
        let ReturnType::Type(_, written) = output else { return Self::Unit };
        let ty = selfless::in_type(written, actor);
        if is_unit(&ty) {
            return Self::Unit;
        }
        match last_segment(&ty).map(|last| (last.ident.to_string(), type_args(last))) {
            Some((name, args)) if name == "ActorResult" => {
                Self::Fallible(args.first().map_or_else(|| parse_quote!(()), |ty| (*ty).clone()))
            }
            Some((name, _)) if name == "Result" => Self::Result(ty),
            _ => Self::Value(ty),
        }
    }

    /// The type of the answer.
    pub fn reply(&self) -> Type {
        match self {
            Self::Unit => parse_quote!(()),
            Self::Value(ty) | Self::Result(ty) | Self::Fallible(ty) | Self::Deferred(ty) => ty.clone(),
        }
    }
}

fn args(sig: &Signature, actor: &Type) -> Vec<Arg> {
    let written = || {
        sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(written) => Some(written),
            FnArg::Receiver(_) => None,
        })
    };
    let taken: Vec<String> = written().filter_map(|arg| Some(own_name(arg)?.to_string())).collect();
    let mut position = 0;
    written()
        .map(|written| {
            let (kind, ty) = classify(&written.ty);
            let name = own_name(written).map_or_else(|| name_by_place(position, &taken, written), located);
            let arg = Arg { written: written.clone(), name, ty: selfless::in_type(&ty, actor), kind };
            position += usize::from(arg.is_field());
            arg
        })
        .collect()
}

/// The name of an argument that is one: `by` and `mut by`, but neither `_` nor `(a, b)`.
fn own_name(written: &PatType) -> Option<&Ident> {
    match &*written.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(&pat.ident),
        _ => None,
    }
}

/// `arg0`, or `arg0_` where the user has an `arg0` of another place.
fn name_by_place(position: usize, taken: &[String], written: &PatType) -> Ident {
    let mut name = format!("arg{position}");
    while taken.contains(&name) {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site().located_at(written.pat.span()))
}

fn classify(ty: &Type) -> (ArgKind, Type) {
    if let Type::Reference(reference) = ty
        && reference.mutability.is_some()
        && is_named(&reference.elem, "Context")
    {
        return (ArgKind::Context, ty.clone());
    }
    if let Some(last) = last_segment(ty)
        && last.ident == "ReplyTo"
        && let [reply] = type_args(last).as_slice()
    {
        return (ArgKind::Reply, (*reply).clone());
    }
    if let Some(into) = into_target(ty) {
        return (ArgKind::Into, into);
    }
    (ArgKind::Field, ty.clone())
}

/// The `T` of `impl Into<T>`.
fn into_target(ty: &Type) -> Option<Type> {
    let Type::ImplTrait(ty) = ungrouped(ty) else { return None };
    let mut bounds = ty.bounds.iter();
    let (Some(TypeParamBound::Trait(bound)), None) = (bounds.next(), bounds.next()) else { return None };
    let last = bound.path.segments.last().filter(|last| last.ident == "Into")?;
    match type_args(last).as_slice() {
        [target] => Some((*target).clone()),
        _ => None,
    }
}

impl MethodAttrs {
    /// The attributes of an item that concern what is generated for it; `Self` in a doc link is `actor`.
    pub fn of(attrs: &[Attribute], actor: &Type) -> Self {
        let mut sorted = Self::default();
        for attr in attrs {
            let path = attr.path();
            if path.is_ident("doc") {
                sorted.docs.push(unselfed_doc(attr, actor));
            } else if path.is_ident("cfg") {
                sorted.cfgs.push(attr.clone());
            } else if path.is_ident("allow") {
                sorted.lints.push(attr.clone());
            } else if path.is_ident("expect") {
                sorted.lints.extend(as_allow(attr));
            } else if path.is_ident("deprecated") {
                sorted.deprecated = true;
                sorted.request.push(attr.clone());
            } else if path.is_ident("must_use") && !matches!(attr.meta, Meta::Path(_)) {
                // A bare one says what `Request` says already.
                sorted.request.push(attr.clone());
            }
        }
        sorted
    }

    /// What the `#[cfg(…)]`s say, to be negated.
    pub fn conditions(&self) -> Vec<TokenStream> {
        self.cfgs
            .iter()
            .filter_map(|cfg| match &cfg.meta {
                Meta::List(list) => Some(list.tokens.clone()),
                _ => None,
            })
            .collect()
    }
}

/// An expectation belongs to one place; elsewhere the same lint is only allowed.
fn as_allow(attr: &Attribute) -> Option<Attribute> {
    let Meta::List(list) = &attr.meta else { return None };
    let lints = &list.tokens;
    Some(parse_quote!(#[allow(#lints)]))
}

/// ``[`Self::value`]`` means the actor's method, wherever the text is copied to.
fn unselfed_doc(attr: &Attribute, actor: &Type) -> Attribute {
    let text = match &attr.meta {
        Meta::NameValue(meta) => match &meta.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => text,
            _ => return attr.clone(),
        },
        _ => return attr.clone(),
    };
    let (value, Some(actor)) = (text.value(), last_segment(actor)) else { return attr.clone() };
    if !value.contains("Self") {
        return attr.clone();
    }
    let mut value = value;
    for open in ["[`", "[", "(", "(`"] {
        value = value.replace(&format!("{open}Self::"), &format!("{open}{}::", actor.ident));
    }
    value = value.replace("[`Self`]", &format!("[`{}`]", actor.ident));
    let text = syn::LitStr::new(&value, text.span());
    parse_quote!(#[doc = #text])
}

/// A type without the invisible group of a `macro_rules!` variable and without parentheses.
pub fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        _ => ty,
    }
}

pub fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ungrouped(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// Whether a type's last path segment is `name`.
pub fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|last| last.ident == name)
}

pub fn is_unit(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// The type arguments of `Children<Session, CustomerId>`.
pub fn type_args(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(args) = &segment.arguments else { return Vec::new() };
    args.args
        .iter()
        .filter_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

/// A path without generic arguments, as text: `bank::Ledger`.
pub fn plain_path(path: &Path) -> String {
    let lead = if path.leading_colon.is_some() { "::" } else { "" };
    let names: Vec<String> =
        path.segments.iter().map(|segment| segment.ident.to_token_stream().to_string()).collect();
    format!("{lead}{}", names.join("::"))
}
