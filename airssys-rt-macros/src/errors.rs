//! Every mistake of one item, collected: a build reports them all at once, each at its own token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub struct Errors(Vec<syn::Error>);

impl Errors {
    /// A mistake at the tokens `at`.
    pub fn at(&mut self, at: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(at, message));
    }

    /// A mistake at one span.
    pub fn at_span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new(span, message));
    }

    /// A mistake that the parser found.
    pub fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The mistakes as `compile_error!`s, in the order of the source.
    pub fn into_tokens(self) -> TokenStream {
        let mut errors: Vec<syn::Error> = self.0.into_iter().flatten().collect();
        errors.sort_by_key(|error| place(error.span()));
        errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// Line and column, which only the compiler knows.
fn place(span: Span) -> (usize, usize) {
    if !proc_macro::is_available() {
        return (0, 0);
    }
    let start = span.unwrap().start();
    (start.line(), start.column())
}

/// Tokens as a person would have typed them, for use inside a message.
pub fn show(tokens: impl ToTokens) -> String {
    let mut text = String::new();
    write(tokens.into_token_stream(), &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    use proc_macro2::{Delimiter, Spacing, TokenTree};

    let mut glued = true; // whether the next word follows without a space
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                if !glued && text.ends_with(|last: char| last.is_alphanumeric()) && open != "(" {
                    text.push(' ');
                }
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
                glued = false;
            }
            TokenTree::Punct(punct) => {
                let sign = punct.as_char();
                let alone = punct.spacing() == Spacing::Alone;
                let binary = matches!(sign, '*' | '/' | '%') && !glued;
                if !text.is_empty() && (binary || matches!(sign, '=' | '+') || (sign == '-' && !alone)) {
                    text.push(' ');
                }
                text.push(sign);
                glued = !(binary || matches!(sign, ',' | ';') || alone && matches!(sign, '=' | '+' | ':'));
                if sign == '>' && text.ends_with("->") {
                    glued = false;
                }
                // A path separator is two joined colons, a type's colon stands alone.
                if text.ends_with("::") {
                    glued = true;
                }
                if !glued {
                    text.push(' ');
                    glued = true;
                }
            }
            word => {
                if !glued {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
                glued = false;
            }
        }
    }
}
