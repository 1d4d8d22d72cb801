//! The catalogue of misuses as a whole: how many there are, that each is one message, and that each message helps.
//!
//! `cargo test -p ui-tests --test catalogue -- --nocapture` prints the counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What a message of the macros has in it where it says what to write instead.
const REMEDIES: [&str; 24] = [
    "write",
    "did you mean",
    "it knows",
    "it is one of",
    "is one of",
    "is `true` or `false`",
    "is at least",
    "is at most",
    "take ",
    "return ",
    "remove",
    "replace",
    "rename",
    "keep ",
    "put ",
    "add ",
    "move ",
    "join ",
    "give ",
    "let it own",
    "make it",
    "mark ",
    "leave ",
    "use an owned type",
];

/// The cases with more than one error: how many, and why.
const SEVERAL: [(&str, usize, &str); 25] = [
    ("actor_many_mistakes", 5, "as many mistakes"),
    ("child_many_mistakes", 11, "as many mistakes"),
    ("handlers_many_mistakes", 10, "as many mistakes"),
    ("handler_reference_arguments", 4, "as many mistakes"),
    ("handler_callers_are_not_wrong", 2, "as many mistakes, and their callers have none"),
    ("supervisor_callers_are_not_wrong", 2, "as many mistakes, and its callers have none"),
    ("state_not_sync_many", 4, "as many mistakes"),
    ("protocol_many_mistakes", 10, "as many mistakes"),
    ("protocol_reference", 2, "as many mistakes: two arguments, and each has its own remedy"),
    ("protocol_actor_result", 2, "as many mistakes: with a value and without one, the remedy is another"),
    ("protocol_self_type", 2, "as many mistakes: `Self` in an answer, and in an argument"),
    ("protocols_two_missing", 2, "as many mistakes: each handler that is missing is named"),
    ("handler_generic_lifetime", 2, "two mistakes: the lifetime, and what borrows for it"),
    ("handlers_elided_lifetime", 2, "two mistakes: the struct and the impl each have their lifetime"),
    (
        "argument_not_send",
        2,
        "the argument, and the message as a type of the actor: the compiler checks both",
    ),
    ("argument_not_send_many", 4, "two arguments, and the message with each of them"),
    ("argument_pointer", 2, "the argument, and the message as a type of the actor"),
    ("message_not_send", 2, "the message, and the future that carries it: the compiler checks both"),
    (
        "child_no_type_argument",
        2,
        "the field as it was written is wrong in itself, and the compiler says so, too",
    ),
    ("handler_infer", 2, "the method as it was written is wrong in itself"),
    ("handler_reply_untyped", 2, "the method as it was written is wrong in itself"),
    ("handlers_tuple", 2, "the impl as it was written is wrong in itself"),
    (
        "child_not_an_actor",
        3,
        "the field as it was written is wrong in itself, and what starts it names its type",
    ),
    (
        "protocols_no_protocol",
        2,
        "the trait has neither a message beside it nor one in it: the compiler looks for both",
    ),
    (
        "protocols_unknown",
        2,
        "the name stands for the trait and for its message: the compiler looks for both",
    ),
];

/// Errors of the compiler that say nothing of ours: what could say it better does not exist.
const WITHOUT_OUR_WORDS: [(&str, &str); 26] = [
    ("actor_state_not_send", "the compiler names the field's type and the actor"),
    (
        "ask_not_handled",
        "the compiler takes the one message there is for the one that was meant, and names both",
    ),
    ("await_in_start_with_not_send", "the compiler names the value and the await"),
    ("child_argument_not_clone", "the compiler writes the derive"),
    ("child_start_no_default", "the compiler writes the derive"),
    ("child_start_wrong_type", "the compiler names both types"),
    ("child_supervised_not_supervisor", "no trait says what a supervisor is: its `spec` is missed"),
    ("child_supervisor_without_spec_arguments", "the compiler names the argument"),
    ("child_uses_undeclared", "a name like any other"),
    ("error_not_convertible", "inside a handler's own body"),
    ("event_not_clone", "the compiler writes the derive"),
    ("handler_argument_named_twice", "wrong in itself: nothing is made of it, so that this is said once"),
    ("handler_unknown_type", "the compiler knows what was meant"),
    ("handlers_derive_not_clone", "the compiler writes the derive"),
    ("handlers_unsafe", "wrong in itself: the compiler says so before the macro is asked"),
    ("protocol_no_method", "a method or field that is not there has no words but the compiler's"),
    ("protocol_not_its_own", "the compiler names the actor and the protocol's message"),
    ("protocols_message_not_imported", "the compiler writes the import"),
    (
        "protocols_no_protocol",
        "what is not there has no words but the compiler's: they say what a protocol has and this trait has not",
    ),
    ("protocols_unknown", "the compiler writes the trait's name, though it offers the message's, too"),
    ("recipient_not_handled", "the compiler names both messages"),
    (
        "tell_not_handled",
        "the compiler takes the one message there is for the one that was meant, and names both",
    ),
    ("use_of_a_field", "a method or field that is not there has no words but the compiler's"),
    ("use_of_a_plain_method", "a method or field that is not there has no words but the compiler's"),
    ("use_with_wrong_argument", "the compiler names both types, and shows the handler"),
    ("use_without_argument", "the compiler writes the argument, and shows the handler"),
];

struct Case {
    name: String,
    errors: Vec<Error>,
}

struct Error {
    /// The first line, without `error: `.
    message: String,
    /// Whether the macros wrote it.
    ours: bool,
    whole: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fail")
}

