//! `cairn bench`

mod page;
mod report;
mod repro_command;

use std::io;
use std::path::PathBuf;
use std::thread;

use clap::{Args, Command, Subcommand};
use tokio::sync::watch;

use self::page::PageFile;
use self::report::Shown;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::signals;
use cairn_bench::live::{catchup, fanout, files, idle, mixed, overview, send};
use cairn_bench::storage::{engine, fill, ids, schemes};
use cairn_bench::{BenchError, Contender, Report, Watcher};

/// Measure the speed of a server and of its storage
///
/// send, fanout, catchup, files, idle, overview and mixed start a server of their own on a
/// temporary directory, or take a link to one that runs, and let very many clients talk to it.
/// Server and clients share this machine: on one with few cores, a part of what is measured are the
/// clients. A load that goes on for a time begins with a second that is not counted. engine, fill,
/// schemes and ids measure storage in one process. Each says what its numbers mean and how durable
/// they are. Ctrl-C ends a run early, and what was measured until then is reported.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Write a page for a browser too, with plots: one file that can be sent to others
    #[arg(long, value_name = "FILE.html", global = true)]
    report: Option<PathBuf>,

    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// How many messages a second are accepted, and how long each takes to be safe on disk
    ///
    /// There are no receivers; `cairn bench fanout` measures delivery.
    #[command(after_help = "EXAMPLES
  cairn bench send
  cairn bench send --clients 1 --inflight 1 --conversations 1
  cairn bench send --clients 64 --inflight 16 --seconds 20 --json
  cairn bench send --rate 5000 --clients 64
  cairn bench send --report send.html
  cairn bench send --link 'cairn://chat.example.org:7766/#PIN.TOKEN' --messages 100000

JSON, one object, with null for what was not measured; among others
  accepted_per_s, latency_ms {p50, p90, p99, p999, max}, durability, machine, settings, seed,
  latency_distribution [[share, ms], ...], timeline [{s, accepted_per_s, deliveries_per_s}, ...],
  messages_per_commit, fdatasync_per_s, fdatasync_ms {p50, p99}, log_bytes_per_message, \
  sled_bytes_per_message: null with --link, unless
  the link is that of the server's owner")]
    Send(send::Settings),

    /// How many deliveries a second are made, how long each takes, and whether each comes once and
    /// in order
    ///
    /// Every receiver checks what it gets. A message that is missing, comes twice or in the wrong
    /// place is counted, and makes the exit code 1.
    #[command(after_help = "EXAMPLES
  cairn bench fanout
  cairn bench fanout --receivers 1000 --rate 200
  cairn bench fanout --receivers 1000 --conversations 100 --senders 4
  cairn bench fanout --receivers 100 --rate 500 --seconds 30 --json
  cairn bench fanout --receivers 100 --rate 500 --stalled 10 --stall-seconds 60

JSON, one object, with null for what was not measured; among others
  deliveries_per_s, latency_ms {p50, p90, p99, p999, max}, missing, duplicates, out_of_order,
  latency_distribution [[share, ms], ...], timeline [{s, accepted_per_s, deliveries_per_s}, ...];
  with --stalled also p99_ratio, server_mib_before, server_mib_max, stalled_missing, \
  stalled_level_after_s")]
    Fanout(fanout::Settings),

    /// How long devices that were away take to have everything they missed, when they all come back
    /// at once
    ///
    /// The messages are stored first; then the server is started again, and the devices come. Every
    /// one of them checks what it gets, as in `cairn bench fanout`.
    #[command(after_help = "EXAMPLES
  cairn bench catchup
  cairn bench catchup --connections 1000 --messages 1000
  cairn bench catchup --conversations 1 --members 100 --messages 100000 --json

JSON, one object, with null for what was not measured; among others
  level_s {first, median, last}, deliveries_per_s, bytes_per_s, server_mib_before, server_mib_max,
  server_mib_after, missing, duplicates, out_of_order")]
    Catchup(catchup::Settings),

    /// How a team's working day goes: people talk in groups and with each other, read, scroll back,
    /// and their devices drop and return
    ///
    /// A day of nine hours is played in a minute, so that everything in it happens 540 times
    /// faster. What kind of day it is, a file says; --print-scenario prints the one that is played
    /// by default, with comments. Every device checks what it gets.
    #[command(after_help = "EXAMPLES
  cairn bench mixed
  cairn bench mixed --seconds 10
  cairn bench mixed --print-scenario >day.toml
  cairn bench mixed --scenario day.toml --seed 2 --json

JSON, one object, with null for what was not measured; among others
  sent, accepted, deliveries, latency_ms and accept_latency_ms {p50, p90, p99, p999, max}, \
  reconnects,
  reconnect_ms, pages, page_ms, missing, duplicates, out_of_order, server_cpu_percent, \
  server_mib_max, and
  phases, an array with most of these for each phase of the day")]
    Mixed(mixed::Settings),

    /// What connections cost that do nothing: memory, processor time, and how fast all are back
    /// when the server was gone
    #[command(after_help = "EXAMPLES
  cairn bench idle
  cairn bench idle --connections 5000 --seconds 10 --json

