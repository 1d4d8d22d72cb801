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
        "in self.slots.iter_mut().rev().enumerate() {" => "in self.slots.iter_mut().enumerate() {", "shutdown" "c042";
    "significant ends ignored", "C066 C067", "supervisor/runner.rs",
        "if !care.significant {" => "if true {", "auto_shutdown" "c06";
    "stale tries taken", "C041", "supervisor/runner.rs",
        "filter(|trial| trial.ticket == ticket)" => "filter(|trial| trial.ticket <= u64::MAX)",
        "model" "c001";
    "what is owned is not reaped", "C049", "cell/ending.rs",
        "        self.reap().await;" => "", "shutdown" "c049";
    "the name stays", "C116", "cell/ending.rs",
        "self.kernel.registry.release(&name, self.pid);" => "", "registry" "c116";
    "groups keep ghosts", "C120", "cell/ending.rs",
        "kernel.roll.release(group, LinkKey::of(&**self), membership.number);" => "", "groups" "c120";
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
    "permanent kept down after an orderly end", "C011", "supervisor/policy.rs",
        "Self::Permanent => AfterExit::Restart," => "Self::Permanent if !reason.is_abnormal() => AfterExit::Keep,\n            Self::Permanent => AfterExit::Restart,",
        "restart" "c011";
    "one_for_one takes the later along", "C020", "supervisor/strategy.rs",
        "Self::OneForOne => failed..failed + 1," => "Self::OneForOne => failed..count,", "lib" "c020";
    "a restart as old as the window is forgotten", "C039", "supervisor/intensity.rs",
        "> self.within)" => ">= self.within)", "intensity" "c039";
    "delays do not grow", "C040", "supervisor/backoff.rs",
        "attempt.min(31)" => "attempt.min(0)", "intensity" "c040_delays";
    "delays are never forgotten", "C040", "supervisor/backoff.rs",
        ">= self.reset_after => 0," => ">= self.reset_after => attempts,", "intensity" "c040_delays";
    "stale notices are acted on", "C028", "supervisor/runner.rs",
        "ChildState::Running if child.runs_as(incarnation) => {}" => "ChildState::Running if incarnation > 0 => {}", "strategy" "c028";
    "further tries are not counted", "C034", "supervisor/runner.rs",
        "if !counted && let Some(end)" => "if counted && let Some(end)", "intensity" "c034";
    "a group that did not come up is left", "C025", "supervisor/runner.rs",
        "                    self.start_failed(ctx, rank);" => "", "strategy" "c025";
    "temporary bystanders are restarted", "C016", "supervisor/slot.rs",
        "!temporary || matches!" => "!temporary || temporary || matches!", "restart" "c016";
    "one dynamic child too many", "C063", "supervisor/runner.rs",
        "&& group.members.len() >= max" => "&& group.members.len() > max", "admin" "c063";
    "a failed start leaves the earlier ones", "C002", "supervisor/runner.rs",
        "self.stop_all(for_good).await;\n        }\n        Ok(outcome?)" => "let _ = for_good;\n        }\n        Ok(outcome?)",
        "supervisor_start" "c002";
    "declared children come back in another order", "C038", "supervisor/runner.rs",
        "slots.sort_by_key(Slot::number);" => "slots.sort_by_key(|slot| std::cmp::Reverse(slot.number()));",
        "restart" "c038";
    "who waits for its restart has ended", "C068", "supervisor/runner.rs",
        "&& slot.children().any(|child| child.state != ChildState::Stopped)" =>
        "&& slot.children().any(|child| child.is_running())", "auto_shutdown" "c068";
    "nothing is escalated", "C076", "supervisor/runner.rs",
        "        if escalate {" => "        if escalate && pid == ctx.pid() {", "restart" "an_escalated";
    "an ignored temporary child is kept", "C004", "supervisor/runner.rs",
        "Err(StartError::Ignored { .. }) if !temporary && !slot" => "Err(StartError::Ignored { .. }) if (temporary || !temporary) && !slot",
        "supervisor_start" "c004";
    "a running child can be deleted", "C057 C058", "supervisor/runner.rs",
        "ChildStatus::Running => return Err(ChildError::Running { child: id.clone() })," => "ChildStatus::Running => {}",
        "admin" "c057";
    "a brutal kill lets the stop handler run", "C044", "supervisor/slot.rs",
        "Shutdown::Kill => (Ending::Kill, Some(Instant::now()))," => "Shutdown::Kill => (Ending::Stop, None),", "shutdown" "c044";
    "the limit of a stop is not kept", "C043", "supervisor/slot.rs",
        "(Ending::Stop, Some(timer::after(limit)))," => "(Ending::Stop, Some(timer::after(limit * 1_000))),", "shutdown" "c043";
    "unlimited time is limited", "C045", "supervisor/slot.rs",
        "Shutdown::Wait => (Ending::Stop, None)," => "Shutdown::Wait => (Ending::Stop, Some(timer::after(LONGEST_LOOK))),",
        "shutdown" "c045";
    "dead letters are not kept", "C093", "cell/mod.rs",
        "        if counts {\n" => "        if counts && message.is_empty() {\n", "mailbox" "c093_what_is_left_at_a_stop";
    "actors hear of no end", "C106", "cell/ending.rs",
        "actor.down(down);" => "drop((actor, down));", "monitor_link" "c106";
    "a monitor of an ended actor is silent", "C107", "cell/mod.rs",
        "return Err((watcher, ExitReason::NoProcess));" => "return Ok(drop(watcher));", "monitor_link" "c107";
    "links do not fire", "C113", "cell/ending.rs",
        "for other in self.with_more(links).unwrap_or_default() {" =>
        "for other in self.with_more(links).unwrap_or_default().into_iter().take(0) {", "monitor_link" "c113_a_linked";
    "exits are not trapped", "C113", "cell/mod.rs",
        "if A::TRAPS_EXITS {" => "if A::TRAPS_EXITS && exit.pid == self.pid {", "monitor_link" "c113_an_actor_that_traps";
    "who waits hears of the end too early", "C116 C050", "cell/mod.rs",
        "Phase::Ended => !state.ending || until == Until::Down," => "Phase::Ended => true,", "registry" "c116_who";
    "a handler's subscriptions outlive its incarnation", "C126", "cell/ending.rs",
        "subscription.cancel(LinkKey::of(self));" => "drop(subscription);", "event_bus" "c126_a_declared";
    "the ended stay subscribed", "C127", "cell/ending.rs",
        "subscription.cancel(LinkKey::of(&**self));" => "drop(subscription);", "event_bus" "c127";
    "tasks outlive the incarnation", "C081", "cell/ending.rs",
        "drop((tasks, asking));" => "std::mem::forget(tasks);\n        drop(asking);", "actor" "c081_a_task";
    "a restart empties the mailbox", "C092", "cell/ending.rs",
        "state.mailbox.restore(batch);" => "batch.clear();", "mailbox" "c092_queued";
    "a drain is a stop", "C079", "cell/ending.rs",
        "Ending::Drain => signal::DRAIN," => "Ending::Drain => signal::STOP,", "actor" "c079_a_drain";
    "a stop handler has all the time", "C078", "cell/ending.rs",
        "Limit::Default => Some(STOP_LIMIT)," => "Limit::Default => None,", "actor" "c078_a_stop_handler_that_hangs_is_cut_where";
    "a kill waits for the handler", "C080", "cell/guard.rs",
        "home.signal.load(Ordering::Acquire) & signal::DROPS != 0;" => "home.signal.load(Ordering::Acquire) & signal::DRAIN != 0;",
        "actor" "c080_a_kill_drops_a_pending_handler";
    "a stop waits for the queue", "C079", "cell/mod.rs",
        "INTERRUPTS: u8 = KILL | EXIT | STOP;" => "INTERRUPTS: u8 = KILL | EXIT;", "actor" "c079_a_stop_ends";
    "follow-up steps of the start are late", "C074", "cell/run.rs",
        "let stop = ctx.take_stop();\n                ctx.follow_up(&mut self.batch);" => "let stop = ctx.take_stop();", "actor" "c074_a_follow";
    "actors outlive their last reference", "C123", "cell/mod.rs",
        "if this.references.fetch_sub(1, Ordering::AcqRel) == 1 {" => "if this.references.fetch_sub(1, Ordering::AcqRel) == 0 {",
        "handles" "c123_an_unsupervised";
    "panics are not caught", "C075", "reply.rs",
        "let outcome = catch_unwind(AssertUnwindSafe(run));" => "let outcome: std::thread::Result<T> = Ok(run());", "actor" "c075_a_panic_ends";
    "one more than the mailbox holds", "C085", "mailbox.rs",
        "self.waiting.is_none() && self.load.saturating_add(ahead) < config.capacity" =>
        "self.waiting.is_none() && self.load.saturating_add(ahead) <= config.capacity",
        "mailbox" "c085_a_full";
    "a newcomer overtakes", "C085", "mailbox.rs",
        "self.waiting.is_none() && self.load.saturating_add(ahead) < config.capacity" =>
        "self.load.saturating_add(ahead) < config.capacity",
        "lib" "c085_a_newcomer";
    "a stop is not seen by a carried message", "C050", "cell/parcel.rs",
        "if self.signal.load(Ordering::Acquire) & signal::INTERRUPTS != 0 {" => "if false {", "hand_over" "c050_who";
    "a carried message takes no room", "C085", "cell/mod.rs",
        " + u32::from(self.state.is_carried())" => "", "hand_over" "c085";
    "a carried message is not counted before it is handled", "C093", "cell/gate.rs",
        "state.accepted += 1;" => "", "hand_over" "c093_a_carried";
    "the count of carried messages runs over", "C093", "cell/gate.rs",
        "!self.is_full()\n            && self.gate()" => "self.gate()", "hand_over" "c093_two_hundred";
    "a carried message that is handed in goes behind", "C084", "cell/parcel.rs",
        "state.mailbox.push_front(" => "state.mailbox.push(", "hand_over" "c082_a_carried";
    "who could make room waits for it", "C085", "cell/inline.rs",
        "            || !self.has_quick_guests()\n" => "            || true\n", "guests" "c085";
    "what a guest has handled is counted twice", "C093", "cell/inline.rs",
        "            self.give_back(batch, 0, handled, None);\n        }\n        crate" =>
        "            self.give_back(batch, 0, 2 * handled, None);\n        }\n        crate", "guests" "c085";
    "a guest goes on after a failure", "C075", "cell/inline.rs",
        "                    self.fail_as_guest(seat, &mut ctx, batch, (0, handled), trouble);\n                    return Err(NotRun::Failed);" =>
        "                    drop(trouble);\n                    continue;", "guests" "c075";
    "a full drop mailbox takes it all the same", "C086", "mailbox.rs",
        "BackpressureStrategy::Drop => Offer::Refused(item)," => "BackpressureStrategy::Drop => {\n                self.push(item);\n                Offer::Taken\n            }",
        "mailbox" "c086";
    "the newest is evicted", "C087", "mailbox.rs",
        "self.queue.iter().position(Item::takes_room)" => "self.queue.iter().rposition(Item::takes_room)", "mailbox" "c087_a_full";
    "a waiting sender is not woken at the end", "C088", "mailbox.rs",
        "*place = Place::Returned(item);\n                waker" => "*place = Place::Returned(item);\n                waker.filter(|_| false)", "mailbox" "c088";
    "a cancelled sender has sent", "C089", "mailbox.rs",
        "let old = std::mem::replace(&mut *self.ticket.0.lock(), Place::Withdrawn);" => "let old = ();", "mailbox" "c089";
    "the last answer stands", "C100 C103", "reply.rs",
        "*state = old;\n                drop(state);\n                let _ = discard(answer);" =>
        "*state = State::Done(answer);\n                drop(state);\n                let _ = discard(old);", "lib" "c100_c103";
    "a dropped reply tells nobody", "C100", "reply.rs",
        "            port.fail(AskError::NoReply);\n        }\n    }\n}" => "            drop(port);\n        }\n    }\n}", "ask" "c100_a_reply_dropped";
    "nobody is told that its time is over", "C097", "deadline.rs",
        "            port.expire();" => "            drop(port);", "ask" "c097_an_answer";
    "a nearer deadline set later is not seen", "C097", "deadline.rs",
        "is_none_or(|earliest| until < earliest);" => "is_none();", "ask" "c097";
    "an answered ask is still part of a ring", "C102 C130", "cell/mod.rs",
        "asked.port.strong_count() > 0;" => "asked.number > 0 || asked.port.strong_count() > 0;", "event_bus" "c130_who";
    "equal deadlines fire in reverse", "C121", "timer.rs",
        "TimerKey::of(at, self.next());" => "TimerKey::of(at, u64::MAX - self.next());", "timer" "c121_equal";
    "an earlier timer waits for the later", "C121", "timer.rs",
        "let first = at < state.awaited;" => "let first = at < 0;", "timer" "c121_an_earlier";
    "due timers keep everybody waiting", "C125", "timer.rs",
        "while fired.len() < TURN" => "while fired.len() < usize::MAX", "fairness" "c125";
    "ticks pile up", "C124", "timer.rs",
        "if timer.send_off() && !send" => "if (timer.send_off() || timer.is_wanted()) && !send", "timer" "c124_a_handler";
    "a panic ends all timers", "C123", "timer.rs",
        "catch_unwind(AssertUnwindSafe(|| (entry.fire)(now)))" => "Ok::<_, Box<dyn std::any::Any + Send>>((entry.fire)(now))",
        "panics" "c123";
    "unsubscribe does nothing", "C126", "event_bus.rs",
        "Arc::make_mut(&mut subscribers).remove(&pid);" => "Arc::make_mut(&mut subscribers).get(&pid).cloned();", "event_bus" "c126_nothing";
    "losses are not counted by subscriber", "C128", "event_bus.rs",
        "subscriber.lost.fetch_add(1, Ordering::Relaxed);" => "", "event_bus" "c128_a_slow";
    "the ended can be subscribed", "C127", "cell/mod.rs",
        "            return None;\n        }\n        let more = state.more();\n        if !more.buses" => "        }\n        let more = state.more();\n        if !more.buses",
        "event_bus" "c127_an_ended";
    "the ended can join a group", "C120", "cell/mod.rs",
        "            return None;\n        }\n        let groups" => "        }\n        let groups", "groups" "c120_who_has_ended";
    "a late end takes back a new membership", "C120", "registry.rs",
        "number.is_none_or(|number| number == place.number)" => "number.is_none_or(|number| number <= place.number)", "lib" "c120";
    "a held name is given away", "C115", "registry.rs",
        "Some(owner) => Err(owner.pid())," => "Some(_) => {\n                names.insert(name, cell);\n                Ok(())\n            }", "registry" "c115_a_name_that";
    "a late clean-up takes the new owner's name", "C117", "registry.rs",
        "|known| known.pid() == pid" => "|known| known.pid() >= pid", "lib" "c117";
    "a failure on the asker's turn is forgotten", "C099", "cell/inline.rs",
        "        if let Some(verdict) = verdict {\n            state.more().verdict = Some(verdict);\n        }\n        let action = if wanted" =>
        "        drop(verdict);\n        let action = if wanted", "ask" "c099_an_ask_whose";
    "an asker takes the turn of a busy actor", "C082", "cell/inline.rs",
        "if !matches!(state.phase, Phase::Idle | Phase::Scheduled)" => "if !matches!(state.phase, Phase::Idle | Phase::Scheduled | Phase::Running)", "actor" "c082";
    "an asker runs those that take long", "C105", "cell/inline.rs",
        "!self.state.is_slow() || state.handled.wrapping_add" => "true || state.handled.wrapping_add", "ask" "c105_those";
    "the last run says whether an actor is slow", "C105", "cell/gate.rs",
        "known.saturating_sub(1)" => "0", "ask" "c105_those";
    "a handed-over failure is forgotten", "C075 C076", "cell/relay.rs",
        "Step::Trouble(trouble) => Some(trouble)," => "Step::Trouble(_) => None,", "actor" "c07";
    "a handed-over message is run in the wrong order", "C084", "cell/relay.rs",
        "                    batch.push_front(mail);" => "                    batch.push_back(mail);", "mailbox" "c084";
    "a protocol's message is sent as it is", "protocols", "actor.rs",
        "            Ok(message) => Mail::Message(Letter { message, port })," =>
        "            Ok(own) => match Self::from_own(own) {\n                Ok(message) => Mail::shared(Letter { message, port }),\n                Err(message) => Mail::Message(Letter { message, port }),\n            },",
        "allocations" "messages_and";
    "a refused message of a protocol is lost", "protocols", "actor.rs",
        "Ok(message) => Some(Letter { message, port })," => "Ok(_) => None,", "protocol" "a_refused";
    "a protocol is asked the long way", "protocols", "actor.rs",
        "let Err(own) = cell.ask_here(own, Here { spot: &mut *spot, poll }) else { return Ok(()) };" => "let _ = (cell, poll);",
        "protocol" "a_plain_handler";
    "a timer's message of a protocol is dropped", "protocols", "protocol.rs",
        "Ok(own) => Actor::handle(actor, own, ctx).await," => "Ok(_) => Ok(drop((actor, ctx))),", "protocol" "timers_and";
    "the crowd waits for one that blocks", "containment", "crowd.rs",
        "let alone = line.placed == 0 &&" => "let alone = line.placed > 99 &&", "crowd" "many_that_block";
    "the crowd waits for the worker that called for it", "containment", "crowd.rs",
        "let serve = line.placed == 0 && line.needs" => "let serve = line.waiting() == 0 && line.needs", "crowd" "whom_a_task_tells";
    "a visit of a chain is for nothing", "C125", "cell/relay.rs",
        "*budget = budget.saturating_sub(visited);" => "let _ = visited;", "hand_over" "c125_async";
    "the crowd looks at no clock", "fairness", "crowd.rs",
        "|| began.elapsed() >= SHORT {" => "{", "crowd" "slow_actors";
    "the crowd goes on before one that has left it", "containment", "crowd.rs",
        "budget == 0 || has_gone() ||" => "budget == 0 ||", "crowd" "c053_who_leaves";
    "a chain goes on before one that has left it", "containment", "cell/relay.rs",
        "while !has_gone() {" => "loop {", "crowd" "c053_who_goes";
    "an emptied place of the newest timers is kept", "C122", "timer.rs",
        "while self.fresh.pop_if(|last| last.is_none()).is_some() {}" => "", "lib" "the_row_and_the_map";
    "the crowd keeps the slow", "fairness", "crowd.rs",
        "if waited < LONG && !gone {" => "if waited < LONG || !gone {", "crowd" "slow_actors";
    "the crowd's line is forgotten with its runtime", "C081", "crowd.rs",
        "if line.waiting() == 0 { line.leave" => "if line.waiting() > 9 { line.leave", "crowd" "goes_away";
}
