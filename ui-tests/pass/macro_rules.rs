//! Actors and supervisors that a `macro_rules!` macro writes.

#![deny(warnings)]

use airssys_rt::prelude::*;

macro_rules! counters {
    ($($name:ident: $value:ty = $capacity:expr, $by:ident;)*) => {$(
        #[actor(mailbox(capacity = $capacity))]
        #[derive(Default)]
        struct $name {
            value: $value,
        }

        #[handlers]
        impl $name {
            #[handler]
            fn add(&mut self, $by: $value, twice: bool) -> $value {
                self.value += if twice { $by + $by } else { $by };
                self.value
            }

            #[handler]
            async fn value(&self) -> $value {
                self.value
            }
        }
    )*};
}

counters! {
    Small: u8 = 16, by;
    Large: u64 = 256, message;
}

macro_rules! office {
    ($office:ident, $child:ident: $actor:ty = $start:expr, $within:literal) => {
        #[supervisor(within = $within)]
        struct $office {
            seed: u8,
            #[child(start = { let _ = seed; $start })]
            $child: ActorRef<$actor>,
            #[child(start = { let _ = $child; $start }, count = 2)]
            others: Pool<$actor>,
        }
    };
}

office!(Office, small: Small = Small::default(), "5s");

fn requests(small: &ActorRef<Small>, large: &ActorRef<Large>) {
    let _ = small.add(1, true);
    let _ = large.add(1, false);
    let _ = large.value();
}

fn main() {
    let _ = SmallMessage::Add { by: 1, twice: true };
    let _ = LargeMessage::Add { message: 1, twice: true };
    let _ = (requests, Office::spec(1));
}
