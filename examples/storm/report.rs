//! What came of it: a table to read, and the verdict.

use std::fmt;
use std::time::Duration;

use airssys_rt::Counters;

use crate::faults::Kind;
use crate::ledger::Figures;
use crate::producers::Tally;

pub struct Report {
    pub seed: u64,
    pub fingerprint: u64,
    pub struck: usize,
    pub tally: Tally,
    /// Whether the shutdown had to kill nobody.
    pub clean: bool,
    pub counters: Counters,
    pub subscribers: usize,
    pub samples: Vec<(Kind, Duration)>,
    pub ledger: Figures,
    pub took: Duration,
}

impl Report {
    /// What is left of actors that have ended.
    fn orphans(&self) -> usize {
        let Counters { processes, names, timers, monitors, links, .. } = self.counters;
        processes + names + timers + monitors + links + self.subscribers + self.ledger.states
    }

    /// Everything that has to hold.
    pub fn verdict(&self) -> Result<(), String> {
        let Self { counters, tally, ledger, .. } = self;
        let accounted = counters.handled + counters.dead_lettered + counters.lost_in_hand;
        let rules = [
            ("accepted = handled + dead letters + in hand at a crash", counters.accepted == accounted),
            ("the workers handled what the system says", ledger.completed == counters.handled),
            ("nothing is handled twice", ledger.twice == 0),
            ("no ask hangs", tally.hung == 0),
            ("no ask has another's answer", tally.wrong == 0),
            ("every ask is accounted for", tally.asked == tally.ended_asks()),
            ("no two incarnations or handlers overlap", ledger.overlaps == 0),
            ("every fault heals", ledger.healed == self.struck as u64),
            ("every fault is measured", self.samples.len() == self.struck),
            ("no process, name, timer, monitor, link, subscription or state is left", self.orphans() == 0),
            ("nobody refuses to end", self.clean && counters.leaked == 0),
        ];
        let broken: Vec<_> = rules.iter().filter(|(_, holds)| !holds).map(|(rule, _)| *rule).collect();
        if broken.is_empty() { Ok(()) } else { Err(format!("broken: {}", broken.join("; "))) }
    }
}

impl Tally {
    fn ended_asks(&self) -> u64 {
        self.answered + self.failed + self.timed_out + self.given_up
    }
}

/// One line of the table: how long it took until a message was handled again.
fn line(f: &mut fmt::Formatter<'_>, name: &str, mut times: Vec<Duration>) -> fmt::Result {
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().max(1) - 1));
    let micros = |time: Option<&Duration>| time.map_or(0, Duration::as_micros);
    writeln!(
        f,
        "{name:28}{:>8}{:>10}{:>10}{:>10}",
        times.len(),
        micros(at(50)),
        micros(at(99)),
        micros(times.last())
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counters, tally, ledger, .. } = self;
        writeln!(f, "seed {}: {} faults, plan {:016x}", self.seed, self.struck, self.fingerprint)?;
        writeln!(
            f,
            "\n{:28}{:>8}{:>10}{:>10}{:>10}",
            "until it handles again", "count", "p50 µs", "p99 µs", "max µs"
        )?;
        for kind in Kind::ALL {
            let of_kind = self.samples.iter().filter(|(other, _)| *other == kind);
            line(f, kind.text(), of_kind.map(|(_, time)| *time).collect())?;
        }
        line(f, "all", self.samples.iter().map(|(_, time)| *time).collect())?;
        writeln!(
            f,
            "\naccepted {} = handled {} + dead letters {} + in hand at a crash {}",
            counters.accepted, counters.handled, counters.dead_lettered, counters.lost_in_hand
        )?;
        writeln!(
            f,
            "tells {}, returned {}; asks {}: answered {}, failed {}, timed out {}, given up {}",
            tally.told,
            tally.returned,
            tally.asked,
            tally.answered,
            tally.failed,
            tally.timed_out,
            tally.given_up
        )?;
        writeln!(
            f,
            "handled twice {}, hung asks {}, wrong answers {}, overlapping incarnations {}",
            ledger.twice, tally.hung, tally.wrong, ledger.overlaps
        )?;
        writeln!(
            f,
            "orphans {} (processes {}, names {}, timers {}, monitors {}, links {}, subscriptions {}, states {})",
            self.orphans(),
            counters.processes,
            counters.names,
            counters.timers,
            counters.monitors,
            counters.links,
            self.subscribers,
            ledger.states
        )?;
        write!(f, "{} restarts in {:.1} s", counters.restarts, self.took.as_secs_f64())
    }
}
