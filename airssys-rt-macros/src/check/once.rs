//! An actor has one block of handlers. An attribute sees no block but its own, so this looks into the file.
//!
//! Without it the compiler reports every generated item as a duplicate, and nothing that a user wrote. Where the file
//! cannot be read, or is not as expected, nothing is said: the compiler then has the last word.

use std::cell::RefCell;
use std::rc::Rc;

use quote::ToTokens;
use syn::{Attribute, Item, ItemImpl};

use crate::args::handler::is;
use crate::errors::Errors;
use crate::model::handlers::Handlers;
use crate::model::method::last_segment;

/// Reports a block that is not its actor's first, and whether this is one.
pub fn check(model: &Handlers, item: &ItemImpl, errors: &mut Errors) -> bool {
    let Some((text, line)) = source() else { return false };
    let actor = &model.actor_ident;
    let Some(first) = first_block(&text, line, &actor.to_string()) else { return false };
    errors.at(
        &item.self_ty,
        format!(
            "`{actor}` has a `#[handlers]` block already, in line {first}: an actor's handlers stand together, so move these into it"
        ),
    );
    true
}

/// The text of the file that this attribute stands in, and its line.
fn source() -> Option<(String, usize)> {
    if !proc_macro::is_available() {
        return None;
    }
    let here = proc_macro::Span::call_site();
    let text = std::fs::read_to_string(here.local_file()?).ok()?;
    Some((text, here.start().line()))
}

/// The line of the first block for the same actor in the same module, if that is not the block in `line`.
fn first_block(text: &str, line: usize, actor: &str) -> Option<usize> {
    let attributes = attributes(text);
    let at = attributes.iter().position(|(other, _)| *other == line)?;
    // The usual case costs no parsing.
    attributes[..at].iter().find(|(_, rest)| names(header(rest), actor))?;
    let blocks = blocks(text)?;
    // Each attribute is one block, or this file has something in it that is not seen here.
    if blocks.len() != attributes.len() {
        return None;
    }
    let ours = &blocks[at];
    let first = blocks.iter().position(|other| other == ours)?;
    (first < at && ours.actor.is_some()).then(|| attributes[first].0)
}

/// The blocks of a file in order. Parsed once where several ask, which would be the square of them.
fn blocks(text: &str) -> Option<Rc<[Block]>> {
    thread_local! {
        static PARSED: RefCell<Option<(String, Rc<[Block]>)>> = const { RefCell::new(None) };
    }
    PARSED.with_borrow_mut(|parsed| {
        if let Some((_, blocks)) = parsed.as_ref().filter(|(known, _)| known == text) {
            return Some(blocks.clone());
        }
        let mut blocks = Vec::new();
        collect(&syn::parse_file(text).ok()?.items, 0, &mut 0, &mut blocks);
        let blocks: Rc<[Block]> = blocks.into();
        *parsed = Some((text.to_owned(), blocks.clone()));
        Some(blocks)
    })
}

/// The lines that begin with `#[handlers…]`, and the text after that.
fn attributes(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut line, mut seen) = (Vec::new(), 1, 0);
    for (at, attribute) in text.match_indices("#[handlers") {
        let rest = &text[at + attribute.len()..];
        line += text[seen..at].matches('\n').count();
        seen = at;
        let before = text[..at].rsplit('\n').next().unwrap_or_default();
        if before.trim_start().is_empty() && rest.trim_start().starts_with([']', '(']) {
            found.push((line, rest));
        }
    }
    found
}

/// What stands before the body of the first `impl` in this text.
fn header(text: &str) -> &str {
    let item = text.find("impl").map_or("", |at| &text[at..]);
    item.split('{').next().unwrap_or_default()
}

/// Whether this word is in the text.
fn names(text: &str, word: &str) -> bool {
    text.split(|other: char| !other.is_alphanumeric() && other != '_').any(|other| other == word)
}

/// A block under `#[handlers]`: the module it stands in, and whom it is for, unless a condition leaves that open.
#[derive(PartialEq)]
struct Block {
    module: usize,
    actor: Option<String>,
}

fn collect(items: &[Item], module: usize, modules: &mut usize, blocks: &mut Vec<Block>) {
    for item in items {
        match item {
            Item::Impl(item) if item.attrs.iter().any(|attr| is(attr, "handlers")) => {
                let open = item.attrs.iter().any(conditional);
                let actor = last_segment(&item.self_ty).map(|last| last.ident.to_string());
                blocks.push(Block { module, actor: actor.filter(|_| !open) });
            }
            Item::Mod(inner) => {
                let Some((_, items)) = &inner.content else { continue };
                *modules += 1;
                let number = *modules;
                collect(items, number, modules, blocks);
            }
            _ => {}
        }
    }
}

fn conditional(attr: &Attribute) -> bool {
    attr.path().to_token_stream().to_string().starts_with("cfg")
}

#[cfg(test)]
mod tests {
    use super::first_block;

    const TWO: &str =
        "#[handlers]\nimpl A {}\n#[handlers(vis = \"pub\")]\nimpl B {}\n\n#[handlers]\nimpl A {}\n";

    #[test]
    fn the_second_block_of_an_actor_names_the_first() {
        assert_eq!(first_block(TWO, 6, "A"), Some(1));
        assert_eq!(first_block(TWO, 1, "A"), None);
        assert_eq!(first_block(TWO, 3, "B"), None);
    }

    #[test]
    fn blocks_of_two_modules_or_under_conditions_are_no_second_ones() {
        let modules = "mod a {\n#[handlers]\nimpl A {}\n}\nmod b {\n#[handlers]\nimpl A {}\n}\n";
        assert_eq!(first_block(modules, 6, "A"), None);
        let conditions = "#[handlers]\n#[cfg(unix)]\nimpl A {}\n#[handlers]\n#[cfg(windows)]\nimpl A {}\n";
        assert_eq!(first_block(conditions, 4, "A"), None);
    }

    #[test]
    fn a_block_inside_a_function_or_a_macro_is_left_to_the_compiler() {
        let inside = "#[handlers]\nimpl A {}\nfn f() {\n#[handlers]\nimpl A {}\n}\n";
        assert_eq!(first_block(inside, 4, "A"), None);
    }
}
