//! Deterministic simulation: the real server and the real SDK in one process, on one thread, with
//! paused time, over the in-memory transport, on a disk that fails and loses power.
//!
//! A seed decides everything: what clients do, what goes wrong and when, what a power cut leaves on
//! the disk, and how far background work has come. A run is checked against the invariants of the
//! design by what clients were told and saw. The same seed gives the same run, so a failure can be
//! repeated, and its script is made smaller until nothing can be left out.
//!
//! * `script`: what happens, drawn from a seed, and how a failing script is made smaller
//! * `world`: the machine, the server, the devices, and the interpreter of a script
//! * `history`, `check`: what clients did and saw, and the invariants
//! * `tally`: how often each fault happened, and in which phase of the server

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a tool of tests ends with its first surprise"
)]

mod check;
mod dice;
mod history;
mod panics;
mod script;
pub mod tally;
mod trace;
mod world;

use self::script::Script;
use self::tally::Tally;
use self::world::Outcome;

/// What a run showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of everything that happened, in order.
    pub trace_hash: u64,
    /// Why the run failed.
    pub failure: Option<String>,
    pub tally: Tally,
    /// Messages that clients sent.
    pub sent: u64,
    /// Messages that the server accepted.
    pub accepted: u64,
    /// Entries that clients got, each device on its own.
    pub seen: u64,
    /// Messages that searches found while things happened.
    pub found: u64,
    /// Starts of the server.
    pub starts: u64,
    /// Calls of the disk.
    pub disk_calls: u64,
    /// Inquiries of visitors.
    pub inquiries: u64,
    /// How often an agent got one.
    pub holds: u64,
}

/// A failing run without what it does not need.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub failure: String,
    /// Steps of the script, before and after.
    pub steps: (usize, usize),
    /// What is left of the script.
    pub script: Vec<String>,
    /// What happened, in order.
    pub trace: Vec<String>,
}

/// Runs a seed.
#[must_use]
pub fn simulate(seed: u64) -> Report {
    report(run(&Script::of_seed(seed), false))
}

/// Runs a seed, and returns what happened, line by line.
#[must_use]
pub fn trace(seed: u64) -> (Report, Vec<String>) {
    let mut outcome = run(&Script::of_seed(seed), true);
    let lines = std::mem::take(&mut outcome.lines);
    (report(outcome), lines)
}

/// Looks for the smallest script that fails like this seed. `None` if it does not fail.
#[must_use]
pub fn explain(seed: u64) -> Option<Explanation> {
    let whole = Script::of_seed(seed);
    let failure = run(&whole, false).failure?;
    let kind = kind_of(&failure);
    let small = script::shrink::shrink(&whole, |script| {
        run(script, false)
            .failure
            .is_some_and(|other| kind_of(&other) == kind)
    });
    let outcome = run(&small, true);
    let cuts = small.first_cuts.iter();
    let cuts = cuts.map(|call| format!("power cut at call {call} of a start during the setup"));
    let steps = small.steps.iter();
    let steps = steps.map(|timed| format!("{:>9} ms  {:?}", timed.at_ms, timed.step));
    Some(Explanation {
        failure: outcome.failure.unwrap_or(failure),
        steps: (whole.steps.len(), small.steps.len()),
        script: cuts.chain(steps).collect(),
        trace: outcome.lines,
    })
}

/// The invariant that a failure names, or its first words.
fn kind_of(failure: &str) -> String {
    let end = failure.find(':').unwrap_or(failure.len()).min(40);
    failure.chars().take(end).collect()
}

fn run(script: &Script, keeps_lines: bool) -> Outcome {
    panics::catch(|| world::run(script, keeps_lines))
}

fn report(outcome: Outcome) -> Report {
    let counts = outcome.counts;
    Report {
        trace_hash: outcome.hash,
        failure: outcome.failure,
        tally: outcome.tally,
        sent: counts.sent,
        accepted: counts.accepted,
        seen: counts.seen,
        found: counts.found,
        starts: counts.starts,
        disk_calls: counts.disk_calls,
        inquiries: counts.inquiries,
        holds: counts.holds,
    }
}
