//! The tree in motion: every clause here is one case of `supervisor.erl`, and each runs to its end.
use std::collections::{HashMap, VecDeque};

use super::{AutoShutdown, Body, Child, Fault, Millis, Outcome, Policy, Reason, Seen, Shutdown, Step};
use super::{Strategy, Supervisor};

mod admin;
mod failures;

type Id = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Stopped,
    Running,
    /// A restart of its group took it down and has not come to it yet.
    Waiting,
    /// Its restart is due then; `turn` tells those apart that are due at once.
    Restarting {
        due: Millis,
        turn: u64,
    },
    /// It is over, and its supervisor has not heard of it.
    Over(Reason),
}

#[derive(Debug, Clone)]
struct Node {
    spec: Child,
    parent: Option<Id>,
    state: State,
    incarnation: u32,
    last: Reason,
    /// It was said that it ended for good.
    gone: bool,
    up_since: Millis,
    /// Failures in a row, for the backoff.
    failures: u32,
    /// Its next try has been counted.
    counted: bool,
    /// Of a supervisor: the children by its description, and those it has now, in start order. Of a group: its
    /// members.
    declared: Vec<Id>,
    children: Vec<Id>,
    restarts: VecDeque<Millis>,
}

#[derive(Debug, Clone)]
pub struct Tree {
    nodes: Vec<Node>,
    now: Millis,
    turns: u64,
    last_due: Option<Millis>,
    failing: HashMap<String, (u32, Fault)>,
    outcome: Outcome,
}

const ROOT: Id = 0;

