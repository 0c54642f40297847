//! The whole server, from start to stop.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::{EpochId, Timestamp};
use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::secret::InviteToken;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::error::ErrorCode;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::desk;
use crate::fairness::budget::Budget;
use crate::fairness::hash_queue::HashQueue;
use crate::fairness::rate_limit::{LoginRateLimiter, RequestRateLimiter};
use crate::history::Reader;
use crate::host::clock::{self, WallClock};
use crate::host::{Host, Random};
use crate::hub::Hub;
use crate::hub::tasks;
use crate::limits;
use crate::principal::Principal;
use crate::retention;
use crate::search::Searches;
use crate::sequencer::intake::Intake;
use crate::sequencer::running::Running;
use crate::session::password::concurrent_hashes;
use crate::session::secret_hash::secret_hash;
use crate::shared::Shared;
use crate::supervision::Ended;
use crate::supervision::background::Background;
use crate::supervision::watchdog::{self, Heartbeats, Stalled, Watchdog};
use crate::transfer::{Transfers, gc};
use crate::transport::Listener;
use crate::transport::accept::accept;
use crate::transport::identity::{Identity, IdentityError};
use crate::transport::quic::{self, EndpointError};
use cairn_core::api::command::{BeginEpoch, OwnerInvite};
use cairn_store::StoreError;
use cairn_store::engine::Engine;
use cairn_store::env::Env;

#[derive(Clone, Debug)]
pub struct Options {
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// The address in invite links. `None` for the address listened on or, if unspecified, that of
    /// this machine.
    pub advertise: Option<ServerAddr>,
    /// Bytes of the disk that attachments leave free. `None` for the default reserve.
    pub disk_reserve_bytes: Option<u64>,
}

