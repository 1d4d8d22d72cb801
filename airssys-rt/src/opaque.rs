//! `Debug` for types whose inside is nobody's business: their name alone.

macro_rules! opaque_debug {
    ($($name:ident$(<$($lifetime:lifetime),* $(,)? $($parameter:ident),*>)? $(where $bound:ident: $trait:path)?;)*) => {$(
        impl$(<$($lifetime,)* $($parameter),*>)? std::fmt::Debug for $name$(<$($lifetime,)* $($parameter),*>)? $(where $bound: $trait)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

pub(crate) use opaque_debug;
