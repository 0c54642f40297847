//! `search`: how fast words are found among many messages, and what that costs others.

mod beside;
mod corpus;

use std::collections::VecDeque;
use std::time::Duration;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::model::search::{Condition, Query, Term, Test};
use clap::Args;
use serde::Serialize;
use tokio::time::Instant;

use self::beside::Round;
use self::corpus::{ABSENT, Corpus, RARE, chinese, english};
use super::target::{Stop, Target, TargetArgs, higher};
use crate::args::{number, whole};
use crate::error::{BenchError, Result};
use crate::latency::Latencies;
use crate::results::{Column, Report, Results, Unit, grouped, list};
use crate::watcher::Watcher;

/// Unanswered sends while the messages are stored, below what a client may have.
const FILL_IN_FLIGHT: usize = 1_000;

/// Hits that a search asks for, as many as a screen shows.
const HITS: u32 = 20;

/// The ranks of frequent words.
const COMMON: usize = 3;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Messages to search, half English and half Chinese
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
        value_parser = whole::<u64>(1_000..=1_000_000_000))]
    messages: u64,

    /// Groups that they are in, the n-th with the same share as the others
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole::<usize>(1..=1_000))]
    conversations: usize,

    /// How often each query is made, while it takes no longer than --seconds
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = whole::<usize>(1..=10_000))]
    times: usize,

    /// The longest time for each query, and for each half of a round of sends
    #[arg(long, value_name = "S", default_value_t = 3.0, value_parser = number(0.1..=600.0))]
    seconds: f64,

    /// Rounds of sends beside a search and beside a control
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = whole::<usize>(0..=100))]
    rounds: usize,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Serialize)]
struct Measured {
    query: &'static str,
    /// Until the first 20 hits, or the end.
    latency_ms: Latencies,
    hits: usize,
}

#[derive(Debug, Default)]
struct Outcome {
    filled_per_s: Option<f64>,
    queries: Vec<Measured>,
    /// Of the server, for a query that reads everything.
    cpu_s_per_million: Option<f64>,
    memory_mib_before: Option<f64>,
    memory_mib_max: Option<f64>,
    rounds: Vec<Round>,
}

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let measure = async |settings: &Settings, target: &mut Target| {
        let mut outcome = Outcome::default();
        let steps = outcome.measure(settings, target);
        watcher.until_asked(steps).await?;
        match outcome.queries.is_empty() {
            true => Err(BenchError::Interrupted),
            false => Ok(outcome.list()),
        }
    };
    Target::run("search", &settings, &settings.target, watcher, measure).await
}

impl Outcome {
    async fn measure(&mut self, settings: &Settings, target: &mut Target) -> Result<()> {
        let joined = target.join("member", 2, None, false).await?;
        let users: Vec<UserId> = joined.iter().map(|(_, account)| account.user).collect();
        let groups = vec![users.clone(); settings.conversations];
        let groups = target.groups(groups.into_iter()).await?;
        let clients: Vec<Client> = joined.into_iter().map(|(client, _)| client).collect();
        let [writer, searcher] = &clients[..] else {
            return Err(BenchError::EndedEarly);
        };
        self.fill(settings, writer, &groups, &target.watcher)
            .await?;
        // A stop moves everything into blocks.
        target.restart(Stop::Ordered).await?;
        self.memory_mib_before = target.server_mib();
        for (name, query) in queries(writer)? {
            target.watcher.tell(|| format!("searching: {name}"));
            let time = Duration::from_secs_f64(settings.seconds);
            let measured = repeat(name, searcher, &query, settings.times, time);
            let (measured, peak) = target.with_peak(measured).await;
            self.memory_mib_max = higher(self.memory_mib_max, peak);
            self.queries.push(measured?);
        }
        self.scan(settings, searcher, target).await?;
        let to = groups.first().copied().ok_or(BenchError::EndedEarly)?;
        for round in 0..settings.rounds {
            let of = settings.rounds;
            target
                .watcher
                .tell(|| format!("round {round} of {of} of sends"));
            let time = Duration::from_secs_f64(settings.seconds);
            let query = word(Test::Word(Term::new(ABSENT)?))?;
            let round = beside::round(writer, searcher, &query, to, time);
            self.rounds.push(round.await?);
        }
        Ok(())
    }

