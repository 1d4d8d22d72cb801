//! The rules of a protocol: it says what actors take and answer, and nothing of how they do it.

use syn::ext::IdentExt;
use syn::{FnArg, GenericParam, PathSegment, ReceiverKind, ReturnType, Safety, TraitItem, TraitItemFn, Type};

use super::handlers::{alone, taken};
use super::owned::{self, Place};
use crate::args::handler::is;
use crate::errors::{Errors, show};
use crate::model::method::{ArgKind, Method, Returns, is_named, is_unit, ungrouped};
use crate::model::names::suffixed;
use crate::model::protocol::Protocol;
use crate::walk::{self, Look, Met};

/// Reports every breach and keeps the methods that can be expanded.
pub fn check(model: &mut Protocol, errors: &mut Errors) {
    head(model, errors);
    let mut kept: Vec<Method> = Vec::new();
    for (item, method) in model.written() {
        let before = errors.count();
        match (&item, &method) {
            (TraitItem::Fn(item), Some(method)) => {
                signature(item, errors);
                arguments(method, errors);
                answer(method, errors);
                taken(method, errors);
                alone(method, &kept, errors);
            }
            (item, _) => other(item, errors),
        }
        if let (Some(method), true) = (method, errors.count() == before) {
            kept.push(method);
        }
    }
    model.face.methods = kept;
    names(model, errors);
}

fn head(model: &Protocol, errors: &mut Errors) {
    let item = &model.item;
    let name = model.name();
    if let Some(unsafety) = &item.unsafety {
        errors.at(
            unsafety,
            "a protocol is implemented by the macros, so it is never `unsafe`: remove the word",
        );
    }
    if !item.supertraits.is_empty() {
        let listed: Vec<String> = item.supertraits.iter().map(show).collect();
        errors.at(
            &item.supertraits,
            format!(
                "a protocol stands alone: remove `: {}`; an actor takes part in several by `#[handlers(protocols({name}, …))]`",
                listed.join(" + ")
            ),
        );
    }
    if let Some(clause) = &item.generics.where_clause {
        walk::where_clause(&mut NoSelf(errors), clause);
    }
    if item.items.is_empty() {
        errors.at(
            name,
            format!(
                "`{name}` asks for no handler: give it a method, such as `fn deposit(&self, amount: u64) -> u64;`"
            ),
        );
    }
}

/// The generated names are three different ones.
fn names(model: &mut Protocol, errors: &mut Errors) {
    let message = &model.face.message;
    let whose = if message == model.name() {
        "protocol itself"
    } else if *message == model.reference {
        "protocol's references"
    } else {
        return;
    };
    errors.at(message, format!("`{message}` is the name of the {whose}: give its messages another one"));
    model.face.message = suffixed(&model.face.actor_ident, "Message");
}

fn other(item: &TraitItem, errors: &mut Errors) {
    match item {
        TraitItem::Type(item) => errors.at(
            item.type_token,
            format!(
                "a message has concrete types, so a protocol has no associated ones: make it a parameter, `trait …<{}>`",
                item.ident
            ),
        ),
        TraitItem::Const(item) => errors.at(
            item.const_token,
            format!("a protocol consists of messages: move `{}` out of the trait", item.ident),
        ),
        TraitItem::Macro(item) => errors.at(
            &item.mac.path,
            "`#[protocol]` sees a macro before it is expanded: write the methods out, or wrap the whole trait in the macro",
        ),
        other => errors.at(other, "a protocol consists of methods without a body: remove this"),
    }
}

