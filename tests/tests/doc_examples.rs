//! Every public item has an example that runs, and the page of each macro shows each of its options.
//!
//! What a user reaches is read from the `pub use` of `airssys_rt` and of `airssys_rt::testing`. An example is a code
//! block that `cargo test --doc` runs: one that is only compiled, or not even that, does not count. It stands in the
//! docs of the item itself; a method may also be seen in the example of its type, or of the item of which its docs say
//! that it "has an example".

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, TraitItem, UseTree, Visibility};

/// The code blocks of an item's docs that are run, without the lines that are hidden.
#[derive(Clone, Default)]
struct Examples {
    seen: String,
    /// Where there is another: `Context::join`.
    elsewhere: Option<String>,
}

impl Examples {
    fn of(attrs: &[Attribute]) -> Self {
        let mut seen = String::new();
        let mut block: Option<bool> = None;
        let docs = docs(attrs);
        let elsewhere = docs.split_once("`] has an example").and_then(|(before, _)| before.rsplit_once("[`"));
        let elsewhere = elsewhere.map(|(_, path)| path.to_owned());
        for line in docs.lines().map(str::trim) {
            if let Some(info) = line.strip_prefix("```") {
                let runs = || info.split(',').all(|word| matches!(word.trim(), "" | "rust" | "should_panic"));
                block = if block.is_some() { None } else { Some(runs()) };
            } else if block == Some(true) && !line.starts_with("# ") && line != "#" {
                seen.push_str(line);
                seen.push('\n');
            }
        }
        Self { seen, elsewhere }
    }

    fn is_empty(&self) -> bool {
        self.seen.trim().is_empty()
    }

    /// Whether the name is seen, as a word of its own.
    fn show(&self, name: &str) -> bool {
        let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
        self.seen.match_indices(name).any(|(at, _)| {
            !self.seen[..at].ends_with(part_of_word)
                && !self.seen[at + name.len()..].starts_with(part_of_word)
        })
    }

    /// Whether the method is called, or written.
    fn call(&self, method: &str) -> bool {
        self.show(method)
            && [format!("{method}("), format!("{method}::<"), format!("::{method}")]
                .iter()
                .any(|call| self.seen.contains(call))
    }
}

fn docs(attrs: &[Attribute]) -> String {
    let mut text = String::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        if let Meta::NameValue(meta) = &attr.meta
            && let Expr::Lit(value) = &meta.value
            && let Lit::Str(line) = &value.lit
        {
            text.push_str(&line.value());
            text.push('\n');
        }
    }
    text
}

fn is_hidden(attrs: &[Attribute]) -> bool {
    let hidden = |attr: &Attribute| {
        attr.path().is_ident("doc")
            && attr.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "hidden")
    };
    attrs.iter().any(hidden)
}

/// What a crate shows: its names, and where their docs are.
#[derive(Default)]
struct Face {
    names: BTreeSet<String>,
    types: BTreeMap<String, Examples>,
    /// Of a type, its methods and constants.
    methods: Vec<(String, String, Examples)>,
    /// The items that are made by a `macro_rules!` of the crate.
    made: BTreeMap<String, TokenStream>,
}

