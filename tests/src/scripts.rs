//! Random trees for the model of `model.rs`, and random things that are done to them.
use crate::model::*;

/// A small generator of numbers: the same seed, the same numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize].clone()
    }
}

/// Whether time plays a part in a tree: by delays before restarts, or by children that do not stop. Not both, since the
/// model stops a stuck child in one go, and does not let other delays end in the meantime.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Prompt,
    Delays,
    Stuck,
}

struct Grower {
    dice: Dice,
    mood: Mood,
    made: u64,
    room: u64,
}

impl Grower {
    fn next(&mut self, letter: char) -> String {
        self.made += 1;
        format!("{letter}{}", self.made)
    }

    fn policy(&mut self) -> Policy {
        self.dice.pick(&[
            Policy::Permanent,
            Policy::Permanent,
            Policy::Permanent,
            Policy::Transient,
            Policy::Transient,
            Policy::Temporary,
        ])
    }

    fn worker(&mut self, id: String, auto: AutoShutdown) -> Child {
        let policy = self.policy();
        let stuck = self.mood == Mood::Stuck && self.dice.roll(4) == 0;
        let limit = 3 + 10 * self.dice.roll(5);
        let gentle = [Shutdown::After(limit), Shutdown::After(limit), Shutdown::Kill, Shutdown::Wait];
        let shutdown = self.dice.pick(if stuck { &gentle[..3] } else { &gentle });
        let significant = self.significant(policy, auto);
        Child { id, policy, shutdown, significant, body: Body::Worker { stuck } }
    }

    fn significant(&mut self, policy: Policy, auto: AutoShutdown) -> bool {
        auto != AutoShutdown::Never && policy != Policy::Permanent && self.dice.roll(2) == 0
    }

    fn child(&mut self, depth: u64, auto: AutoShutdown) -> Child {
        match self.dice.roll(10) {
            0..3 if depth < 4 && self.room > 2 => {
                let id = self.next('s');
                let policy = self.policy();
                let significant = self.significant(policy, auto);
                let body = Body::Supervisor(self.supervisor(depth + 1));
                Child { id, policy, shutdown: Shutdown::Wait, significant, body }
            }
            3 => {
                let Child { policy, shutdown, body, .. } = self.worker(String::new(), AutoShutdown::Never);
                let stuck = body == Body::Worker { stuck: true };
                let body = Body::Children { max: 1 + self.dice.roll(4) as usize, stuck };
                Child { id: self.next('g'), policy, shutdown, significant: false, body }
            }
            _ => {
                let id = self.next('w');
                self.worker(id, auto)
            }
        }
    }

    fn supervisor(&mut self, depth: u64) -> Supervisor {
        let auto_shutdown = self.dice.pick(&[
            AutoShutdown::Never,
            AutoShutdown::Never,
            AutoShutdown::AnySignificant,
            AutoShutdown::AllSignificant,
        ]);
        let backoff = (self.mood == Mood::Delays && self.dice.roll(3) > 0).then(|| {
            let first = 5 + self.dice.roll(60);
            Backoff { first, max: first * 4 + self.dice.roll(9), reset_after: 50 + self.dice.roll(300) }
        });
        let strategy = self.dice.pick(&[Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]);
        let mut supervisor = Supervisor {
            strategy,
            max_restarts: self.dice.pick(&[0, 1, 2, 3, 3, 5, 5, 10]),
            within: self.dice.pick(&[5, 20, 100, 300, 5_000]),
            backoff,
            auto_shutdown,
            children: Vec::new(),
        };
        for _ in 0..1 + self.dice.roll(4) {
            if self.room > 0 {
                self.room -= 1;
                let child = self.child(depth, auto_shutdown);
                supervisor.children.push(child);
            }
        }
        supervisor
    }
}

/// The root of every tree.
pub const ROOT: &str = "root";

/// The tree of a seed, and what is done to it, step by step.
pub fn script(seed: u64, steps: usize) -> (Supervisor, Vec<Step>) {
    let mut dice = Dice::new(seed);
    for _ in 0..8 {
        dice.roll(2);
    }
    let mood = dice.pick(&[Mood::Prompt, Mood::Prompt, Mood::Delays, Mood::Stuck]);
    let mut grower = Grower { dice, mood, made: 0, room: 14 };
    let mut root = grower.supervisor(1);
    // Most roots live long, so that there is somebody to do things to.
    if grower.dice.roll(8) > 0 {
        root.max_restarts = 1_000;
        root.auto_shutdown = AutoShutdown::Never;
        root.children.iter_mut().for_each(|child| child.significant = false);
    }
    let mut tree = Tree::new(ROOT, root.clone());
    tree.start_root();
    let mut deleted = Vec::new();
    let mut script = Vec::with_capacity(steps);
    let mut tries = 0;
    while script.len() < steps && tries < 20 * steps {
        tries += 1;
        let Some(step) = next(&mut grower, &tree, &mut deleted) else { continue };
        let outcome = tree.step(&step);
        tree.rest();
        if !outcome.skipped {
            if let Step::DeleteChild { supervisor, id } = &step {
                deleted.push((supervisor.clone(), id.clone()));
            }
            script.push(step);
        }
    }
    (root, script)
}

