//! `cairn bench`

use std::fmt::Display;
use std::io;
use std::thread;

use clap::{Args, Subcommand};
use serde::Serialize;
use tokio::sync::watch;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Format, Output};
use super::progress::Progress;
use super::stop;
use crate::bench::live::{fanout, idle, send};
use crate::bench::storage::engine;
use crate::bench::{BenchError, Contender, Found, Report, Watcher};

/// Measure a server, as its users would feel it
///
/// Starts a server of its own on a temporary directory, lets very many clients talk to it, and says what each number means. Server and
/// clients share this machine: on one with few cores, a part of what is measured are the clients. Each run begins with a second that is
/// not counted. Ctrl-C ends a run early, and what was measured until then is reported.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// How many messages a second are accepted, and how long each takes to be safe on disk
    ///
    /// Nobody listens: what delivery costs, `cairn bench fanout` tells.
    #[command(after_help = "EXAMPLES
  cairn bench send
  cairn bench send --clients 1 --inflight 1 --conversations 1
  cairn bench send --clients 64 --inflight 16 --seconds 20 --json
  cairn bench send --rate 5000 --clients 64
  cairn bench send --link 'cairn://chat.example.org:7766/#PIN.TOKEN' --messages 100000

JSON, one object, with null for what was not measured; among others
  accepted_per_s, latency_ms {p50, p90, p99, p999, max}, durability, machine, settings, seed")]
    Send(send::Settings),

    /// How many deliveries a second are made, how long each takes, and whether each comes once and in order
    ///
    /// Every receiver checks what it gets. A message that is missing, comes twice or in the wrong place is counted, and makes the exit
    /// code 1.
    #[command(after_help = "EXAMPLES
  cairn bench fanout
  cairn bench fanout --receivers 1000 --rate 200
  cairn bench fanout --receivers 1000 --conversations 100 --senders 4
  cairn bench fanout --receivers 100 --rate 500 --seconds 30 --json

JSON, one object, with null for what was not measured; among others
  deliveries_per_s, latency_ms {p50, p90, p99, p999, max}, missing, duplicates, out_of_order")]
    Fanout(fanout::Settings),

    /// What connections cost that do nothing: memory, processor time, and how fast all are back when the server was gone
    #[command(after_help = "EXAMPLES
  cairn bench idle
  cairn bench idle --connections 5000 --seconds 10 --json

JSON, one object, with null for what was not measured; among others
  server_kib_per_connection, handshakes_per_s, back_after_stop_s, back_after_crash_s, connections_lost")]
    Idle(idle::Settings),

    /// How fast messages are stored without a network, beside a raw file and plain sled
    ///
    /// All store the same messages in the same folder and take turns in short rounds, each of which ends with everything on disk. Other
    /// engines (fjall, redb, LMDB, SQLite, RocksDB) join them in benches/engines of cairn's sources. With --members, the size of a group
    /// is what is measured instead: a message is stored once, so it must not matter. The exit code is 1 when one of them, closed and
    /// opened again, does not give back everything that it stored.
    #[command(after_help = "EXAMPLES
  cairn bench engine
  cairn bench engine --batches 64,512 --seconds 10 --dir /var/lib
  cairn bench engine --members 10,1000,100000
  cairn bench engine --json

JSON, one object, with null for what was not measured; among others
  storing [{engine, batch, messages_per_s {median, min, max}, cairn_is_times, disk_bytes_per_message}]
  or, with --members, members [{members, messages_per_s, log_bytes_per_message}]")]
    Engine(engine::Settings),
}

/// `others` run in the race of `cairn bench engine`.
pub(super) fn run(args: BenchArgs, others: Vec<Contender>, format: Format) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::caused(Exit::Failed, "cannot start", &error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let asked = when_asked().map_err(cannot)?;
    let mut output = Output::new(format);
    let result = runtime.block_on(async {
        let mut progress = Progress::new();
        let mut watcher = Watcher::new(asked, move |text| progress.update(text));
        match args.command {
            BenchCommand::Send(settings) => tell(send::run(settings, &mut watcher).await, watcher, &mut output),
            BenchCommand::Idle(settings) => tell(idle::run(settings, &mut watcher).await, watcher, &mut output),
            BenchCommand::Fanout(settings) => tell(fanout::run(settings, &mut watcher).await, watcher, &mut output),
            BenchCommand::Engine(settings) => tell(engine::run(settings, others, &mut watcher), watcher, &mut output),
        }
    });
    let flushed = output.flush();
    result.and(flushed)
}

/// Becomes true at Ctrl-C. It is heard on a thread of its own, so that a run that never waits can be ended too. There is no ending at
/// once at a second one: the server of the run's own must not be left behind, and every wait behind the first is bounded.
fn when_asked() -> io::Result<watch::Receiver<bool>> {
    let (asked, hears) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let hear = move || match runtime.block_on(stop::either()) {
        // The run may be over already.
        Ok(()) => drop(asked.send(true)),
        Err(_) => runtime.block_on(std::future::pending()),
    };
    thread::Builder::new().name("signals".to_owned()).spawn(hear)?;
    Ok(hears)
}

/// Prints what was found, behind the progress line of `watcher`.
fn tell<S, F>(report: Result<Report<S, F>, BenchError>, watcher: Watcher, output: &mut Output) -> Result<(), Failure>
where
    S: Serialize + Display,
    F: Found,
{
    drop(watcher);
    let report = report?;
    output.print(&report)?;
    match report {
        Report { interrupted: true, .. } => Err(Failure::Interrupted),
        Report { found, .. } if !found.is_sound() => Err(Failure::new(Exit::Failed, "what was received is not what was sent")),
        Report { .. } => Ok(()),
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Client(error) => error.into(),
            BenchError::Interrupted => Self::Interrupted,
            error => Self::caused(Exit::Failed, &error, &error),
        }
    }
}