impl Face {
    /// The names that a module passes on.
    fn pass_on(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Use(item) = item
                && matches!(item.vis, Visibility::Public(_))
            {
                last_names(&item.tree, &mut self.names);
            }
        }
    }

    fn read(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Struct(item) => self.add(&item.ident, &item.vis, &item.attrs),
                Item::Enum(item) => self.add(&item.ident, &item.vis, &item.attrs),
                Item::Type(item) => self.add(&item.ident, &item.vis, &item.attrs),
                Item::Fn(item) => self.add(&item.sig.ident, &item.vis, &item.attrs),
                Item::Trait(item) => {
                    self.add(&item.ident, &item.vis, &item.attrs);
                    let methods = item.items.iter().filter_map(|item| match item {
                        TraitItem::Fn(method) => Some((&method.sig.ident, &method.attrs)),
                        _ => None,
                    });
                    for (method, attrs) in methods.filter(|(_, attrs)| !is_hidden(attrs)) {
                        self.add_method(&item.ident.to_string(), method, attrs);
                    }
                }
                Item::Impl(item) if item.trait_.is_none() => {
                    if let syn::Type::Path(path) = &*item.self_ty
                        && let Some(owner) = path.path.segments.last()
                    {
                        self.read_impl(&owner.ident.to_string(), &item.items);
                    }
                }
                Item::Macro(item) => self.read_macro(item),
                _ => {}
            }
        }
    }

    fn read_impl(&mut self, owner: &str, items: &[ImplItem]) {
        for item in items {
            match item {
                ImplItem::Fn(method)
                    if matches!(method.vis, Visibility::Public(_)) && !is_hidden(&method.attrs) =>
                {
                    self.add_method(owner, &method.sig.ident, &method.attrs);
                }
                ImplItem::Const(constant) if matches!(constant.vis, Visibility::Public(_)) => {
                    self.add_method(owner, &constant.ident, &constant.attrs);
                }
                ImplItem::Macro(item) => {
                    let made = item.mac.path.get_ident().and_then(|name| self.made.get(&name.to_string()));
                    let made = made.unwrap_or_else(|| panic!("what does this macro make, in `{owner}`?"));
                    let made = syn::parse_str::<syn::ItemImpl>(&format!("impl Owner {{ {made} }}"))
                        .expect("methods");
                    self.read_impl(owner, &made.items);
                }
                _ => {}
            }
        }
    }

    /// Keeps the definition of a macro; reads what an invocation makes.
    fn read_macro(&mut self, item: &syn::ItemMacro) {
        if let Some(name) = &item.ident {
            let mut tokens = item.mac.tokens.clone().into_iter().skip_while(|token| !is_arrow(token));
            let _ = tokens.next();
            let _ = tokens.next();
            if let Some(TokenTree::Group(body)) = tokens.next() {
                self.made.insert(name.to_string(), plain(body.stream()));
            }
            return;
        }
        let made = item.mac.path.get_ident().and_then(|name| self.made.get(&name.to_string())).cloned();
        let Some(made) = made else {
            // Of another crate: where items go in, they come out, too.
            if let Ok(file) = syn::parse2::<syn::File>(item.mac.tokens.clone()) {
                self.read(&file.items);
            }
            return;
        };
        // `/// docs` and a name, for each item that is made.
        let mut attrs = TokenStream::new();
        for token in item.mac.tokens.clone() {
            match &token {
                TokenTree::Ident(name) => {
                    let attrs = std::mem::take(&mut attrs);
                    let made = rename(made.clone(), name);
                    let made = syn::parse2::<syn::File>(TokenStream::from_iter([attrs, made]));
                    self.read(&made.expect("items").items);
                }
                TokenTree::Punct(end) if end.as_char() == ';' => {}
                _ => attrs.extend([token]),
            }
        }
    }

    fn add(&mut self, name: &syn::Ident, vis: &Visibility, attrs: &[Attribute]) {
        if matches!(vis, Visibility::Public(_)) && self.names.contains(&name.to_string()) {
            let twice = self.types.insert(name.to_string(), Examples::of(attrs)).is_some();
            assert!(!twice, "two public items are called `{name}`");
        }
    }

    fn add_method(&mut self, owner: &str, name: &syn::Ident, attrs: &[Attribute]) {
        if self.names.contains(owner) {
            self.methods.push((owner.to_owned(), name.to_string(), Examples::of(attrs)));
        }
    }

    /// Whether an item's own example shows it: by its name, or by a method.
    fn is_shown(&self, name: &str, examples: &Examples) -> bool {
        let methods = || self.methods.iter().filter(|(owner, ..)| owner == name);
        !examples.is_empty() && (examples.show(name) || methods().any(|(_, method, _)| examples.call(method)))
    }

    fn find(&self, path: &str) -> Option<&Examples> {
        match path.rsplit_once("::") {
            None => self.types.get(path),
            Some((owner, method)) => self
                .methods
                .iter()
                .find(|(of, name, _)| of == owner && name == method)
                .map(|(.., examples)| examples),
        }
    }

    /// How many items there are, how many methods are seen in the examples of their types or elsewhere, and who is without.
    fn review(&self) -> (usize, [usize; 2], Vec<String>) {
        let (mut lent, mut without) = ([0; 2], Vec::new());
        for (name, examples) in &self.types {
            if !self.is_shown(name, examples) {
                without.push(name.clone());
            }
        }
        for (owner, method, examples) in &self.methods {
            let calls = |examples: Option<&Examples>| examples.is_some_and(|examples| examples.call(method));
            if examples.show(method) {
                continue;
            }
            if calls(self.types.get(owner)) {
                lent[0] += 1;
            } else if calls(examples.elsewhere.as_deref().and_then(|path| self.find(path))) {
                lent[1] += 1;
            } else {
                without.push(format!("{owner}::{method}"));
            }
        }
        (self.types.len() + self.methods.len(), lent, without)
    }
}