fn next(grower: &mut Grower, tree: &Tree, deleted: &mut [(String, String)]) -> Option<Step> {
    let known = tree.known();
    let is_worker = |child: &&Child| matches!(child.body, Body::Worker { .. });
    let is_supervisor = |child: &&Child| matches!(child.body, Body::Supervisor(_));
    let is_group = |child: &&Child| matches!(child.body, Body::Children { .. });
    let all: Vec<&Child> = known.iter().map(|(_, child)| *child).collect();
    let alive = tree.alive();
    let ids = |some: &mut dyn Iterator<Item = &&Child>| -> Vec<String> {
        some.map(|child| child.id.clone()).collect()
    };
    let some = |dice: &mut Dice, from: &[String]| (!from.is_empty()).then(|| dice.pick(from));
    // Now and then somebody who does not run.
    let anybody = grower.dice.roll(12) == 0;
    let mut supervisors = if anybody {
        let mut supervisors = ids(&mut all.iter().filter(|child| is_supervisor(child)));
        supervisors.push(ROOT.to_owned());
        supervisors
    } else {
        ids(&mut alive.iter().filter(|child| is_supervisor(child)))
    };
    match grower.dice.roll(100) {
        0..30 => {
            let who = some(&mut grower.dice, &ids(&mut alive.iter().filter(|child| is_worker(child))))?;
            let reasons = [
                Reason::Normal,
                Reason::Shutdown,
                Reason::Error,
                Reason::Panic,
                Reason::Killed,
                Reason::Panic,
            ];
            Some(Step::Crash { who, how: grower.dice.pick(&reasons) })
        }
        30..45 => {
            let who = some(&mut grower.dice, &ids(&mut all.iter().filter(|child| is_worker(child))))?;
            // A member whose group cannot be restarted because of it: what becomes of the others is said by no row.
            let in_group = known.iter().any(|(parent, child)| child.id == who && parent.starts_with('g'));
            if in_group && grower.mood == Mood::Delays {
                return None;
            }
            let times = 1 + grower.dice.roll(4) as u32;
            Some(Step::FailStarts { who, times, how: grower.dice.pick(&[Fault::Error, Fault::Panic]) })
        }
        45..53 => {
            let supervisor = some(&mut grower.dice, &supervisors)?;
            let here: Vec<String> = known
                .iter()
                .filter(|(parent, _)| *parent == supervisor)
                .map(|(_, child)| child.id.clone())
                .collect();
            let gone: Vec<String> = deleted
                .iter()
                .filter(|(parent, id)| *parent == supervisor && !here.contains(id) && !id.starts_with('s'))
                .map(|(_, id)| id.clone())
                .collect();
            let auto = auto_shutdown(tree, &supervisor);
            let child = match grower.dice.roll(4) {
                // Not under the id of a group: no row says what an empty one answers.
                0 if here.iter().any(|id| !id.starts_with('g')) => {
                    let others: Vec<String> = here.into_iter().filter(|id| !id.starts_with('g')).collect();
                    let id = grower.dice.pick(&others);
                    grower.worker(id, auto)
                }
                1 if !gone.is_empty() => {
                    let id = grower.dice.pick(&gone);
                    grower.worker(id, auto)
                }
                2 => {
                    grower.room = 3;
                    let child = grower.child(3, auto);
                    if is_group(&&child) { return None } else { child }
                }
                _ => {
                    let id = grower.next('w');
                    grower.worker(id, auto)
                }
            };
            Some(Step::StartChild { supervisor, child })
        }
        what @ 53..75 => {
            let supervisor = some(&mut grower.dice, &supervisors)?;
            let mut here: Vec<String> = known
                .iter()
                .filter(|(parent, child)| *parent == supervisor && !is_group(child))
                .map(|(_, child)| child.id.clone())
                .collect();
            if grower.dice.roll(10) == 0 {
                here.push("nobody".to_owned());
            }
            let id = some(&mut grower.dice, &here)?;
            Some(match what {
                53..61 => Step::TerminateChild { supervisor, id },
                61..69 => Step::RestartChild { supervisor, id },
                _ => Step::DeleteChild { supervisor, id },
            })
        }
        75..83 => {
            let groups = if anybody { &all } else { &alive };
            let group = some(&mut grower.dice, &ids(&mut groups.iter().filter(|child| is_group(child))))?;
            let id = grower.next('m');
            Some(Step::StartMember { group, id })
        }
        83..86 => {
            let members: Vec<(String, String)> = known
                .iter()
                .filter(|(parent, _)| parent.starts_with('g'))
                .map(|(parent, child)| ((*parent).to_owned(), child.id.clone()))
                .collect();
            if members.is_empty() {
                return None;
            }
            let (group, id) = grower.dice.pick(&members);
            Some(Step::TerminateMember { group, id })
        }
        what @ 86..92 => {
            if grower.dice.roll(40) == 0 {
                supervisors = vec![ROOT.to_owned()];
            }
            let supervisor = some(&mut grower.dice, &supervisors)?;
            (supervisor != ROOT || grower.dice.roll(20) == 0).then_some(if what < 89 {
                Step::Kill { supervisor }
            } else {
                Step::Stop { supervisor }
            })
        }
        _ => Some(Step::Advance { by: 1 + grower.dice.roll(200) }),
    }
}

fn auto_shutdown(tree: &Tree, supervisor: &str) -> AutoShutdown {
    let known = tree.known();
    let body = known.iter().find(|(_, child)| child.id == supervisor).map(|(_, child)| &child.body);
    match body {
        Some(Body::Supervisor(supervisor)) => supervisor.auto_shutdown,
        Some(Body::Worker { .. } | Body::Children { .. }) | None => AutoShutdown::Never,
    }
}
