//! What travels in a message is owned: no reference, no `impl Trait`, no lifetime but `'static`.

use syn::spanned::Spanned;
use syn::{Lifetime, Type, TypeImplTrait, TypeReference};

use crate::errors::{Errors, show};
use crate::model::method::ungrouped;
use crate::model::owned;
use crate::walk::{self, Look, Met};

/// Where a type stands, for the words of the message.
#[derive(Clone, Copy)]
pub enum Place {
    Argument,
    Answer,
}

/// Whether nothing in `ty` is in the way of its travelling.
pub fn travels(ty: &Type) -> bool {
    let mut errors = Errors::default();
    check(ty, Place::Argument, &mut errors);
    errors.count() == 0
}

/// Reports everything in `ty` that cannot travel.
pub fn check(ty: &Type, place: Place, errors: &mut Errors) {
    walk::ty(&mut Owned { place, errors, outermost: ty }, ty);
}

struct Owned<'e> {
    place: Place,
    errors: &'e mut Errors,
    outermost: &'e Type,
}

impl Look for Owned<'_> {
    fn look(&mut self, met: Met<'_>) -> bool {
        match met {
            // Its lifetime is `'static`, which may be.
            Met::Type(Type::Reference(reference)) if owned::is_static(reference) => return true,
            Met::Type(Type::Reference(reference)) => self.reference(reference),
            Met::Type(ty @ Type::ImplTrait(written)) => {
                self.impl_trait(written, std::ptr::eq(ty, self.outermost))
            }
            Met::Type(Type::Infer(ty)) => {
                self.errors.at(ty, "a message's types are written out: replace `_` by the type");
            }
            Met::Lifetime(lifetime) => self.lifetime(lifetime),
            // What stands inside a function's type is not held by it.
            Met::Type(Type::FnPtr(_)) | Met::FnArguments => {}
            _ => return true,
        }
        false
    }
}

impl Owned<'_> {
    fn reference(&mut self, reference: &TypeReference) {
        let (written, owned) = (show(reference), show(owned::of(reference)));
        let reason = match self.place {
            Place::Argument => "handler arguments travel to another task, so they cannot be references",
            Place::Answer => "a handler's answer travels to another task, so it cannot be a reference",
        };
        let verb = match self.place {
            Place::Argument => "take",
            Place::Answer => "return",
        };
        self.errors.at(reference, format!("{reason}: {verb} `{owned}` instead of `{written}`"));
    }

    fn impl_trait(&mut self, ty: &TypeImplTrait, is_outermost: bool) {
        match self.place {
            Place::Argument if !is_outermost => self.errors.at(
                ty,
                format!("`{}` inside a type has no name to travel under: write the concrete type", show(ty)),
            ),
            Place::Argument => self.errors.at(
                ty,
                format!(
                    "only `impl Into<T>` can be an argument of a handler, which travels as `T`: write the concrete type instead of `{}`",
                    show(ty)
                ),
            ),
            Place::Answer => self.errors.at(
                ty,
                format!(
                    "a handler's answer is named in the request's type: return the concrete type, or a `Box<dyn …>`, instead of `{}`",
                    show(ty)
                ),
            ),
        }
    }

    fn lifetime(&mut self, lifetime: &Lifetime) {
        if lifetime.ident != "static" {
            let (what, inside) = match self.place {
                Place::Argument => ("handler arguments travel to another task", "them"),
                Place::Answer => ("a handler's answer travels to another task", "it"),
            };
            self.errors.at(
                lifetime,
                format!("{what}, so nothing in {inside} can be borrowed for `{lifetime}`: use an owned type, or `'static`"),
            );
        }
    }
}

/// The span of a type, also of an invisible group.
pub fn span(ty: &Type) -> proc_macro2::Span {
    ungrouped(ty).span()
}
