//! Ways to break the runtime, each with the test that has to notice.

/// One change of one place.
pub struct Breakage {
    pub name: &'static str,
    /// The rows of the behaviours that it breaks.
    pub rules: &'static str,
    /// The file below `airssys-rt/src`.
    pub file: &'static str,
    /// What stands there, once.
    pub old: &'static str,
    pub new: &'static str,
    /// The test binary, or `lib` for the runtime's own.
    pub binary: &'static str,
    /// A part of the names of the tests that are run.
    pub filter: &'static str,
}

macro_rules! breakages {
    ($($name:literal, $rules:literal, $file:literal, $old:literal => $new:literal, $binary:literal $filter:literal;)*) => {
        /// All of them.
        pub const ALL: &[Breakage] = &[$(Breakage {
            name: $name, rules: $rules, file: $file, old: $old, new: $new, binary: $binary, filter: $filter,
        }),*];
    };
}

breakages! {
    "rest_for_one takes all", "C022", "supervisor/strategy.rs",
        "Self::RestForOne => failed..count," => "Self::RestForOne => 0..count,", "strategy" "c022";
    "one_for_all spares the earlier", "C021", "supervisor/strategy.rs",
        "Self::OneForAll => 0..count," => "Self::OneForAll => failed..count,", "strategy" "c021";
    "one restart too many", "C031", "supervisor/intensity.rs",
        "self.restarts.len() >= self.max as usize" => "self.restarts.len() > self.max as usize", "intensity" "c031";
    "restarts never age", "C032", "supervisor/intensity.rs",
        "> self.within)" => "> self.within * 1_000)", "intensity" "c032";
    "transient restarted after every end", "C012 C013", "supervisor/policy.rs",
        "Self::Transient if reason.is_abnormal() =>" => "Self::Transient if reason.is_abnormal() || true =>", "restart" "c01";
    "temporary restarted", "C015", "supervisor/policy.rs",
        "Self::Temporary => AfterExit::Forget," => "Self::Temporary => AfterExit::Restart,", "restart" "c015";
    "children stopped in start order", "C042", "supervisor/runner.rs",
        "for slot in self.slots.values_mut().rev() {" => "for slot in self.slots.values_mut() {", "shutdown" "c042";
    "significant ends ignored", "C066 C067", "supervisor/runner.rs",
        "if !options.significant {" => "if true {", "auto_shutdown" "c06";
    "stale tries taken", "C041", "supervisor/runner.rs",
        "{ ticket: present, counted, group } if present == ticket => {" => "{ ticket: present, counted, group } if present <= u64::MAX => {",
        "model" "c001";
    "what is owned is not reaped", "C049", "cell/ending.rs",
        "        self.reap().await;" => "", "shutdown" "c049";
    "the name stays", "C116", "cell/ending.rs",
        "self.kernel.registry.release(&name, self.pid);" => "", "registry" "c116";
    "groups keep ghosts", "C120", "cell/ending.rs",
        "kernel.roll.release(&group, LinkKey::of(&**self), membership.number);" => "", "groups" "c120";
    "timers outlive the incarnation", "C123", "cell/ending.rs",
        "self.kernel.timers.cancel(timer);" => "", "timer" "c123";
    "a cancelled timer still fires", "C122", "timer.rs",
        "wanted.0.live.store(false, Ordering::Release);" => "", "timer" "c122";
    "a burst after a stall", "C124", "timer.rs",
        "due + period.saturating_mul(missed + 1).min(FAR)" => "due + period", "lib" "c124";
    "leftover asks hang", "C093 C099", "cell/mod.rs",
        "            port.fail(error);\n        }\n        let counts" => "            std::mem::forget((port, error));\n        }\n        let counts",
        "ask" "c099";
    "the closed take messages", "C079 C090", "cell/mod.rs",
        "        if state.closed {\n            drop(state);" => "        if false {\n            drop(state);", "actor" "c079";
    "waiting senders let in last first", "C085", "mailbox.rs",
        "waiting.tickets.push_back(ticket.clone());" => "waiting.tickets.push_front(ticket.clone());", "mailbox" "c085";
    "the evicted are forgotten", "C087", "cell/mod.rs",
        "self.dead_letter(oldest, &ExitReason::Normal, AskError::Evicted);" => "std::mem::forget(oldest);", "mailbox" "c087";
    "rings are not seen", "C101 C102", "request.rs",
        "if !ignore_cycle && let Some(path)" => "if false && let Some(path)", "ask" "c10";
    "the outer limit is forgotten", "C097", "request.rs",
        "Some(outer) if outer < until =>" => "Some(outer) if outer < until && false =>", "every_ask_ends" "c097";
    "expired requests are handled", "C097", "cell/handle.rs",
        "Some(port) if port.is_expired() => None," => "Some(port) if port.is_expired() && false => None,", "ask" "c097";
    "demonitored notices arrive", "C109", "mail.rs",
        "if !ctx.cell.forget_watching(self.0.monitor) {" => "ctx.cell.forget_watching(self.0.monitor);\n            if false {",
        "monitor_link" "c109";
    "normal ends take linked actors along", "C113", "cell/mod.rs",
        "        if !exit.reason.is_abnormal() {\n            return;\n        }\n        let mut state" => "        let mut state", "monitor_link" "c113";
    "the stop handler runs after a panic", "C077", "cell/run.rs",
        "hook: !panicked, escalate: false" => "hook: panicked | !panicked, escalate: false", "actor" "c077";
}