JSON, one object, with null for what was not measured; among others
  server_kib_per_connection, handshakes_per_s, back_after_stop_s, back_after_crash_s, \
  connections_lost")]
    Idle(idle::Settings),

    /// How fast a file goes up and down, what memory that takes, and what it costs those who talk
    /// meanwhile
    ///
    /// One user uploads a file, sends it and fetches it again, with its hash checked; another sends
    /// messages all the while. Both are clients in this process, each on a thread of its own.
    #[command(after_help = "EXAMPLES
  cairn bench files
  cairn bench files --mib 1024
  cairn bench files --mib 1024 --rate 1000 --dir /srv --json

JSON, one object, with null for what was not measured; among others
  latency_ms_idle {p50, p90, p99, p999, max}, and for up and down each {mib_per_s, \
  server_mib_more, client_mib_more, latency_ms}")]
    Files(files::Settings),

    /// How long a device that was here before takes to know what changed among very many
    /// conversations
    ///
    /// It logs in, asks for what changed since its last overview, and then for everything, again
    /// and again; on a server that has all in memory, and on one that was just started. A user with
    /// 50 conversations is measured beside it.
    #[command(after_help = "EXAMPLES
  cairn bench overview
  cairn bench overview --conversations 5000 --changed 300 --json

JSON, one object, with null for what was not measured; among others
  overviews [{conversations, changed, told_right, changed_bytes, all_bytes,
    warm and after_restart {login_ms, changed_ms, all_ms: {p50, p90, p99, p999, max}}}]")]
    Overview(overview::Settings),

    /// How fast messages are stored without a network, beside a raw file and plain sled
    ///
    /// All store the same messages in the same folder and take turns in short rounds, each of which
    /// ends with everything on disk. Other engines (fjall, redb, LMDB, SQLite, RocksDB) join them
    /// in benches/engines of cairn's sources. With --members, the size of a group is what is
    /// measured instead: a message is stored once, so it must not matter. The exit code is 1 when
    /// one of them, closed and opened again, does not give back everything that it stored.
    #[command(after_help = "EXAMPLES
  cairn bench engine
  cairn bench engine --batches 64,512 --seconds 10 --dir /var/lib
  cairn bench engine --members 10,1000,100000
  cairn bench engine --json

JSON, one object, with null for what was not measured; among others
  storing [{engine, batch, messages_per_s {median, min, max}, cairn_is_times, \
  disk_bytes_per_message}]
  or, with --members, members [{members, messages_per_s, log_bytes_per_message}]")]
    Engine(engine::Settings),

    /// How the storage engine does with very many messages: speed on the way, disk, memory,
    /// opening, and reading old ones
    ///
    /// There is no server and no network: the engine is driven as the server drives it, checkpoints
    /// included, into a new data directory that is removed afterwards. When the disk has no space
    /// for all, as many are stored as fit.
    #[command(after_help = "EXAMPLES
  cairn bench fill
  cairn bench fill --messages 100000000 --dir /srv
  cairn bench fill --messages 1000000 --body 50 --keep --json

JSON, one object, with null for what was not measured; among others
  messages_per_s, last_to_second_tenth, marks [{messages, seconds, messages_per_s, disk_bytes, \
  memory_mib}],
  disk_bytes_per_message_byte, memory_mib_max, close_s, open_s, missing, last_50 and old_50 \
  {reads_per_s, latency_ms}")]
    Fill(fill::Settings),

    /// Ways to give messages their ids: what they cost, and what a client can tell from them after
    /// a crash or a wrong clock
    ///
    /// UUIDs of version 4 and 7, Snowflakes, numbers taken from the store in blocks, and cairn's
    /// own: a counter for each conversation. Each is tried with several threads, with a clock that
    /// steps back and with crashes, and what becomes of the messages is counted. The same messages
    /// are stored in sled under each kind of id.
    #[command(after_help = "EXAMPLES
  cairn bench ids
  cairn bench ids --ids 10000000 --messages 2000000 --dir /srv
  cairn bench ids --batch 64 --json