/// A server that accepts connections.
#[derive(Clone, Debug)]
pub struct Ready {
    pub listening: SocketAddr,
    /// Makes its first user the owner; `None` when there is an owner already.
    pub invite: Option<InviteLink>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error("cannot use the folder for attachments: {0}")]
    Attachments(io::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    #[error("cannot create the owner's invite: {0}")]
    OwnerInvite(ErrorCode),
    #[error("cannot record the server's start: {0}")]
    BeginEpoch(ErrorCode),
    #[error("the system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// Runs a server until `stop` resolves, and calls `ready` when it accepts connections.
///
/// The calling thread becomes the network thread. When a thread of the server stands still, which
/// may be this one, another calls `stalled`, which should end the process.
///
/// # Errors
///
/// When the server cannot start, and when its store fails.
pub fn run(
    options: &Options,
    ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()>,
    stalled: impl FnOnce(Stalled) + Send + 'static,
) -> Result<(), ServeError> {
    // Before the store is opened, which writes.
    let last_write = clock::last_write(&options.data);
    let (env, host) = (Env::real(), Host::real());
    let mut engine = open(options, &env)?;
    // A directory whose clock was never logged.
    if let Some(last_write) = last_write {
        engine.start_clock(last_write.min(host.clock.now()));
    }
    let identity = identity_of(&engine, &options.data, &env, &host.random)?;
    let closing = engine.closing();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(limits::BLOCKING_THREADS_MAX)
        .build()?;
    let result = runtime.block_on(async {
        let listener = Listener::Quic(quic::Listener::open(options.listen, &identity)?);
        let listening = listener.local_addr()?;
        let shared = shared(options, &engine, &env, host, listening)?;
        let watchdog = Watchdog::start(shared.heartbeats.clone(), stalled)?;
        let stop = async {
            stop.await;
            // A stop may take long.
            drop(watchdog);
        };
        let sequencer = Running::on_thread(engine, &shared)?;
        serve(shared, sequencer, &identity, listener, ready, stop).await
    });
    // No one waits for history reads of closed connections.
    runtime.shutdown_timeout(Duration::ZERO);
    result?;
    Ok(closing.check()?)
}

/// What a server for clients of the same process runs on.
pub struct InProcess {
    pub connections: cairn_memory::Listener,
    pub env: Env,
    /// The wall clock. Timers are those of the runtime, which may be paused.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Decides all random numbers: ids, tokens and salts.
    pub seed: u64,
    /// Called before each batch, and while there is none at least once a second. Does background
    /// work of a simulated engine, and moves its clock.
    pub background: Box<dyn FnMut(&mut Engine) + Send>,
}

/// Runs a server for clients of the same process, as a task of the calling runtime, until `stop`
/// resolves. It opens no socket, starts no thread, and everything that it does blocks the runtime.
/// Password hashes cost little. The same seed, and the same calls, give the same bytes on disk.
///
/// # Errors
///
/// When the server cannot start, and when its store fails.
pub async fn run_in_process(
    options: &Options,
    on: InProcess,
    ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let engine = open(options, &on.env)?;
    let host = Host::simulated(WallClock::Given(on.now), on.seed);
    let identity = identity_of(&engine, &options.data, &on.env, &host.random)?;
    let listener = Listener::Memory(on.connections, options.listen);
    let shared = shared(options, &engine, &on.env, host, options.listen)?;
    let sequencer = Running::as_task(engine, &shared, on.background);
    serve(shared, sequencer, &identity, listener, ready, stop).await
}

fn open(options: &Options, env: &Env) -> Result<Engine, ServeError> {
    Ok(Engine::open_in(env, &options.data)?.monitor_reserve(options.disk_reserve_bytes))
}

/// Loads the identity after the replay: only a directory without users and invites may get a new
/// key.
fn identity_of(
    engine: &Engine,
    data: &Path,
    env: &Env,
    random: &Random,
) -> Result<Identity, IdentityError> {
    let is_unused = engine.state().is_unused();
    Identity::open(env.disk(), random, data, engine.directory(), is_unused)
}

async fn serve(
    shared: Arc<Shared>,
    sequencer: Running,
    identity: &Identity,
    mut listener: Listener,
    ready: impl FnOnce(&Ready),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let listening = listener.local_addr()?;
    let Running {
        has_owner,
        publications,
        ended: mut sequencer_ended,
        task: sequencer,
    } = sequencer;
    let mut hub = tokio::spawn(tasks::publish(shared.clone(), publications));
    let mut background = Background::default();
    background.spawn("watchdog", watchdog::beat(shared.heartbeats.clone()));
    background.spawn("receipts", tasks::send_receipts(shared.clone()));
    background.spawn("presence", tasks::notify_presences(shared.clone()));
    background.spawn("idle check", tasks::mark_idle_sessions(shared.clone()));
    let mut later = Background::default();
    let mut connections = JoinSet::new();
    let serving = async {
        start_epoch(&shared).await?;
        let invite = match has_owner {
            true => None,
            false => Some(owner_invite(&shared, identity).await?),
        };
        later.spawn("retention", retention::run(shared.clone()));
        later.spawn("desk deadlines", desk::driver::run(shared.clone()));
        later.spawn("office hours", desk::office::run(shared.clone()));
        later.spawn("agents", desk::presence::run(shared.clone()));
        later.spawn("queue counts", desk::counts::run(shared.clone()));
        later.spawn("attachment gc", gc::run(shared.clone()));
        info!(%listening, "accepting connections");
        let accepting = async {
            accept(&mut listener, &mut connections, &shared).await;
            Ended::returned("listener")
        };
        let announced = async {
            ready(&Ready { listening, invite });
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            never = announced => match never {},
            ended = accepting => Err::<Infallible, _>(ServeError::Ended(ended)),
            ended = later.ended() => Err(ServeError::Ended(ended)),
        }
    };
    let mut is_hub_over = false;
    let (code, result) = tokio::select! {
        // Biased: a caller may stop the server as soon as `ready` runs, so `stop` must be polled
        // before.
        biased;
        () = stop => (CloseCode::GoingAway, Ok(())),
        _ = &mut sequencer_ended => (CloseCode::Storage, Ok(())),
        joined = &mut hub => {
            is_hub_over = true;
            match joined.map_err(tokio::task::JoinError::try_into_panic) {
                Err(Ok(payload)) => {
                    let ended = Ended::panicked("hub", &*payload);
                    (CloseCode::Internal, Err(ServeError::Ended(ended)))
                }
                // It ends after the sequencer, which has the reason.
                Ok(()) | Err(Err(_)) => (CloseCode::Storage, Ok(())),
            }
        }
        ended = background.ended() => (CloseCode::Internal, Err(ServeError::Ended(ended))),
        Err(error) = serving => (CloseCode::Internal, Err(error)),
    };
    info!(%code, "stopping");
    // Stop intake from outside in: no new connections, then no background commands, then no
    // commands at all. The sequencer decides what is queued, the hub publishes it, and only then
    // are sessions closed, so that every accepted message gets its reply. Storage is joined last.
    listener.refuse_new();
    later.abort();
    background.abort();
    shared.intake.close();
    if !is_hub_over {
        // Resolves when the sequencer has decided and published everything that was queued.
        let _ = hub.await;
    }
    stop_sessions(&shared, code).await;
    listener.close(code).await;
    connections.shutdown().await;
    // No one waits for searches of closed connections.
    shared.searches.close();
    // A failure of the store explains why other parts ended.
    let joined = sequencer.join().await;
    joined.map_err(|payload| Ended::panicked("sequencer", &*payload))??;
    result
}

fn shared(
    options: &Options,
    engine: &Engine,
    env: &Env,
    host: Host,
    listening: SocketAddr,
) -> Result<Arc<Shared>, ServeError> {
    let reserve = options.disk_reserve_bytes;
    let transfers = Transfers::open(env, host.blocking, &options.data, reserve)
        .map_err(ServeError::Attachments)?;
    let hub = Hub::new(engine.timelines(), engine.state().settings());
    hub.know_agents(engine.state().agents());
    Ok(Arc::new(Shared {
        heartbeats: Heartbeats::default(),
        intake: Intake::new(),
        hub,
        timelines: engine.timelines(),
        history: Reader {
            history: engine.history(),
            blocking: host.blocking,
        },
        retentions: engine.retentions(),
        followers: engine.followers(),
        seats: Arc::default(),
        strangers: Arc::default(),
        budget: Budget::new(),
        hash_queue: HashQueue::new(&host, concurrent_hashes()),
        login_rate_limiter: LoginRateLimiter::default(),
        request_rate_limiter: RequestRateLimiter::default(),
        transfers,
        searches: Searches::on(host.blocking),
        advertised: options
            .advertise
            .clone()
            .unwrap_or_else(|| advertised(listening)),
        host,
    }))
}

async fn stop_sessions(shared: &Shared, code: CloseCode) {
    let sessions = shared.hub.sessions();
    let answered = async {
        for session in &sessions {
            session.outbox.flushed().await;
        }
    };
    if timeout(limits::STOP_SESSIONS_TIME_MAX, answered)
        .await
        .is_err()
    {
        warn!("some clients did not read their last replies in time; they will retry");
    }
    for session in &sessions {
        session.connection.close(code);
    }
}

/// Records this start. Overview revisions before it are then known to be of an earlier start.
async fn start_epoch(shared: &Shared) -> Result<(), ServeError> {
    let mut epoch = [0; 8];
    shared.host.random.fill(&mut epoch)?;
    let command = BeginEpoch(EpochId::new(u64::from_le_bytes(epoch)));
    shared
        .ask(Principal::Server, command)
        .await
        .map_err(ServeError::BeginEpoch)
}

/// Creates an invite for the owner. A server without an owner creates one at each start, since the
/// last link may be lost.
async fn owner_invite(shared: &Shared, identity: &Identity) -> Result<InviteLink, ServeError> {
    let mut token = [0; 16];
    shared.host.random.fill(&mut token)?;
    let life = u64::try_from(limits::OWNER_INVITE_LIFE.as_millis()).unwrap_or(u64::MAX);
    let expires_at = Timestamp::new(shared.host.clock.now().get().saturating_add(life));
    let command = OwnerInvite {
        token: secret_hash(&token),
        expires_at,
    };
    shared
        .ask(Principal::Server, command)
        .await
        .map_err(ServeError::OwnerInvite)?;
    Ok(InviteLink {
        addr: shared.advertised.clone(),
        pin: identity.pin(),
        token: InviteToken::new(token),
    })
}

/// Returns the address in invite links: the one listened on or, if unspecified, the one that this
/// machine uses towards others.
fn advertised(listening: SocketAddr) -> ServerAddr {
    let ip = if listening.ip().is_unspecified() {
        outward_ip()
    } else {
        listening.ip()
    };
    ServerAddr::new(&ip.to_string(), listening.port())
}

/// Connecting a UDP socket sends nothing; it only asks the routing table.
fn outward_ip() -> IpAddr {
    let somewhere: SocketAddr = ([192, 0, 2, 1], 9).into();
    let ask = || {
        let socket = UdpSocket::bind(SocketAddr::from(([0, 0, 0, 0], 0)))?;
        socket.connect(somewhere)?;
        socket.local_addr()
    };
    ask().map_or(IpAddr::from([127, 0, 0, 1]), |addr: SocketAddr| addr.ip())
}
