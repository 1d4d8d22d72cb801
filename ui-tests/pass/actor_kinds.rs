//! Structs with named fields, tuple structs, unit structs and enums are actors.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
struct Unit;

#[handlers]
impl Unit {}

#[actor()]
struct Tuple(u8);

#[handlers()]
impl Tuple {
    #[handler()]
    fn value(&self) -> u8 {
        self.0
    }
}

#[actor(inline = false)]
enum Door {
    Open,
    Closed { locked: bool },
}

#[handlers]
impl Door {
    #[handler]
    fn close(&mut self, lock: bool) -> bool {
        let was_open = matches!(self, Self::Open);
        *self = Self::Closed { locked: lock };
        was_open
    }

    #[handler]
    fn locked(&self) -> bool {
        matches!(self, Self::Closed { locked: true })
    }
}

fn uninhabited(message: UnitMessage) -> ! {
    match message {}
}

fn requests(tuple: &ActorRef<Tuple>, door: &ActorRef<Door>) {
    let _ = tuple.value();
    let _ = door.close(true);
    let _ = door.locked();
}

fn main() {
    let _ = (uninhabited, requests, Unit, Tuple(1), Door::Open);
}
