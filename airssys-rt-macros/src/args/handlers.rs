//! The options of `#[handlers]`: the generated message's name, derives and visibility.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Ident, Path, Visibility};

use super::Options;
use crate::errors::Errors;

/// `#[handlers(message(name, derive), vis, crate)]`
#[derive(Default)]
pub struct HandlersArgs {
    pub message_name: Option<Ident>,
    pub derives: Vec<Path>,
    pub vis: Option<Visibility>,
    pub krate: Option<Path>,
}

impl HandlersArgs {
    pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Options::parse("`#[handlers]`", &["message", "vis", "crate"], tokens, errors);
        let mut args = Self::default();
        if let Some((_, mut message)) = options.group("message", &["name", "derive"], errors) {
            if let Some((text, expr)) = message.text("name", errors) {
                match Ident::parse_any.parse_str(&text) {
                    Ok(mut name) if syn::parse_str::<Ident>(&text).is_ok() => {
                        name.set_span(syn::spanned::Spanned::span(&expr));
                        args.message_name = Some(name);
                    }
                    _ => errors.at(
                        &expr,
                        format!("`{text}` cannot be the name of a type: write something like `name = \"CounterCommand\"`"),
                    ),
                }
            }
            args.derives = message.paths("derive", errors);
        }
        args.vis = options.visibility("vis", errors);
        args.krate = options.path("crate", errors);
        args
    }
}
