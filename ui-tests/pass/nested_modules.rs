//! Every visibility, modules within modules, and the requests used from each place that may see them.

#![deny(warnings)]

use airssys_rt::prelude::*;

pub mod town {
    pub mod street {
        pub(crate) mod house {
            use airssys_rt::prelude::*;

            macro_rules! door {
                ($vis:vis $name:ident) => {
                    #[actor]
                    #[derive(Default)]
                    $vis struct $name {
                        open: bool,
                    }

                    #[handlers]
                    impl $name {
                        #[handler]
                        $vis fn open(&mut self) -> bool {
                            std::mem::replace(&mut self.open, true)
                        }
                    }
                };
            }

            door!(pub Everybody);
            door!(pub(crate) Crate);
            door!(pub(super) Street);
            door!(pub(in crate::town) Town);
            door!(pub(self) Family);
            door!(Nobody);

            /// Its children are as visible as it says, whatever they are.
            #[supervisor]
            pub(in crate::town) struct Doors {
                #[child]
                pub(super) street: ActorRef<Street>,
                #[child]
                family: ActorRef<Family>,
                #[child]
                nobody: ActorRef<Nobody>,
            }

            pub(super) fn inside(doors: &Doors) {
                let _ = doors.street.open();
                let _ = doors.family.open();
                let _ = doors.nobody.open();
            }
        }

        pub(super) fn outside(doors: &house::Doors, town: &airssys_rt::ActorRef<house::Town>) {
            use house::{StreetApi, TownApi};
            house::inside(doors);
            let _ = doors.street.open();
            let _ = town.open();
        }
    }

    pub(crate) fn across() {
        use street::house::TownApi;
        let _ = street::outside;
        let _ = street::house::Doors::spec();
        fn open(town: &airssys_rt::ActorRef<street::house::Town>) {
            let _ = town.open();
        }
        let _ = open;
    }
}

mod here {
    pub use super::town::street::house::{Everybody, EverybodyApi};
}

fn far(everybody: &ActorRef<here::Everybody>, of_crate: &ActorRef<town::street::house::Crate>) {
    use here::EverybodyApi;
    use town::street::house::CrateApi;
    let _ = everybody.open();
    let _ = of_crate.open();
}

fn main() {
    town::across();
    let _ = far;
}