fn signature(item: &TraitItemFn, errors: &mut Errors) {
    let sig = &item.sig;
    for attr in item.attrs.iter().filter(|attr| is(attr, "handler")) {
        errors.at(attr, "every method of a protocol is one for a handler: remove `#[handler]` here, and write it in the actor");
    }
    if let Some(constness) = &sig.constness {
        errors
            .at(constness, "a handler runs when a message arrives, so it cannot be `const`: remove the word");
    }
    if let Some(asyncness) = &sig.asyncness {
        errors.at(
            asyncness,
            "whether a handler awaits is the actor's own affair, and its asker awaits in any case: remove `async` here",
        );
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.at(
            unsafety,
            "a handler is called by the runtime, which can keep no promise for it: remove `unsafe`",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "a handler is called from Rust only: remove the `extern`");
    }
    if let Some(body) = &item.default {
        errors.at(
            body,
            format!("what `{}` does is said by each actor: write `;` instead of the body", sig.ident),
        );
    }
    receiver(item, errors);
    for param in &sig.generics.params {
        match param {
            GenericParam::Type(param) => errors.at(
                param,
                format!(
                    "a message has one concrete type, so a method of a protocol cannot be generic: move `{0}` to the trait, `trait …<{0}>`, or write the type",
                    param.ident
                ),
            ),
            GenericParam::Const(param) => errors.at(
                param,
                format!(
                    "a message has one concrete type, so a method of a protocol cannot be generic: move `{}` to the trait",
                    param.ident
                ),
            ),
            GenericParam::Lifetime(param) => errors.at(
                param,
                format!(
                    "a message owns what it carries, so a method of a protocol has no lifetime parameters: remove `{}`",
                    param.lifetime
                ),
            ),
        }
    }
    if let Some(clause) = &sig.generics.where_clause {
        errors.at(clause, "a method of a protocol has no conditions of its own: move them to the trait");
    }
}

fn receiver(item: &TraitItemFn, errors: &mut Errors) {
    let sig = &item.sig;
    let Some(FnArg::Receiver(receiver)) = sig.inputs.first() else {
        errors.at_span(
            sig.ident.span(),
            format!("a protocol's methods are called on a reference: write `fn {}(&self, …)`", sig.ident),
        );
        return;
    };
    let plain = matches!(&receiver.kind, ReceiverKind::Reference(_, None, None));
    if !plain {
        errors.at(
            receiver,
            format!(
                "`self` is the reference here and not the actor's state: write `&self` instead of `{}`; the handler may take `&mut self`",
                show(receiver)
            ),
        );
    }
}

fn arguments(method: &Method, errors: &mut Errors) {
    for arg in &method.args {
        for attr in &arg.written.attrs {
            errors.at(
                attr,
                "an argument is part of the message, which is one for everybody: remove the attribute",
            );
        }
        let context = match ungrouped(&arg.written.ty) {
            Type::Reference(reference) => is_named(&reference.elem, "Context"),
            ty => is_named(ty, "Context"),
        };
        if context {
            errors.at(
                &arg.written,
                format!(
                    "the context is the handler's own and no part of the message: remove `{}` here; the handler may take it",
                    show(&arg.written)
                ),
            );
        } else if arg.kind == ArgKind::Reply || is_named(&arg.written.ty, "ReplyTo") {
            let answer = match arg.kind {
                ArgKind::Reply => show(&arg.ty),
                _ => "…".to_owned(),
            };
            errors.at(
                &arg.written,
                format!(
                    "a protocol says what is answered, not how: write `-> {answer}` instead of `{}`; the handler may take a `ReplyTo`",
                    show(&arg.written)
                ),
            );
        } else {
            owned::check(&arg.ty, Place::Argument, errors);
            walk::ty(&mut NoSelf(errors), &arg.written.ty);
        }
    }
}

fn answer(method: &Method, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &method.sig.output else { return };
    if let Returns::Fallible(value) = &method.returns {
        let instead =
            if is_unit(value) { "remove it".to_owned() } else { format!("write `-> {}`", show(value)) };
        errors.at(
            ty,
            format!(
                "an `ActorResult` fails the actor, and its asker is answered the value alone: {instead}; the handler may return `{}`",
                show(ty)
            ),
        );
        return;
    }
    owned::check(ty, Place::Answer, errors);
    if let Type::Never(never) = ungrouped(ty) {
        errors.at(never, "a handler returns, so that the next message can be handled: remove `-> !`");
    }
    walk::ty(&mut NoSelf(errors), ty);
}

/// Many actors take part in a protocol, so there is no one `Self`.
struct NoSelf<'e>(&'e mut Errors);

impl Look for NoSelf<'_> {
    fn look(&mut self, met: Met<'_>) -> bool {
        if let Met::Path(path) = met
            && let Some(PathSegment { ident, .. }) = path.segments.first()
            && ident.unraw() == "Self"
        {
            self.0.at(
                ident,
                "`Self` would be another actor each time: write a type that is the same for all of them",
            );
        }
        true
    }
}
