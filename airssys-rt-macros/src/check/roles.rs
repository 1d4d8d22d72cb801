//! What a handler of each role is given and gives back.

use syn::spanned::Spanned;
use syn::{ReturnType, Type};

use super::owned::span;
use super::signature::returns_nothing;
use crate::args::handler::Role;
use crate::errors::{Errors, show};
use crate::model::method::{Arg, ArgKind, Method, is_named, ungrouped};

/// Reports what is wrong with a handler for what it is called for.
pub fn check(method: &Method, errors: &mut Errors) {
    match method.role {
        Role::Call => {}
        Role::Message => message(method, errors),
        Role::Start => {
            arguments(method, None, errors);
            returns_nothing(method, errors);
        }
        Role::Stop => {
            arguments(
                method,
                Some(Given { ty: "ExitReason", by_ref: None, required: false, name: "reason" }),
                errors,
            );
            returns_nothing(method, errors);
        }
        Role::Error => {
            let given = Given { ty: "ActorError", by_ref: Some(true), required: true, name: "error" };
            arguments(method, Some(given), errors);
            decides(method, errors);
        }
        Role::Down => {
            let given = Given { ty: "Down", by_ref: Some(false), required: true, name: "down" };
            arguments(method, Some(given), errors);
            returns_nothing(method, errors);
        }
        Role::Exit => {
            let given = Given { ty: "Exit", by_ref: Some(false), required: true, name: "exit" };
            arguments(method, Some(given), errors);
            returns_nothing(method, errors);
        }
        Role::Event => {
            one_field(method, "event", errors);
            no_reply(method, errors);
            returns_nothing(method, errors);
        }
        Role::Every(_) | Role::After(_) => {
            arguments(method, None, errors);
            returns_nothing(method, errors);
        }
    }
}

/// The one argument, besides the context, that a lifecycle handler is called with.
struct Given {
    ty: &'static str,
    by_ref: Option<bool>,
    required: bool,
    name: &'static str,
}

impl Given {
    fn written(&self) -> String {
        let sign = if self.by_ref == Some(true) { "&" } else { "" };
        format!("{}: {sign}{}", self.name, self.ty)
    }

    fn is(&self, ty: &Type) -> bool {
        match ungrouped(ty) {
            Type::Reference(reference) => {
                self.by_ref != Some(false)
                    && reference.mutability.is_none()
                    && is_named(&reference.elem, self.ty)
            }
            ty => self.by_ref != Some(true) && is_named(ty, self.ty),
        }
    }
}

/// Each argument is the context or, once, what is given.
fn arguments(method: &Method, given: Option<Given>, errors: &mut Errors) {
    let mut found = false;
    for arg in &method.args {
        if arg.kind == ArgKind::Context {
            continue;
        }
        match &given {
            Some(given) if !found && given.is(&arg.written.ty) => found = true,
            Some(given) => {
                // A wrong one in the right place is one mistake, not two.
                found = true;
                errors.at(
                    &arg.written,
                    format!(
                        "`{}` is not what {} is called with: take {}`{}`, and `ctx: &mut Context<Self>` where it is needed",
                        show(&arg.written),
                        method.role.named(),
                        if given.required { "" } else { "nothing, or " },
                        given.written(),
                    ),
                );
            }
            None => errors.at(&arg.written, too_much(method, arg)),
        }
    }
    if let Some(given) = given
        && given.required
        && !found
    {
        errors.at_span(
            method.sig.ident.span(),
            format!(
                "{} is called with what happened: add the argument `{}`",
                method.role.named(),
                given.written()
            ),
        );
    }
}

fn too_much(method: &Method, arg: &Arg) -> String {
    let what = match method.role {
        Role::Every(_) | Role::After(_) => "is called by a timer",
        _ => "is called by the runtime",
    };
    format!(
        "{} {what}, which has no `{}` to give: take only `ctx: &mut Context<Self>`, and keep the rest in the actor's fields",
        method.role.named(),
        show(&arg.written)
    )
}

fn decides(method: &Method, errors: &mut Errors) {
    let at = match &method.sig.output {
        ReturnType::Type(_, ty) if is_named(ty, "ErrorAction") => return,
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => method.sig.ident.span(),
    };
    errors.at_span(
        at,
        "an `error` handler decides what happens next: return `ErrorAction` (`Resume`, `Restart`, `Stop` or `Escalate`)",
    );
}

/// `#[handler(message)]` takes one message, and perhaps its `ReplyTo`.
fn message(method: &Method, errors: &mut Errors) {
    one_field(method, "message", errors);
}

fn one_field(method: &Method, noun: &str, errors: &mut Errors) {
    let mut fields = method.fields();
    if fields.next().is_none() {
        errors.at_span(
            method.sig.ident.span(),
            format!("{} handles one {noun}: add it as an argument, `{noun}: Tick`", method.role.named()),
        );
    }
    for more in fields {
        errors.at(
            &more.written,
            format!(
                "{} handles one {noun}, and `{}` is a second one: put both in a struct, or use a plain `#[handler]`",
                method.role.named(),
                show(&more.written.pat)
            ),
        );
    }
}

fn no_reply(method: &Method, errors: &mut Errors) {
    for arg in method.args.iter().filter(|arg| arg.kind == ArgKind::Reply) {
        errors.at_span(
            span(&arg.written.ty),
            "whoever publishes an event waits for no answer: remove the `ReplyTo`, or make it a `#[handler(message)]`",
        );
    }
}
