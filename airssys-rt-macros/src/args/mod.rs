//! What stands in an attribute's parentheses: a list of options, each a name with or without a value.

pub mod actor;
pub mod child;
pub mod handler;
pub mod handlers;
pub mod protocol;
pub mod suggest;
pub mod supervisor;
pub mod value;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Token, Visibility};

use crate::errors::Errors;
use suggest::nearest;

/// What follows an option's name.
pub enum Value {
    /// Nothing: `significant`.
    Nothing,
    /// `= value`.
    Is(Expr),
    /// `= pub(crate)`, which is no expression.
    Visible(Visibility),
    /// `(…)`, parsed by whoever asks for it.
    List(TokenStream, Span),
}

struct Opt {
    name: Ident,
    value: Value,
}

/// The options of one attribute or of one group inside it.
///
/// Unknown and repeated names are reported when it is parsed; each option is then taken by its name.
pub struct Options {
    list: Vec<Opt>,
    /// Whether there was something that is no option, which may have been meant for one.
    pub strange: bool,
}

impl Options {
    /// No options: what a bare attribute has.
    pub fn none() -> Self {
        Self { list: Vec::new(), strange: false }
    }

    /// Parses `tokens`, the options of `owner` (`#[actor]`, `backoff`), which knows the names `known`.
    pub fn parse(owner: &str, known: &[&str], tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut list: Vec<Opt> = Vec::new();
        let before = errors.count();
        let parse = |input: ParseStream<'_>| {
            while !input.is_empty() {
                match option(input, known) {
                    Ok(opt) => {
                        if admit(owner, known, &list, &opt, errors) {
                            list.push(opt);
                        }
                    }
                    Err(error) => {
                        errors.push(error);
                        skip_to_comma(input);
                    }
                }
                if input.is_empty() {
                    break;
                }
                if let Err(error) = input.parse::<Token![,]>() {
                    errors.push(syn::Error::new(
                        error.span(),
                        "two options without a comma between them: write `,` before this one",
                    ));
                    skip_to_comma(input);
                    let _: Option<Token![,]> = input.parse()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(tokens) {
            errors.push(error);
        }
        Self { list, strange: errors.count() > before }
    }

    /// The value of the option `name`, once.
    pub fn take(&mut self, name: &str) -> Option<(Ident, Value)> {
        let at = self.list.iter().position(|opt| opt.name.unraw() == name)?;
        let Opt { name, value } = self.list.remove(at);
        Some((name, value))
    }

    /// The option `name`, left in its place.
    pub fn peek(&self, name: &str) -> Option<(&Ident, &Value)> {
        let opt = self.list.iter().find(|opt| opt.name.unraw() == name)?;
        Some((&opt.name, &opt.value))
    }

    /// The names that are there, as written.
    pub fn names(&self) -> impl Iterator<Item = &Ident> {
        self.list.iter().map(|opt| &opt.name)
    }

    /// The `name(…)` group's own options.
    pub fn group(&mut self, name: &str, known: &[&str], errors: &mut Errors) -> Option<(Ident, Options)> {
        let (ident, value) = self.take(name)?;
        match value {
            Value::List(tokens, _) => {
                let options = Options::parse(&format!("`{name}`"), known, tokens, errors);
                Some((ident, options))
            }
            _ => {
                errors
                    .at(&ident, format!("`{name}` is a group of options: write `{name}({} = …)`", known[0]));
                None
            }
        }
    }
}

fn option(input: ParseStream<'_>, known: &[&str]) -> syn::Result<Opt> {
    if !input.peek(Ident::peek_any) {
        let quoted = input.fork().parse::<LitStr>().ok().map(|text| text.value());
        return Err(match quoted.filter(|text| known.contains(&text.as_str())) {
            Some(name) => input.error(format!("the name of an option has no quotes: write `{name}`")),
            None => input.error(format!("this is no option: write the name of one, such as `{}`", known[0])),
        });
    }
    let name = input.call(Ident::parse_any)?;
    let value = if input.peek(Token![=]) {
        let equals: Token![=] = input.parse()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new_spanned(
                equals,
                format!("`{name} =` is followed by nothing: write its value"),
            ));
        }
        if input.peek(Token![pub]) { Value::Visible(input.parse()?) } else { Value::Is(input.parse()?) }
    } else if input.peek(syn::token::Paren) {
        let content;
        let paren = syn::parenthesized!(content in input);
        Value::List(content.parse()?, paren.span.join())
    } else {
        Value::Nothing
    };
    Ok(Opt { name, value })
}

/// Whether an option is one that its owner knows and does not have yet.
fn admit(owner: &str, known: &[&str], list: &[Opt], opt: &Opt, errors: &mut Errors) -> bool {
    let name = opt.name.unraw().to_string();
    if !known.contains(&name.as_str()) {
        errors.at(&opt.name, unknown(owner, "option", &name, known));
        return false;
    }
    if list.iter().any(|other| other.name == opt.name) {
        errors.at(&opt.name, format!("`{name}` is given twice: keep one of them"));
        return false;
    }
    true
}

/// "`#[actor]` has no option `mailbx`: did you mean `mailbox`?"
pub fn unknown(owner: &str, noun: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("{owner} has no {noun} `{name}`: did you mean `{near}`?"),
        None => format!("{owner} has no {noun} `{name}`: it knows {}", join(known)),
    }
}

/// "`a`, `b` and `c`".
pub fn join(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
