//! The rules of a supervisor: what a child may be told, and which names its start may use.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprClosure, Type};

use crate::args::child::Restart;
use crate::args::supervisor::AutoShutdown;
use crate::args::value::bare;
use crate::errors::{Errors, show};
use crate::model::mentions::Mention;
use crate::model::method::{is_unit, ungrouped};
use crate::model::supervisor::{Child, Field, Kind, Supervisor};

/// Reports every breach; nothing is generated for a child that has one.
pub fn check(model: &mut Supervisor, errors: &mut Errors) {
    let before = errors.count();
    let broken: Vec<bool> = model.fields.iter().map(|field| breaches(model, field, errors)).collect();
    for (field, broken) in model.fields.iter_mut().zip(broken) {
        if let Some(child) = &mut field.child {
            child.broken = broken;
        }
    }
    if errors.count() == before && model.children().next().is_none() {
        errors.at(
            &model.ident,
            format!(
                "`{}` has no child to supervise: mark a field with `#[child]`, such as `#[child(start = Worker::new())] worker: ActorRef<Worker>`",
                model.ident
            ),
        );
    }
}

/// Reports what is wrong with one child, and whether anything is.
fn breaches(model: &Supervisor, field: &Field, errors: &mut Errors) -> bool {
    let before = errors.count();
    let Some(child) = &field.child else { return false };
    let wrong = child.args.wrong;
    order(model, field, &child.mentions, errors);
    order(model, field, &child.amount_mentions, errors);
    let Some(kind) = &child.kind else {
        errors.at(
            &field.ty,
            format!(
                "a child is an `ActorRef<T>`, a `Pool<T>`, a `Supervised<T>` or `Children<T, Arg>`, not `{}`: write one of the four, or remove `#[child]` to make the field an argument",
                show(&field.ty)
            ),
        );
        return true;
    };
    amounts(field, child, kind, errors);
    significance(model, child, kind, errors);
    start(field, child, kind, errors);
    wrong || errors.count() > before
}

/// A child's start may use what is there when it starts: the plain fields and the children above it.
fn order(model: &Supervisor, field: &Field, mentions: &[Mention], errors: &mut Errors) {
    let place = |name: &proc_macro2::Ident| model.fields.iter().position(|other| other.ident == *name);
    let own = place(&field.ident);
    for mention in mentions {
        let Some(at) = place(&mention.ident) else { continue };
        if model.fields[at].child.is_none() || Some(at) < own {
            continue;
        }
        let (this, that) = (&field.ident, &mention.ident);
        if Some(at) == own {
            errors.at(
                that,
                format!(
                    "`{this}` is not there yet while it starts: a child can use only plain fields and the children above it; take its own address inside the actor, from `ctx.this()`"
                ),
            );
        } else {
            errors.at(
                that,
                format!(
                    "`{that}` is started after `{this}`: a child can use only plain fields and the children above it; move the field `{that}` above `{this}`"
                ),
            );
        }
    }
}

fn amounts(field: &Field, child: &Child, kind: &Kind, errors: &mut Errors) {
    let args = &child.args;
    match (kind, &args.count) {
        (Kind::Pool(actor), None) if !args.wrong => errors.at(
            &field.ty,
            format!("a pool has a size: write `#[child(count = 4)]` for four of `{}`", show(actor)),
        ),
        (Kind::Pool(_), _) | (_, None) => {}
        (_, Some((name, _))) => errors.at(
            name,
            format!(
                "`count` is the size of a `Pool`, and this is {}: {}",
                article(kind),
                instead_of_count(kind)
            ),
        ),
    }
    if let (false, Some((name, _))) = (matches!(kind, Kind::Dynamic(..)), &args.max) {
        let remedy = if matches!(kind, Kind::Pool(_)) { "write `count` instead" } else { "remove it" };
        errors.at(
            name,
            format!("`max` limits how many `Children` there can be, and this is {}: {remedy}", article(kind)),
        );
    }
}

