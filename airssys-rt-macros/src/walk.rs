//! One walk over syntax for everybody who looks for something in it.
//!
//! A visitor of syn's is some four hundred functions, which everybody compiles who uses the macros: so there is this one.

use syn::visit::{self, Visit};
use syn::{
    Arm, Block, Expr, Lifetime, Local, Macro, ParenthesizedGenericArguments, Pat, PatIdent, Path, Stmt, Type,
    WhereClause,
};

/// What a walk comes to.
pub enum Met<'a> {
    Arm(&'a Arm),
    Block(&'a Block),
    Expr(&'a Expr),
    /// The arguments of an `Fn(…)` bound.
    FnArguments,
    Lifetime(&'a Lifetime),
    Local(&'a Local),
    Macro(&'a Macro),
    Name(&'a PatIdent),
    Path(&'a Path),
    Stmt(&'a Stmt),
    Type(&'a Type),
}

/// Looks for something.
pub trait Look {
    /// Whether to go on inside.
    fn look(&mut self, met: Met<'_>) -> bool;
}

struct Looking<'l>(&'l mut dyn Look);

pub fn expr(look: &mut dyn Look, expr: &Expr) {
    Looking(look).visit_expr(expr);
}

pub fn block(look: &mut dyn Look, block: &Block) {
    Looking(look).visit_block(block);
}

/// Without coming to the block itself.
pub fn inside_block(look: &mut dyn Look, block: &Block) {
    visit::visit_block(&mut Looking(look), block);
}

pub fn pat(look: &mut dyn Look, pat: &Pat) {
    Looking(look).visit_pat(pat);
}

pub fn ty(look: &mut dyn Look, ty: &Type) {
    Looking(look).visit_type(ty);
}

pub fn where_clause(look: &mut dyn Look, clause: &WhereClause) {
    Looking(look).visit_where_clause(clause);
}

/// A step of the walk: looked at, and gone inside if it is wanted.
macro_rules! steps {
    ($($name:ident, $node:ty, $met:expr;)*) => {
        impl<'ast> Visit<'ast> for Looking<'_> {
            $(fn $name(&mut self, node: &'ast $node) {
                let met: fn(&'ast $node) -> Met<'ast> = $met;
                if self.0.look(met(node)) {
                    visit::$name(self, node);
                }
            })*
        }
    };
}

steps! {
    visit_arm, Arm, Met::Arm;
    visit_block, Block, Met::Block;
    visit_expr, Expr, Met::Expr;
    visit_parenthesized_generic_arguments, ParenthesizedGenericArguments, |_| Met::FnArguments;
    visit_lifetime, Lifetime, Met::Lifetime;
    visit_local, Local, Met::Local;
    visit_macro, Macro, Met::Macro;
    visit_pat_ident, PatIdent, Met::Name;
    visit_path, Path, Met::Path;
    visit_stmt, Stmt, Met::Stmt;
    visit_type, Type, Met::Type;
}
