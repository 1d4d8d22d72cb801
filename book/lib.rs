//! The code of the book is run: every chapter's blocks are the doctests of this package.
//!
//! The chapters are in `src`, in the order of `src/SUMMARY.md`; `tests/pages.rs` looks that all of them are listed here.
//! A block is a whole program, so that the doctests of all chapters are compiled as one.

/// Makes each chapter the docs of an item.
macro_rules! chapters {
    ($($item:ident = $file:literal;)*) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("src/", $file))]
        struct $item;
    )*};
}

chapters! {
    Introduction = "introduction.md";
    OneHour = "one-hour.md";
    FirstActor = "first-actor.md";
    AsksAndTells = "asks-and-tells.md";
    ErrorsAndPanics = "errors-and-panics.md";
    Trees = "trees.md";
    ThinkingInTrees = "thinking-in-trees.md";
    ChildrenAndPools = "children-and-pools.md";
    MessagesAndEvents = "messages-and-events.md";
    Protocols = "protocols.md";
    TimersAndStreams = "timers-and-streams.md";
    Testing = "testing.md";
    Observing = "observing.md";
    Performance = "performance.md";
    Inside = "inside.md";
    Promises = "promises.md";
    Pitfalls = "pitfalls.md";
    ComingFrom = "coming-from/index.md";
    FromErlang = "coming-from/erlang.md";
    FromAkka = "coming-from/akka.md";
    FromKameo = "coming-from/kameo.md";
    FromRactor = "coming-from/ractor.md";
    FromActix = "coming-from/actix.md";
    FromTokio = "coming-from/tokio.md";
    Glossary = "glossary.md";
    Origins = "origins.md";
}

/// Shown in the "Coming from" chapters beside the same program of others, which `benches` compiles.
#[cfg(test)]
#[path = "side_by_side/airssys.rs"]
mod airssys;
#[cfg(test)]
#[path = "side_by_side/tokio.rs"]
mod plain_tokio;