fn article(kind: &Kind) -> String {
    let article = match kind {
        Kind::Actor(_) => "an ",
        Kind::Pool(_) | Kind::Supervisor(_) => "a ",
        Kind::Dynamic(..) => "",
    };
    format!("{article}`{}`", kind.word())
}

fn instead_of_count(kind: &Kind) -> String {
    match kind {
        Kind::Actor(actor) => format!("make it a `Pool<{}>`, or remove `count`", show(actor)),
        Kind::Dynamic(..) => "write `max` to limit their number".to_owned(),
        _ => "remove it".to_owned(),
    }
}

fn significance(model: &Supervisor, child: &Child, kind: &Kind, errors: &mut Errors) {
    let Some((name, true)) = &child.args.significant else { return };
    if matches!(kind, Kind::Dynamic(..)) {
        errors.at(name, "`Children` come and go, so none of them is significant: remove the word");
    } else if matches!(child.args.restart, None | Some(Restart::Permanent)) {
        errors.at(
            name,
            "a permanent child is always started again, so its end is never significant: add `restart = \"transient\"` or `\"temporary\"`",
        );
    }
    if matches!(model.args.auto_shutdown, None | Some(AutoShutdown::Never)) {
        errors.at(
            name,
            "`significant` means something only to a supervisor that shuts itself down: add `auto_shutdown = \"any_significant\"` or `\"all_significant\"` to `#[supervisor]`",
        );
    }
}

fn start(field: &Field, child: &Child, kind: &Kind, errors: &mut Errors) {
    let start = child.args.start.as_ref().map(bare);
    match (kind, start) {
        (Kind::Dynamic(actor, arg), Some(Expr::Closure(closure))) => parameters(closure, actor, arg, errors),
        (Kind::Dynamic(actor, arg), Some(other)) => errors.at(
            other,
            format!("`Children` are started at run time, each with its argument: write `start = {}`", example(actor, arg)),
        ),
        (Kind::Dynamic(actor, arg), None) if !is_unit(arg) => errors.at(
            &field.ty,
            format!(
                "`Children` with an argument have to be told how to start: write `#[child(start = {})]`",
                example(actor, arg)
            ),
        ),
        (_, Some(Expr::Closure(closure))) => errors.at(
            head(closure),
            format!(
                "`start` is an expression that is evaluated anew for every incarnation: write `start = {}`, without the closure",
                show(&closure.body)
            ),
        ),
        _ => {}
    }
}

fn example(actor: &Type, arg: &Type) -> String {
    match ungrouped(arg) {
        arg if is_unit(arg) => format!("|| {}::new()", show(actor)),
        arg => format!("|arg: {}| {}::new(arg)", show(arg), show(actor)),
    }
}

/// `|a, b|`
fn head(closure: &ExprClosure) -> TokenStream {
    let ExprClosure { inputs_begin, inputs, inputs_end, .. } = closure;
    quote!(#inputs_begin #inputs #inputs_end)
}

/// As many parameters as the `Arg` of `Children<T, Arg>` has parts.
fn parameters(closure: &ExprClosure, actor: &Type, arg: &Type, errors: &mut Errors) {
    let count = closure.inputs.len();
    let parts = match ungrouped(arg) {
        Type::Tuple(tuple) => tuple.elems.len(),
        _ => 1,
    };
    // One parameter takes the whole argument, tuple or not.
    if count == parts || (count == 1 && parts != 0) {
        return;
    }
    errors.at(
        head(closure),
        format!(
            "this closure takes {count} argument{}, and the field's type says `{}`: write `Children<{}, {}>`, or another closure",
            if count == 1 { "" } else { "s" },
            show(arg),
            show(actor),
            match count {
                0 => "()".to_owned(),
                1 => "_".to_owned(),
                _ => format!("({})", vec!["_"; count].join(", ")),
            }
        ),
    );
}
