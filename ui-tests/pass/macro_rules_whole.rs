//! A `macro_rules!` macro around everything: parameters, bounds, docs, visibility, handlers of each sort, supervisors.

#![deny(warnings, missing_docs)]

use airssys_rt::prelude::*;

macro_rules! stores {
    ($(
        $(#[$meta:meta])*
        $vis:vis store $name:ident<$($parameter:ident: $bound:path),*> = $field:ty, $period:literal, $role:ident;
    )*) => {$(
        $(#[$meta])*
        #[actor]
        $vis struct $name<$($parameter),*> {
            things: $field,
        }

        #[handlers(message(derive(Clone)))]
        impl<$($parameter: $bound + Clone + Send + 'static),*> $name<$($parameter),*> {
            /// Replaces everything.
            #[handler]
            $vis fn replace(&mut self, things: $field) -> $field {
                std::mem::replace(&mut self.things, things)
            }

            #[handler]
            async fn everything(&mut self, ctx: &mut Context<Self>) -> ActorResult<$field> {
                let _ = ctx;
                Ok(self.things.clone())
            }

            #[handler($role)]
            fn whatever(&mut self) {}

            #[handler(every = $period)]
            fn tick(&mut self) {}
        }
    )*};
}

stores! {
    /// Everybody's.
    pub store Names<T: Ord> = Vec<T>, "1h", start;
    /// Ours.
    pub(crate) store Pairs<A: Eq, B: Default> = Option<(A, B)>, 5m, stop;
}

macro_rules! under {
    ($(#[$meta:meta])* $vis:vis $office:ident { $($child:ident: $kind:ident<$actor:ty> = $start:expr $(, $option:ident = $value:expr)*;)* }) => {
        $(#[$meta])*
        #[supervisor(strategy = "one_for_all")]
        $vis struct $office {
            $(
                #[child(start = $start $(, $option = $value)*)]
                $child: $kind<$actor>,
            )*
        }
    };
}

under! {
    /// Both.
    pub Office {
        names: ActorRef<Names<u8>> = Names { things: vec![1] }, shutdown = "2s", restart = "transient";
        pairs: Pool<Pairs<u8, u8>> = { let _ = &names; Pairs { things: None } }, count = 2;
    }
}

fn main() {
    fn requests(office: &Office) {
        let _ = office.names.replace(vec![2]);
        let _ = office.pairs.everything();
    }
    let _ = (requests, Office::spec());
}
