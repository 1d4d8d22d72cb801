//! What the macros write, as whole files: `ui-tests/expand/*.rs` beside `*.expanded.rs`.
//!
//! They are compiled and run by `ui-tests/tests/expansions.rs`.
//! `UPDATE_GOLDENS=1 cargo test -p airssys-rt-macros` writes them anew; the diff is the review.

use std::path::PathBuf;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, File, Item, Meta};

use crate::rooms;

#[test]
fn an_actor_with_plain_and_async_handlers() {
    compare("counter");
}

#[test]
fn a_generic_actor_with_conditions_and_every_sort_of_answer() {
    compare("cache");
}

#[test]
fn a_life_with_timers() {
    compare("clock");
}

#[test]
fn events_shared_messages_and_the_ends_of_others() {
    compare("newsroom");
}

#[test]
fn a_supervisor_with_every_kind_of_child() {
    compare("bank");
}

#[test]
fn a_protocol_and_an_actor_that_takes_part_in_it() {
    compare("ledger");
}

fn compare(name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ui-tests/expand");
    let golden = folder.join(format!("{name}.expanded.rs"));
    let source = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
    let expanded = expand(&source);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&golden, &expanded).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(expanded == expected, "{name}.expanded.rs differs from what is expanded now:\n\n{expanded}");
}

fn expand(source: &str) -> String {
    let file: File = syn::parse_file(source).unwrap();
    let mut tokens = TokenStream::new();
    for item in file.items {
        tokens.extend(expand_item(item));
    }
    let file: File = syn::parse2(tokens).unwrap();
    let items = file.items.into_iter().map(|item| {
        prettyplease::unparse(&File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![item],
        })
    });
    items.collect::<Vec<_>>().join("\n")
}

fn expand_item(mut item: Item) -> TokenStream {
    let attrs: Option<&mut Vec<Attribute>> = match &mut item {
        Item::Struct(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Trait(item) => Some(&mut item.attrs),
        _ => None,
    };
    let names = ["actor", "handlers", "protocol", "supervisor"];
    let ours = attrs.and_then(|attrs| {
        let at = attrs.iter().position(|attr| names.iter().any(|name| attr.path().is_ident(name)))?;
        Some(attrs.remove(at))
    });
    let Some(attr) = ours else { return item.into_token_stream() };
    let args = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let item = quote!(#item);
    if attr.path().is_ident("actor") {
        rooms::actor(args, item)
    } else if attr.path().is_ident("handlers") {
        rooms::handlers(args, item)
    } else if attr.path().is_ident("protocol") {
        rooms::protocol(args, item)
    } else {
        rooms::supervisor(args, item)
    }
}
