//! What a supervisor does about an end: restart, let go, or give up.
use super::*;

impl Tree {
    pub(super) fn crash(&mut self, who: &[&String], how: Reason) {
        let Some(ids) = who.iter().map(|who| self.running(who)).collect::<Option<Vec<Id>>>() else {
            self.outcome.skipped = true;
            return;
        };
        self.unordered(|tree| {
            for &id in &ids {
                tree.over(id, how, State::Over(how));
            }
        });
        for id in ids {
            // C028: by now somebody may have dealt with it.
            if self.nodes[id].state == State::Over(how) {
                self.decide(id, how);
            }
        }
    }

    /// C049: all that it had dies with it.
    pub(super) fn kill(&mut self, supervisor: Id) {
        self.unordered(|tree| tree.kill_all(supervisor));
        self.heard(supervisor, Reason::Killed);
    }

    fn kill_all(&mut self, id: Id) {
        if self.is_supervisor(id) || self.is_group(id) {
            let node = &mut self.nodes[id];
            let children = std::mem::replace(&mut node.children, node.declared.clone());
            for child in children {
                self.kill_all(child);
                if !self.nodes[id].declared.contains(&child) {
                    self.ended(child);
                }
            }
        }
        match self.nodes[id].state {
            State::Running => self.over(id, Reason::Killed, State::Stopped),
            State::Stopped | State::Waiting | State::Restarting { .. } | State::Over(_) => {
                self.nodes[id].state = State::Stopped;
            }
        }
    }

    /// The parent of a supervisor that is over hears of it; nobody hears of the root.
    fn heard(&mut self, supervisor: Id, reason: Reason) {
        if supervisor == ROOT {
            self.ended(ROOT);
        } else {
            self.decide(supervisor, reason);
        }
    }

    /// The supervisor of `child` hears that it is over.
    fn decide(&mut self, child: Id, reason: Reason) {
        let restart = match self.nodes[child].spec.policy {
            Policy::Permanent => true,
            Policy::Transient => reason.is_abnormal(),
            Policy::Temporary => false,
        };
        if restart {
            return self.restart(child, true);
        }
        let in_group = self.nodes[child].parent.is_some_and(|parent| self.is_group(parent));
        self.nodes[child].state = State::Stopped;
        if self.nodes[child].spec.policy == Policy::Temporary || in_group {
            self.forget(child);
        } else {
            self.ended(child);
        }
        if self.nodes[child].spec.significant && !in_group {
            self.auto_shutdown(child);
        }
    }

