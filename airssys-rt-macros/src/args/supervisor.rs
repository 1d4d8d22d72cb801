//! The options of `#[supervisor]`: what happens to its children when one of them fails.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, Lit, Path};

use super::Options;
use super::value::{bare, number};
use crate::errors::{Errors, show};

/// `#[supervisor(strategy, max_restarts, within, backoff(…), auto_shutdown, crate)]`
#[derive(Default)]
pub struct SupervisorArgs {
    pub strategy: Option<Strategy>,
    pub max_restarts: Option<u32>,
    pub within: Option<Duration>,
    pub backoff: Option<Backoff>,
    pub auto_shutdown: Option<AutoShutdown>,
    pub krate: Option<Path>,
}

#[derive(Clone, Copy)]
pub enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AutoShutdown {
    Never,
    AnySignificant,
    AllSignificant,
}

pub struct Backoff {
    pub first: Duration,
    pub max: Duration,
    pub jitter: Option<f64>,
    pub reset_after: Option<Duration>,
}

const STRATEGIES: [(&str, Strategy); 3] = [
    ("one_for_one", Strategy::OneForOne),
    ("one_for_all", Strategy::OneForAll),
    ("rest_for_one", Strategy::RestForOne),
];

const AUTO_SHUTDOWN: [(&str, AutoShutdown); 3] = [
    ("never", AutoShutdown::Never),
    ("any_significant", AutoShutdown::AnySignificant),
    ("all_significant", AutoShutdown::AllSignificant),
];

impl Strategy {
    pub fn word(self) -> &'static str {
        match self {
            Self::OneForOne => "one_for_one",
            Self::OneForAll => "one_for_all",
            Self::RestForOne => "rest_for_one",
        }
    }
}

impl SupervisorArgs {
    pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let known = ["strategy", "max_restarts", "within", "backoff", "auto_shutdown", "crate"];
        let mut options = Options::parse("`#[supervisor]`", &known, tokens, errors);
        Self {
            strategy: options.word("strategy", &STRATEGIES, errors),
            max_restarts: options.value("max_restarts", "3", errors).and_then(|expr| {
                match number("max_restarts", &expr, 0, u64::from(u32::MAX)) {
                    Ok(n) => u32::try_from(n).ok(),
                    Err(message) => {
                        errors.at(&expr, message);
                        None
                    }
                }
            }),
            within: options.duration("within", errors).map(|(within, _)| within),
            backoff: backoff(&mut options, errors),
            auto_shutdown: options.word("auto_shutdown", &AUTO_SHUTDOWN, errors),
            krate: options.path("crate", errors),
        }
    }
}

fn backoff(options: &mut Options, errors: &mut Errors) -> Option<Backoff> {
    let (name, mut group) = options.group("backoff", &["first", "max", "jitter", "reset_after"], errors)?;
    let missing: Vec<&str> =
        ["first", "max"].into_iter().filter(|need| !group.names().any(|name| name == need)).collect();
    if !missing.is_empty() && !group.strange {
        errors.at(
            &name,
            format!(
                "`backoff` needs {}: write `backoff(first = \"100ms\", max = \"30s\")`",
                super::join(&missing)
            ),
        );
    }
    let first = group.duration("first", errors);
    let max = group.duration("max", errors);
    let jitter = group.value("jitter", "0.2", errors).and_then(|expr| jitter(&expr, errors));
    let reset_after = group.duration("reset_after", errors).map(|(after, _)| after);
    let ((first, _), (max, at)) = (first?, max?);
    if max < first {
        errors.at(&at, "`max` is the longest pause: write one that is not shorter than `first`");
        return None;
    }
    Some(Backoff { first, max, jitter, reset_after })
}

fn jitter(expr: &Expr, errors: &mut Errors) -> Option<f64> {
    let digits = match bare(expr) {
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => float.base10_parse::<f64>().ok(),
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => int.base10_parse::<f64>().ok(),
        _ => None,
    };
    match digits {
        Some(share) if (0.0..=1.0).contains(&share) => Some(share),
        _ => {
            errors.at(
                expr,
                format!(
                    "`jitter` is a share between 0.0 and 1.0 of the pause, not `{}`: write `jitter = 0.2`",
                    show(expr)
                ),
            );
            None
        }
    }
}
