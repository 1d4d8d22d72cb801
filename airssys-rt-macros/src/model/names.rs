//! How generated things are called: `increment` becomes `Increment`, `Counter` gets a `CounterMessage`.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use syn::Ident;
use syn::ext::IdentExt;

/// The variant of a handler: its name in UpperCamelCase.
pub fn variant(method: &Ident) -> Ident {
    let name = camel(&method.unraw().to_string());
    located(&match name.as_str() {
        "Self" => Ident::new("Self_", method.span()),
        "" => Ident::new("Unnamed", method.span()),
        digits if digits.starts_with(|first: char| first.is_ascii_digit()) => {
            Ident::new(&format!("_{digits}"), method.span())
        }
        name => Ident::new(name, method.span()),
    })
}

fn camel(snake: &str) -> String {
    let mut name = String::new();
    for word in snake.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    name
}

/// `Counter` + `Message`, at the place of `Counter`.
pub fn suffixed(ident: &Ident, suffix: &str) -> Ident {
    located(&Ident::new(&format!("{}{suffix}", ident.unraw()), ident.span()))
}

/// The same name, in the user's place but in the macro's own scope.
///
/// A local of that name is then no other local of the user's, and a lint about its form is reported
/// once, for what the user wrote.
pub fn located(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::mixed_site().located_at(ident.span()));
    ident
}

/// `tokens` as if they stood at `at`, so that an error in them is reported there.
pub fn placed(at: Span, tokens: TokenStream) -> TokenStream {
    let span = Span::mixed_site().located_at(at);
    let place = |token: TokenTree| match token {
        TokenTree::Group(group) => {
            let mut placed = Group::new(group.delimiter(), placed(at, group.stream()));
            placed.set_span(span.resolved_at(group.span()));
            TokenTree::Group(placed)
        }
        mut token => {
            token.set_span(span.resolved_at(token.span()));
            token
        }
    };
    tokens.into_iter().map(place).collect()
}

/// A name for a local that the user did not write.
pub fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

#[cfg(test)]
mod tests {
    use super::variant;
    use quote::format_ident;

    #[test]
    fn a_variant_is_the_method_in_camel_case() {
        for (method, expected) in [
            ("increment", "Increment"),
            ("set_value", "SetValue"),
            ("get_2d", "Get2d"),
            ("_hidden", "Hidden"),
            ("doThing", "DoThing"),
            ("self_", "Self_"),
            ("_1", "_1"),
            ("größe", "Größe"),
        ] {
            assert_eq!(variant(&format_ident!("{method}")), expected);
        }
        assert_eq!(variant(&format_ident!("r#type")), "Type");
    }
}
