//! The generated items are as visible as the most visible handler, whatever the actor's own visibility.

#![deny(warnings)]

pub mod bank {
    use airssys_rt::prelude::*;

    struct Secret;

    /// Everybody sees the actor, nobody its messages.
    #[actor]
    pub struct Private;

    #[handlers]
    impl Private {
        #[handler]
        fn secret(&mut self, secret: Option<u8>) -> Option<u8> {
            secret
        }
    }

    #[actor]
    pub struct Mixed;

    #[handlers]
    impl Mixed {
        #[handler]
        fn hidden(&mut self) {}

        #[handler]
        pub(crate) fn seen(&mut self) {}

        #[handler]
        pub(super) fn half_seen(&mut self) {}
    }

    /// Public handlers of a private actor may speak of private types.
    #[actor]
    struct Inner(Option<Secret>);

    #[handlers]
    impl Inner {
        #[handler]
        pub fn take(&mut self, secret: Secret) -> Option<Secret> {
            self.0.replace(secret)
        }
    }

    #[actor]
    pub struct Overridden;

    #[handlers(vis = "pub(crate)")]
    impl Overridden {
        #[handler]
        pub fn value(&self) -> u8 {
            1
        }
    }

    #[actor]
    pub struct Bare;

    #[handlers(vis = pub(super))]
    impl Bare {
        #[handler]
        pub fn value(&self) -> u8 {
            1
        }
    }

    #[actor]
    pub struct Nothing;

    #[handlers(vis = "")]
    impl Nothing {
        #[handler]
        pub fn value(&self) -> u8 {
            1
        }
    }

    pub fn inside(private: &ActorRef<Private>, nothing: &ActorRef<Nothing>) {
        let _ = private.secret(None);
        let _ = nothing.value();
        let _ = Inner(None).take(Secret);
    }
}

use airssys_rt::prelude::*;
use bank::{Bare, BareApi, Mixed, MixedApi, MixedMessage, Overridden, OverriddenApi};

fn outside(mixed: &ActorRef<Mixed>, overridden: &ActorRef<Overridden>, bare: &ActorRef<Bare>) {
    let _ = mixed.seen();
    let _ = mixed.hidden();
    let _ = overridden.value();
    let _ = bare.value();
}

fn main() {
    let _ = MixedMessage::HalfSeen;
    let _ = (outside, bank::inside);
}
