//! What every handler must look like, whatever it is called for.

use syn::spanned::Spanned;
use syn::{FnArg, GenericParam, Receiver, ReceiverKind, ReturnType, Safety, Type};

use super::owned::{self, Place};
use crate::args::handler::Role;
use crate::errors::{Errors, show};
use crate::model::method::{ArgKind, Method, Returns, is_named, is_unit, type_args, ungrouped};

/// Reports what is wrong with a handler's signature.
pub fn check(method: &Method, errors: &mut Errors) {
    qualifiers(method, errors);
    receiver(method, errors);
    generics(method, errors);
    arguments(method, errors);
    if matches!(method.role, Role::Call | Role::Message) {
        answer(method, errors);
    }
}

fn qualifiers(method: &Method, errors: &mut Errors) {
    let sig = &method.sig;
    if let Some(constness) = &sig.constness {
        errors
            .at(constness, "a handler runs when a message arrives, so it cannot be `const`: remove the word");
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.at(
            unsafety,
            "a handler is called by the runtime, which can keep no promise for it: make it safe, with the `unsafe` block inside",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, "a handler is called from Rust only: remove the `extern`");
    }
}

fn receiver(method: &Method, errors: &mut Errors) {
    let sig = &method.sig;
    let Some(FnArg::Receiver(receiver)) = sig.inputs.first() else {
        errors.at_span(
            sig.ident.span(),
            format!(
                "a handler works on the actor's state: give `{}` a `&mut self` or `&self`, or remove its `#[handler]`",
                sig.ident
            ),
        );
        return;
    };
    match &receiver.kind {
        ReceiverKind::Reference(..) => {}
        ReceiverKind::Value => errors.at(
            receiver,
            "a handler borrows the actor, which lives on after it: take `&mut self` or `&self` instead of `self`",
        ),
        ReceiverKind::Typed(_, ty) if borrows_self(ty) => {}
        _ => errors.at(
            receiver,
            format!(
                "a handler borrows the actor where it is: take `&mut self` or `&self` instead of `{}`",
                written(receiver)
            ),
        ),
    }
}

fn borrows_self(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Reference(reference) if is_named(&reference.elem, "Self"))
}

fn written(receiver: &Receiver) -> String {
    show(receiver)
}

fn generics(method: &Method, errors: &mut Errors) {
    for param in &method.sig.generics.params {
        match param {
            GenericParam::Type(param) => errors.at(
                param,
                format!(
                    "a message has one concrete type, so a handler cannot be generic: move `{0}` to the impl, `impl<{0}> …`, or write the type",
                    param.ident
                ),
            ),
            GenericParam::Const(param) => errors.at(
                param,
                format!(
                    "a message has one concrete type, so a handler cannot be generic: move `{}` to the impl",
                    param.ident
                ),
            ),
            GenericParam::Lifetime(param) => errors.at(
                param,
                format!(
                    "a message owns what it carries, so a handler has no lifetime parameters: remove `{}`",
                    param.lifetime
                ),
            ),
        }
    }
}

fn arguments(method: &Method, errors: &mut Errors) {
    let mut seen = [None, None];
    for arg in &method.args {
        for attr in &arg.written.attrs {
            if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
                errors.at(
                    attr,
                    "an argument is part of the message, which is one for everybody: put the `#[cfg(…)]` on the handler",
                );
            }
        }
        let slot = match arg.kind {
            ArgKind::Context => 0,
            ArgKind::Reply => 1,
            ArgKind::Field | ArgKind::Into => continue,
        };
        if seen[slot].replace(()).is_some() {
            let message = match arg.kind {
                ArgKind::Context => "the context is given once: remove the second one",
                _ => "a message has one answer: remove the second `ReplyTo`",
            };
            errors.at(&arg.written, message);
        }
    }
    if !matches!(method.role, Role::Call | Role::Message | Role::Event) {
        return;
    }
    for arg in &method.args {
        let named_context =
            matches!(&*arg.written.ty, Type::Reference(reference) if is_named(&reference.elem, "Context"));
        if (arg.kind == ArgKind::Field && named_context) || is_named(&arg.written.ty, "Context") {
            errors.at(
                &arg.written.ty,
                format!(
                    "the context is lent for writing: take `&mut Context<Self>` instead of `{}`",
                    show(&arg.written.ty)
                ),
            );
        } else if arg.kind == ArgKind::Field && is_named(&arg.written.ty, "ReplyTo") {
            errors.at(
                &arg.written.ty,
                "`ReplyTo` needs the type of the answer: write `ReplyTo<u64>`, with the type that is answered",
            );
        } else if arg.is_field() || arg.kind == ArgKind::Reply {
            owned::check(&arg.ty, Place::Argument, errors);
        }
    }
}

/// The rules for what comes back to an asker.
fn answer(method: &Method, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &method.sig.output else { return };
    if let Returns::Deferred(reply) = &method.returns {
        if !is_unit(ty) {
            errors.at(
                ty,
                format!(
                    "the answer is given through the `ReplyTo<{0}>`, so nothing is returned: remove `-> {1}`, or the `ReplyTo`",
                    show(reply),
                    show(ty)
                ),
            );
        }
        return;
    }
    owned::check(ty, Place::Answer, errors);
    if let Type::Never(never) = ungrouped(ty) {
        errors.at(never, "a handler returns, so that the next message can be handled: remove `-> !`");
    }
}

/// What an event, a timer or a lifecycle handler may return, for the message.
pub fn returns_nothing(method: &Method, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &method.sig.output else { return };
    let fine = match &method.returns {
        Returns::Unit => true,
        Returns::Fallible(value) => is_unit(value),
        Returns::Result(result) => match crate::model::method::last_segment(result) {
            Some(last) => type_args(last).first().is_none_or(|value| is_unit(value)),
            None => true,
        },
        Returns::Value(_) | Returns::Deferred(_) => false,
    };
    if !fine {
        errors.at_span(
            ty.span(),
            format!(
                "nobody waits for what {} returns: return nothing or `ActorResult<()>` instead of `{}`",
                method.role.named(),
                show(ty)
            ),
        );
    }
}
