//! The names that an expression takes from its surroundings: those are what it owns clones of.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{Arm, Expr, ExprClosure, ExprForLoop, ExprIf, ExprWhile, Local, Pat, Stmt};

use crate::walk::{self, Look, Met};

/// A name that an expression mentions.
pub struct Mention {
    pub ident: Ident,
    /// Not so in the tokens of a macro, which may mean anything by it.
    pub certain: bool,
}

/// The single names that `expr` mentions and does not itself bind, in the order of the source.
pub fn mentions(expr: &Expr) -> Vec<Mention> {
    let mut scopes = Scopes::default();
    scopes.expr(expr);
    scopes.found
}

/// The same, inside a closure's body.
pub fn closure_mentions(closure: &ExprClosure) -> Vec<Mention> {
    let mut scopes = Scopes::default();
    scopes.closure(closure);
    scopes.found
}

#[derive(Default)]
struct Scopes {
    found: Vec<Mention>,
    /// The names bound so far, the innermost last; a scope ends by cutting it back.
    bound: Vec<String>,
}

impl Scopes {
    fn expr(&mut self, expr: &Expr) {
        walk::expr(self, expr);
    }

    fn scope(&mut self, inside: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        inside(self);
        self.bound.truncate(before);
    }

    fn bind(&mut self, pat: &Pat) {
        let mut names = Names(Vec::new());
        walk::pat(&mut names, pat);
        self.bound.append(&mut names.0);
    }

    fn mention(&mut self, ident: &Ident, certain: bool) {
        if !self.bound.contains(&ident.to_string()) {
            self.found.push(Mention { ident: ident.clone(), certain });
        }
    }

    /// The names a condition binds (`if let Some(x) = y`) hold in the block behind it.
    fn condition(&mut self, cond: &Expr) {
        match cond {
            Expr::Let(cond) => {
                self.expr(&cond.expr);
                self.bind(&cond.pat);
            }
            Expr::Binary(both) => {
                self.condition(&both.left);
                self.condition(&both.right);
            }
            other => self.expr(other),
        }
    }

    /// A macro's tokens are read as words: which of them are names, only the macro knows.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let sign = |at: Option<usize>, sign: char| {
            at.and_then(|at| tokens.get(at))
                .is_some_and(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign))
        };
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    let (before, after) = (at.checked_sub(1), Some(at + 1));
                    let part = sign(before, '.') && !sign(at.checked_sub(2), '.')
                        || sign(before, ':') && sign(at.checked_sub(2), ':')
                        || sign(after, ':')
                        || sign(after, '!') && !sign(Some(at + 2), '=')
                        || sign(after, '=') && !sign(Some(at + 2), '=') && !sign(Some(at + 2), '>');
                    if !part {
                        self.mention(ident, false);
                    }
                }
                TokenTree::Literal(literal) => self.format_string(literal),
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// `"{ledger}"` names what it prints.
    fn format_string(&mut self, literal: &proc_macro2::Literal) {
        let text = literal.to_string();
        if !text.ends_with('"') && !text.ends_with('#') {
            return;
        }
        let text = text.replace("{{", "");
        for part in text.split('{').skip(1) {
            let end = part.find(|sign: char| !(sign.is_alphanumeric() || sign == '_')).unwrap_or(part.len());
            if !part[end..].starts_with(['}', ':']) {
                continue;
            }
            if let Ok(mut ident) = syn::parse_str::<Ident>(&part[..end]) {
                ident.set_span(literal.span());
                self.mention(&ident, false);
            }
        }
    }
}

impl Scopes {
    fn local(&mut self, local: &Local) {
        if let Some(init) = &local.init {
            self.expr(&init.expr);
            if let Some((_, diverge)) = &init.diverge {
                self.expr(diverge);
            }
        }
        self.bind(&local.pat);
    }

    fn closure(&mut self, closure: &ExprClosure) {
        self.scope(|scope| {
            for input in &closure.inputs {
                scope.bind(input);
            }
            scope.expr(&closure.body);
        });
    }

