//! The options of `#[actor]`: how the actor is run.

use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, Lit, Path};

use super::Options;
use super::value::{number, word};
use crate::errors::{Errors, show};

/// `#[actor(mailbox(capacity, backpressure), inline, blocking, crate)]`
#[derive(Default)]
pub struct ActorArgs {
    pub capacity: Option<Capacity>,
    pub backpressure: Option<Backpressure>,
    pub inline: Option<bool>,
    pub blocking: Option<bool>,
    pub krate: Option<Path>,
}

#[derive(Clone, Copy)]
pub enum Capacity {
    Unbounded,
    Messages(u64),
}

#[derive(Clone, Copy)]
pub enum Backpressure {
    Block,
    Drop,
    DropOldest,
}

const BACKPRESSURE: [(&str, Backpressure); 3] =
    [("block", Backpressure::Block), ("drop", Backpressure::Drop), ("drop_oldest", Backpressure::DropOldest)];

impl ActorArgs {
    pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options =
            Options::parse("`#[actor]`", &["mailbox", "inline", "blocking", "crate"], tokens, errors);
        let mut args = Self::default();
        if let Some((_, mut mailbox)) = options.group("mailbox", &["capacity", "backpressure"], errors) {
            args.capacity = mailbox.value("capacity", "256", errors).and_then(|expr| capacity(&expr, errors));
            args.backpressure = mailbox.word("backpressure", &BACKPRESSURE, errors);
        }
        let inline = options.flag("inline", errors);
        args.blocking = options.flag("blocking", errors).map(|(_, yes)| yes);
        if let (Some((name, true)), Some(true)) = (&inline, args.blocking) {
            errors.at(
                name,
                "a handler that may block never runs on the asker's turn: take `inline` or `blocking` out",
            );
        }
        args.inline = inline.map(|(_, yes)| yes);
        args.krate = options.path("crate", errors);
        args
    }
}

fn capacity(expr: &Expr, errors: &mut Errors) -> Option<Capacity> {
    match word(expr) {
        Some(word) if word == "unbounded" => return Some(Capacity::Unbounded),
        Some(word) => {
            errors.at(expr, format!("`capacity` is a number of messages or `\"unbounded\"`, not `{word}`: write `capacity = 256`"));
            return None;
        }
        None => {}
    }
    if !matches!(super::value::bare(expr), Expr::Lit(_)) {
        errors.at(
            expr,
            format!(
                "`capacity` is a number of messages or `\"unbounded\"`, not `{}`: write `capacity = 256`",
                show(expr)
            ),
        );
        return None;
    }
    if matches!(super::value::bare(expr), Expr::Lit(ExprLit { lit: Lit::Float(_) | Lit::Bool(_), .. })) {
        errors.at(
            expr,
            format!(
                "`capacity` is a number of messages or `\"unbounded\"`, not `{}`: write `capacity = 256`",
                show(expr)
            ),
        );
        return None;
    }
    match number("capacity", expr, 1, u64::from(u32::MAX - 1)) {
        Ok(messages) => Some(Capacity::Messages(messages)),
        Err(message) => {
            errors.at(expr, message + ", or `\"unbounded\"`");
            None
        }
    }
}
