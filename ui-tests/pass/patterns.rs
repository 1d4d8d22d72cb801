//! Arguments by pattern: the message has fields for them, by name or by place.

#![deny(warnings)]

use airssys_rt::prelude::*;

struct Point {
    x: i64,
    y: i64,
}

#[actor]
struct Counter {
    value: i64,
}

#[handlers]
impl Counter {
    #[handler]
    fn add(&mut self, mut by: i64, ctx: &mut Context<Self>, (low, high): (i64, i64), _: u8, Point { x, y }: Point) {
        let _ = ctx;
        by = by.clamp(low, high);
        self.value += by + x + y;
    }

    #[handler]
    async fn ignored(&mut self, _unused: u8, [first, ..]: [u8; 3], arg2: u8, _: u8) -> u8 {
        first + arg2
    }
}

fn requests(counter: &ActorRef<Counter>) {
    let _ = counter.add(1, (2, 3), 4, Point { x: 5, y: 6 });
    let _ = counter.ignored(1, [2, 3, 4], 5, 6);
}

fn main() {
    let message = CounterMessage::Add { by: 1, arg1: (2, 3), arg2: 4, arg3: Point { x: 5, y: 6 } };
    let CounterMessage::Add { by, arg1: (low, high), arg2, arg3 } = message else { panic!() };
    assert_eq!(by + low + high + i64::from(arg2) + arg3.x + arg3.y, 21);
    let message = CounterMessage::Ignored { _unused: 1, arg1: [2; 3], arg2: 3, arg3: 4 };
    let CounterMessage::Ignored { _unused: one, arg1, arg2, arg3 } = message else { panic!() };
    assert_eq!(one + arg1[0] + arg2 + arg3, 10);
    let _ = (requests, Counter { value: 0 });
}
