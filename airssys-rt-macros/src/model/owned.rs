//! The owned type that does what a reference did: `String` for `&str`, `Vec<u8>` for `&[u8]`.

use syn::punctuated::Punctuated;
use syn::{
    GenericArgument, Path, PathArguments, ReturnType, Token, Type, TypeParamBound, TypeReference, parse_quote,
};

use super::method::{is_named, ungrouped};

/// `ty` with an owned type in place of every reference that is not `&'static`.
pub fn in_type(ty: &Type) -> Type {
    let mut ty = ty.clone();
    own(&mut ty);
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

fn own(ty: &mut Type) {
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
    match ty {
        Type::Array(ty) => own(&mut ty.elem),
        Type::FnPtr(ty) => {
            ty.inputs.iter_mut().for_each(|input| own(&mut input.ty));
            own_output(&mut ty.output);
        }
        Type::Group(ty) => own(&mut ty.elem),
        Type::ImplTrait(ty) => own_bounds(&mut ty.bounds),
        Type::Paren(ty) => own(&mut ty.elem),
        Type::Path(ty) => {
            if let Some(qself) = &mut ty.qself {
                own(&mut qself.ty);
            }
            own_path(&mut ty.path);
        }
        Type::Ptr(ty) => own(&mut ty.elem),
        Type::Reference(ty) => own(&mut ty.elem),
        Type::Slice(ty) => own(&mut ty.elem),
        Type::TraitObject(ty) => own_bounds(&mut ty.bounds),
        Type::Tuple(ty) => ty.elems.iter_mut().for_each(own),
        _ => {}
    }
}

fn own_path(path: &mut Path) {
    for segment in &mut path.segments {
        match &mut segment.arguments {
            PathArguments::None => {}
            PathArguments::AngleBracketed(arguments) => {
                for argument in &mut arguments.args {
                    match argument {
                        GenericArgument::Type(ty) => own(ty),
                        GenericArgument::AssocType(assoc) => own(&mut assoc.ty),
                        GenericArgument::Constraint(constraint) => own_bounds(&mut constraint.bounds),
                        _ => {}
                    }
                }
            }
            PathArguments::Parenthesized(arguments) => {
                arguments.inputs.iter_mut().for_each(|input| own(&mut input.ty));
                own_output(&mut arguments.output);
            }
        }
    }
}

fn own_bounds(bounds: &mut Punctuated<TypeParamBound, Token![+]>) {
    for bound in bounds {
        if let TypeParamBound::Trait(bound) = bound {
            own_path(&mut bound.path);
        }
    }
}

fn own_output(output: &mut ReturnType) {
    if let ReturnType::Type(_, ty) = output {
        own(ty);
    }
}
