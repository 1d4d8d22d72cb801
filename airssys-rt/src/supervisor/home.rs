//! A supervisor as its children and handles see it: where to register, and whom to tell.

use std::sync::{Arc, Weak};

use crate::cell::Cell;
use crate::error::StartError;
use crate::kernel::Kernel;
use crate::mail::Mail;
use crate::process::{AnyCell, Boss, ChildEnd, Owner};
use crate::process_id::ProcessId;

use super::Supervisor;
use super::command::{Command, Ended, Order};

/// The way to a supervisor; it does not keep it alive.
#[derive(Clone)]
pub struct Home {
    kernel: Arc<Kernel>,
    pid: ProcessId,
    cell: Weak<Cell<Supervisor>>,
    owner: Boss,
}

impl Home {
    pub(crate) fn of(cell: &Arc<Cell<Supervisor>>) -> Self {
        let owner: Boss = Arc::new(Box::new(Line { pid: cell.pid(), cell: Arc::downgrade(cell) }));
        Self { kernel: cell.kernel_ref().clone(), pid: cell.pid(), cell: Arc::downgrade(cell), owner }
    }

    pub(crate) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    pub(crate) fn pid(&self) -> ProcessId {
        self.pid
    }

    pub(crate) fn owner(&self) -> Boss {
        self.owner.clone()
    }

    /// Sends a command past every bound. False when the supervisor has ended.
    pub(crate) fn send(&self, order: Order) -> bool {
        let Some(cell) = self.cell.upgrade() else { return false };
        cell.is_open() && cell.notice(Mail::Other(Box::new(Command(order))))
    }

    /// Sends a command and waits for what it gives.
    pub(crate) async fn call<T>(
        &self,
        order: impl FnOnce(tokio::sync::oneshot::Sender<T>) -> Order,
    ) -> Result<T, StartError> {
        let (tell, told) = tokio::sync::oneshot::channel();
        if !self.send(order(tell)) {
            return Err(StartError::NoSupervisor);
        }
        told.await.map_err(|_| StartError::NoSupervisor)
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Home({})", self.pid)
    }
}

struct Line {
    pid: ProcessId,
    cell: Weak<Cell<Supervisor>>,
}

impl Owner for Line {
    fn pid(&self) -> ProcessId {
        self.pid
    }

    fn child_ended(&self, end: ChildEnd<'_>) -> bool {
        let Some(cell) = self.cell.upgrade() else { return false };
        let ChildEnd { pid, incarnation, reason, escalate, at_home } = end;
        let mut ended = Ended { pid, incarnation, reason: reason.clone(), escalate };
        if at_home {
            ended = match cell.notice_here(Command::TYPE, ended, Supervisor::hear_here) {
                Ok(()) => return true,
                Err(ended) => ended,
            };
        }
        cell.notice(Mail::Other(Box::new(Command(Order::Ended(ended)))))
    }

    fn adopt(&self, pid: ProcessId, declared: bool) -> bool {
        self.cell.upgrade().is_some_and(|cell| cell.own(pid, declared))
    }

    fn child_gone(&self, pid: ProcessId) {
        if let Some(cell) = self.cell.upgrade() {
            cell.disown(pid);
        }
    }
}