    /// C066..C068.
    fn auto_shutdown(&mut self, child: Id) {
        let Some(supervisor) = self.supervisor_of(child) else { return };
        let over = match self.flags(supervisor).auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !self.nodes[supervisor].children.iter().any(|&other| {
                let other = &self.nodes[other];
                other.spec.significant && other.state != State::Stopped
            }),
        };
        if over {
            self.give_up(supervisor);
        }
    }

    /// C031: the children stop in reverse order and it ends with shutdown; so it does when it is asked to stop.
    pub(super) fn give_up(&mut self, supervisor: Id) {
        self.stop_children(supervisor);
        self.over(supervisor, Reason::Shutdown, State::Over(Reason::Shutdown));
        self.heard(supervisor, Reason::Shutdown);
    }

    /// C031..C035: does the budget allow one more?
    fn count(&mut self, supervisor: Id) -> bool {
        let (limit, within, now) =
            (self.flags(supervisor).max_restarts, self.flags(supervisor).within, self.now);
        let restarts = &mut self.nodes[supervisor].restarts;
        restarts.retain(|&then| now - then <= within);
        restarts.push_back(now);
        restarts.len() <= limit
    }

    /// C040: how long to wait before `child` is tried again.
    fn delay(&mut self, supervisor: Id, child: Id, was_up: bool) -> Option<Millis> {
        let backoff = self.flags(supervisor).backoff?;
        let (now, node) = (self.now, &mut self.nodes[child]);
        if was_up && now - node.up_since >= backoff.reset_after {
            node.failures = 0;
        }
        let delay = backoff.first.saturating_mul(1 << node.failures.min(20)).min(backoff.max);
        node.failures += 1;
        Some(delay)
    }

    /// `child` has failed, running or in its start, and is to be restarted, as are those whom the strategy names.
    fn restart(&mut self, child: Id, was_up: bool) {
        let (mut child, mut was_up) = (child, was_up);
        while let Some(supervisor) = self.supervisor_of(child) {
            let counts_now = was_up || self.flags(supervisor).backoff.is_none();
            if counts_now && !self.count(supervisor) {
                self.nodes[child].state = State::Stopped;
                return self.give_up(supervisor);
            }
            if let Some(delay) = self.delay(supervisor, child, was_up) {
                self.turns += 1;
                let (due, turn) = (self.now + delay, self.turns);
                self.nodes[child].state = State::Restarting { due, turn };
                self.nodes[child].counted = counts_now;
                return;
            }
            match self.attempt(child) {
                Ok(()) => return,
                // C025, C026, C034: on with the one that failed, and that counts again.
                Err(failed) => (child, was_up) = (failed, false),
            }
        }
    }

    /// Those that are restarted with `child`, it among them, in start order.
    fn affected(&self, child: Id) -> Vec<Id> {
        let Some(parent) = self.nodes[child].parent else { return vec![child] };
        if self.is_group(parent) {
            return vec![child];
        }
        let children = &self.nodes[parent].children;
        match self.flags(parent).strategy {
            Strategy::OneForOne => vec![child],
            Strategy::OneForAll => children.clone(),
            Strategy::RestForOne => children.iter().copied().skip_while(|&other| other != child).collect(),
        }
    }

    /// Those that are left of them are to be started.
    fn stop_affected(&mut self, child: Id) -> Vec<Id> {
        let mut affected = self.affected(child);
        for &other in affected.iter().rev() {
            let temporary = self.nodes[other].spec.policy == Policy::Temporary;
            if self.is_group(other) {
                // C029: members come back like anybody else who was added.
                self.stop_members(other, temporary);
            } else {
                self.stop(other);
                if temporary {
                    // C016.
                    self.forget(other);
                    continue;
                }
            }
            self.nodes[other].state = State::Waiting;
        }
        affected.retain(|&other| self.nodes[other].state == State::Waiting);
        affected
    }

    /// One try; an error names who did not start.
    fn attempt(&mut self, child: Id) -> Result<(), Id> {
        for other in self.stop_affected(child) {
            self.start(other).map_err(|()| other)?;
        }
        Ok(())
    }

    /// What is due until `until`, in the order it is due.
    pub(super) fn advance(&mut self, until: Millis) {
        while let Some((due, _, child)) = self.next_due().filter(|&(due, ..)| due <= until) {
            self.now = self.now.max(due);
            self.outcome.coincide |= self.others_due(due, child);
            self.last_due = Some(due);
            match self.supervisor_of(child) {
                Some(supervisor) if !self.nodes[child].counted && !self.count(supervisor) => {
                    self.nodes[child].state = State::Stopped;
                    self.give_up(supervisor);
                }
                _ => {
                    if let Err(failed) = self.attempt(child) {
                        self.restart(failed, false);
                    }
                }
            }
        }
        self.now = self.now.max(until);
    }

    /// Whether another supervisor has something to do at this moment.
    fn others_due(&self, now: Millis, child: Id) -> bool {
        let supervisor = self.supervisor_of(child);
        self.all().any(|id| match self.nodes[id].state {
            State::Restarting { due, .. } => due == now && self.supervisor_of(id) != supervisor,
            State::Stopped | State::Waiting | State::Running | State::Over(_) => false,
        })
    }

    fn next_due(&self) -> Option<(Millis, u64, Id)> {
        let due = |id: Id| match self.nodes[id].state {
            State::Restarting { due, turn } => Some((due, turn, id)),
            State::Stopped | State::Waiting | State::Running | State::Over(_) => None,
        };
        self.all().filter_map(due).min()
    }
}