    fn arm(&mut self, arm: &Arm) {
        self.scope(|scope| {
            scope.bind(&arm.pat);
            walk::pat(scope, &arm.pat);
            scope.expr(&arm.body);
        });
    }

    fn branch(&mut self, expr: &ExprIf) {
        self.scope(|scope| {
            scope.condition(&expr.cond);
            walk::block(scope, &expr.then_branch);
        });
        if let Some((_, otherwise)) = &expr.else_branch {
            self.expr(otherwise);
        }
    }

    fn while_loop(&mut self, expr: &ExprWhile) {
        self.scope(|scope| {
            scope.condition(&expr.cond);
            walk::block(scope, &expr.body);
        });
    }

    fn for_loop(&mut self, expr: &ExprForLoop) {
        self.expr(&expr.expr);
        self.scope(|scope| {
            scope.bind(&expr.pat);
            walk::block(scope, &expr.body);
        });
    }
}

impl Look for Scopes {
    fn look(&mut self, met: Met<'_>) -> bool {
        match met {
            Met::Expr(Expr::Path(path)) if path.qself.is_none() => match path.path.get_ident() {
                Some(ident) => self.mention(ident, true),
                None => return true,
            },
            Met::Expr(Expr::Closure(closure)) => self.closure(closure),
            Met::Expr(Expr::If(expr)) => self.branch(expr),
            Met::Expr(Expr::While(expr)) => self.while_loop(expr),
            Met::Expr(Expr::ForLoop(expr)) => self.for_loop(expr),
            Met::Macro(mac) => self.tokens(mac.tokens.clone()),
            Met::Block(block) => self.scope(|scope| walk::inside_block(scope, block)),
            // An item inside an expression sees none of the names around it.
            Met::Stmt(Stmt::Item(_)) => {}
            Met::Local(local) => self.local(local),
            Met::Arm(arm) => self.arm(arm),
            _ => return true,
        }
        false
    }
}

/// The names that a pattern binds.
struct Names(Vec<String>);

impl Look for Names {
    fn look(&mut self, met: Met<'_>) -> bool {
        if let Met::Name(name) = met {
            self.0.push(name.ident.to_string());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::mentions;
    use syn::{Expr, parse_quote};

    fn names(expr: Expr) -> Vec<String> {
        mentions(&expr).into_iter().map(|mention| mention.ident.to_string()).collect()
    }

    #[test]
    fn a_path_of_one_name_is_a_mention() {
        assert_eq!(names(parse_quote!(Ledger::open(&path).await?)), ["path"]);
        assert_eq!(names(parse_quote!(Audit { ledger, limit: max.ledger })), ["ledger", "max"]);
        assert_eq!(names(parse_quote!(self::ledger(a.b.c))), ["a"]);
    }

    #[test]
    fn what_the_expression_binds_is_its_own() {
        assert_eq!(names(parse_quote!(|id, ledger| f(id, ledger, path))), ["f", "path"]);
        assert_eq!(
            names(parse_quote!({
                let path = path.join(x);
                path
            })),
            ["path", "x"]
        );
        assert_eq!(
            names(parse_quote!(match a {
                Some(b) if b > c => b,
                d => d,
            })),
            ["a", "c"]
        );
        assert_eq!(
            names(parse_quote!(if let Some(a) = b
                && a
            {
                a
            } else {
                a
            })),
            ["b", "a"]
        );
        assert_eq!(
            names(parse_quote!({
                for a in b {
                    a;
                }
                a
            })),
            ["b", "a"]
        );
    }

    #[test]
    fn a_macro_mentions_by_token_and_by_format_string() {
        assert_eq!(
            names(parse_quote!(format!("{ledger} {{no}} {:?} {path:?} {0}", x.y, z = q))),
            ["ledger", "path", "x", "q"]
        );
        assert_eq!(
            names(parse_quote!(vec![A::b, c!(d), e..f])),
            ["A", "d", "e", "f"].map(String::from)[1..].to_vec()
        );
    }
}
