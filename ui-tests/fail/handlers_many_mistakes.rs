//! Every mistake of an impl block is reported by one build.

use airssys_rt::prelude::*;

#[actor]
struct Counter {
    value: i64,
}

#[handlers(mesage(name = "Command"), vis = "public")]
impl Counter {
    #[handler]
    fn rename(&mut self, name: &str, path: &std::path::Path) {
        let _ = (name, path);
    }

    #[handler]
    fn kill<T>(self) {}

    #[handler(every = "5")]
    fn tick(&mut self) {}

    #[handler(begin)]
    fn begin(&mut self) {}

    #[handler(start)]
    fn one(&mut self, value: i64) {
        self.value = value;
    }

    #[handler]
    fn fine(&mut self) -> i64 {
        self.value
    }
}

fn still_there(counter: &ActorRef<Counter>) {
    let _ = counter.fine();
}

fn main() {}
