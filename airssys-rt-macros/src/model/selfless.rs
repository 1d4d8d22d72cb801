//! `Self` inside the impl is the actor; inside the message enum it would be the enum. So it is written out.

use proc_macro2::{Group, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parse;
use syn::{Generics, Type};

/// `ty` with the actor's own type in place of `Self`.
pub fn in_type(ty: &Type, actor: &Type) -> Type {
    written_out(ty, actor).unwrap_or_else(|| ty.clone())
}

/// The bounds and where clause with the actor's own type in place of `Self`.
pub fn in_generics(generics: &mut Generics, actor: &Type) {
    for param in &mut generics.params {
        if let Some(written_out) = written_out(param, actor) {
            *param = written_out;
        }
    }
    if let Some(clause) = &mut generics.where_clause
        && let Some(written_out) = written_out(clause, actor)
    {
        *clause = written_out;
    }
}

/// `None` where there is no `Self` in it.
fn written_out<T: Parse + ToTokens>(syntax: &T, actor: &Type) -> Option<T> {
    let tokens = syntax.to_token_stream();
    if !mentions_self(tokens.clone()) {
        return None;
    }
    syn::parse2(replaced(tokens, actor)).ok()
}

fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => mentions_self(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// `Self` as the actor, `Self::X` as `<Actor>::X`.
fn replaced(tokens: TokenStream, actor: &Type) -> TokenStream {
    let mut done = TokenStream::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                // Else a colon of a bound.
                let is_prefix = matches!(
                    rest.peek(),
                    Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint
                );
                done.extend(if is_prefix { quote!(<#actor>) } else { actor.to_token_stream() });
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), replaced(group.stream(), actor));
                inside.set_span(group.span());
                done.extend([TokenTree::Group(inside)]);
            }
            token => done.extend([token]),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::{in_generics, in_type};
    use quote::ToTokens;
    use syn::{Generics, Type, WhereClause, parse_quote};

    #[test]
    fn a_bound_on_self_is_one_on_the_actor() {
        let mut generics: Generics = parse_quote!(<K>);
        generics.where_clause =
            Some(parse_quote!(where Self: Keyed<Key = K>, Self::Key: ::std::clone::Clone));
        in_generics(&mut generics, &parse_quote!(Cache<K>));
        let expected: WhereClause =
            parse_quote!(where Cache<K>: Keyed<Key = K>, <Cache<K>>::Key: ::std::clone::Clone);
        assert_eq!(
            generics.where_clause.to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }

    #[test]
    fn every_self_becomes_the_actor() {
        let actor: Type = parse_quote!(Cache<K>);
        let given: Type = parse_quote!((ActorRef<Self>, [u8; Self::SIZE], <Self as Keyed>::Key, Self::Key));
        let expected: Type = parse_quote!((
            ActorRef<Cache<K>>,
            [u8; <Cache<K>>::SIZE],
            <Cache<K> as Keyed>::Key,
            <Cache<K>>::Key
        ));
        assert_eq!(
            in_type(&given, &actor).to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }
}
