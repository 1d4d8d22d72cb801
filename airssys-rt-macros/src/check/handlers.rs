//! The rules between the handlers of one actor. A handler that breaches one is left out of the model.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::Type;
use syn::ext::IdentExt;

use super::{owned, roles, signature};
use crate::args::handler::Role;
use crate::errors::{Errors, show};
use crate::model::handlers::Handlers;
use crate::model::method::{Method, ungrouped};
use crate::model::names::suffixed;
use crate::model::owned::in_type;

/// Names that every address has, so that a handler of that name could not be called through one.
const TAKEN: [&str; 25] = [
    "tell",
    "try_tell",
    "ask",
    "pid",
    "process",
    "stop",
    "drain",
    "kill",
    "monitor",
    "downgrade",
    "upgrade",
    "recipient",
    "detach",
    "all",
    "clone",
    "clone_from",
    "into",
    "try_into",
    "from",
    "try_from",
    "borrow",
    "borrow_mut",
    "type_id",
    "to_owned",
    "clone_into",
];

/// Reports every breach and keeps the handlers that can be expanded.
pub fn check(model: &mut Handlers, errors: &mut Errors) {
    let mut kept: Vec<Method> = Vec::new();
    for method in std::mem::take(&mut model.methods) {
        let before = errors.count();
        signature::check(&method, errors);
        roles::check(&method, errors);
        taken(&method, errors);
        alone(&method, &kept, errors);
        if errors.count() == before {
            // A name that two arguments have is reported by the compiler, once, if nothing is made of it.
            if !names_one_thing_twice(&method) {
                kept.push(method);
            }
            continue;
        }
        if method.role == Role::Call {
            // A handler that is left out is not missing as well.
            model.protocols.clear();
        }
        if can_be_asked_for(&method, &kept) {
            kept.push(method.mended());
        }
    }
    model.methods = kept;
    if model.message == model.actor_ident {
        errors.at(
            &model.message,
            format!("`{}` is the actor's own name: give its messages another one", model.message),
        );
        model.message = suffixed(&model.actor_ident, "Message");
    } else if model.message == model.api {
        errors.at(
            &model.message,
            format!(
                "`{}` is the trait of the requests: give the messages another name, such as `{}`",
                model.api,
                suffixed(&model.actor_ident, "Command")
            ),
        );
        model.message = suffixed(&model.actor_ident, "Message");
    }
}

fn names_one_thing_twice(method: &Method) -> bool {
    let mut names = BTreeSet::new();
    !method.args.iter().all(|arg| names.insert(arg.name.to_string()))
}

/// Whether a handler with a mistake still has a request that its callers may have meant.
fn can_be_asked_for(method: &Method, others: &[Method]) -> bool {
    let named = !TAKEN.contains(&method.sig.ident.unraw().to_string().as_str())
        && others.iter().all(|other| other.role != Role::Call || other.variant != method.variant);
    let generic = !method.sig.generics.params.is_empty();
    let types = method.fields().map(|arg| &arg.ty);
    let answer = method.returns.reply();
    let travels = |ty: &Type| owned::travels(&in_type(ty)) && !matches!(ungrouped(ty), Type::Never(_));
    method.role == Role::Call
        && named
        && !generic
        && !names_one_thing_twice(method)
        && types.chain([&answer]).all(travels)
}

pub fn taken(method: &Method, errors: &mut Errors) {
    let name = method.sig.ident.unraw().to_string();
    if method.role == Role::Call && TAKEN.contains(&name.as_str()) {
        let list: Vec<String> = TAKEN.iter().map(|name| format!("`{name}`")).collect();
        errors.at(
            &method.sig.ident,
            format!(
                "every address has a method `{name}` already: give the handler another name (taken are {})",
                list.join(", ")
            ),
        );
    }
}

/// No other handler stands in this one's place.
pub fn alone(method: &Method, others: &[Method], errors: &mut Errors) {
    match method.role {
        Role::Call => {
            let twin = others.iter().find(|other| {
                other.role == Role::Call && other.variant == method.variant && !apart(method, other)
            });
            if let Some(twin) = twin {
                errors.at(
                    &method.sig.ident,
                    format!(
                        "`{}` and `{}` would both be the message `{}`: rename one of them",
                        twin.sig.ident, method.sig.ident, method.variant
                    ),
                );
            }
        }
        Role::Start | Role::Stop | Role::Error | Role::Down | Role::Exit => {
            if let Some(first) =
                others.iter().find(|other| other.role == method.role && !apart(method, other))
            {
                errors.at_span(
                    method.role_span,
                    format!(
                        "an actor has one `{}` handler, and `{}` is it already: join the two",
                        method.role.word(),
                        first.sig.ident
                    ),
                );
            }
        }
        Role::Event | Role::Message => {
            let ty =
                |method: &Method| method.fields().next().map(|field| field.ty.to_token_stream().to_string());
            let twin = others.iter().find(|other| {
                matches!(other.role, Role::Event | Role::Message)
                    && ty(other) == ty(method)
                    && !apart(method, other)
            });
            if let (Some(twin), Some(field)) = (twin, method.fields().next()) {
                errors.at(
                    &field.written.ty,
                    format!(
                        "`{}` handles `{}` already, and an actor has one handler for each type: join the two",
                        twin.sig.ident,
                        show(&field.written.ty)
                    ),
                );
            }
        }
        Role::Every(_) | Role::After(_) => {}
    }
}

/// Two handlers under conditions may never be there together; the compiler sees it if they are.
fn apart(one: &Method, other: &Method) -> bool {
    !one.attrs.cfgs.is_empty() && !other.attrs.cfgs.is_empty()
}
