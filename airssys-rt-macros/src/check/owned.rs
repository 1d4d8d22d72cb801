//! What travels in a message is owned: no reference, no `impl Trait`, no lifetime but `'static`.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Lifetime, ParenthesizedGenericArguments, Type, TypeFnPtr, TypeImplTrait, TypeInfer, TypeReference,
};

use crate::errors::{Errors, show};
use crate::model::method::ungrouped;
use crate::model::owned;

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
    let mut walk = Walk { place, errors, depth: 0 };
    walk.visit_type(ty);
}

struct Walk<'e> {
    place: Place,
    errors: &'e mut Errors,
    depth: usize,
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_type(&mut self, ty: &'ast Type) {
        self.depth += 1;
        visit::visit_type(self, ty);
        self.depth -= 1;
    }

    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if owned::is_static(reference) {
            self.visit_type(&reference.elem);
            return;
        }
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

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        match self.place {
            Place::Argument if self.depth > 1 => self.errors.at(
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

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
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

    fn visit_type_infer(&mut self, ty: &'ast TypeInfer) {
        self.errors.at(ty, "a message's types are written out: replace `_` by the type");
    }

    // What stands inside a function's type is not held by it.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
}

/// The span of a type, also of an invisible group.
pub fn span(ty: &Type) -> proc_macro2::Span {
    ungrouped(ty).span()
}
