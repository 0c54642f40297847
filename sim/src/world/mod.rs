//! A world: one server on a simulated machine, its clients, and everything that happens to them, on
//! one thread and in paused time.

mod acts;
mod attack;
mod desk;
mod device;
mod faults;
mod finale;
pub(crate) mod leaks;
mod mirror;
mod probe;
mod process;
mod server;
mod session;
mod setup;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use cairn_client::{ConversationId, Timestamp, UserId};
use cairn_memory::{Limits, Network};
use cairn_store::testing::SimDisk;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until};

use self::desk::Desk;
use self::device::Device;
use self::leaks::{Canary, Leaks};
use self::mirror::Mirror;
use self::probe::Probe;
use self::server::Server;
use crate::check;
use crate::dice::Dice;
use crate::history::History;
use crate::script::Script;
use crate::script::step::Step;
use crate::tally::Tally;
use crate::trace::Trace;

pub(crate) const USERS: usize = 3;
pub(crate) const DEVICES: usize = 5;
pub(crate) const VISITORS: usize = 3;
/// The first visitor has two processes.
pub(crate) const HOSTS: usize = DEVICES + VISITORS + 1;
/// Interactive devices of the last users.
pub(crate) const SESSIONS: usize = 2;
pub(crate) const ALL: usize = HOSTS + SESSIONS;
/// Two groups, then direct chats.
pub(crate) const GROUPS: usize = 2;
pub(crate) const PLACES: usize = 4;

/// The wall clock at the beginning, in milliseconds.
const START_MS: u64 = 1_700_000_000_000;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) trace: Arc<Trace>,
    pub(crate) history: Mutex<History>,
    pub(crate) network: Network,
    pub(crate) disk: SimDisk,
    pub(crate) probe: Probe,
    pub(crate) server: Server,
    pub(crate) devices: Vec<Device>,
    pub(crate) users: OnceLock<Vec<UserId>>,
    pub(crate) places: OnceLock<Vec<ConversationId>>,
    pub(crate) desk: Desk,
    pub(crate) leaks: Arc<Leaks>,
    pub(crate) mirror: Mutex<Mirror>,
    began: Instant,
    clock_offset_ms: AtomicI64,
    pub(crate) is_disk_full: AtomicBool,
    failure: Mutex<Option<String>>,
    failed: Notify,
    /// What goes on beside the devices.
    pub(crate) tasks: Mutex<JoinSet<()>>,
    tasks_of_sessions: Mutex<JoinSet<()>>,
}

/// How a run ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) failure: Option<String>,
    pub(crate) hash: u64,
    pub(crate) tally: Tally,
    pub(crate) lines: Vec<String>,
    pub(crate) counts: Counts,
}

/// What happened in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    pub(crate) seen: u64,
    pub(crate) found: u64,
    pub(crate) starts: u64,
    pub(crate) disk_calls: u64,
    /// Inquiries of visitors.
    pub(crate) inquiries: u64,
    /// How often an agent got one.
    pub(crate) holds: u64,
}

/// Runs a script.
pub(crate) fn run(script: &Script, keeps_lines: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    let outcome = runtime.block_on(async {
        let world = World::new(script, keeps_lines);
        let supervisor = tokio::spawn(server::supervise(world.clone()));
        let played = async {
            world.set_up(script).await?;
            world.play(script).await;
            world.finish().await?;
            check::check(&world)
        };
        let failure = tokio::select! {
            biased;
            failure = world.failed() => Some(failure),
            played = played => played.err(),
        };
        supervisor.abort();
        let outcome = world.outcome(failure);
        world.close_sessions();
        outcome
    });
    // Nothing runs on another thread.
    runtime.shutdown_background();
    outcome
}

impl World {
    /// From this host on, devices have processes that send once.
    pub(crate) const ONCE: usize = 100;

