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
use cairn_bench::live::{catchup, desk, fanout, files, idle, mixed, overview, search, send};
use cairn_bench::session;
use cairn_bench::storage::{engine, fill, ids, schemes};
use cairn_bench::{BenchError, Contender, Report, Watcher};

/// Measure the speed of a server and of its storage
///
/// send, fanout, catchup, files, idle, overview, search and mixed start a server in a temporary
/// directory, or use a link to a running one, and connect many clients to it; desk always starts
/// its own. Server and clients share this machine, so on few cores, the results include the cost of
/// the clients. A load that runs for a time begins with one second of warm-up. engine, fill,
/// schemes and ids measure storage in one process. Each explains its results and their durability.
/// Ctrl-C ends a run early, and reports what was measured until then.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Also write the report as an HTML page with plots, in a single file
    #[arg(long, value_name = "FILE.html", global = true)]
    report: Option<PathBuf>,

    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Messages accepted per second, and the time until each is durable
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
  server_settings {NAME: VALUE}: what the run set on its own server, such as no limits of rates,
  latency_distribution [[share, ms], ...], timeline [{s, accepted_per_s, deliveries_per_s}, ...],
  messages_per_commit, fdatasync_per_s, fdatasync_ms {p50, p99}, log_bytes_per_message, \
  sled_bytes_per_message: null with --link, unless
  the link is that of the server's owner")]
    Send(send::Settings),

    /// Deliveries per second, their latency, and lost messages
    ///
    /// Every receiver checks its messages. Messages that are missing, duplicated or out of order
    /// are counted, and make the exit code 1.
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

    /// How fast devices catch up that reconnect at the same time
    ///
    /// The messages are stored first; then the server is restarted, and the devices connect. Every
    /// device checks its messages, as in `cairn bench fanout`.
    #[command(after_help = "EXAMPLES
  cairn bench catchup
  cairn bench catchup --connections 1000 --messages 1000
  cairn bench catchup --conversations 1 --members 100 --messages 100000 --json

JSON, one object, with null for what was not measured; among others
  level_s {first, median, last}, deliveries_per_s, bytes_per_s, server_mib_before, server_mib_max,
  server_mib_after, missing, duplicates, out_of_order")]
    Catchup(catchup::Settings),

    /// A team's working day: chats, reading, scrolling, reconnects
    ///
    /// A day of nine hours is compressed to a minute, in which everything happens 540 times faster.
    /// A file describes the day; --print-scenario prints the default one, with comments. Every
    /// device checks its messages.
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

    /// The cost of idle connections, and how fast they reconnect
    #[command(after_help = "EXAMPLES
  cairn bench idle
  cairn bench idle --connections 5000 --seconds 10 --json

JSON, one object, with null for what was not measured; among others
  server_kib_per_connection, handshakes_per_s, back_after_stop_s, back_after_crash_s, \
  connections_lost")]
    Idle(idle::Settings),

    /// Speed and memory of file transfers, and their cost for senders
    ///
    /// One user uploads a file, sends it and downloads it again, checking its hash; another sends
    /// messages at the same time. Both are clients in this process, each on a thread of its own.
    #[command(after_help = "EXAMPLES
  cairn bench files
  cairn bench files --mib 1024
  cairn bench files --mib 1024 --rate 1000 --dir /srv --json

JSON, one object, with null for what was not measured; among others
  latency_ms_idle {p50, p90, p99, p999, max}, and for up and down each {mib_per_s, \
  server_mib_more, client_mib_more, latency_ms}")]
    Files(files::Settings),

    /// How fast a device learns what changed among many conversations
    ///
    /// It logs in, requests the changes since its last overview, and then everything, repeatedly:
    /// from a server with everything in memory, and from one that was just started. A user with 50
    /// conversations is measured for comparison.
    #[command(after_help = "EXAMPLES
  cairn bench overview
  cairn bench overview --conversations 5000 --changed 300 --json

JSON, one object, with null for what was not measured; among others
  overviews [{conversations, changed, told_right, changed_bytes, all_bytes,
    warm and after_restart {login_ms, changed_ms, all_ms: {p50, p90, p99, p999, max}}}]")]
    Overview(overview::Settings),

    /// How fast words are found among many messages, and what that costs others
    ///
    /// Half of the messages are English and half Chinese, with words of very different frequencies.
    /// Also measures the processor time that reading all of them takes, and how fast messages are
    /// accepted beside a search that never ends, compared with a thread of the same priority that
    /// burns processor time.
    #[command(after_help = "EXAMPLES
  cairn bench search
  cairn bench search --messages 10000000 --dir /srv
  cairn bench search --messages 100000 --rounds 2 --json

JSON, one object, with null for what was not measured; among others
  cpu_s_per_million, messages_per_cpu_s, queries [{query, latency_ms {p50, p90, p99, p999, max}, \
  hits}],
  send_ratio, rounds [{search_per_s, control_per_s, search_ms, control_ms}], memory_mib_before, \
  memory_mib_max")]
    Search(search::Settings),

    /// A support desk: visitors who ask, agents who answer, and crashes
    ///
    /// Agents accept what is offered to them, answer, talk for a while and close. At the end the
    /// logs of all queues must show that every accepted inquiry is there once, and that no two
    /// agents had it at the same time; and the log of each inquiry, as its visitor reads it, that
    /// no message is missing or doubled. Otherwise the exit code is 1. Then messages of a user who
    /// has nothing to do with the desk are sent beside visitors who are answered at once, and
    /// beside a control that burns as much processor time as these visitors.
    #[command(after_help = "EXAMPLES
  cairn bench desk
  cairn bench desk --minutes 5
  cairn bench desk --minutes 5 --kill-server --kill-agents 1
  cairn bench desk --minutes 0.1 --visitors-per-minute 600 --agents 10 --talk-seconds 0.5 --json
  cairn bench desk --storm --rounds 0

