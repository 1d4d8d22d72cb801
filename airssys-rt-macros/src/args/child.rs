//! The options of `#[child]`: how one child is started, ended and started again.

use std::time::Duration;

use syn::{Attribute, Expr, ExprUnary, Ident, Meta, UnOp};

use super::Options;
use super::value::{bare, number, word};
use crate::errors::{Errors, show};

/// `#[child(start, restart, shutdown, start_timeout, name, count, max, significant)]`
#[derive(Default)]
pub struct ChildArgs {
    pub start: Option<Expr>,
    pub restart: Option<Restart>,
    pub shutdown: Option<Shutdown>,
    pub start_timeout: Option<Duration>,
    pub name: Option<String>,
    pub count: Option<(Ident, Expr)>,
    pub max: Option<(Ident, Expr)>,
    pub significant: Option<(Ident, bool)>,
    /// Whether what makes the child what it is was wrong.
    pub wrong: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    Permanent,
    Transient,
    Temporary,
}

#[derive(Clone, Copy)]
pub enum Shutdown {
    After(Duration),
    Kill,
    Wait,
}

const RESTART: [(&str, Restart); 3] =
    [("permanent", Restart::Permanent), ("transient", Restart::Transient), ("temporary", Restart::Temporary)];

const KNOWN: [&str; 8] =
    ["start", "restart", "shutdown", "start_timeout", "name", "count", "max", "significant"];

impl ChildArgs {
    pub fn parse(attr: &Attribute, errors: &mut Errors) -> Self {
        let mut options = match &attr.meta {
            Meta::Path(_) => Options::none(),
            Meta::List(list) => Options::parse("`#[child]`", &KNOWN, list.tokens.clone(), errors),
            Meta::NameValue(meta) => {
                errors.at(meta, "`#[child]` takes its options in parentheses: write `#[child(start = …)]`");
                return Self { wrong: true, ..Self::default() };
            }
        };
        let before = errors.count();
        let start = options.value("start", "Worker::new()", errors);
        let count = amount(&mut options, "count", "4", errors);
        let max = amount(&mut options, "max", "10_000", errors);
        Self {
            wrong: errors.count() > before || options.strange,
            start,
            count,
            max,
            restart: options.word("restart", &RESTART, errors),
            shutdown: shutdown(&mut options, errors),
            start_timeout: options.duration("start_timeout", errors).map(|(limit, _)| limit),
            name: name(&mut options, errors),
            significant: options.flag("significant", errors),
        }
    }
}

/// `"5s"`, `"kill"` or `"wait"`: a duration unless it is one of the two words.
fn shutdown(options: &mut Options, errors: &mut Errors) -> Option<Shutdown> {
    let (_, value) = options.peek("shutdown")?;
    if let super::Value::Is(expr) = value {
        match word(expr).as_deref() {
            Some("kill") => {
                options.take("shutdown");
                return Some(Shutdown::Kill);
            }
            Some("wait") => {
                options.take("shutdown");
                return Some(Shutdown::Wait);
            }
            Some(other) if !other.trim_start().starts_with(|first: char| first.is_ascii_digit()) => {
                let message = match super::suggest::nearest(other, &["kill", "wait"]) {
                    Some(near) => format!("`shutdown` cannot be `{other}`: did you mean `{near}`?"),
                    None => {
                        format!(
                            "`shutdown` cannot be `{other}`: write a duration such as \"5s\", or `kill` or `wait`"
                        )
                    }
                };
                errors.at(expr, message);
                options.take("shutdown");
                return None;
            }
            _ => {}
        }
    }
    options
        .duration_unless("shutdown", "write `shutdown = \"kill\"` for a child that gets none", errors)
        .map(|(limit, _)| Shutdown::After(limit))
}

fn name(options: &mut Options, errors: &mut Errors) -> Option<String> {
    let (text, expr) = options.text("name", errors)?;
    if text.is_empty() {
        errors.at(&expr, "a name has at least one letter: leave `name` out for a child without one");
        return None;
    }
    Some(text)
}

/// A number of members: a literal of one or more, or an expression that gives a `usize`.
fn amount(
    options: &mut Options,
    name: &'static str,
    example: &str,
    errors: &mut Errors,
) -> Option<(Ident, Expr)> {
    let ident = options.peek(name)?.0.clone();
    let expr = options.value(name, example, errors)?;
    if let Expr::Lit(literal) = bare(&expr)
        && let Err(message) = number(name, &expr, 1, u64::MAX)
    {
        errors.at(literal, message);
    }
    if let Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) = bare(&expr) {
        errors.at(&expr, format!("`{name}` is at least 1, not `{}`", show(&expr)));
    }
    if matches!(bare(&expr), Expr::Closure(_)) {
        errors.at(&expr, format!("`{name}` is a number, not `{}`", show(&expr)));
        return None;
    }
    Some((ident, expr))
}
