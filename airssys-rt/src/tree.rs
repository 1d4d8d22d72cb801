//! A picture of a system: who owns whom, indented, as Graphviz or as Mermaid.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::kernel::Kernel;
use crate::process::{AnyCell, ProcessInfo, ProcessRole, ProcessStatus, short_name};
use crate::process_id::ProcessId;
use crate::sorted::Sorted;

/// The processes of a system at one moment, by who owns whom. Printed, it is indented text.
///
/// ```
/// use airssys_rt::Tree;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct App {
///     #[child]
///     counter: ActorRef<Counter>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// let tree: Tree = system.tree();
/// assert_eq!(tree.to_string(), "\
/// doc
/// └─ App <1> waiting (Supervisor)
///    └─ counter <2> waiting (Counter)
/// ");
/// assert_eq!(tree.roots()[0].children[0].pid, app.counter.pid());
/// assert!(tree.to_dot().starts_with("digraph system {"));
/// assert!(tree.to_mermaid().starts_with("flowchart TD\n"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Tree {
    system: Arc<str>,
    roots: Vec<Node>,
}

/// One process in a [`Tree`], as it was when the tree was made.
///
/// ```
/// use airssys_rt::Node;
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// fn depth(node: &Node) -> usize {
///     1 + node.children.iter().map(depth).max().unwrap_or(0)
/// }
/// # #[supervisor] struct App { #[child] counter: ActorRef<Counter> }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// assert_eq!(system.tree().roots().iter().map(depth).max(), Some(2));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Node {
    /// Its id.
    pub pid: ProcessId,
    /// The id its supervisor knows it by, or its name, or its type.
    pub label: String,
    /// Its type, without its path.
    pub actor: String,
    /// The name it is registered under.
    pub name: Option<Arc<str>>,
    /// Worker or supervisor.
    pub role: ProcessRole,
    /// What it is doing.
    pub status: ProcessStatus,
    /// The number of its incarnation.
    pub incarnation: u32,
    /// What it owns.
    pub children: Vec<Node>,
}

impl Tree {
    pub(crate) fn of(kernel: &Arc<Kernel>) -> Self {
        let mut below: Sorted<Option<ProcessId>, Vec<Arc<dyn AnyCell>>> = Sorted::new();
        for cell in kernel.table.all() {
            below.entry(cell.owner()).push(cell);
        }
        let roots = below.remove(&None).unwrap_or_default();
        let roots = roots.into_iter().map(|cell| Node::of(cell, &mut below)).collect();
        Self { system: kernel.name.clone(), roots }
    }

    /// The processes that nobody owns, in order of their ids.
    #[must_use]
    pub fn roots(&self) -> &[Node] {
        &self.roots
    }

    /// The tree for Graphviz's `dot`.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut out = String::from("digraph system {\n  rankdir=TB;\n");
        let _ = writeln!(out, "  s0 [label={:?}, shape=plaintext];", &*self.system);
        for root in &self.roots {
            let _ = writeln!(out, "  s0 -> p{};", root.pid.as_u64());
            root.walk(&mut |node| {
                let shape = if node.role == ProcessRole::Supervisor { "box" } else { "ellipse" };
                let label = format!("{} {}", node.label, node.pid);
                let _ = writeln!(out, "  p{} [label={label:?}, shape={shape}];", node.pid.as_u64());
                for child in &node.children {
                    let _ = writeln!(out, "  p{} -> p{};", node.pid.as_u64(), child.pid.as_u64());
                }
            });
        }
        out.push_str("}\n");
        out
    }

    /// The tree as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let plain = |text: &str| text.replace('"', "'");
        let mut out = String::from("flowchart TD\n");
        let _ = writeln!(out, "  s0[\"{}\"]", plain(&self.system));
        for root in &self.roots {
            let _ = writeln!(out, "  s0 --> p{}", root.pid.as_u64());
            root.walk(&mut |node| {
                let (open, close) =
                    if node.role == ProcessRole::Supervisor { ("[", "]") } else { ("(", ")") };
                let (number, label) = (node.pid.as_u64(), plain(&node.label));
                let _ = writeln!(out, "  p{number}{open}\"{label} #lt;{number}#gt;\"{close}");
                for child in &node.children {
                    let _ = writeln!(out, "  p{number} --> p{}", child.pid.as_u64());
                }
            });
        }
        out
    }
}

impl Node {
    fn of(cell: Arc<dyn AnyCell>, below: &mut Sorted<Option<ProcessId>, Vec<Arc<dyn AnyCell>>>) -> Self {
        let children = below.remove(&Some(cell.pid())).unwrap_or_default();
        let info = ProcessInfo(cell);
        let actor = short_name(info.actor_type());
        let label =
            info.child_id().or_else(|| info.name()).map_or_else(|| actor.clone(), |label| label.to_string());
        Self {
            pid: info.pid(),
            label,
            actor,
            name: info.name(),
            role: info.role(),
            status: info.status(),
            incarnation: info.incarnation(),
            children: children.into_iter().map(|cell| Self::of(cell, below)).collect(),
        }
    }

    fn walk(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        for child in &self.children {
            child.walk(visit);
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, prefix: &str, last: bool) -> fmt::Result {
        let branch = if last { "└─ " } else { "├─ " };
        write!(f, "{prefix}{branch}{} {} {}", self.label, self.pid, self.status)?;
        if self.label != self.actor {
            write!(f, " ({})", self.actor)?;
        }
        if let Some(name) = self.name.as_ref().filter(|name| ***name != *self.label) {
            write!(f, " named {name:?}")?;
        }
        if self.incarnation > 1 {
            write!(f, ", incarnation {}", self.incarnation)?;
        }
        writeln!(f)?;
        let deeper = format!("{prefix}{}", if last { "   " } else { "│  " });
        for (place, child) in self.children.iter().enumerate() {
            child.print(f, &deeper, place + 1 == self.children.len())?;
        }
        Ok(())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.system)?;
        for (place, root) in self.roots.iter().enumerate() {
            root.print(f, "", place + 1 == self.roots.len())?;
        }
        Ok(())
    }
}
