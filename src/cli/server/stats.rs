//! `cairn stats`

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;
use cairn_client::{Client, Error};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::{
    Bucket, CheckpointMetrics, DeskMetrics, Histogram, Metrics, SearchMetrics,
};
use clap::Args;
use indicatif::HumanCount;
use serde::Serialize;
use tokio::time::sleep;

use crate::cli::args::duration;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::table;
use crate::ui::time::Local;

/// Show statistics of the server
///
/// For the owner of the server. Numbers count from the start of the server; with --watch, from one
/// reading to the next.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn stats
  cairn stats --watch 10s
  cairn stats --json | jq .fdatasync_ms

JSON, one object for each reading
  seconds, sessions, commands, commits, entries, entries_per_commit, log_bytes, prepared_bytes, \
     fdatasync_ms {p50, p99},
  fdatasync_us [{up_to, count}], checkpoints {done, seconds, entries, blocks, block_bytes, rows},
  clock {time_ms, system_ms, has_jumped}, wait_ms {p50, p99}, delayed, too_fast,
  searches {requests, refused, blocks, seconds},
  desk {queues, waiting, offered, held, left, on_duty, ready, steps, steps_max, visited, \
     visited_max, visitors, visitors_refused, openings_refused, identities_refused}")]
pub(crate) struct StatsArgs {
    /// Repeat, with the numbers of each interval: 1s, 10s, 5m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    watch: Option<Duration>,
}

#[derive(Debug, Serialize)]
struct Stats {
    /// Since the start of the server, or in the interval.
    seconds: f64,
    sessions: u64,
    commands: u64,
    commits: u64,
    entries: u64,
    entries_per_commit: Option<f64>,
    log_bytes: u64,
    prepared_bytes: u64,
    fdatasync_ms: Option<Millis>,
    fdatasync_us: Vec<CountedMicros>,
    checkpoints: Checkpoints,
    clock: Clock,
    wait_ms: Option<Millis>,
    delayed: u64,
    too_fast: u64,
    searches: Searches,
    desk: Desk,
}

/// The support desk: at present, and since the start or in the interval.
#[derive(Debug, Serialize)]
struct Desk {
    queues: u64,
    waiting: u64,
    offered: u64,
    held: u64,
    left: u64,
    on_duty: u64,
    ready: u64,
    steps: u64,
    steps_max: u64,
    visited: u64,
    visited_max: u64,
    visitors: u64,
    visitors_refused: u64,
    openings_refused: u64,
    identities_refused: u64,
}

/// The server's clock and the system's.
#[derive(Debug, Serialize)]
struct Clock {
    time_ms: u64,
    system_ms: u64,
    has_jumped: bool,
}

/// The median and the 99th percentile of durations.
#[derive(Clone, Copy, Debug, Serialize)]
struct Millis {
    p50: f64,
    p99: f64,
}

impl Millis {
    fn of(durations: &Histogram) -> Option<Self> {
        let millis = |share| Some(durations.quantile(share)?.as_micros() as f64 / 1_000.0);
        Some(Self {
            p50: millis(0.5)?,
            p99: millis(0.99)?,
        })
    }
}

#[derive(Debug, Serialize)]
struct CountedMicros {
    up_to: u64,
    count: u64,
}

