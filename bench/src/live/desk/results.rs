//! The report.

use std::time::Duration;

use cairn_client::proto::limits::IDLE_TIME_MAX;
use cairn_client::{Timestamp, UserId};
use serde::Serialize;

use super::QUEUES;
use super::chat::Round;
use super::ledger::Ledger;
use super::storm::Stage;
use super::visitors::{Seen, Times};
use crate::latency::Latencies;
use crate::live::target::Cpu;
use crate::results::{Column, Results, Unit, list};

/// What a run measured.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) storm: Vec<Stage>,
    pub(super) seen: Seen,
    pub(super) times: Times,
    pub(super) ledger: Ledger,
    /// Agents who were not killed, by queue.
    pub(super) agents: [Vec<UserId>; 3],
    pub(super) killed: Vec<(UserId, Timestamp)>,
    /// From each kill of the server until it was ready again.
    pub(super) outages: Vec<Duration>,
    /// When the last visitor had left, before the rounds of messages.
    pub(super) worked_until: Option<Timestamp>,
    pub(super) cpu: Cpu,
    pub(super) server_mib: Option<f64>,
    pub(super) desk_cores: Option<f64>,
    pub(super) rounds: Vec<Round>,
    /// Unless the run was ended early, when inquiries may be open.
    pub(super) is_complete: bool,
}

/// How evenly a queue gave inquiries to its agents.
#[derive(Debug, Serialize)]
struct Fairness {
    strategy: &'static str,
    agents: usize,
    given: u64,
    least: u64,
    most: u64,
    /// Jain's index: 1 if all got as many, 1/n if one got all.
    jain: Option<f64>,
}

impl Fairness {
    fn of(strategy: &'static str, given: &[u64]) -> Self {
        let sum: u64 = given.iter().sum();
        let squares: f64 = given.iter().map(|&count| (count as f64).powi(2)).sum();
        let jain = (sum as f64).powi(2) / (given.len() as f64 * squares);
        Self {
            strategy,
            agents: given.len(),
            given: sum,
            least: given.iter().copied().min().unwrap_or_default(),
            most: given.iter().copied().max().unwrap_or_default(),
            jain: (sum > 0).then_some(jain),
        }
    }
}

impl Outcome {
    fn fairness(&self) -> Vec<Fairness> {
        let until = self.worked_until.unwrap_or(Timestamp::new(u64::MAX));
        let given = self.ledger.given(until);
        let count = |user: &UserId| given.get(user).copied().unwrap_or_default();
        let queues = QUEUES.iter().zip(&self.agents);
        queues
            .map(|((name, _), agents)| {
                let counts: Vec<u64> = agents.iter().map(count).collect();
                Fairness::of(name, &counts)
            })
            .collect()
    }

    pub(super) fn list(self) -> Results {
        let mut listed = Results::default();
        let results = &mut listed;
        let (seen, ledger, times) = (&self.seen, &self.ledger, &self.times);
        let known = seen.accepted().filter(|&id| ledger.knows(id)).count();
        let lost = seen.accepted().count() - known;
        // A visitor without an answer may have an inquiry.
        let unanswered = seen.came.saturating_sub((known + lost) as u64);
        let twice = ((ledger.len() - known) as u64).saturating_sub(unanswered);
        let unsound = ledger.faults.len() as u64 + seen.unsound;
        let open = self.is_complete.then(|| ledger.open());
        let failures = seen.failures.len();
        let ended = seen.left + seen.unsound + failures as u64;
        let given_up = self.is_complete.then(|| seen.came.saturating_sub(ended));
        for found in [lost as u64, twice, unsound, failures as u64] {
            results.check(found == 0);
        }
        results.check(open.is_none_or(|open| open == 0));
        results.check(given_up.is_none_or(|given_up| given_up == 0));
        list! { results;
            "visitors": seen.came, Unit::COUNT,
                "visitors" => "who came, with those beside messages";
            "answered": seen.left, Unit::COUNT, "answered" => "of them, until an agent closed";
            "failed": failures, Unit::COUNT, "failed" => "visitors whose session failed";
            "given_up": given_up, Unit::COUNT,
                "given up" => "visitors who were not answered three minutes after the last came";
            "accept_ms": &times.accepted, Unit::MILLIS,
                "accepted" => "from the question until it is durable and answered";
            "offer_ms": &times.offered, Unit::MILLIS,
                "offered" => "from there until an agent has the offer; 0 if that was sooner";
            "asked_to_offer_ms": &times.both, Unit::MILLIS,
                "both" => "from the question until an agent has the offer";
            "log_entries": ledger.entries, Unit::COUNT,
                "steps" => "of routing, in the logs of the queues";
            "lost": lost, Unit::COUNT,
                "lost" => "accepted inquiries that no queue knows";
            "twice": twice, Unit::COUNT, "twice" => "inquiries beyond one for each visitor";
            "unsound": unsound, Unit::COUNT,
                "unsound" => "steps that two agents at once would make, and inquiries with \
                              messages missing, doubled, or of an agent who does not hold them";
            "open": open, Unit::COUNT, "left open" => "inquiries that no agent has closed";
        }
        let first = ledger.faults.iter().chain(&seen.failures).next();
        results.figure("first_fault", first, Unit::COUNT, "first fault", "");
        self.list_kills(results);
        self.list_cost(results);
        let counts = [
            Column::new("queue", "/strategy", Unit::COUNT),
            Column::new("agents", "/agents", Unit::COUNT),
            Column::new("given", "/given", Unit::COUNT),
            Column::new("least", "/least", Unit::COUNT),
            Column::new("most", "/most", Unit::COUNT),
            Column::new("Jain", "/jain", Unit::new(3, "")),
        ];
        let meaning = "Inquiries that agents got who were not killed. Jain's index is 1 if all got \
                       as many.";
        results.table("fairness", ("Fairness", meaning), &counts, &self.fairness());
        let millis = Unit::new(3, "");
        let columns = [
            Column::new("command", "/stage", Unit::COUNT),
            Column::new("commands", "/commands", Unit::COUNT),
            Column::new("offered", "/given", Unit::COUNT),
            Column::new("at most", "/given_max", Unit::COUNT),
            Column::new("visited", "/visited_max", Unit::COUNT),
            Column::new("p50 ms", "/command_ms/p50", millis),
            Column::new("p99 ms", "/command_ms/p99", millis),
            Column::new("max ms", "/command_ms/max", millis),
        ];
        let meaning = "Many inquiries wait, until all agents come on duty at once, or are on duty \
                       when the queue opens. What one command offers at most, and how many \
                       inquiries it looks at; in the state machine, without server and disk.";
        match self.storm.is_empty() {
            true => results.json("storm", ()),
            false => results.table("storm", ("Storm", meaning), &columns, &self.storm),
        }
        listed
    }

