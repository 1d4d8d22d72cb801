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
    let Some(first) = first_block(&text, line) else { return false };
    let actor = &model.actor_ident;
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
fn first_block(text: &str, line: usize) -> Option<usize> {
    let blocks = blocks(text);
    let (_, ours) = blocks.iter().find(|(other, _)| *other == line)?;
    let (first, _) = blocks.iter().find(|(_, other)| other == ours)?;
    (*first < line && ours.actor.is_some()).then_some(*first)
}

/// The lines and the blocks of a file, in order.
type Blocks = Rc<[(usize, Block)]>;

/// Those of the file that was asked for last are kept: each of its blocks asks, and to parse it each time would be the square of
/// them.
fn blocks(text: &str) -> Blocks {
    thread_local! {
        static LAST: RefCell<(String, Blocks)> = RefCell::default();
    }
    LAST.with_borrow_mut(|(known, blocks)| {
        if *known != text {
            (*known, *blocks) = (text.to_owned(), parse(text).into());
        }
        blocks.clone()
    })
}

fn parse(text: &str) -> Vec<(usize, Block)> {
    let lines = attributes(text);
    let mut blocks = Vec::new();
    // The usual case costs no parsing.
    if lines.len() > 1
        && let Ok(file) = syn::parse_file(text)
    {
        collect(&file.items, 0, &mut 0, &mut blocks);
    }
    // Each attribute is one block, or this file has something in it that is not seen here.
    if blocks.len() == lines.len() { lines.into_iter().zip(blocks).collect() } else { Vec::new() }
}

/// The lines that begin with `#[handlers…]`.
fn attributes(text: &str) -> Vec<usize> {
    let is_ours = |line: &str| {
        let rest = line.trim_start().strip_prefix("#[handlers");
        rest.is_some_and(|rest| rest.trim_start().starts_with([']', '(']))
    };
    text.lines().enumerate().filter(|(_, line)| is_ours(line)).map(|(at, _)| at + 1).collect()
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
        assert_eq!(first_block(TWO, 6), Some(1));
        assert_eq!(first_block(TWO, 1), None);
        assert_eq!(first_block(TWO, 3), None);
    }

    #[test]
    fn blocks_of_two_modules_or_under_conditions_are_no_second_ones() {
        let modules = "mod a {\n#[handlers]\nimpl A {}\n}\nmod b {\n#[handlers]\nimpl A {}\n}\n";
        assert_eq!(first_block(modules, 6), None);
        let conditions = "#[handlers]\n#[cfg(unix)]\nimpl A {}\n#[handlers]\n#[cfg(windows)]\nimpl A {}\n";
        assert_eq!(first_block(conditions, 4), None);
    }

    #[test]
    fn a_block_inside_a_function_or_a_macro_is_left_to_the_compiler() {
        let inside = "#[handlers]\nimpl A {}\nfn f() {\n#[handlers]\nimpl A {}\n}\n";
        assert_eq!(first_block(inside, 4), None);
    }
}