fn last_names(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => last_names(&path.tree, names),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(name) => drop(names.insert(name.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| last_names(tree, names)),
        UseTree::Glob(_) => panic!("a `*` says not what is public"),
    }
}

fn is_arrow(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '=')
}

/// The body of a `macro_rules!` as if each repetition stood there once: without `$`, and without attributes handed in.
fn plain(body: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = body.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '$' => {
                if let Some(TokenTree::Group(group)) = tokens.peek() {
                    let inside = plain(group.stream());
                    let attribute = matches!(
                        inside.clone().into_iter().next(),
                        Some(TokenTree::Punct(punct)) if punct.as_char() == '#'
                    );
                    if !attribute || inside.clone().into_iter().count() > 2 {
                        out.extend(inside);
                    }
                    let _ = tokens.next();
                    if matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '*') {
                        let _ = tokens.next();
                    }
                }
            }
            TokenTree::Group(group) => {
                let inside = plain(group.stream());
                out.extend([TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inside))]);
            }
            other => out.extend([other]),
        }
    }
    out
}

fn rename(body: TokenStream, to: &proc_macro2::Ident) -> TokenStream {
    body.into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if ident == "name" => TokenTree::Ident(to.clone()),
            TokenTree::Group(group) => {
                TokenTree::Group(proc_macro2::Group::new(group.delimiter(), rename(group.stream(), to)))
            }
            other => other,
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn parse(file: &Path) -> Vec<Item> {
    let source = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display())).items
}

fn sources(place: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(place).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

fn face() -> Face {
    let mut face = Face::default();
    let runtime = root().join("airssys-rt/src");
    face.pass_on(&parse(&runtime.join("lib.rs")));
    face.pass_on(&parse(&runtime.join("testing/mod.rs")));
    let mut files = Vec::new();
    sources(&runtime, &mut files);
    let files: Vec<Vec<Item>> = files.iter().map(|file| parse(file)).collect();
    // A macro may be used in a file before the one that makes it.
    let definitions =
        files.iter().flatten().filter(|item| matches!(item, Item::Macro(item) if item.ident.is_some()));
    for definition in definitions {
        face.read(std::slice::from_ref(definition));
    }
    for file in &files {
        face.read(file);
    }
    face.read(&parse(&root().join("airssys-rt-macros/src/lib.rs")));
    face
}

#[test]
fn every_public_item_has_an_example_that_runs() {
    let face = face();
    let nowhere: Vec<_> = face.names.iter().filter(|name| !face.types.contains_key(*name)).collect();
    assert!(nowhere.is_empty(), "passed on, and not found in the sources: {nowhere:?}");
    let (items, [of_type, elsewhere], without) = face.review();
    let own = items - of_type - elsewhere - without.len();
    println!(
        "{items} public items: {own} with an example of their own, {of_type} seen in the example of their type, \
         {elsewhere} in one that their docs point to, {} without",
        without.len()
    );
    assert!(items > 250, "only {items}: are all of them found?");
    assert!(without.is_empty(), "without an example that runs and shows them:\n  {}", without.join("\n  "));
}

#[test]
fn the_prelude_has_no_names_of_its_own() {
    let face = face();
    let items = parse(&root().join("airssys-rt/src/lib.rs"));
    let prelude = items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "prelude" => module.content.as_ref(),
        _ => None,
    });
    let mut prelude_face = Face::default();
    prelude_face.pass_on(&prelude.expect("a prelude").1);
    prelude_face.names.remove("Duration");
    let unknown: Vec<_> = prelude_face.names.difference(&face.names).collect();
    assert!(prelude_face.names.len() > 30 && unknown.is_empty(), "not in the crate itself: {unknown:?}");
}

