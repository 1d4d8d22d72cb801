//! `Self` inside the impl is the actor; inside the message enum it would be the enum. So it is written out.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprPath, Generics, Path, QSelf, Type, TypePath};

/// `ty` with the actor's own type in place of `Self`.
pub fn in_type(ty: &Type, actor: &Type) -> Type {
    let mut ty = ty.clone();
    Selfless(actor).visit_type_mut(&mut ty);
    ty
}

/// The bounds and where clause with the actor's own type in place of `Self`.
pub fn in_generics(generics: &mut Generics, actor: &Type) {
    Selfless(actor).visit_generics_mut(generics);
}

struct Selfless<'a>(&'a Type);

impl Selfless<'_> {
    /// `Self::X` as `<Actor>::X`.
    fn qualify(&self, qself: &mut Option<QSelf>, path: &mut Path) {
        if qself.is_some() || path.leading_colon.is_some() || path.segments.len() < 2 {
            return;
        }
        if path.segments[0].ident != "Self" {
            return;
        }
        let rest = path.segments.iter().skip(1).cloned().collect();
        *qself = Some(QSelf {
            lt_token: Default::default(),
            ty: Box::new(self.0.clone()),
            position: 0,
            as_token: None,
            gt_token: Default::default(),
        });
        *path = Path { leading_colon: Some(Default::default()), segments: rest };
    }
}

impl VisitMut for Selfless<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(TypePath { qself: None, path, .. }) = ty
            && path.is_ident("Self")
        {
            *ty = self.0.clone();
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        self.qualify(&mut ty.qself, &mut ty.path);
        visit_mut::visit_type_path_mut(self, ty);
    }

    fn visit_expr_path_mut(&mut self, expr: &mut ExprPath) {
        self.qualify(&mut expr.qself, &mut expr.path);
        visit_mut::visit_expr_path_mut(self, expr);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use super::in_type;
    use quote::ToTokens;
    use syn::{Type, parse_quote};

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