    fn new(script: &Script, keeps_lines: bool) -> Arc<Self> {
        let (seed, dice) = (script.seed, &mut Dice::new(script.seed, 2));
        let window = |dice: &mut Dice| dice.pick(&[1_024, 16 * 1_024, 256 * 1_024]);
        let network = Network::new(Limits {
            to_server_bytes: window(dice),
            to_client_bytes: window(dice),
            ..Limits::default()
        });
        let leaks = Arc::<Leaks>::default();
        let tap = leaks.clone();
        let network = network.tapped(move |client, direction, bytes| {
            tap.see(client, direction, bytes);
        });
        let trace = Arc::new(Trace::new(keeps_lines));
        let disk = SimDisk::new(seed);
        server::prepare(&disk, seed);
        let probe = Probe::watch(&disk, &network, &trace);
        let devices = (0..ALL).map(|no| Device::new(no, dice)).collect();
        Arc::new(Self {
            seed,
            trace,
            history: Mutex::default(),
            network,
            disk,
            probe,
            server: Server::new(&script.first_cuts),
            devices,
            users: OnceLock::new(),
            places: OnceLock::new(),
            desk: Desk::default(),
            leaks,
            mirror: Mutex::new(Mirror::new()),
            began: Instant::now(),
            clock_offset_ms: AtomicI64::new(0),
            is_disk_full: AtomicBool::new(false),
            failure: Mutex::new(None),
            failed: Notify::new(),
            tasks: Mutex::default(),
            tasks_of_sessions: Mutex::default(),
        })
    }

    async fn play(self: &Arc<Self>, script: &Script) {
        let began = Instant::now();
        for timed in &script.steps {
            sleep_until(began + Duration::from_millis(timed.at_ms)).await;
            match timed.step {
                Step::Client(device, fault) => self.hit_client(device, fault),
                Step::Server(fault) => self.hit_server(fault),
                Step::Disk(fault) => self.hit_disk(fault),
                step => self.act(step),
            }
        }
    }

    /// Records that an invariant is violated. The first one ends the run.
    pub(crate) fn fail(&self, what: String) {
        self.trace.note("FAILURE", format_args!("{what}"));
        self.failure.lock().get_or_insert(what);
        self.failed.notify_one();
    }

    async fn failed(&self) -> String {
        loop {
            let failed = self.failed.notified();
            if let Some(failure) = self.failure.lock().clone() {
                return failure;
            }
            failed.await;
        }
    }

    /// The wall clock of the server.
    pub(crate) fn wall_clock(&self) -> Timestamp {
        let passed_ms = self.began.elapsed().as_millis() as u64;
        let offset_ms = self.clock_offset_ms.load(Ordering::Relaxed);
        Timestamp::new((START_MS + passed_ms).saturating_add_signed(offset_ms))
    }

    pub(crate) fn jump_clock(&self, by_ms: i64) {
        self.clock_offset_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    pub(crate) fn place(&self, place: usize) -> Option<ConversationId> {
        let places = self.places.get()?;
        places.get(place % places.len()).copied()
    }

    /// Returns what texts in a conversation contain, and none elsewhere.
    pub(crate) fn canary(&self, place: ConversationId) -> Canary {
        let places = self.places.get().map_or(&[][..], Vec::as_slice);
        match places.iter().position(|&other| other == place) {
            Some(at) => Canary::of_place(at),
            None => self.desk.canary(place),
        }
    }

    pub(crate) fn user(&self, user: usize) -> UserId {
        let users = self.users.get().map_or(&[][..], Vec::as_slice);
        users.get(user).copied().unwrap_or(UserId::new(0))
    }

    fn outcome(&self, failure: Option<String>) -> Outcome {
        self.trace
            .note("disk", format_args!("calls {:08x}", self.disk.trace()));
        let history = self.history.lock();
        let accepted = history.sent.iter().filter(|sent| sent.is_accepted());
        Outcome {
            failure,
            hash: self.trace.hash(),
            tally: self.probe.tally(),
            lines: self.trace.take_lines(),
            counts: Counts {
                sent: history.sent.len() as u64,
                accepted: accepted.count() as u64,
                seen: history.seen.len() as u64,
                found: history.found(),
                starts: self.server.starts(),
                disk_calls: self.disk.calls(),
                inquiries: history.desk.infos.len() as u64,
                holds: history.holds(),
            },
        }
    }
}

/// Returns the number of the visitor whose process has a host.
pub(crate) const fn visitor_of(host: usize) -> usize {
    (host - DEVICES) % VISITORS
}

/// The address of a client: each device has its own.
pub(crate) fn address(host: usize) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(10, 1, 0, host as u8 + 1), 1))
}
