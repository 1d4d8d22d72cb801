//! Supervision: pure decisions in `policy`, `strategy`, `intensity` and `backoff`; `runner` carries them out.

mod backoff;
mod child_spec;
mod children;
mod command;
mod handle;
mod home;
mod intensity;
mod policy;
mod pool;
mod row;
mod runner;
mod slot;
mod spec;
mod strategy;

pub use backoff::Backoff;
pub use child_spec::{ChildSpec, DynamicSpec, IntoChild, PoolSpec, SupervisorChild};
pub use children::Children;
pub use command::{ChildCount, ChildInfo, ChildStatus, Health};
pub use handle::Supervised;
pub use policy::{AutoShutdown, RestartPolicy, Shutdown};
pub use pool::Pool;
pub use runner::Supervisor;
pub use spec::{Starting, SupervisorBuilder, SupervisorSpec};
pub use strategy::RestartStrategy;
