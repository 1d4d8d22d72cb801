//! The calls of those who have the handle of a supervisor.
use super::*;

impl Tree {
    /// C061: whoever has ended answers nothing. What is asked of one that is about to be started again waits for that,
    /// which is none of this model's business.
    pub(super) fn admin(&mut self, whom: &str, call: impl FnOnce(&mut Self, Id) -> &'static str) {
        let comes_back = |id: &Id| matches!(self.nodes[*id].state, State::Waiting | State::Restarting { .. });
        let known = self.all().find(|&id| self.nodes[id].spec.id == whom);
        // A group that was stopped while its supervisor goes on may answer as it likes, too.
        let idle = |id: Id| {
            let parent = self.nodes[id].parent.map(|parent| self.nodes[parent].state);
            self.is_group(id) && self.nodes[id].state != State::Running && parent == Some(State::Running)
        };
        let mut above = std::iter::successors(known, |&id| self.nodes[id].parent);
        if known.is_some_and(idle) || above.any(|id| comes_back(&id)) {
            self.outcome.skipped = true;
            return;
        }
        let answer = match self.running(whom) {
            Some(id) => call(self, id),
            None => "no such process",
        };
        self.outcome.answer = Some(answer.to_owned());
    }

    /// C009, C054, C055.
    pub(super) fn start_child(&mut self, supervisor: Id, spec: &Child) -> &'static str {
        if let Some(child) = self.child(supervisor, &spec.id) {
            return match self.nodes[child].state {
                State::Running => "already started",
                State::Stopped | State::Waiting | State::Restarting { .. } | State::Over(_) => {
                    "already present"
                }
            };
        }
        let child = self.add(spec.clone(), Some(supervisor));
        if self.start(child).is_err() {
            self.ended(child);
            return "start failed";
        }
        self.nodes[supervisor].children.push(child);
        "ok"
    }

    /// C017, C036, C056, C069.
    pub(super) fn terminate_child(&mut self, supervisor: Id, id: &str) -> &'static str {
        let Some(child) = self.child(supervisor, id) else { return "not found" };
        let was_due = matches!(self.nodes[child].state, State::Restarting { .. });
        self.stop(child);
        if was_due {
            self.give_group_up(supervisor);
        }
        if self.nodes[child].spec.policy == Policy::Temporary {
            self.forget(child);
        } else {
            self.ended(child);
        }
        "ok"
    }

    /// Those that wait for their group have ended for good when no try of it is left.
    fn give_group_up(&mut self, supervisor: Id) {
        let children = self.nodes[supervisor].children.clone();
        if children.iter().any(|&child| matches!(self.nodes[child].state, State::Restarting { .. })) {
            return;
        }
        for child in children {
            if self.nodes[child].state == State::Waiting {
                self.nodes[child].state = State::Stopped;
                self.ended(child);
                // Started at run time, they could not be asked for again: they hold no place any more (C063).
                if self.is_group(child) {
                    self.nodes[child].children.clear();
                }
            }
        }
    }

    /// C058.
    pub(super) fn restart_child(&mut self, supervisor: Id, id: &str) -> &'static str {
        let Some(child) = self.child(supervisor, id) else { return "not found" };
        match self.nodes[child].state {
            State::Running => "running",
            State::Waiting | State::Restarting { .. } => "restarting",
            State::Stopped | State::Over(_) => match self.start(child) {
                Ok(()) => "ok",
                Err(()) => {
                    self.ended(child);
                    "start failed"
                }
            },
        }
    }

    /// C057.
    pub(super) fn delete_child(&mut self, supervisor: Id, id: &str) -> &'static str {
        let Some(child) = self.child(supervisor, id) else { return "not found" };
        match self.nodes[child].state {
            State::Running => "running",
            State::Waiting | State::Restarting { .. } => "restarting",
            State::Stopped | State::Over(_) => {
                // Declared or not: see the header of the model.
                self.nodes[supervisor].declared.retain(|&other| other != child);
                self.forget(child);
                "ok"
            }
        }
    }

    /// C063: one that is waiting for its restart keeps its place.
    pub(super) fn start_member(&mut self, group: Id, id: &str) -> &'static str {
        let spec = self.nodes[group].spec.clone();
        let Body::Children { max, stuck } = spec.body else { return "not found" };
        if self.nodes[group].children.len() >= max {
            return "max children";
        }
        let spec = Child { id: id.to_owned(), significant: false, body: Body::Worker { stuck }, ..spec };
        let member = self.add(spec, Some(group));
        if self.start(member).is_err() {
            return "start failed";
        }
        self.nodes[group].children.push(member);
        "ok"
    }

    /// C062.
    pub(super) fn terminate_member(&mut self, group: Id, id: &str) -> &'static str {
        let Some(member) = self.child(group, id) else { return "not found" };
        self.stop(member);
        self.forget(member);
        "ok"
    }
}