JSON, one object, with null for what was not measured; among others
  accept_ms, offer_ms and asked_to_offer_ms {p50, p90, p99, p999, max}, lost, twice, unsound, \
  open, failed, given_up,
  server_kills, agents_killed, handed_over_ms, grace_s, fairness [{strategy, agents, given, \
  least, most, jain}],
  send_ratio, rounds [{desk_per_s, control_per_s, desk_ms, control_ms}],
  storm [{stage, commands, given, given_max, visited_max, command_ms}]")]
    Desk(desk::Settings),

    /// The storage engine, compared with a raw file and plain sled
    ///
    /// All contenders store the same messages in the same folder, and take turns in short rounds,
    /// each of which ends with everything on disk. Further engines (fjall, redb, LMDB, SQLite,
    /// RocksDB) are available in benches/engines of cairn's sources. With --members, group sizes
    /// are compared instead: a message is stored once, so the size must not matter. The exit code
    /// is 1 when a contender, closed and reopened, does not return everything that it stored.
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

    /// The storage engine with many messages: speed, disk, memory
    ///
    /// Without a server or a network: the engine is driven as the server drives it, including
    /// checkpoints, in a new data directory that is removed afterwards. Also measures how fast the
    /// directory opens, and reads of old messages. If the disk is too small, fewer messages are
    /// stored.
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

    /// Schemes for message ids: cost, clock errors and crashes
    ///
    /// UUIDs of version 4 and 7, Snowflakes, numbers reserved from the store in blocks, and cairn's
    /// own: a counter per conversation. Each is simulated with several threads, with a clock that
    /// steps back and with crashes, counting what a client would detect or miss. The same messages
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

    /// Four other ways to store messages: speed, disk, crash losses
    ///
    /// The steps towards storing each message once. 1: a message is pushed to the members who are
    /// online, and a copy is stored for each who is not. 2: a copy is stored for each member. 3:
    /// the body is stored once, and its id for each member. 4: the body is stored once, and each
    /// member has a cursor, the last message they acked. cairn does the same as 4, with its own
    /// engine: a commit log, and blocks to which checkpoints move its messages.
    ///
    /// No network is involved: all messages go to one group, and the run acts for the members. The
    /// four keep their rows in sled (0.34, with its defaults), with an atomic batch for each
    /// operation and flush + fdatasync for each commit. cairn's engine is the one that serves
    /// clients: it also checks permissions, detects retries, compresses, and syncs its log for each
    /// commit. All store the same texts, with equal numbers of messages per commit. A round of
    /// sends ends with the store closed, so that deferred work of cairn's engine counts; rounds
    /// take turns. A push is recorded in memory for each member who is online, in all five, because
    /// the cost of the network is the same for all.
    ///
    /// Then the members who were offline pull from the freshly opened store, and all members ack: a
    /// page of 500 messages at once, with as many acks per commit as messages. In 1 to 4, a message
    /// is deleted when all have acked it; cairn keeps messages, and moves cursors.
    ///
    /// To count the losses of a crash, a child process stores messages of an accepted batch and is
    /// killed (kill -9) before it pushes them; then every member pulls. A message is lost for a
    /// member if it was neither pushed nor found. If a scheme other than 1 loses one, or 1 loses
    /// none, the exit code is 1.
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

    /// What an interactive client costs: start, scrolling, memory, arrivals
    ///
    /// Without a server, a network or a terminal: the view model, the cache and the drawing of
    /// `cairn chat` are driven as it drives them. All times are processor time. A process of its
    /// own opens each cache.
    #[command(after_help = "EXAMPLES
  cairn bench session
  cairn bench session --messages 1000000 --conversations 20000
  cairn bench session --rate 5000 --json

JSON, one object, with null for what was not measured; among others
  first_frame_ms, page_us, resident_mib, message_us, views_us, frame_us, key_us, many_list_ms, \
  many_views_us, many_frame_us, many_key_us, many_switcher_us")]
    Session(session::Settings),

    /// Measures one cache
    #[command(
        hide = true,
        after_help = "EXAMPLES
  cairn bench session      starts it"
    )]
    SessionReader(session::ReaderArgs),

    /// Works as one agent of a support desk
    #[command(
        hide = true,
        after_help = "EXAMPLES
  cairn bench desk --kill-agents 1      starts it, and kills it"
    )]
    DeskAgent(desk::AgentArgs),

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
            BenchCommand::Search(settings) => search::run(settings, w).await?,
            BenchCommand::Desk(settings) => desk::run(settings, w).await?,
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
            BenchCommand::Session(settings) => session::run(settings, w)?,
            BenchCommand::SessionReader(args) => {
                session::read(&args, draws(), &mut io::stdout())?;
                return Ok(None);
            }
            BenchCommand::DeskAgent(args) => {
                desk::act(&args, &mut io::stdout()).await?;
                return Ok(None);
            }
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

/// The client that `cairn bench session` draws with.
const fn draws() -> Option<session::Draws> {
    #[cfg(feature = "tui")]
    return Some(crate::tui::frames);
    #[cfg(not(feature = "tui"))]
    None
}

/// Becomes true at Ctrl-C. Signals are received on a thread of their own, so that a run that never
/// waits can be ended too. A second Ctrl-C does not exit at once: the run's own server must be
/// stopped first, and every wait after the first Ctrl-C is bounded.
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

/// Prints the report, and writes the page.
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
