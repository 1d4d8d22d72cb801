//! The parameters of an actor, which are parameters of everything generated for it.

use std::collections::BTreeSet;

use syn::{GenericParam, Generics, Ident, Type, TypeParamBound, parse_quote};

use crate::walk::{self, Look, Met};

/// Generics without defaults, each type parameter bound by `bounds` in addition to its own.
pub fn bounded(generics: &Generics, bounds: &[TypeParamBound]) -> Generics {
    let mut generics = generics.clone();
    for param in &mut generics.params {
        match param {
            GenericParam::Type(param) => {
                param.default = None;
                for bound in bounds {
                    if !param.bounds.iter().any(|own| same(own, bound)) {
                        param.bounds.push(bound.clone());
                    }
                }
            }
            GenericParam::Const(param) => param.default = None,
            GenericParam::Lifetime(_) => {}
        }
    }
    generics
}

/// What a message needs: it travels to another task and stays there.
pub fn travelling() -> [TypeParamBound; 2] {
    [parse_quote!(::core::marker::Send), parse_quote!('static)]
}

/// What a spec needs: it is used by several tasks.
pub fn shared() -> [TypeParamBound; 3] {
    [parse_quote!(::core::marker::Send), parse_quote!(::core::marker::Sync), parse_quote!('static)]
}

fn same(own: &TypeParamBound, other: &TypeParamBound) -> bool {
    match (own, other) {
        (TypeParamBound::Lifetime(own), TypeParamBound::Lifetime(other)) => own.ident == other.ident,
        (TypeParamBound::Trait(own), TypeParamBound::Trait(other)) => {
            own.path.is_ident("Send") && other.path.segments.last().is_some_and(|last| last.ident == "Send")
                || own.path.is_ident("Sync")
                    && other.path.segments.last().is_some_and(|last| last.ident == "Sync")
        }
        _ => false,
    }
}

/// The type parameters that none of `types` mentions.
pub fn unmentioned<'t>(generics: &Generics, types: impl Iterator<Item = &'t Type>) -> Vec<Ident> {
    let mut mentioned = Mentioned(BTreeSet::new());
    for ty in types {
        walk::ty(&mut mentioned, ty);
    }
    generics
        .type_params()
        .map(|param| param.ident.clone())
        .filter(|ident| !mentioned.0.contains(&ident.to_string()))
        .collect()
}

struct Mentioned(BTreeSet<String>);

impl Look for Mentioned {
    fn look(&mut self, met: Met<'_>) -> bool {
        if let Met::Path(path) = met
            && let Some(first) = path.segments.first()
        {
            self.0.insert(first.ident.to_string());
        }
        true
    }
}
