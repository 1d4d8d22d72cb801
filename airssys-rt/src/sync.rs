//! What threads meet at in the parts that loom checks: the standard library's, and loom's models of it under loom.

#[cfg(airssys_loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32},
    thread::yield_now,
};
#[cfg(not(airssys_loom))]
pub(crate) use std::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32},
    thread::yield_now,
};
