//! Which idle actors keep their parked task: the hot ones, up to a bound.
//!
//! A parked task makes the next activation a wake instead of a spawn and costs some hundred bytes, and up to two kilobytes of
//! buffers where the actor has bursts.
//! The line of lingering cells is a clock: one that was used since it was looked at stays. When
//! the line is full, most newcomers are turned away, so that a working set larger than the line
//! does not chase its own tail.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use crate::lock::Lock;
use crate::process::AnyCell;

/// How many cells may linger.
const PLACES: usize = 4_096;
/// One newcomer in so many may take the place of another when the line is full.
const PATIENCE: u32 = 16;

pub(crate) struct Linger(Lock<Line>);

struct Line {
    cells: VecDeque<Weak<dyn AnyCell>>,
    knocks: u32,
}

impl Linger {
    pub(crate) fn new() -> Self {
        Self(Lock::new(Line { cells: VecDeque::new(), knocks: 0 }))
    }

    /// Whether a cell that is not in the line may join it.
    pub(crate) fn join(&self, cell: Weak<dyn AnyCell>) -> bool {
        let mut line = self.0.lock();
        if line.cells.len() < PLACES {
            line.cells.push_back(cell);
            return true;
        }
        line.knocks = line.knocks.wrapping_add(1);
        let mut released: Vec<Arc<dyn AnyCell>> = Vec::new();
        let mut joined = false;
        for _ in 0..2 {
            let Some(oldest) = line.cells.pop_front() else { break };
            match oldest.upgrade() {
                None => {
                    line.cells.push_back(cell.clone());
                    joined = true;
                    break;
                }
                Some(found) if line.knocks.is_multiple_of(PATIENCE) && !found.clone().cool() => {
                    line.cells.push_back(cell.clone());
                    released.push(found);
                    joined = true;
                    break;
                }
                Some(found) => {
                    line.cells.push_back(oldest);
                    released.push(found);
                }
            }
        }
        drop(line);
        drop(released);
        joined
    }
}
