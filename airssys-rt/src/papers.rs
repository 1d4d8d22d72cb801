//! The papers of an actor: what it is called, how it is looked after, and how its state is made.
//!
//! One allocation, shared by equal children: of most actors there is nothing to know.

use std::sync::Arc;
use std::time::Duration;

use crate::cell::{Limit, Make};
use crate::supervisor::{RestartPolicy, Shutdown};

/// How a child is started and looked after. Defaults: permanent, 5 s to stop, no limit to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Care {
    pub(crate) restart: RestartPolicy,
    pub(crate) shutdown: Shutdown,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) significant: bool,
}

impl Care {
    pub(crate) const WORKER: Self = Self {
        restart: RestartPolicy::Permanent,
        shutdown: Shutdown::After(Duration::from_secs(5)),
        start_timeout: None,
        significant: false,
    };

    /// A supervisor is waited for, so that its own children end in order.
    pub(crate) const SUPERVISOR: Self = Self { shutdown: Shutdown::Wait, ..Self::WORKER };

    /// How long the stop handler may take.
    fn limit(&self) -> Limit {
        match self.shutdown {
            Shutdown::Kill => Limit::Default,
            Shutdown::After(limit) => Limit::After(limit),
            Shutdown::Wait => Limit::Never,
        }
    }
}

/// Whether there is an id, by which its supervisor knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    None,
    /// Its own, or that of children who are started at run time.
    Plain,
    /// That of a pool, of which it is a member.
    Numbered,
}

/// What is written in the papers.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// The id, and the name behind it.
    text: Box<str>,
    id: u32,
    label: Label,
    named: bool,
    restart: RestartPolicy,
    significant: bool,
    /// Where they are not the usual ones.
    limits: Option<Box<(Shutdown, Option<Duration>)>>,
}

impl Sheet {
    pub(crate) fn new(id: Option<&str>, name: Option<&str>, care: Care) -> Self {
        let (known, called) = (id.unwrap_or_default(), name.unwrap_or_default());
        let mut text = String::with_capacity(known.len() + called.len());
        text.push_str(known);
        text.push_str(called);
        let Care { restart, shutdown, start_timeout, significant } = care;
        let usual = shutdown == Care::WORKER.shutdown && start_timeout == Care::WORKER.start_timeout;
        Self {
            text: text.into(),
            // An id of four gigabytes is none.
            id: u32::try_from(known.len()).unwrap_or_default(),
            label: if id.is_some() { Label::Plain } else { Label::None },
            named: name.is_some(),
            restart,
            significant,
            limits: (!usual).then(|| Box::new((shutdown, start_timeout))),
        }
    }

    /// Of the members of a pool.
    pub(crate) fn numbered(mut self) -> Self {
        self.label = Label::Numbered;
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.text[..self.id as usize]
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.named.then(|| &self.text[self.id as usize..])
    }

    /// What its supervisor knows it by.
    pub(crate) fn label(&self, member: u32) -> Option<Arc<str>> {
        match self.label {
            Label::None => None,
            Label::Plain => Some(self.id().into()),
            Label::Numbered => Some(format!("{}[{member}]", self.id()).into()),
        }
    }

    pub(crate) fn care(&self) -> Care {
        let usual = (Care::WORKER.shutdown, Care::WORKER.start_timeout);
        let (shutdown, start_timeout) = self.limits.as_deref().copied().unwrap_or(usual);
        Care { restart: self.restart, shutdown, start_timeout, significant: self.significant }
    }

    pub(crate) fn limit(&self) -> Limit {
        self.care().limit()
    }
}

/// The papers of an actor of type `A`.
pub(crate) trait Papers<A>: Send + Sync {
    fn sheet(&self) -> &Sheet;

    /// Makes the state of one incarnation. `None` where nobody knows how.
    fn make(self: Arc<Self>) -> Option<Make<A>> {
        None
    }

    /// Whether there is anything in them besides what is written.
    fn keeps(&self) -> bool {
        false
    }

    /// It is about to be ended for the last time by its present supervisor, or to be started.
    fn part(&self, last: bool) {
        let _ = last;
    }
}

/// Papers that say nothing about how a state is made.
impl<A> Papers<A> for Sheet {
    fn sheet(&self) -> &Sheet {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_say_what_was_written() {
        let care =
            Care { start_timeout: Some(Duration::from_nanos(7)), significant: true, ..Care::SUPERVISOR };
        let sheet = Sheet::new(Some("id"), Some("name"), care);
        assert_eq!((sheet.id(), sheet.name(), sheet.care()), ("id", Some("name"), care));
        assert_eq!(sheet.label(3).as_deref(), Some("id"));
        assert_eq!(sheet.numbered().label(3).as_deref(), Some("id[3]"));
        let nameless = Sheet::new(Some(""), None, Care::WORKER);
        assert_eq!((nameless.name(), nameless.label(0).as_deref()), (None, Some("")));
        assert_eq!(nameless.care(), Care::WORKER);
        assert_eq!(Sheet::new(None, Some(""), Care::WORKER).name(), Some(""));
        assert_eq!(Sheet::new(None, None, Care::WORKER).label(0), None);
    }

    #[test]
    fn the_usual_ones_take_no_room() {
        assert!(Sheet::new(Some("id"), None, Care::WORKER).limits.is_none());
        assert!(size_of::<Sheet>() <= 32, "{} bytes", size_of::<Sheet>());
    }
}