JSON, one object, with null for what was not measured; among others
  schemes [{scheme, ids_per_s, key_bytes, wire_bytes, stored_per_s, disk_bytes_per_message, \
  last_50_reads_per_s,
    trials {calm, threads, clock_back, crash, crash_and_clock_back: {late, gaps, losses_told, \
  refused, repeated, skipped}}}]")]
    Ids(ids::Settings),

    /// Four ways to store the messages of a group, beside cairn's: speed, disk, and what a crash
    /// takes away
    ///
    /// How people come to store each message once. 1: what is sent is pushed to the members who are
    /// online, and a copy is stored for each who is not. 2: a copy is stored for each member. 3:
    /// the body is stored once, and its id for each member. 4: the body is stored once, and each
    /// member has a cursor, the last message they acked. cairn does as 4 does, with its own
    /// engine: a commit log, and blocks behind it.
    ///
    /// No network is involved: all messages go to one group, and members are played by the run. The
    /// four keep their rows in sled (0.34, its defaults), an atomic batch for each operation and
    /// flush + fdatasync for each commit. cairn's engine is the one that serves clients: it also
    /// checks who sends, keeps what tells a retry from a new message, compresses, and syncs its log
    /// for each commit. All store the same texts and commit after as many messages. The sends of a
    /// round are timed until the store is closed, so that what cairn puts off until later counts as
    /// well; rounds take turns. A push is a note in memory for each member who is online, in all
    /// five alike: what the network costs is the same for all, and left out.
    ///
    /// Then the members who were offline pull from the store, just opened, and all members ack: a
    /// page of 500 messages at once, a commit for as many acks as for messages. In 1 to 4 a message
    /// goes when all have acked it; cairn keeps what was said, and moves cursors.
    ///
    /// To see what a crash takes away, another process stores messages of an accepted batch and is
    /// killed (kill -9) before it pushes them; then every member pulls. A message that a member
    /// neither was pushed nor finds is lost. Where anything but 1 loses one, or 1 loses none, the
    /// exit code is 1.
    #[command(after_help = "EXAMPLES
  cairn bench schemes
  cairn bench schemes --sizes 10,1000 --online 50 --seconds 5
  cairn bench schemes --dir /mnt/disk --json

JSON, one object, with null for what was not measured; among others
  cairn_over_fastest, cairn_largest_over_smallest, schemes: for each scheme, size and share \
  online one object with
  scheme, members, online_percent, sends_per_s, bytes_per_send, writes_per_send, \
  catch_up_ms_per_1000, ack_us_per_send,
  bytes_left_per_send, lost, at_stake")]
    Schemes(schemes::Settings),

    /// Stores messages and waits to be killed before it pushes them
    #[command(
        hide = true,
        after_help = "EXAMPLES
  cairn bench schemes      starts it, and kills it"
    )]
    SchemesVictim(schemes::VictimArgs),
}

/// `others` run in the race of `cairn bench engine`.
pub(crate) async fn run(
    args: BenchArgs,
    others: Vec<Contender>,
    output: &mut Output,
) -> Result<(), Failure> {
    let asked = when_asked();
    let asked = asked.map_err(|error| Failure::caused(Exit::Failed, "cannot start", &error))?;
    let page = args.report.map(PageFile::reserve).transpose()?;
    let mut progress = output.progress();
    let watcher = Watcher::new(asked, move |text| progress.update(text));
    let w = &watcher;
    let run = async {
        let report = match args.command {
            BenchCommand::Send(settings) => send::run(settings, w).await?,
            BenchCommand::Idle(settings) => idle::run(settings, w).await?,
            BenchCommand::Overview(settings) => overview::run(settings, w).await?,
            BenchCommand::Fanout(settings) => fanout::run(settings, w).await?,
            BenchCommand::Catchup(settings) => catchup::run(settings, w).await?,
            BenchCommand::Mixed(settings) if settings.print_scenario => {
                output.text(mixed::DEFAULT_SCENARIO)?;
                return Ok(None);
            }
            BenchCommand::Mixed(settings) => mixed::run(settings, w).await?,
            BenchCommand::Files(settings) => files::run(settings, w).await?,
            BenchCommand::Fill(settings) => fill::run(settings, w)?,
            BenchCommand::Ids(settings) => ids::run(settings, w)?,
            BenchCommand::Engine(settings) => engine::run(settings, others, w)?,
            BenchCommand::Schemes(settings) => schemes::run(settings, w)?,
            BenchCommand::SchemesVictim(args) => {
                schemes::live(&args, &mut io::stdout(), &mut io::stdin())?;
                return Ok(None);
            }
        };
        Ok(Some(report))
    };
    let report: Result<Option<Report>, Failure> = run.await;
    // Wipes the progress line before anything is printed.
    drop(watcher);
    report?.map_or(Ok(()), |report| print(&report, page, output))
}

/// Becomes true at Ctrl-C. It is heard on a thread of its own, so that a run that never waits can
/// be ended too. There is no ending at once at a second one: the server of the run's own must not
/// be left behind, and every wait behind the first is bounded.
fn when_asked() -> io::Result<watch::Receiver<bool>> {
    let (asked, hears) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let hear = move || match runtime.block_on(signals::interrupt_or_terminate()) {
        // The run may be over already.
        Ok(()) => drop(asked.send(true)),
        Err(_) => runtime.block_on(std::future::pending()),
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(hear)?;
    Ok(hears)
}

/// Prints what was found, and writes the page.
fn print(report: &Report, page: Option<PageFile>, output: &mut Output) -> Result<(), Failure> {
    let command = BenchCommand::augment_subcommands(Command::new("bench"));
    let command = command
        .find_subcommand(report.benchmark)
        .cloned()
        .unwrap_or_default();
    let shown = Shown { report, command };
    let written = page.map(|file| file.write(&shown.page(&repro_command::command())));
    output.print(&shown)?;
    if let Some(path) = written.transpose()? {
        output.note(format_args!("report: {}", path.display()));
    }
    match report.interrupted {
        true => Err(Failure::Interrupted),
        false if !report.results.has_failed => Ok(()),
        false => Err(Failure::new(
            Exit::Failed,
            "what was received is not what was sent",
        )),
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
