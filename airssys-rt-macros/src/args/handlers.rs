//! The options of `#[handlers]`: the generated message's name, derives and visibility, and the protocols it takes part in.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Ident, Path, Token, Visibility};

use super::{Options, Value};
use crate::errors::{Errors, show};

/// `#[handlers(message(name, derive), protocols(Ledger), vis, crate)]`
pub struct HandlersArgs {
    pub message_name: Option<Ident>,
    pub derives: Vec<Path>,
    pub protocols: Vec<Path>,
    pub vis: Option<Visibility>,
    pub krate: Option<Path>,
}

impl HandlersArgs {
    pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let known = ["message", "protocols", "vis", "crate"];
        let mut options = Options::parse("`#[handlers]`", &known, tokens, errors);
        let (message_name, derives) = message(&mut options, errors);
        Self {
            message_name,
            derives,
            protocols: protocols(&mut options, errors),
            vis: options.visibility("vis", errors),
            krate: options.path("crate", errors),
        }
    }
}

/// `message(name = "CounterCommand", derive(Debug))`
pub fn message(options: &mut Options, errors: &mut Errors) -> (Option<Ident>, Vec<Path>) {
    let Some((_, mut message)) = options.group("message", &["name", "derive"], errors) else {
        return (None, Vec::new());
    };
    let mut named = None;
    if let Some((text, expr)) = message.text("name", errors) {
        match Ident::parse_any.parse_str(&text) {
            Ok(mut name) if syn::parse_str::<Ident>(&text).is_ok() => {
                name.set_span(syn::spanned::Spanned::span(&expr));
                named = Some(name);
            }
            _ => errors.at(
                &expr,
                format!(
                    "`{text}` cannot be the name of a type: write something like `name = \"CounterCommand\"`"
                ),
            ),
        }
    }
    (named, message.paths("derive", errors))
}

/// `protocols(Ledger, bank::Audit)`
fn protocols(options: &mut Options, errors: &mut Errors) -> Vec<Path> {
    let Some((ident, value)) = options.take("protocols") else { return Vec::new() };
    let Value::List(tokens, span) = value else {
        errors.at(&ident, "`protocols` is a list of traits: write `protocols(Ledger)`");
        return Vec::new();
    };
    let Ok(paths) = Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens) else {
        errors.at_span(
            span,
            "`protocols` is a list of traits: write `protocols(Ledger)` or `protocols(bank::Ledger)`",
        );
        return Vec::new();
    };
    let mut protocols: Vec<Path> = Vec::new();
    for path in paths {
        if protocols.iter().any(|other| show(other) == show(&path)) {
            errors.at(&path, format!("`{}` is given twice: keep one of them", show(&path)));
        } else {
            protocols.push(path);
        }
    }
    if protocols.is_empty() && errors.count() == 0 {
        errors.at(&ident, "`protocols` names at least one trait: write `protocols(Ledger)`, or take it out");
    }
    protocols
}
