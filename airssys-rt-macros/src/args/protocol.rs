//! The options of `#[protocol]`: the generated message's name and derives.

use proc_macro2::TokenStream;
use syn::{Ident, Path};

use super::Options;
use super::handlers::message;
use crate::errors::Errors;

/// `#[protocol(message(name, derive), crate)]`
pub struct ProtocolArgs {
    pub message_name: Option<Ident>,
    pub derives: Vec<Path>,
    pub krate: Option<Path>,
}

impl ProtocolArgs {
    pub fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Options::parse("`#[protocol]`", &["message", "crate"], tokens, errors);
        let (message_name, derives) = message(&mut options, errors);
        Self { message_name, derives, krate: options.path("crate", errors) }
    }
}
