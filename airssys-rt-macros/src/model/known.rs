//! Types that everybody knows to be `Send`; of every other one the generated code says that it has to be.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

use super::method::ungrouped;

const COPY: [&str; 16] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    "f32", "f64",
];

/// Those whose parameters, if any, are all that can be wrong with them.
const KNOWN: [&str; 26] = [
    "str",
    "String",
    "PathBuf",
    "OsString",
    "CString",
    "Duration",
    "Instant",
    "SystemTime",
    "IpAddr",
    "SocketAddr",
    "Box",
    "Vec",
    "VecDeque",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "Option",
    "Result",
    "ActorRef",
    "WeakRef",
    "Recipient",
    "Pool",
    "ProcessId",
    "ExitReason",
    "ReplyTo",
];

/// Whether `ty` is a number, a `bool` or a `char`.
pub fn is_copy(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Path(path) => {
            path.path.get_ident().is_some_and(|ident| COPY.iter().any(|known| ident == known))
        }
        _ => false,
    }
}

/// Whether `ty` is one of them, and all that it is made of, too.
pub fn is_send(ty: &Type, parameters: &[String]) -> bool {
    let each = |ty: &Type| is_send(ty, parameters);
    match ungrouped(ty) {
        Type::Tuple(tuple) => tuple.elems.iter().all(each),
        Type::Array(array) => each(&array.elem),
        Type::Slice(slice) => each(&slice.elem),
        Type::Path(path) if path.qself.is_none() => {
            if let Some(ident) = path.path.get_ident()
                && parameters.iter().any(|parameter| ident == parameter)
            {
                return true; // The impl says so of its type parameters.
            }
            path.path.segments.last().is_some_and(|last| is_known(last, parameters))
        }
        _ => false,
    }
}

fn is_known(last: &PathSegment, parameters: &[String]) -> bool {
    COPY.iter().chain(&KNOWN).any(|known| last.ident == known)
        && match &last.arguments {
            PathArguments::None => true,
            PathArguments::Parenthesized(_) => false,
            PathArguments::AngleBracketed(args) => args.args.iter().all(|arg| match arg {
                // A reference to an actor can be sent, whatever the actor is made of.
                GenericArgument::Type(_)
                    if matches!(last.ident.to_string().as_str(), "ActorRef" | "WeakRef" | "Pool") =>
                {
                    true
                }
                GenericArgument::Type(ty) => is_send(ty, parameters),
                _ => true,
            }),
        }
}

#[cfg(test)]
mod tests {
    use super::is_send;
    use syn::parse_quote;

    #[test]
    fn what_is_known_is_made_of_what_is_known() {
        let parameters = ["K".to_owned()];
        for ty in [
            parse_quote!(u8),
            parse_quote!((String, [Option<K>; 3])),
            parse_quote!(std::collections::HashMap<K, Vec<u8>>),
            parse_quote!(ActorRef<Counter>),
            parse_quote!(()),
        ] {
            assert!(is_send(&ty, &parameters));
        }
        for ty in [
            parse_quote!(Rc<u8>),
            parse_quote!(Vec<Order>),
            parse_quote!(Box<dyn Fn()>),
            parse_quote!(*const u8),
            parse_quote!(<K as Keyed>::Key),
            parse_quote!(Arc<u8>),
        ] {
            assert!(!is_send(&ty, &parameters));
        }
    }
}
