//! Where an editor finds things: the places and docs of what is generated, with and without mistakes in it.
//!
//! An editor follows a name to the tokens that define it, and those to the place that their span says. A request's
//! method says the handler's place, so that go-to-definition ends there and hover shows its docs.

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, File, ImplItemFn, Item, ItemEnum, ItemImpl, ItemStruct, ItemTrait, TraitItemFn, Variant,
};

use crate::rooms;

const COUNTER: &str = "
impl Counter {
    /// Adds `by`.
    ///
    /// And answers.
    #[handler]
    pub fn increment(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    /// Looks.
    #[handler]
    pub async fn value(&self) -> i64 {
        self.value
    }

    #[handler(every = \"1s\")]
    fn tick(&mut self) {}

    fn audit(&self) {}
}
";

/// What a name is given to, in generated code and in what the user wrote.
#[derive(Default)]
struct Definitions {
    methods: Vec<(Ident, Vec<Attribute>)>,
    requests: Vec<(Ident, Vec<Attribute>)>,
    variants: Vec<(Ident, Vec<Attribute>)>,
    others: Vec<Ident>,
    errors: usize,
}

impl<'ast> Visit<'ast> for Definitions {
    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.methods.push((item.sig.ident.clone(), item.attrs.clone()));
        visit::visit_impl_item_fn(self, item);
    }
    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.requests.push((item.sig.ident.clone(), item.attrs.clone()));
        visit::visit_trait_item_fn(self, item);
    }
    fn visit_variant(&mut self, item: &'ast Variant) {
        self.variants.push((item.ident.clone(), item.attrs.clone()));
        visit::visit_variant(self, item);
    }
    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.others.push(item.ident.clone());
        visit::visit_item_enum(self, item);
    }
    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.others.push(item.ident.clone());
        visit::visit_item_trait(self, item);
    }
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.others.push(item.ident.clone());
        visit::visit_item_struct(self, item);
    }
    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.others.push(pat.ident.clone());
        visit::visit_pat_ident(self, pat);
    }
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.errors +=
            usize::from(mac.path.segments.last().is_some_and(|last| last.ident == "compile_error"));
    }
}

fn definitions(tokens: TokenStream) -> Definitions {
    let file: File = syn::parse2(tokens).unwrap();
    let mut found = Definitions::default();
    found.visit_file(&file);
    found
}

/// What `#[handlers]` makes of a block, and the block.
fn handlers(source: &str) -> (Definitions, ItemImpl) {
    let source: TokenStream = source.parse().unwrap();
    let block = syn::parse2(source.clone()).unwrap();
    (definitions(rooms::handlers(TokenStream::new(), source)), block)
}

fn supervisor(args: &str, source: &str) -> (Definitions, ItemStruct) {
    let source: TokenStream = source.parse().unwrap();
    let item = syn::parse2(source.clone()).unwrap();
    (definitions(rooms::supervisor(args.parse().unwrap(), source)), item)
}

/// From where to where a token stands.
fn place(span: Span) -> ((usize, usize), (usize, usize)) {
    let at = |place: proc_macro2::LineColumn| (place.line, place.column);
    (at(span.start()), at(span.end()))
}

fn written<'b>(block: &'b ItemImpl, name: &str) -> &'b ImplItemFn {
    let methods = block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(method) => Some(method),
        _ => None,
    });
    methods.into_iter().find(|method| method.sig.ident == name).unwrap()
}

fn docs(attrs: &[Attribute]) -> Vec<String> {
    let docs = attrs.iter().filter(|attr| attr.path().is_ident("doc"));
    docs.map(|attr| quote::quote!(#attr).to_string()).collect()
}

fn named<'d>(list: &'d [(Ident, Vec<Attribute>)], name: &str) -> &'d (Ident, Vec<Attribute>) {
    list.iter().find(|(ident, _)| ident == name).unwrap()
}

#[test]
fn a_request_is_defined_where_its_handler_is() {
    let (found, block) = handlers(COUNTER);
    for name in ["increment", "value"] {
        let handler = place(written(&block, name).sig.ident.span());
        assert_ne!(handler.0, handler.1, "spans have places here");
        assert_eq!(place(named(&found.requests, name).0.span()), handler, "{name}");
    }
    assert_eq!(found.requests.len(), 2, "no request but those of handlers");
}

#[test]
fn no_other_generated_name_is_defined_at_a_handler() {
    let (found, block) = handlers(COUNTER);
    for (name, variant) in [("increment", "Increment"), ("value", "Value")] {
        let handler = place(written(&block, name).sig.ident.span());
        let all = found.methods.iter().chain(&found.requests).chain(&found.variants);
        let names = all.map(|(ident, _)| ident).chain(&found.others);
        let there: Vec<String> =
            names.filter(|ident| place(ident.span()) == handler).map(ToString::to_string).collect();
        // The method itself, its request and its message, from each of which an editor comes here.
        assert_eq!(there, [name, name, variant]);
    }
}