impl Tree {
    /// A tree that has not been started.
    pub fn new(root: &str, supervisor: Supervisor) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            now: 0,
            turns: 0,
            last_due: None,
            failing: HashMap::new(),
            outcome: Outcome::default(),
        };
        let spec = Child {
            id: root.to_owned(),
            policy: Policy::Temporary,
            shutdown: Shutdown::Wait,
            significant: false,
            body: Body::Supervisor(supervisor),
        };
        tree.add(spec, None);
        tree
    }

    pub fn now(&self) -> Millis {
        self.now
    }

    /// Lets time pass, at least a millisecond, and until a moment at which no delay ends: who looks then sees all of it.
    pub fn rest(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        loop {
            self.advance(self.now + 1);
            outcome.then(self.take());
            if self.last_due != Some(self.now) {
                return outcome;
            }
        }
    }

    /// Starts the tree; the answer says whether it is up.
    pub fn start_root(&mut self) -> Outcome {
        let answer = self.start(ROOT).map_or_else(|()| "start failed".to_owned(), |()| "ok".to_owned());
        self.outcome.answer = Some(answer);
        self.take()
    }

    pub fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Crash { who, how } => self.crash(&[who], *how),
            Step::CrashBoth { first, second, how } => self.crash(&[first, second], *how),
            Step::FailStarts { who, times, how } => {
                self.failing.insert(who.clone(), (*times, *how));
            }
            Step::StartChild { supervisor, child } => {
                self.admin(supervisor, |tree, id| tree.start_child(id, child))
            }
            Step::TerminateChild { supervisor, id } => {
                self.admin(supervisor, |t, s| t.terminate_child(s, id))
            }
            Step::RestartChild { supervisor, id } => self.admin(supervisor, |t, s| t.restart_child(s, id)),
            Step::DeleteChild { supervisor, id } => self.admin(supervisor, |t, s| t.delete_child(s, id)),
            Step::StartMember { group, id } => self.admin(group, |tree, group| tree.start_member(group, id)),
            Step::TerminateMember { group, id } => self.admin(group, |t, g| t.terminate_member(g, id)),
            Step::Kill { supervisor } => match self.running(supervisor) {
                Some(id) => self.kill(id),
                None => self.outcome.skipped = true,
            },
            Step::Stop { supervisor } => match self.running(supervisor) {
                Some(id) => self.give_up(id),
                None => self.outcome.skipped = true,
            },
            Step::Advance { by } => self.advance(self.now + by),
        }
        self.take()
    }

    /// One row for each child of a running supervisor (C059), a member under the id of its group.
    pub fn which_children(&self, supervisor: &str) -> Option<Vec<String>> {
        let id = self.running(supervisor)?;
        let mut rows = Vec::new();
        for &child in &self.nodes[id].children {
            let node = &self.nodes[child];
            if self.is_group(child) {
                rows.extend(node.children.iter().map(|&member| self.row(&node.spec.id, member)));
            } else {
                rows.push(self.row(&node.spec.id, child));
            }
        }
        Some(rows)
    }

    fn row(&self, id: &str, child: Id) -> String {
        let group = self.nodes[child].parent.filter(|&parent| self.is_group(parent));
        match group.map_or(State::Running, |group| self.nodes[group].state) {
            State::Waiting | State::Restarting { .. } => return format!("{id} restarting"),
            State::Running | State::Stopped | State::Over(_) => {}
        }
        match self.nodes[child].state {
            State::Running => format!("{id} running"),
            State::Waiting | State::Restarting { .. } => format!("{id} restarting"),
            State::Stopped | State::Over(_) => format!("{id} stopped"),
        }
    }

    /// Everybody that is running, by id, in start order.
    pub fn alive(&self) -> Vec<&Child> {
        self.all()
            .filter(|&id| self.nodes[id].state == State::Running)
            .map(|id| &self.nodes[id].spec)
            .collect()
    }

    /// Everybody in the tree with whom has them: the id of the supervisor or group.
    pub fn known(&self) -> Vec<(&str, &Child)> {
        let with_parent =
            |id: Id| self.nodes[id].parent.map(|parent| (&*self.nodes[parent].spec.id, &self.nodes[id].spec));
        self.all().filter_map(with_parent).collect()
    }

    pub fn is_running(&self, id: &str) -> bool {
        self.running(id).is_some()
    }

    // Who is who.

    fn add(&mut self, spec: Child, parent: Option<Id>) -> Id {
        let id = self.nodes.len();
        let children = match &spec.body {
            Body::Supervisor(supervisor) => supervisor.children.clone(),
            Body::Worker { .. } | Body::Children { .. } => Vec::new(),
        };
        self.nodes.push(Node {
            spec,
            parent,
            state: State::Stopped,
            incarnation: 0,
            last: Reason::Normal,
            gone: false,
            up_since: 0,
            failures: 0,
            counted: false,
            declared: Vec::new(),
            children: Vec::new(),
            restarts: VecDeque::new(),
        });
        let declared: Vec<Id> = children.into_iter().map(|child| self.add(child, Some(id))).collect();
        self.nodes[id].children.clone_from(&declared);
        self.nodes[id].declared = declared;
        id
    }

    /// Everybody that has a place in the tree, in start order.
    fn all(&self) -> impl Iterator<Item = Id> {
        let mut open = vec![ROOT];
        std::iter::from_fn(move || {
            let id = open.pop()?;
            open.extend(self.nodes[id].children.iter().rev());
            Some(id)
        })
    }

    fn running(&self, id: &str) -> Option<Id> {
        self.all().find(|&node| self.nodes[node].spec.id == id && self.nodes[node].state == State::Running)
    }

    fn child(&self, supervisor: Id, id: &str) -> Option<Id> {
        self.nodes[supervisor].children.iter().copied().find(|&child| self.nodes[child].spec.id == id)
    }

    fn flags(&self, supervisor: Id) -> &Supervisor {
        match &self.nodes[supervisor].spec.body {
            Body::Supervisor(flags) => flags,
            Body::Worker { .. } | Body::Children { .. } => unreachable!("only supervisors have flags"),
        }
    }

    fn is_supervisor(&self, id: Id) -> bool {
        matches!(self.nodes[id].spec.body, Body::Supervisor(_))
    }

    fn is_group(&self, id: Id) -> bool {
        matches!(self.nodes[id].spec.body, Body::Children { .. })
    }

    /// The supervisor on whose budget `child` lives: that of a member is the one that has the group.
    fn supervisor_of(&self, child: Id) -> Option<Id> {
        let parent = self.nodes[child].parent?;
        if self.is_group(parent) { self.nodes[parent].parent } else { Some(parent) }
    }

    // What is seen.

    fn take(&mut self) -> Outcome {
        self.outcome.ended.sort();
        std::mem::take(&mut self.outcome)
    }

    fn say(&mut self, line: String) {
        self.outcome.seen.push(Seen::Then(line));
    }

    /// Runs `what` and lets go of the order of what it showed.
    fn unordered(&mut self, what: impl FnOnce(&mut Self)) {
        let before = std::mem::take(&mut self.outcome.seen);
        what(self);
        let mut lines = Vec::new();
        for seen in std::mem::replace(&mut self.outcome.seen, before) {
            match seen {
                Seen::Then(line) => lines.push(line),
                Seen::AnyOrder(some) => lines.extend(some),
            }
        }
        lines.sort();
        match lines.len() {
            0 => {}
            1 => self.outcome.seen.extend(lines.pop().map(Seen::Then)),
            _ => self.outcome.seen.push(Seen::AnyOrder(lines)),
        }
    }

    /// The incarnation of `id` is over.
    fn over(&mut self, id: Id, reason: Reason, state: State) {
        let node = &mut self.nodes[id];
        node.state = state;
        node.last = reason;
        if !self.is_group(id) {
            let node = &self.nodes[id];
            self.say(format!("end {} #{} {}", node.spec.id, node.incarnation, reason.word()));
        }
    }

    /// Nobody starts `id` again, nor anybody below it.
    fn ended(&mut self, id: Id) {
        let node = &mut self.nodes[id];
        if !node.gone && node.incarnation > 0 {
            node.gone = true;
            let line = format!("ended {} {}", node.spec.id, node.last.word());
            if !self.is_group(id) {
                self.outcome.ended.push(line);
            }
        }
        let node = &self.nodes[id];
        let below: Vec<Id> = node.declared.iter().chain(&node.children).copied().collect();
        for child in below {
            self.ended(child);
        }
    }

    /// `child` has no place in the tree any more.
    fn forget(&mut self, child: Id) {
        if let Some(parent) = self.nodes[child].parent {
            self.nodes[parent].children.retain(|&other| other != child);
        }
        self.ended(child);
    }

    // Start and stop.

    /// C001, C002: in order; a failure takes back what was started.
    fn start(&mut self, id: Id) -> Result<(), ()> {
        // Whoever was said to have ended for good ends once more when this comes to nothing.
        self.nodes[id].gone = false;
        if let Body::Worker { .. } = self.nodes[id].spec.body {
            let name = self.nodes[id].spec.id.clone();
            if let Some((times, fault)) = self.failing.get_mut(&name).filter(|(times, _)| *times > 0) {
                *times -= 1;
                let (word, reason) = (fault.word(), fault.reason());
                self.nodes[id].last = reason;
                self.say(format!("start-failed {name} {word}"));
                return Err(());
            }
        } else if self.is_supervisor(id) {
            // C038: only those of the description.
            self.nodes[id].children = self.nodes[id].declared.clone();
            self.nodes[id].restarts.clear();
            for child in self.nodes[id].declared.clone() {
                if self.start(child).is_err() {
                    self.stop_children(id);
                    self.nodes[id].last = Reason::Error;
                    let name = self.nodes[id].spec.id.clone();
                    self.say(format!("start-failed {name} child"));
                    return Err(());
                }
            }
        }
        if self.is_group(id) {
            for member in self.nodes[id].children.clone() {
                if self.start(member).is_err() {
                    self.stop_members(id, false);
                    return Err(());
                }
            }
        }
        let now = self.now;
        let node = &mut self.nodes[id];
        node.state = State::Running;
        node.incarnation += 1;
        node.up_since = now;
        let line = format!("start {} #{}", node.spec.id, node.incarnation);
        if !self.is_group(id) {
            self.say(line);
        }
        Ok(())
    }

    /// Its supervisor stops `id`.
    fn stop(&mut self, id: Id) {
        let shutdown = self.nodes[id].spec.shutdown;
        match (self.nodes[id].state, &self.nodes[id].spec.body) {
            // A pending restart is called off for good (C041), and an end not yet heard of is no news any more.
            (_, Body::Children { .. }) => self.stop_members(id, true),
            (State::Stopped | State::Waiting | State::Restarting { .. } | State::Over(_), _) => {
                self.nodes[id].state = State::Stopped;
            }
            (State::Running, Body::Supervisor(_)) => {
                self.stop_children(id);
                self.over(id, Reason::Shutdown, State::Stopped);
            }
            (State::Running, &Body::Worker { stuck }) => match shutdown {
                Shutdown::Kill => self.over(id, Reason::Killed, State::Stopped),
                Shutdown::After(limit) if stuck => {
                    self.now += limit;
                    self.over(id, Reason::Killed, State::Stopped);
                }
                Shutdown::After(_) | Shutdown::Wait => self.over(id, Reason::Shutdown, State::Stopped),
            },
        }
    }

    /// C042: in reverse order. Whoever was added at run time has ended for good (C038).
    fn stop_children(&mut self, supervisor: Id) {
        for child in self.nodes[supervisor].children.clone().into_iter().rev() {
            self.stop(child);
        }
        let node = &mut self.nodes[supervisor];
        let children = std::mem::replace(&mut node.children, node.declared.clone());
        for child in children {
            if !self.nodes[supervisor].declared.contains(&child) {
                self.ended(child);
            }
        }
    }

    /// C048: all at once, so it takes as long as the slowest.
    fn stop_members(&mut self, group: Id, for_good: bool) {
        let members = self.nodes[group].children.clone();
        let began = self.now;
        let mut latest = began;
        self.unordered(|tree| {
            for &member in &members {
                tree.now = began;
                tree.stop(member);
                latest = latest.max(tree.now);
            }
        });
        self.now = latest;
        if for_good {
            self.nodes[group].children.clear();
            for member in members {
                self.ended(member);
            }
        }
        self.nodes[group].state = State::Stopped;
    }
}