    /// Stores the messages, in turn in all groups.
    async fn fill(
        &mut self,
        settings: &Settings,
        writer: &Client,
        groups: &[ConversationId],
        watcher: &Watcher,
    ) -> Result<()> {
        let mut corpus = Corpus::new(settings.target.scratch.seed);
        let began = Instant::now();
        let mut unanswered = VecDeque::<cairn_client::Accepted>::new();
        for (sent, group) in (0..settings.messages).zip(groups.iter().cycle()) {
            if unanswered.len() == FILL_IN_FLIGHT
                && let Some(accepted) = unanswered.pop_front()
            {
                accepted.await?;
            }
            let message = corpus.message()?;
            let accepted = writer.conversation(*group).enqueue(message).await?;
            unanswered.push_back(accepted);
            if sent % 10_000 == 0 {
                let [sent, of] = [sent, settings.messages].map(|count| grouped(count as f64));
                watcher.tell(|| format!("{sent} of {of} messages are stored"));
            }
        }
        for accepted in unanswered {
            accepted.await?;
        }
        self.filled_per_s = Some(settings.messages as f64 / began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Measures the processor time of queries that read everything.
    async fn scan(
        &mut self,
        settings: &Settings,
        searcher: &Client,
        target: &Target,
    ) -> Result<()> {
        let query = word(Test::Word(Term::new(ABSENT)?))?;
        let (cpu, began, mut times) = (target.cpu(), Instant::now(), 0);
        // The processor time is counted in hundredths of a second.
        while times == 0 || began.elapsed() < Duration::from_secs(5) {
            first_hits(searcher, &query).await?;
            times += 1;
        }
        let used = target.cpu().since(cpu).server;
        let millions = settings.messages as f64 * f64::from(times) / 1e6;
        self.cpu_s_per_million = used.map(|seconds| seconds / millions);
        Ok(())
    }

    fn list(&self) -> Results {
        let mut results = Results::default();
        let per_s = self.cpu_s_per_million.map(|seconds| 1e6 / seconds);
        let mut ratios: Vec<f64> = self.rounds.iter().map(Round::ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2).copied();
        list! { results;
            "cpu_s_per_million": self.cpu_s_per_million, Unit::SECONDS, "processor"
                => "time of the server for each million messages that a search reads";
            "messages_per_cpu_s": per_s, Unit::PER_S, "scan" => "messages, of one core";
            "send_ratio": ratio, Unit::new(2, ""), "sends"
                => "times as fast beside a thread that burns processor time at the priority of \
                    a search as beside a search; the median of all rounds";
            "memory_mib_before": self.memory_mib_before, Unit::MIB, "memory before"
                => "of the server, after its start";
            "memory_mib_max": self.memory_mib_max, Unit::MIB, "memory"
                => "of it, while searching, at most";
            "filled_per_s": self.filled_per_s, Unit::PER_S, "stored" => "messages, before";
        }
        let millis = Unit::new(2, "");
        let columns = [
            Column::new("query", "/query", Unit::COUNT),
            Column::new("p50 ms", "/latency_ms/p50", millis),
            Column::new("p99 ms", "/latency_ms/p99", millis),
            Column::new("hits", "/hits", Unit::COUNT),
        ];
        let meaning = "Until the first 20 hits, or the end of a search that finds fewer.";
        results.rows(("Queries", meaning), &columns, &self.queries);
        results.json("queries", &self.queries);
        results.json("rounds", &self.rounds);
        results
    }
}

fn condition(test: Test) -> Vec<Condition> {
    let negated = false;
    vec![Condition { negated, test }]
}

fn word(test: Test) -> Result<Query> {
    Ok(Query::new(vec![condition(test)])?)
}

fn queries(writer: &Client) -> Result<Vec<(&'static str, Query)>> {
    let common = Term::new(english(COMMON))?;
    let phrase = Term::new(format!("{} {}", english(COMMON), english(COMMON + 1)))?;
    let prefix = Term::new(english(COMMON))?;
    let author = condition(Test::From(writer.whoami().user));
    let both = vec![
        author,
        condition(Test::Word(Term::new(english(COMMON + 2))?)),
    ];
    Ok(vec![
        ("common word", word(Test::Word(common))?),
        (
            "two characters",
            word(Test::Word(Term::new(chinese(COMMON))?))?,
        ),
        ("phrase", word(Test::Phrase(phrase))?),
        ("prefix", word(Test::Prefix(prefix))?),
        ("from: + word", Query::new(both)?),
        ("rare word", word(Test::Word(Term::new(RARE)?))?),
        ("absent word", word(Test::Word(Term::new(ABSENT)?))?),
    ])
}

async fn repeat(
    query_name: &'static str,
    client: &Client,
    query: &Query,
    times: usize,
    time: Duration,
) -> Result<Measured> {
    // The first one gets the permissions of the session.
    let mut hits = first_hits(client, query).await?;
    let mut latency_ms = Latencies::default();
    let began = Instant::now();
    for done in 0..times {
        if done > 0 && began.elapsed() > time {
            break;
        }
        let began = Instant::now();
        hits = first_hits(client, query).await?;
        latency_ms.record(began.elapsed());
    }
    Ok(Measured {
        query: query_name,
        latency_ms,
        hits,
    })
}

/// Searches until there is a screen of hits. Returns how many there are.
async fn first_hits(client: &Client, query: &Query) -> Result<usize> {
    let mut search = client.search(query.clone()).hits_per_page(HITS);
    let mut hits = 0;
    while hits < HITS as usize
        && let Some(page) = search.next_page().await
    {
        hits += page?.len();
    }
    Ok(hits)
}
