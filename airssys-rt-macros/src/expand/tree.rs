//! The tree of the children, drawn into the supervisor's rustdoc.

use std::time::Duration;

use syn::ext::IdentExt;
use syn::{Attribute, parse_quote};

use crate::args::child::{Restart, Shutdown};
use crate::args::supervisor::{AutoShutdown, Strategy};
use crate::errors::show;
use crate::model::method::is_unit;
use crate::model::supervisor::{Child, Field, Kind, Supervisor};

/// The lines as `#[doc = "…"]`, with an empty one before.
pub fn expand(model: &Supervisor) -> Vec<Attribute> {
    let children: Vec<(&Field, &Child)> = model.children().collect();
    let mut lines = vec![String::new(), " ```text".to_owned(), root(model)];
    for (at, (field, child)) in children.iter().enumerate() {
        let branch = if at + 1 == children.len() { "└──" } else { "├──" };
        lines.push(format!(" {branch} {}: {}", field.ident.unraw(), leaf(child)));
    }
    lines.push(" ```".to_owned());
    lines.iter().map(|line| parse_quote!(#[doc = #line])).collect()
}

fn root(model: &Supervisor) -> String {
    let args = &model.args;
    let mut parts = vec![args.strategy.unwrap_or(Strategy::OneForOne).word().to_owned()];
    match (args.max_restarts, args.within) {
        (None, None) => {}
        (Some(n), None) => parts.push(format!("at most {n} restarts")),
        (n, Some(within)) => {
            let n = n.map_or_else(|| "its".to_owned(), |n| format!("at most {n}"));
            parts.push(format!("{n} restarts within {}", text(within)));
        }
    }
    if let Some(backoff) = &args.backoff {
        parts.push(format!("after {} to {}", text(backoff.first), text(backoff.max)));
    }
    match args.auto_shutdown {
        Some(AutoShutdown::AnySignificant) => parts.push("ends with any significant child".to_owned()),
        Some(AutoShutdown::AllSignificant) => parts.push("ends with its last significant child".to_owned()),
        Some(AutoShutdown::Never) | None => {}
    }
    format!(" {} ({})", model.ident.unraw(), parts.join(", "))
}

fn leaf(child: &Child) -> String {
    let args = &child.args;
    let mut parts = vec![match &child.kind {
        None => String::new(),
        Some(Kind::Actor(actor)) => show(actor),
        Some(Kind::Pool(actor)) => {
            let count = args.count.as_ref().map_or_else(String::new, |(_, count)| show(count));
            format!("{count} × {}", show(actor))
        }
        Some(Kind::Supervisor(below)) => format!("{}, a supervisor", show(below)),
        Some(Kind::Dynamic(actor, arg)) if is_unit(arg) => format!("any number of {}", show(actor)),
        Some(Kind::Dynamic(actor, arg)) => format!("a {} for each {}", show(actor), show(arg)),
    }];
    if let Some((_, max)) = &args.max {
        parts.push(format!("at most {}", show(max)));
    }
    match args.restart {
        Some(Restart::Transient) => parts.push("transient".to_owned()),
        Some(Restart::Temporary) => parts.push("temporary".to_owned()),
        Some(Restart::Permanent) | None => {}
    }
    if matches!(args.significant, Some((_, true))) {
        parts.push("significant".to_owned());
    }
    match args.shutdown {
        Some(Shutdown::After(limit)) => parts.push(format!("{} to stop", text(limit))),
        Some(Shutdown::Kill) => parts.push("killed to stop".to_owned()),
        Some(Shutdown::Wait) => parts.push("waited for to stop".to_owned()),
        None => {}
    }
    parts.join(", ")
}

/// `1.5s` as `1500ms`: the largest unit that needs no fraction.
fn text(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let units = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ];
    for (unit, size) in units {
        if nanos.is_multiple_of(size) {
            return format!("{}{unit}", nanos / size);
        }
    }
    format!("{nanos}ns")
}
