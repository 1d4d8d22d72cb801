//! The word in `#[handler(…)]`: when the method is called.

use std::time::Duration;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Meta};

use super::value::nothing;
use super::{Options, Value};
use crate::errors::Errors;

/// When a handler is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `#[handler]`: for its variant of the actor's message.
    Call,
    /// `#[handler(message)]`: for a message type shared by many actors.
    Message,
    Start,
    Stop,
    Error,
    Down,
    Exit,
    Event,
    Every(Duration),
    After(Duration),
}

const WORDS: [(&str, Role); 7] = [
    ("start", Role::Start),
    ("stop", Role::Stop),
    ("error", Role::Error),
    ("down", Role::Down),
    ("exit", Role::Exit),
    ("event", Role::Event),
    ("message", Role::Message),
];

const KNOWN: [&str; 9] = ["start", "stop", "error", "down", "exit", "event", "message", "every", "after"];

impl Role {
    /// The role that a `#[handler…]` gives, and where it says so.
    pub fn parse(attr: &Attribute, errors: &mut Errors) -> Option<(Self, Span)> {
        let list = match &attr.meta {
            Meta::Path(path) => return Some((Self::Call, path.span())),
            Meta::List(list) => list,
            Meta::NameValue(meta) => {
                errors.at(meta, "`#[handler]` takes its option in parentheses: write `#[handler(start)]`");
                return None;
            }
        };
        if list.tokens.is_empty() {
            return Some((Self::Call, list.path.span()));
        }
        let before = errors.count();
        let mut options = Options::parse("`#[handler]`", &KNOWN, list.tokens.clone(), errors);
        if errors.count() > before {
            return None;
        }
        let names: Vec<Ident> = options.names().cloned().collect();
        if let [first, second, ..] = names.as_slice() {
            errors.at(
                second,
                format!(
                    "a handler is called for one reason, and this one is already `{first}`: write two methods"
                ),
            );
            return None;
        }
        let name = names.first()?;
        let role = match name.to_string().as_str() {
            "every" => Self::Every(options.duration("every", errors)?.0),
            "after" => Self::After(options.duration("after", errors)?.0),
            word => {
                let (_, value) = options.take(word)?;
                match value {
                    Value::Nothing => {}
                    Value::List(tokens, _) => nothing(&tokens, word, errors),
                    Value::Is(expr) => {
                        errors.at(&expr, format!("`{word}` takes no value: write `#[handler({word})]`"));
                        return None;
                    }
                    Value::Visible(vis) => {
                        errors.at(&vis, format!("`{word}` takes no value: write `#[handler({word})]`"));
                        return None;
                    }
                }
                WORDS.iter().find(|(known, _)| *known == word)?.1
            }
        };
        Some((role, name.span()))
    }

    /// The word that the user wrote for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "handler",
            Self::Message => "message",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Error => "error",
            Self::Down => "down",
            Self::Exit => "exit",
            Self::Event => "event",
            Self::Every(_) => "every",
            Self::After(_) => "after",
        }
    }

    /// "a `start` handler", with the article that its word takes.
    pub fn named(self) -> String {
        let article = match self {
            Self::Error | Self::Event | Self::Exit | Self::Every(_) | Self::After(_) => "an",
            _ => "a",
        };
        match self {
            Self::Call => "a handler".to_owned(),
            _ => format!("{article} `{}` handler", self.word()),
        }
    }
}

/// Whether an attribute is ours: `#[handler]`, also behind the crate's path.
pub fn is(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == name)
}

/// `#[cfg_attr(…, handler)]`, which comes too late to be seen.
pub fn is_conditional(attr: &Attribute, name: &str) -> bool {
    let Meta::List(list) = &attr.meta else { return false };
    attr.path().is_ident("cfg_attr")
        && list.tokens.clone().into_iter().skip(1).any(|token| token.to_string() == name)
}