    fn list_kills(&self, results: &mut Results) {
        let (mut times, mut held, mut stuck) = (Latencies::default(), 0_u64, 0_u64);
        for &(user, at) in &self.killed {
            for after in self.ledger.handed_over(user, at) {
                held += 1;
                match after {
                    Some(after) => times.record(Duration::from_millis(after)),
                    None => stuck += 1,
                }
            }
        }
        let has_killed = !self.killed.is_empty();
        results.check(!self.is_complete || stuck == 0);
        let of_agents = |count: u64| has_killed.then_some(count);
        let outage = self.outages.iter().max().map(Duration::as_secs_f64);
        list! { results;
            "server_kills": self.outages.len(), Unit::COUNT, "server killed" => "times";
            "outage_s_max": outage, Unit::SECONDS,
                "outage" => "until it was ready again, at most";
            "agents_killed": of_agents(self.killed.len() as u64), Unit::COUNT,
                "agents killed" => "processes of one agent each";
            "held_by_killed": of_agents(held), Unit::COUNT,
                "held by them" => "inquiries, when they were killed";
            "handed_over_ms": &times, Unit::new(0, " ms"),
                "handed over" => "from the kill until another agent held the inquiry";
            "not_handed_over": of_agents(stuck), Unit::COUNT,
                "left behind" => "inquiries of killed agents that no other got";
            "grace_s": has_killed.then(|| IDLE_TIME_MAX.as_secs() + 10), Unit::COUNT,
                "grace" => "seconds until the server misses a connection without a word, and the \
                            absence that a queue allows";
        }
    }

    fn list_cost(&self, results: &mut Results) {
        let visitors = self.times.accepted.count().max(1) as f64;
        let per_visitor = |seconds: f64| seconds * 1e3 / visitors;
        // The time of a server that was killed is unknown.
        let is_whole = self.outages.is_empty() && self.worked_until.is_some();
        let server = self.cpu.server.filter(|_| is_whole).map(per_visitor);
        let mut ratios: Vec<f64> = self.rounds.iter().map(Round::ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2);
        list! { results;
            "server_cpu_ms_per_visitor": server, Unit::MILLIS,
                "server CPU" => "for each visitor, with all connections and messages";
            "server_mib": self.server_mib, Unit::MIB, "server memory" => "in use at the end";
            "desk_cores": self.desk_cores, Unit::new(2, ""),
                "cores" => "that server and clients of the desk kept busy, without talks";
            "send_ratio": ratio, Unit::new(2, ""),
                "chat" => "times as fast beside a control that burns as much processor time as \
                           beside the desk; the median of all rounds";
        }
        results.json("rounds", &self.rounds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jain_index_tells_even_from_uneven() {
        let jain = |given: &[u64]| Fairness::of("", given).jain;
        assert_eq!(jain(&[7, 7, 7, 7]), Some(1.0));
        assert_eq!(jain(&[8, 0, 0, 0]), Some(0.25));
        assert_eq!(jain(&[0, 0]), None);
    }
}