fn cases() -> Vec<Case> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    names.sort();
    names
        .iter()
        .map(|path| {
            let stderr = std::fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
            Case { name: path.file_stem().unwrap().to_string_lossy().into_owned(), errors: errors(&stderr) }
        })
        .collect()
}

fn errors(stderr: &str) -> Vec<Error> {
    let mut errors: Vec<Error> = Vec::new();
    for line in stderr.lines() {
        if let Some(rest) = line.strip_prefix("error") {
            let (code, message) = rest.split_once(": ").unwrap();
            let of_rustc =
                ["future cannot be sent", "unused `"].iter().any(|start| message.starts_with(start));
            let ours = code.is_empty() && !of_rustc;
            errors.push(Error { message: message.to_owned(), ours, whole: String::new() });
        }
        if let Some(error) = errors.last_mut() {
            error.whole.push_str(line);
            error.whole.push('\n');
        }
    }
    errors
}

/// The macro or the option that a case is about: the first word of its name.
fn subject(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

#[test]
fn every_misuse_is_one_error_or_says_why_it_is_several() {
    let several: BTreeMap<&str, usize> = SEVERAL.iter().map(|(name, count, _)| (*name, *count)).collect();
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = several.get(case.name.as_str()).copied().unwrap_or(1);
        if case.errors.len() != expected {
            wrong.push(format!("{}: {} errors, {expected} expected", case.name, case.errors.len()));
        }
    }
    let known: BTreeSet<String> = cases().into_iter().map(|case| case.name).collect();
    wrong.extend(
        SEVERAL
            .iter()
            .filter(|(name, ..)| !known.contains(*name))
            .map(|(name, ..)| format!("{name}: no case")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_message_of_the_macros_says_what_to_write_instead() {
    let helps = |message: &str| REMEDIES.iter().any(|remedy| message.contains(remedy));
    let silent: Vec<String> = cases()
        .iter()
        .flat_map(|case| case.errors.iter().map(move |error| (case, error)))
        .filter(|(_, error)| error.ours && !helps(&error.message))
        .map(|(case, error)| format!("{}: {}", case.name, error.message))
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn every_error_of_the_compiler_has_our_words_in_it_or_says_why_not() {
    // Ours are labels and notes of `diagnostic::on_unimplemented`, and the lines of bounds that the compiler shows.
    let ours = [
        "take something that is `Send`",
        "return something that is `Send`",
        "take `&mut self` instead",
        "write `#[actor]` above",
        "Drop what is not `Send` before an `.await`",
        "take what is `Send`",
        "return what is `Send`",
        "return `ActorResult<()>`",
        "give the actor a `#[handler(message)]`",
        "give the actor a `#[handler(event)]`",
        "give it a `#[handler(event)]`",
        "write `#[handlers(message(derive(Clone)))]`",
        "a request does nothing until it is awaited or told",
        "write `#[handler] fn ",
        "`.recipient()` of an actor's reference or pool is one",
    ];
    let excused: BTreeSet<&str> = WITHOUT_OUR_WORDS.iter().map(|(name, _)| *name).collect();
    let mut silent = BTreeSet::new();
    for case in cases() {
        let of_rustc: Vec<&Error> = case.errors.iter().filter(|error| !error.ours).collect();
        let ours_too = of_rustc.len() < case.errors.len();
        let helped = of_rustc.iter().any(|error| ours.iter().any(|words| error.whole.contains(words)));
        if !of_rustc.is_empty() && !helped && !ours_too {
            silent.insert(case.name);
        }
    }
    let silent: BTreeSet<&str> = silent.iter().map(String::as_str).collect();
    assert_eq!(silent, excused);
}

#[test]
fn no_message_points_at_a_whole_attribute_but_one_that_is_misplaced() {
    let whole: Vec<String> = cases()
        .iter()
        .flat_map(|case| case.errors.iter().map(move |error| (case, error)))
        .filter(|(_, error)| error.ours && error.whole.contains("in this attribute macro expansion"))
        .map(|(case, error)| format!("{}: {}", case.name, error.message))
        .collect();
    assert!(whole.is_empty(), "{}", whole.join("\n"));
    let misplaced = cases().into_iter().filter(|case| {
        case.errors
            .iter()
            .any(|error| error.ours && error.whole.contains("this error originates in the attribute macro"))
    });
    assert!(misplaced.into_iter().all(|case| case.name.contains("_outside")));
}

#[test]
fn the_catalogue_is_counted() {
    let cases = cases();
    let mut by_subject: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        *by_subject.entry(subject(&case.name)).or_default() += 1;
    }
    let all: Vec<&Error> = cases.iter().flat_map(|case| &case.errors).collect();
    let distinct: BTreeSet<&str> = all.iter().map(|error| error.message.as_str()).collect();
    println!("misuses                    {}", cases.len());
    for (subject, count) in &by_subject {
        println!("  {subject:<24} {count}");
    }
    println!("errors                     {}", all.len());
    println!("  of the macros            {}", all.iter().filter(|error| error.ours).count());
    println!("  of the compiler          {}", all.iter().filter(|error| !error.ours).count());
    println!("distinct first lines       {}", distinct.len());
    println!("cases with several errors  {}", cases.iter().filter(|case| case.errors.len() > 1).count());
    for (name, count, why) in SEVERAL {
        println!("  {name} ({count}): {why}");
    }
    println!("cases without our words    {}", WITHOUT_OUR_WORDS.len());
    for (name, why) in WITHOUT_OUR_WORDS {
        println!("  {name}: {why}");
    }
    let pass = std::fs::read_dir(folder().join("../pass")).unwrap().count();
    println!("accepted forms             {pass}");
    assert!(cases.len() >= 90, "the catalogue has {} misuses", cases.len());
}
