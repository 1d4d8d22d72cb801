//! Supervisors with parameters, conditions, shadowing names and a private tree.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
struct Holder<T, const N: usize> {
    value: [T; N],
}

#[handlers]
impl<T: Clone + Send + 'static, const N: usize> Holder<T, N> {
    #[handler]
    fn get(&mut self) -> [T; N] {
        self.value.clone()
    }
}

#[supervisor]
struct Generic<T: Clone + Send + 'static, const N: usize>
where
    T: Default,
{
    seed: T,
    #[child(start = Holder { value: std::array::from_fn(|_| seed.clone()) })]
    holder: ActorRef<Holder<T, N>>,
    #[child(start = Holder { value: std::array::from_fn(|_| T::default()) }, count = N)]
    holders: Pool<Holder<T, N>>,
}

#[actor]
#[derive(Default)]
struct Worker(Option<ActorRef<Worker>>);

#[handlers]
impl Worker {}

impl Worker {
    const SIZE: usize = 2;
}

#[supervisor]
struct Conditional {
    #[cfg(any())]
    missing: NoSuchType,
    #[cfg(any())]
    #[child(start = NoSuchType::new(missing))]
    nobody: ActorRef<NoSuchType>,
    #[cfg(all())]
    #[child]
    worker: ActorRef<Worker>,
    #[child(start = Worker(Some(worker)), count = Worker::SIZE)]
    #[cfg(all())]
    workers: Pool<Worker>,
}

/// Names that an expression binds itself are not those of the fields below.
#[supervisor]
struct Shadowing {
    first: u8,
    #[child(start = {
        let later = first;
        let twice = |last: u8| last + later;
        let found = match Some(twice(first)) { Some(last) if last > 0 => last, _ => 0 };
        if let Some(last) = Some(found) { let _ = last; }
        for last in 0..found { let _ = last; }
        println!("{first} {:?}", (first, found));
        Worker(None)
    })]
    worker: ActorRef<Worker>,
    #[child(start = async { Ok::<_, std::io::Error>(Worker(Some(worker))) }.await?)]
    later: ActorRef<Worker>,
    #[child(start = { let worker = later.clone(); Worker(Some(worker)) })]
    last: ActorRef<Worker>,
}

/// Nothing of it is public, and a plain field is used by nobody.
#[supervisor(auto_shutdown = "all_significant")]
struct Hidden {
    unused: std::marker::PhantomData<u8>,
    #[child(restart = "transient", significant = true)]
    worker: ActorRef<Worker>,
    #[child(significant = false)]
    permanent: ActorRef<Worker>,
}

mod inner {
    use airssys_rt::prelude::*;

    #[supervisor]
    pub(super) struct Inner {
        #[child]
        pub(super) worker: ActorRef<super::Worker>,
    }
}

fn main() {
    let _ = Generic::<u8, 2>::spec(1);
    let _ = Conditional::spec();
    let _ = Shadowing::spec(1);
    let _ = Hidden::spec(std::marker::PhantomData);
    let _ = inner::Inner::spec();
    let _: fn(&inner::Inner) -> &ActorRef<Worker> = |inner| &inner.worker;
}
