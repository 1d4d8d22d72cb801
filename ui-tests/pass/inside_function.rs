//! Actors and supervisors that live inside a function.

#![deny(warnings)]

fn main() {
    use airssys_rt::prelude::*;

    #[derive(Clone, Debug)]
    struct Local(u8);

    #[actor]
    #[derive(Default)]
    struct Counter {
        value: u8,
    }

    #[handlers(message(derive(Debug)))]
    impl Counter {
        #[handler]
        fn add(&mut self, by: Local) -> Local {
            self.value += by.0;
            by
        }

        #[handler(event)]
        fn event(&mut self, event: Local) {
            self.value += event.0;
        }
    }

    #[supervisor]
    struct Office {
        #[child]
        counter: ActorRef<Counter>,
    }

    let _: fn(&Office) = |office| {
        let _ = office.counter.add(Local(1));
    };
    let _ = Office::spec();
    assert_eq!(format!("{:?}", CounterMessage::Add { by: Local(1) }), "Add { by: Local(1) }");
}
