//! An annotated supervisor: its fields, of which some are children, in the order in which they start.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, Fields, Generics, Ident, Item, ItemStruct, Path, Type, Visibility, parse_quote};

use super::actor::kind;
use super::generics::{bounded, shared};
use super::handlers::take;
use super::mentions::{Mention, closure_mentions, mentions};
use super::method::{last_segment, type_args};
use crate::args::child::ChildArgs;
use crate::args::handler::is;
use crate::args::supervisor::SupervisorArgs;
use crate::args::value::bare;
use crate::errors::Errors;

pub struct Supervisor {
    pub krate: Path,
    pub ident: Ident,
    pub vis: Visibility,
    pub generics: Generics,
    pub cfgs: Vec<Attribute>,
    pub args: SupervisorArgs,
    pub fields: Vec<Field>,
}

pub struct Field {
    pub ident: Ident,
    pub ty: Type,
    pub cfgs: Vec<Attribute>,
    pub child: Option<Child>,
}

pub struct Child {
    /// A mistake was reported: nothing is made of it but its place.
    pub broken: bool,
    pub kind: Option<Kind>,
    pub args: ChildArgs,
    /// What the start expression takes from its surroundings.
    pub mentions: Vec<Mention>,
    /// What `count` and `max` take from theirs.
    pub amount_mentions: Vec<Mention>,
}

/// What a child's field says it is.
pub enum Kind {
    /// `ActorRef<T>`
    Actor(Type),
    /// `Pool<T>`
    Pool(Type),
    /// `Supervised<T>`
    Supervisor(Type),
    /// `Children<T, Arg>`
    Dynamic(Type, Box<Type>),
}

/// The struct without our attributes, and what it means where that could be understood.
pub struct Parsed {
    pub item: Item,
    pub model: Option<Supervisor>,
}

impl Supervisor {
    /// `None` where the tokens are no item at all.
    pub fn parse(args: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Parsed> {
        let args = SupervisorArgs::parse(args, errors);
        let mut item: Item = syn::parse2(item).map_err(|error| errors.push(error)).ok()?;
        let model = match &mut item {
            Item::Struct(item) => Self::of(item, args, errors),
            other => {
                let (at, what) = kind(other);
                errors.at(
                    at,
                    format!("{what} cannot be a supervisor: write a struct with one field for each child"),
                );
                None
            }
        };
        take_children_off(&mut item);
        Some(Parsed { item, model })
    }

    fn of(item: &mut ItemStruct, args: SupervisorArgs, errors: &mut Errors) -> Option<Self> {
        if let Some(lifetime) = item.generics.lifetimes().next() {
            errors.at(
                lifetime,
                format!(
                    "a supervisor outlives whoever starts it, so it cannot borrow for `{}`: let it own its fields",
                    lifetime.lifetime
                ),
            );
            return None;
        }
        let Fields::Named(named) = &mut item.fields else {
            errors.at(
                &item.ident,
                format!(
                    "a supervisor's children have names: write `struct {} {{ worker: ActorRef<Worker> }}`, with `#[child]` on the field",
                    item.ident
                ),
            );
            return None;
        };
        let mut fields = Vec::new();
        for field in &mut named.named {
            let ours = take(&mut field.attrs, "child", errors);
            for second in ours.iter().skip(1) {
                errors.at(second, "this field is a child already: join the options in one `#[child(…)]`");
            }
            let child = ours.first().map(|attr| Child::new(&field.ty, attr, errors));
            let Some(ident) = field.ident.clone() else { continue };
            let cfgs = field.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect();
            fields.push(Field { ident, ty: field.ty.clone(), cfgs, child });
        }
        Some(Self {
            krate: super::krate(args.krate.clone()),
            ident: item.ident.clone(),
            vis: item.vis.clone(),
            generics: bounded(&item.generics, &shared()),
            cfgs: item.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect(),
            args,
            fields,
        })
    }

    /// The fields that are not children: the arguments of `spec`.
    pub fn arguments(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.child.is_none())
    }

    pub fn children(&self) -> impl Iterator<Item = (&Field, &Child)> {
        self.fields.iter().filter_map(|field| Some((field, field.child.as_ref()?)))
    }

    /// The fields that `mentions` name, in the order of the struct, each with its most certain mention.
    pub fn meant<'m>(&self, mentions: &'m [Mention]) -> Vec<(&Field, &'m Mention)> {
        self.fields
            .iter()
            .filter_map(|field| {
                let of_it = || mentions.iter().filter(|mention| mention.ident == field.ident);
                let mention = of_it().find(|mention| mention.certain).or_else(|| of_it().next())?;
                Some((field, mention))
            })
            .collect()
    }
}

impl Child {
    fn new(ty: &Type, attr: &Attribute, errors: &mut Errors) -> Self {
        let args = ChildArgs::parse(attr, errors);
        let amounts = [&args.count, &args.max];
        Self {
            broken: false,
            kind: Kind::of(ty),
            mentions: args.start.as_ref().map_or_else(Vec::new, |start| match bare(start) {
                Expr::Closure(closure) => closure_mentions(closure),
                expr => mentions(expr),
            }),
            amount_mentions: amounts.into_iter().flatten().flat_map(|(_, expr)| mentions(expr)).collect(),
            args,
        }
    }
}

impl Kind {
    fn of(ty: &Type) -> Option<Self> {
        let last = last_segment(ty)?;
        let args: Vec<Type> = type_args(last).into_iter().cloned().collect();
        match (last.ident.to_string().as_str(), args.as_slice()) {
            ("ActorRef", [actor]) => Some(Self::Actor(actor.clone())),
            ("Pool", [actor]) => Some(Self::Pool(actor.clone())),
            ("Supervised", [below]) => Some(Self::Supervisor(below.clone())),
            ("Children", [actor]) => Some(Self::Dynamic(actor.clone(), Box::new(parse_quote!(())))),
            ("Children", [actor, arg]) => Some(Self::Dynamic(actor.clone(), Box::new(arg.clone()))),
            _ => None,
        }
    }

    /// `Pool`, as the user wrote it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Actor(_) => "ActorRef",
            Self::Pool(_) => "Pool",
            Self::Supervisor(_) => "Supervised",
            Self::Dynamic(..) => "Children",
        }
    }
}

/// Takes every `#[child]` off, also where it means nothing.
fn take_children_off(item: &mut Item) {
    let take_off = |field: &mut syn::Field| field.attrs.retain(|attr| !is(attr, "child"));
    match item {
        Item::Struct(item) => item.fields.iter_mut().for_each(take_off),
        Item::Union(item) => item.fields.named.iter_mut().for_each(take_off),
        Item::Enum(item) => {
            item.variants.iter_mut().flat_map(|variant| variant.fields.iter_mut()).for_each(take_off);
        }
        _ => {}
    }
}

impl ToTokens for Parsed {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.item.to_tokens(tokens);
    }
}
