//! An annotated trait: a protocol that many actors take part in, read off its methods.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Ident, ImplItemFn, Item, ItemTrait, TraitItem, Type, parse_quote};

use super::actor::kind;
use super::generics::{bounded, travelling};
use super::handlers::Handlers;
use super::method::{Method, MethodAttrs, Returns};
use super::names::suffixed;
use crate::args::handler::Role;
use crate::args::protocol::ProtocolArgs;
use crate::errors::{Errors, show};

pub struct Protocol {
    /// Its message and its requests, which are as an actor's.
    pub face: Handlers,
    /// The trait as it was written.
    pub item: ItemTrait,
    pub attrs: Vec<Attribute>,
    /// `LedgerRef`
    pub reference: Ident,
}

impl Protocol {
    pub fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let args = ProtocolArgs::parse(args, errors);
        let item = match syn::parse2::<Item>(item) {
            Ok(Item::Trait(item)) => item,
            Ok(other) => {
                let (at, what) = kind(&other);
                errors.at(
                    at,
                    format!(
                        "`#[protocol]` belongs on a trait, not on {what}: write `#[protocol] pub trait Ledger {{ fn deposit(&self, amount: u64) -> u64; }}`"
                    ),
                );
                return None;
            }
            Err(error) => {
                errors.push(error);
                return None;
            }
        };
        if let Some(lifetime) = item.generics.lifetimes().next() {
            errors.at(
                lifetime,
                format!(
                    "a message owns what it carries, so a protocol has no lifetime parameters: remove `{}`",
                    lifetime.lifetime
                ),
            );
            return None;
        }
        let ident = item.ident.clone();
        let named: Type = parse_quote!(#ident);
        let mut generics = bounded(&item.generics, &travelling());
        for (param, written) in generics.type_params_mut().zip(item.generics.type_params()) {
            param.default.clone_from(&written.default);
        }
        for (param, written) in generics.const_params_mut().zip(item.generics.const_params()) {
            param.default.clone_from(&written.default);
        }
        let attrs = MethodAttrs::of(&item.attrs, &named);
        let face = Handlers {
            krate: super::krate(args.krate),
            actor_path: ident.to_string(),
            message: args.message_name.unwrap_or_else(|| suffixed(&ident, "Message")),
            api: ident.clone(),
            actor: named,
            actor_ident: ident.clone(),
            generics,
            derives: args.derives,
            protocols: Vec::new(),
            vis: item.vis.clone(),
            cfgs: attrs.cfgs,
            lints: attrs.lints,
            methods: Vec::new(),
        };
        Some(Self { face, attrs: item.attrs.clone(), item, reference: suffixed(&ident, "Ref") })
    }

    /// The methods as handlers, each with what was written.
    pub fn written(&self) -> Vec<(TraitItem, Option<Method>)> {
        let method = |item: &TraitItem| match item {
            TraitItem::Fn(method) => {
                let handler = ImplItemFn {
                    attrs: method.attrs.clone(),
                    vis: self.face.vis.clone(),
                    modifiers: method.modifiers.clone(),
                    sig: method.sig.clone(),
                    block: parse_quote!({}),
                };
                let span = method.sig.ident.span();
                Some(Method::new(&handler, Role::Call, span, &self.face.actor))
            }
            _ => None,
        };
        self.item.items.iter().map(|item| (item.clone(), method(item))).collect()
    }

    pub fn name(&self) -> &Ident {
        &self.face.actor_ident
    }
}

impl Method {
    /// What an actor writes for a method of a protocol.
    pub fn as_handler(&self) -> String {
        let args: String = self.args.iter().map(|arg| format!(", {}", show(&arg.written))).collect();
        format!("#[handler] fn {}(&mut self{args}){}", self.sig.ident, self.arrow())
    }

    /// ` -> u64`, or nothing.
    fn arrow(&self) -> String {
        match &self.returns {
            Returns::Unit => String::new(),
            returns => format!(" -> {}", show(returns.reply().into_token_stream())),
        }
    }
}
