//! `cairn stats`

use std::fmt;
use std::time::Duration;

use cairn_client::{Client, Error};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::{Bucket, CheckpointMetrics, Metrics};
use clap::Args;
use serde::Serialize;
use tokio::time::sleep;

use crate::cli::args::duration;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use cairn_bench::live::workings::SyncMillis;
use cairn_bench::{Figure, grouped};

/// Show how the server works: what it stores, in which portions, and how long the disk takes
///
/// For the owner of the server. Everything is counted since the server's start; `--watch` shows what was done in each interval instead.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn stats
  cairn stats --watch 10s
  cairn stats --json | jq .fdatasync_ms

JSON, one object for each reading
  seconds, sessions, commands, commits, entries, entries_per_commit, log_bytes, prepared_bytes, fdatasync_ms {p50, p99},
  fdatasync_us [{up_to, count}], checkpoints {done, seconds, entries, blocks, block_bytes, rows}")]
pub(crate) struct StatsArgs {
    /// Go on, and show what was done in each interval of this length: 1s, 10s, 5m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    watch: Option<Duration>,
}

/// What was done in some time.
#[derive(Debug, Serialize)]
struct Stats {
    /// Since the start, or in the interval.
    seconds: f64,
    sessions: u64,
    commands: u64,
    commits: u64,
    entries: u64,
    entries_per_commit: Option<f64>,
    log_bytes: u64,
    prepared_bytes: u64,
    fdatasync_ms: Option<SyncMillis>,
    fdatasync_us: Vec<SyncBucket>,
    checkpoints: Checkpoints,
}

#[derive(Debug, Serialize)]
struct SyncBucket {
    up_to: u64,
    count: u64,
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
            ..
        } = metrics;
        let bucket = |&Bucket {
                          up_to_micros,
                          count,
                      }: &Bucket| SyncBucket {
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
            fdatasync_ms: SyncMillis::of(&syncs),
            fdatasync_us: syncs.buckets().iter().map(bucket).collect(),
            checkpoints: checkpoints.into(),
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
        let count = |count: u64| grouped(count as f64);
        let mut row = |name, value: String, meaning| Figure::new(name, value, meaning).fmt(f);
        let Checkpoints {
            done,
            seconds,
            entries,
            blocks,
            block_bytes,
            rows,
        } = self.checkpoints;
        row(
            "seconds",
            grouped(self.seconds),
            "what follows was done in this time",
        )?;
        row(
            "sessions",
            count(self.sessions),
            "devices that are connected now",
        )?;
        row(
            "commands",
            count(self.commands),
            "requests and logins that were decided, those that were refused among them",
        )?;
        row(
            "entries",
            count(self.entries),
            "messages, and what happened to conversations, made durable",
        )?;
        row(
            "commits",
            count(self.commits),
            "writes to the commit log, each with one fdatasync",
        )?;
        if let Some(entries) = self.entries_per_commit {
            row(
                "entries each",
                format!("{entries:.1}"),
                "entries that share one commit: the more, the busier",
            )?;
        }
        if let Some(millis) = self.fdatasync_ms {
            row(
                "fdatasync",
                millis.to_string(),
                "how long the disk took to make a commit durable",
            )?;
        }
        row("log", size(self.log_bytes), "written to the commit log")?;
        row(
            "prepared",
            size(self.prepared_bytes),
            "zeros written ahead of the log, so that commits find allocated room",
        )?;
        row(
            "checkpoints",
            count(done),
            "times that the log was moved into the trees",
        )?;
        row(
            "busy",
            format!("{seconds:.1} s"),
            "that checkpoints took, beside everything else",
        )?;
        row("moved", count(entries), "entries that checkpoints moved")?;
        row(
            "blocks",
            count(blocks),
            "blocks of entries that they wrote, those that grew among them",
        )?;
        row(
            "block bytes",
            size(block_bytes),
            "in those blocks, compressed",
        )?;
        row("rows", count(rows), "other rows that they wrote or removed")
    }
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    let kib = bytes as f64 / 1_024.0;
    if kib < 1_024.0 {
        format!("{kib:.1} KiB")
    } else {
        format!("{} MiB", grouped(kib / 1_024.0))
    }
}

pub(crate) fn run(args: &StatsArgs, context: &Context) -> Result<(), Failure> {
    context.with_client(Conduct::Ask, async |client, output| match args.watch {
        None => output.print(&Stats::from(metrics(client).await?)),
        Some(interval) => watch(client, output, interval).await,
    })
}

async fn metrics(client: &Client) -> Result<Metrics, Failure> {
    client.metrics().await.map_err(|error| match error {
        Error::Refused(ErrorCode::Forbidden) => {
            Failure::from(error).hint("only the owner of the server sees how it works")
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
            .ok_or_else(|| Failure::new(Exit::Failed, "the server was started again"))?;
        output.print(&Stats::from(done))?;
        output.flush()?;
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_readable() {
        assert_eq!(
            [0, 512, 1 << 20, 5 << 30].map(size),
            ["0.0 KiB", "0.5 KiB", "1 MiB", "5,120 MiB"]
        );
    }
}
