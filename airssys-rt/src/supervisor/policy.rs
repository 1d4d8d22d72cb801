//! What the end of a child means for it: decided by its restart policy and the reason alone.

use std::time::Duration;

use crate::exit::ExitReason;

/// When a child is restarted: Erlang's three. What counts as a failure, [`ExitReason`] says.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Job;
/// # #[handlers] impl Job { #[handler] fn finish(&mut self, ctx: &mut Context<Self>) { ctx.stop(); } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let job = ChildSpec::new("job", || async { Ok(Job) }).restart(RestartPolicy::Transient);
/// let supervisor = system.start(Supervisor::builder().child(job)).await?;
/// let job: ActorRef<Job> = supervisor.child("job").await.expect("it runs");
/// job.finish().await?;
/// # while supervisor.count().await?.active > 0 { tokio::task::yield_now().await }
/// assert_eq!(supervisor.children().await?[0].status, ChildStatus::Stopped); // it was done
/// # Ok(()) }
/// ```
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
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Counter(i64);
/// # #[handlers] impl Counter { #[handler] fn add(&mut self, by: i64) -> i64 { self.0 += by; self.0 } }
/// #[supervisor]
/// struct App {
///     #[child(shutdown = "2s")] // Shutdown::After(Duration::from_secs(2))
///     polite: ActorRef<Counter>,
///     #[child(shutdown = "kill")] // Shutdown::Kill
///     quick: ActorRef<Counter>,
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let app = system.start(App::spec()).await?;
/// assert_eq!(app.children().await?[1].shutdown, Shutdown::Kill);
/// app.stop().await?;
/// assert_eq!(app.polite.process().exit_reason(), Some(ExitReason::Shutdown));
/// assert_eq!(app.quick.process().exit_reason(), Some(ExitReason::Killed));
/// # Ok(()) }
/// ```
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
///
/// It stops the others in reverse order, and ends with [`ExitReason::Shutdown`]. As in Erlang/OTP 24.
///
/// ```
/// # use airssys_rt::prelude::*;
/// # #[actor] #[derive(Default)] struct Job;
/// # #[handlers] impl Job { #[handler] fn finish(&mut self, ctx: &mut Context<Self>) { ctx.stop(); } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = System::new("doc");
/// let job = ChildSpec::new("job", || async { Ok(Job) }).restart(RestartPolicy::Transient).significant(true);
/// let once = Supervisor::builder().auto_shutdown(AutoShutdown::AnySignificant).child(job);
/// let once = system.start(once).await?;
/// let job: ActorRef<Job> = once.child("job").await.expect("it runs");
/// job.finish().await?;
/// assert_eq!(once.process().wait().await, ExitReason::Shutdown);
/// # Ok(()) }
/// ```
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