#[test]
fn a_method_that_is_no_request_is_defined_once() {
    let (found, _) = handlers(COUNTER);
    for name in ["tick", "audit"] {
        assert_eq!(found.methods.iter().filter(|(ident, _)| ident == name).count(), 1, "{name}");
        assert!(found.requests.iter().all(|(ident, _)| ident != name), "{name}");
    }
}

#[test]
fn what_is_named_after_the_actor_is_defined_where_the_block_names_it() {
    let (found, block) = handlers(COUNTER);
    for name in ["CounterMessage", "CounterApi"] {
        let ident = found.others.iter().find(|ident| *ident == name).unwrap();
        assert_eq!(place(ident.span()), place(block.self_ty.span()), "{name}");
    }
}

#[test]
fn arguments_are_defined_where_they_are_written() {
    let (found, block) = handlers(COUNTER);
    let by = place(written(&block, "increment").sig.inputs[1].span()).0;
    let names: Vec<&Ident> = found.others.iter().filter(|ident| *ident == "by").collect();
    assert_eq!(names.len(), 3, "the method's, the pattern's and the request's");
    assert!(names.iter().all(|ident| place(ident.span()).0 == by));
}

#[test]
fn hover_shows_the_docs_of_the_handler() {
    let (found, block) = handlers(COUNTER);
    for (name, variant) in [("increment", "Increment"), ("value", "Value")] {
        let own = docs(&written(&block, name).attrs);
        assert!(!own.is_empty());
        // What a request gives is said below them.
        assert!(docs(&named(&found.requests, name).1).starts_with(&own), "{name}");
        assert!(docs(&named(&found.variants, variant).1).starts_with(&own), "{name}");
    }
}

#[test]
fn what_has_no_docs_says_what_it_does() {
    let (found, _) = handlers("impl Counter { #[handler] fn reset(&mut self) {} }");
    assert!(docs(&named(&found.requests, "reset").1)[0].contains("A request to call `reset`."));
    assert!(docs(&named(&found.variants, "Reset").1)[0].contains("Calls `reset`."));
}

#[test]
fn a_handler_with_a_mistake_takes_nothing_from_the_others_nor_from_its_callers() {
    let (found, block) = handlers(
        "
impl Counter {
    #[handler]
    fn greet(&mut self, name: &str) {}

    #[handler]
    fn increment(&mut self, by: i64) -> i64 {
        by
    }

    #[handler]
    fn generic<T>(&mut self, of: T) {}

    #[handler(strat)]
    fn begin(&mut self) {}
}
",
    );
    assert_eq!(found.errors, 3);
    let requests: Vec<String> = found.requests.iter().map(|(ident, _)| ident.to_string()).collect();
    // A generic one has no message; one with a reference is asked for by the owned type.
    assert_eq!(requests, ["greet", "increment"]);
    assert_eq!(
        place(named(&found.requests, "greet").0.span()),
        place(written(&block, "greet").sig.ident.span())
    );
    for name in ["greet", "increment", "generic", "begin"] {
        assert!(found.methods.iter().any(|(ident, _)| ident == name), "{name} is as it was written");
    }
}

#[test]
fn an_option_with_a_mistake_takes_nothing_from_the_item() {
    let struct_ = "/// Counts.\n struct Counter { value: i64 }";
    let tokens = rooms::actor("mailbx(capacity = 1)".parse().unwrap(), struct_.parse().unwrap());
    let file: File = syn::parse2(tokens).unwrap();
    assert!(matches!(&file.items[0], Item::Struct(item) if item.fields.len() == 1 && item.attrs.len() == 1));
    assert!(matches!(&file.items[1], Item::Impl(_)), "it is an actor all the same");
    assert!(matches!(&file.items[2], Item::Macro(_)));

    let block: TokenStream = COUNTER.parse().unwrap();
    let found = definitions(rooms::handlers("mesage(name = \"X\")".parse().unwrap(), block));
    assert_eq!((found.errors, found.requests.len()), (1, 2));
}

#[test]
fn a_supervisor_with_a_mistake_can_still_be_started() {
    let (found, item) = supervisor(
        "strategy = \"all\"",
        "struct Office {
            desks: usize,
            #[child(start = Worker::new(desks), restart = \"sometimes\")]
            worker: ActorRef<Worker>,
            #[child]
            name: String,
        }",
    );
    assert_eq!(found.errors, 3);
    assert!(found.methods.iter().any(|(ident, _)| ident == "spec"));
    assert!(found.others.contains(&item.ident), "the struct is there");
}

#[test]
fn a_child_in_a_start_expression_is_defined_at_its_field() {
    let (found, item) = supervisor(
        "",
        "struct Office {
            #[child]
            worker: ActorRef<Worker>,
            #[child(start = Desk::new(worker))]
            desk: ActorRef<Desk>,
        }",
    );
    let field = item.fields.iter().next().unwrap().ident.as_ref().unwrap().span();
    let locals: Vec<&Ident> = found.others.iter().filter(|ident| *ident == "worker").collect();
    assert_eq!(locals.len(), 3, "the child, and its two clones for the start expression");
    assert!(locals.iter().all(|ident| place(ident.span()) == place(field)));
}
