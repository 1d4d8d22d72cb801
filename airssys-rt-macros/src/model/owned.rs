//! The owned type that does what a reference did: `String` for `&str`, `Vec<u8>` for `&[u8]`.

use syn::visit_mut::{self, VisitMut};
use syn::{Type, TypeReference, parse_quote};

use super::method::{is_named, ungrouped};

/// `ty` with an owned type in place of every reference that is not `&'static`.
pub fn in_type(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Owned.visit_type_mut(&mut ty);
    ty
}

/// The owned type of one reference.
pub fn of(reference: &TypeReference) -> Type {
    match ungrouped(&reference.elem) {
        Type::Slice(slice) => {
            let elem = &slice.elem;
            parse_quote!(Vec<#elem>)
        }
        Type::TraitObject(object) => parse_quote!(Box<#object + Send>),
        elem if is_named(elem, "str") => parse_quote!(String),
        elem if is_named(elem, "Path") => parse_quote!(PathBuf),
        elem if is_named(elem, "OsStr") => parse_quote!(OsString),
        elem if is_named(elem, "CStr") => parse_quote!(CString),
        Type::Reference(inner) => of(inner),
        elem => elem.clone(),
    }
}

/// Whether a reference borrows from nobody.
pub fn is_static(reference: &TypeReference) -> bool {
    reference.mutability.is_none()
        && reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
}

struct Owned;

impl VisitMut for Owned {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Reference(reference) = ty
            && !is_static(reference)
        {
            *ty = match of(reference) {
                // In full, since the user may not have them in scope.
                owned if is_named(&owned, "PathBuf") => parse_quote!(::std::path::PathBuf),
                owned if is_named(&owned, "OsString") => parse_quote!(::std::ffi::OsString),
                owned if is_named(&owned, "CString") => parse_quote!(::std::ffi::CString),
                owned => owned,
            };
        }
        visit_mut::visit_type_mut(self, ty);
    }
}
