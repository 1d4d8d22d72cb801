//! What the end of a child means for it: decided by its restart policy and the reason alone.

use std::time::Duration;

use crate::exit::ExitReason;

/// When a child is restarted: Erlang's three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Always.
    #[default]
    Permanent,
    /// After a failure; not after an orderly end.
    Transient,
    /// Never; its spec is forgotten when it ends.
    Temporary,
}

/// What a supervisor does about the end of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterExit {
    Restart,
    /// It stays known, and stopped.
    Keep,
    Forget,
}

impl RestartPolicy {
    pub(crate) fn after(self, reason: &ExitReason) -> AfterExit {
        match self {
            Self::Permanent => AfterExit::Restart,
            Self::Transient if reason.is_abnormal() => AfterExit::Restart,
            Self::Transient => AfterExit::Keep,
            Self::Temporary => AfterExit::Forget,
        }
    }
}

/// How a supervisor ends a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// At its next await, without its stop handler.
    Kill,
    /// Told to stop, and killed when it has not ended after this long.
    After(Duration),
    /// Told to stop, and waited for without limit.
    Wait,
}

/// Whether a supervisor ends when significant children have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// It does not.
    #[default]
    Never,
    /// When any significant child has ended by itself and is not restarted.
    AnySignificant,
    /// When the last running significant child has.
    AllSignificant,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons() -> [ExitReason; 6] {
        let text: std::sync::Arc<str> = "why".into();
        [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::ShutdownWith { detail: text.clone() },
            ExitReason::Failed { message: text.clone() },
            ExitReason::Panicked { message: text },
            ExitReason::Killed,
        ]
    }

    #[test]
    fn c011_a_permanent_child_is_restarted_after_every_end() {
        assert!(reasons().iter().all(|reason| RestartPolicy::Permanent.after(reason) == AfterExit::Restart));
    }

    #[test]
    fn c012_c013_c014_a_transient_child_is_restarted_after_a_failure_only() {
        let after: Vec<_> = reasons().iter().map(|reason| RestartPolicy::Transient.after(reason)).collect();
        assert_eq!(after[..3], [AfterExit::Keep; 3]);
        assert_eq!(after[3..], [AfterExit::Restart; 3]);
    }

    #[test]
    fn c015_a_temporary_child_is_forgotten_after_every_end() {
        assert!(reasons().iter().all(|reason| RestartPolicy::Temporary.after(reason) == AfterExit::Forget));
    }
}