#[derive(Debug, Serialize)]
struct Searches {
    requests: u64,
    refused: u64,
    blocks: u64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct Checkpoints {
    done: u64,
    seconds: f64,
    entries: u64,
    blocks: u64,
    block_bytes: u64,
    rows: u64,
}

impl From<Metrics> for Stats {
    fn from(metrics: Metrics) -> Self {
        let seconds = metrics.uptime().as_secs_f64();
        let Metrics {
            sessions,
            commands,
            commits,
            entries,
            log_bytes,
            prepared_bytes,
            syncs,
            checkpoints,
            clock,
            waits,
            delayed,
            too_fast,
            searches,
            desk,
            ..
        } = metrics;
        let bucket = |&Bucket {
                          up_to_micros,
                          count,
                      }: &Bucket| CountedMicros {
            up_to: up_to_micros,
            count,
        };
        Self {
            seconds,
            sessions,
            commands,
            commits,
            entries,
            entries_per_commit: (commits > 0).then(|| entries as f64 / commits as f64),
            log_bytes,
            prepared_bytes,
            fdatasync_ms: Millis::of(&syncs),
            fdatasync_us: syncs.buckets().iter().map(bucket).collect(),
            checkpoints: checkpoints.into(),
            clock: Clock {
                time_ms: clock.time_ms,
                system_ms: clock.system_ms,
                has_jumped: clock.has_jumped,
            },
            wait_ms: Millis::of(&waits),
            delayed,
            too_fast,
            searches: searches.into(),
            desk: desk.into(),
        }
    }
}

impl From<SearchMetrics> for Searches {
    fn from(metrics: SearchMetrics) -> Self {
        let SearchMetrics {
            requests,
            refused,
            blocks,
            micros,
        } = metrics;
        Self {
            requests,
            refused,
            blocks,
            seconds: Duration::from_micros(micros).as_secs_f64(),
        }
    }
}

impl From<DeskMetrics> for Desk {
    fn from(metrics: DeskMetrics) -> Self {
        let DeskMetrics {
            queues,
            waiting,
            offered,
            held,
            left,
            on_duty,
            ready,
            steps,
            steps_max,
            visited,
            visited_max,
            visitors,
            visitors_refused,
            openings_refused,
            identities_refused,
        } = metrics;
        Self {
            queues,
            waiting,
            offered,
            held,
            left,
            on_duty,
            ready,
            steps,
            steps_max,
            visited,
            visited_max,
            visitors,
            visitors_refused,
            openings_refused,
            identities_refused,
        }
    }
}

impl From<CheckpointMetrics> for Checkpoints {
    fn from(metrics: CheckpointMetrics) -> Self {
        let CheckpointMetrics {
            done,
            micros,
            entries,
            blocks,
            block_bytes,
            rows,
        } = metrics;
        Self {
            done,
            seconds: Duration::from_micros(micros).as_secs_f64(),
            entries,
            blocks,
            block_bytes,
            rows,
        }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count| HumanCount(count).to_string();
        let size = |bytes| ByteSize(bytes).to_string();
        let mut rows = vec![
            [
                "seconds",
                &format!("{:.0}", self.seconds),
                "the time in which this was done",
            ]
            .map(str::to_owned),
        ];
        let mut row = |name: &str, value: String, meaning: &str| {
            rows.push([name.to_owned(), value, meaning.to_owned()]);
        };
        row("sessions", count(self.sessions), "devices connected now");
        row(
            "commands",
            count(self.commands),
            "requests and logins, refused ones included",
        );
        row(
            "entries",
            count(self.entries),
            "messages and other changes made durable",
        );
        row(
            "commits",
            count(self.commits),
            "writes to the commit log, one fdatasync each",
        );
        if let Some(entries) = self.entries_per_commit {
            row(
                "entries each",
                format!("{entries:.1}"),
                "per commit; more under load",
            );
        }
        if let Some(Millis { p50, p99 }) = self.fdatasync_ms {
            let millis = format!("p50 {p50:.2}  p99 {p99:.2} ms");
            row("fdatasync", millis, "until a commit was on disk");
        }
        if let Some(Millis { p50, p99 }) = self.wait_ms {
            let millis = format!("p50 {p50:.2}  p99 {p99:.2} ms");
            row(
                "waits",
                millis,
                "of requests that nothing else of their user delayed",
            );
        }
        if self.delayed > 0 || self.too_fast > 0 {
            row(
                "delayed",
                count(self.delayed),
                "requests of users who exceeded a rate of the settings",
            );
            row(
                "too fast",
                count(self.too_fast),
                "requests that were refused for it; clients try again",
            );
        }
        row("log", size(self.log_bytes), "written to the commit log");
        row(
            "prepared",
            size(self.prepared_bytes),
            "zeros written ahead of the log",
        );
        self.checkpoints.rows(&mut row);
        self.searches.rows(&mut row);
        self.desk.rows(&mut row);
        row(
            "clock",
            Local(self.clock.time_ms).to_string(),
            "the time by which messages expire",
        );
        if self.clock.has_jumped {
            row(
                "system clock",
                Local(self.clock.system_ms).to_string(),
                "warning: it jumped; if right: cairn config set clock trusted",
            );
        }
        f.write_str(table::described(&rows).trim_end())
    }
}

impl Desk {
    fn rows(&self, row: &mut impl FnMut(&str, String, &str)) {
        if self.queues == 0 {
            return;
        }
        let count = |count| HumanCount(count).to_string();
        let line = format!(
            "{} waiting, {} offered, {} held",
            count(self.waiting),
            count(self.offered),
            count(self.held)
        );
        row("inquiries", line, "of visitors now");
        let agents = format!(
            "{} on duty, {} ready",
            count(self.on_duty),
            count(self.ready)
        );
        row("agents", agents, "of the support desk now");
        row("visitors", count(self.visitors), "connected now");
        if self.left > 0 {
            row("left", count(self.left), "messages that no agent has taken");
        }
        for (name, refused, meaning) in [
            (
                "full",
                self.visitors_refused,
                "connections of visitors refused",
            ),
            (
                "openings",
                self.openings_refused,
                "refused: too many were opened",
            ),
            (
                "identities",
                self.identities_refused,
                "refused: forged, expired or misused",
            ),
        ] {
            if refused > 0 {
                row(name, count(refused), meaning);
            }
        }
    }
}

impl Searches {
    fn rows(&self, row: &mut impl FnMut(&str, String, &str)) {
        if self.requests == 0 && self.refused == 0 {
            return;
        }
        let count = |count| HumanCount(count).to_string();
        row("searches", count(self.requests), "requests to search");
        row(
            "searched",
            format!("{} blocks, {:.1} s", count(self.blocks), self.seconds),
            "read by them, and the time of their threads",
        );
        if self.refused > 0 {
            let meaning = "searches that were refused because too many waited";
            row("not searched", count(self.refused), meaning);
        }
    }
}

impl Checkpoints {
    fn rows(&self, row: &mut impl FnMut(&str, String, &str)) {
        let count = |count| HumanCount(count).to_string();
        row(
            "checkpoints",
            count(self.done),
            "times the log was moved into the trees",
        );
        row(
            "busy",
            format!("{:.1} s", self.seconds),
            "time that checkpoints took",
        );
        row("moved", count(self.entries), "entries moved by checkpoints");
        row(
            "blocks",
            count(self.blocks),
            "blocks of entries written, grown ones included",
        );
        let block_bytes = ByteSize(self.block_bytes).to_string();
        row("block bytes", block_bytes, "in those blocks, compressed");
        row("rows", count(self.rows), "other rows written or removed");
    }
}

pub(crate) async fn run(
    args: &StatsArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    match args.watch {
        None => output.print(&Stats::from(metrics(client).await?)),
        Some(interval) => watch(client, output, interval).await,
    }
}

async fn metrics(client: &Client) -> Result<Metrics, Failure> {
    client.admin().metrics().await.map_err(|error| match error {
        Error::Refused(ErrorCode::Forbidden) => {
            Failure::from(error).hint("only owners of the server can see its statistics")
        }
        error => error.into(),
    })
}

async fn watch(client: &Client, output: &mut Output, interval: Duration) -> Result<(), Failure> {
    let mut before = metrics(client).await?;
    loop {
        sleep(interval).await;
        let now = metrics(client).await?;
        let done = now
            .since(&before)
            .ok_or_else(|| Failure::new(Exit::Failed, "the server was restarted"))?;
        output.print(&Stats::from(done))?;
        output.flush()?;
        before = now;
    }
}