#[test]
fn the_pages_of_the_crate_and_of_its_testing_tools_lead_to_every_item() {
    let page = |file: &str| {
        let source = std::fs::read_to_string(root().join("airssys-rt/src").join(file)).expect("a page");
        docs(&syn::parse_file(&source).expect("source").attrs)
    };
    let pages = page("lib.rs") + &page("testing/mod.rs");
    let links = |name: &&String| {
        let ends = ["`", "::"].map(|end| [format!("[`{name}{end}"), format!("[`macro@{name}{end}")]);
        ends.iter().flatten().any(|link| pages.contains(link))
    };
    let face = face();
    let unknown: Vec<_> = face.names.iter().filter(|name| !links(name)).collect();
    assert!(unknown.is_empty(), "the pages do not lead to {unknown:?}");
}

/// The names that an attribute knows: the arrays of text in the file that reads its options.
#[derive(Default)]
struct Known(BTreeSet<String>);

impl<'ast> Visit<'ast> for Known {
    fn visit_expr_array(&mut self, array: &'ast syn::ExprArray) {
        let texts = array.elems.iter().map(|element| match element {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
            self.0.extend(texts);
        }
        visit::visit_expr_array(self, array);
    }
}

#[test]
fn the_page_of_each_macro_shows_each_of_its_options() {
    let face = face();
    let macros = root().join("airssys-rt-macros/src");
    let (mut options, mut without) = (0, Vec::new());
    for attribute in ["actor", "handlers", "handler", "protocol", "supervisor", "child"] {
        let mut known = Known::default();
        for item in &parse(&macros.join(format!("args/{attribute}.rs"))) {
            known.visit_item(item);
        }
        assert!(known.0.len() > 1, "`{attribute}` has options: {:?}", known.0);
        options += known.0.len();
        let examples = &face.types[attribute];
        without.extend(
            known
                .0
                .into_iter()
                .filter(|name| !examples.show(name))
                .map(|name| format!("{attribute}: {name}")),
        );
    }
    println!("{options} options of the macros, {} not seen in an example that runs", without.len());
    assert!(without.is_empty(), "not seen in an example that runs: {without:?}");
}

#[test]
fn an_item_without_an_example_is_found() {
    let source = "
        macro_rules! more { () => { /// Does.\n pub fn made(&self) {} }; }
        macro_rules! errors { ($($(#[$doc:meta])* $name:ident;)*) => {$( $(#[$doc])* pub enum $name<M> { Full(M) } )*}; }
        errors! { /// Lost.\n Lost; }
        /// ```\n/// Shown::new().seen();\n/// # unseen();\n/// ```\n pub struct Shown;
        impl Shown {
            pub fn new() -> Self { Self }
            pub fn seen(&self) {}
            pub fn unseen(&self) {}
            /// [`Bare`] has an example.\n pub fn wrong(&self) {}
            /// [`Shown::other`] has an example.\n pub fn something_else(&self) {}
            /// ```no_run\n/// compiled();\n/// ```\n pub fn compiled(&self) {}
            /// ```\n/// something_else();\n/// ```\n pub fn other(&self) {}
            fn private(&self) {}
            #[doc(hidden)] pub fn hidden(&self) {}
            more!();
        }
        /// ```\n/// nothing_of_it();\n/// ```\n pub trait Bare { fn required(&self); }
        pub struct Inside;
    ";
    let mut face = Face::default();
    face.names.extend(["Shown", "Bare", "Lost"].map(str::to_owned));
    face.read(&syn::parse_file(source).expect("source").items);
    let (items, lent, without) = face.review();
    let expected = [
        "Bare",
        "Lost",
        "Shown::unseen",
        "Shown::wrong",
        "Shown::compiled",
        "Shown::other",
        "Shown::made",
        "Bare::required",
    ];
    assert_eq!((items, lent), (12, [2, 1]));
    assert_eq!(without, expected);
}
