//! The server under test, and the one that starts it again whatever happened to it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cairn_client::InviteLink;
use cairn_server::run::{InProcess, Options, Ready, ServeError, run_in_process};
use cairn_store::engine::Engine;
use cairn_store::env::{BackgroundWork, Clock, Env};
use cairn_store::files::durable;
use cairn_store::testing::{Damage, Fault as PlannedFault, SimDisk, damage_log};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::{World, address};
use crate::dice::Dice;
use crate::tally::{Fault, Phase};

const DIR: &str = "/sim/data";

/// Low enough that a disk with any free space is not short of it.
const RESERVE_BYTES: u64 = 1 << 20;

/// Of virtual time.
const STOP_TIME_MAX: Duration = Duration::from_secs(120);

/// Starts in a row that may fail because of faults.
const FAILED_STARTS_MAX: u64 = 200;

/// A key made for simulations: its generation would be the only thing that is not from the seed.
const KEY: &str = include_str!("key.pem");

#[derive(Debug)]
pub(crate) struct Server {
    orders: Mutex<(
        mpsc::UnboundedSender<Order>,
        Option<mpsc::UnboundedReceiver<Order>>,
    )>,
    /// Planned for the next start.
    at_start: Mutex<VecDeque<Planned>>,
    /// Planned for the next checkpoint.
    in_checkpoint: Mutex<VecDeque<Planned>>,
    pub(crate) is_up: watch::Sender<bool>,
    invite: watch::Sender<Option<InviteLink>>,
    starts: AtomicU64,
    /// Calls of the disk that had failed before the last start.
    hits_before: AtomicU64,
    pub(crate) is_background_stopped: AtomicBool,
}

/// What an operator, or the world, does to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    Restart { down_ms: u64 },
    Kill { down_ms: u64 },
    PowerCut { down_ms: u64 },
    Damage { number: u64 },
}

/// A fault of the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Planned {
    PowerCut(u64),
    Fault(PlannedFault),
}

/// A started server.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    /// Resolves at the end.
    over: oneshot::Receiver<()>,
    result: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(super) fn new(first_cuts: &[u64]) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            orders: Mutex::new((sender, Some(receiver))),
            at_start: Mutex::new(first_cuts.iter().copied().map(Planned::PowerCut).collect()),
            in_checkpoint: Mutex::default(),
            is_up: watch::Sender::new(false),
            invite: watch::Sender::new(None),
            starts: AtomicU64::new(0),
            hits_before: AtomicU64::new(0),
            is_background_stopped: false.into(),
        }
    }

    pub(crate) fn order(&self, order: Order) {
        // The receiver lives as long as the supervisor.
        let _ = self.orders.lock().0.send(order);
    }

    pub(crate) fn at_next_start(&self, planned: Planned) {
        self.at_start.lock().push_back(planned);
    }

    pub(crate) fn in_next_checkpoint(&self, planned: Planned) {
        self.in_checkpoint.lock().push_back(planned);
    }

    pub(crate) fn forget_planned(&self) {
        self.at_start.lock().clear();
        self.in_checkpoint.lock().clear();
    }

    pub(crate) fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Returns how many calls of the disk had failed before the last start.
    pub(crate) fn hits_before(&self) -> u64 {
        self.hits_before.load(Ordering::Relaxed)
    }

    /// Waits until the server accepts connections.
    pub(crate) async fn up(&self) {
        // The sender is in `self`.
        let _ = self.is_up.subscribe().wait_for(|is_up| *is_up).await;
    }

    /// Waits for the owner's invite of the last start.
    pub(crate) async fn invite(&self) -> InviteLink {
        loop {
            let mut invite = self.invite.subscribe();
            if let Ok(Some(invite)) = invite.wait_for(Option::is_some).await.as_deref() {
                return invite.clone();
            }
        }
    }
}

/// Creates a data directory with a key.
pub(super) fn prepare(disk: &SimDisk, seed: u64) {
    let engine = Engine::open_in(&Env::simulated(disk, seed), Path::new(DIR));
    let closed = engine.and_then(Engine::close);
    closed.expect("an empty disk without faults");
    let dir = Path::new(DIR).join("identity");
    let made = durable::create_dir_all(disk, &dir);
    let made = made.and_then(|()| durable::write_file(disk, &dir.join("key.pem"), KEY.as_bytes()));
    made.expect("an empty disk without faults");
}

/// Starts the server, and starts it again after each end.
pub(super) async fn supervise(world: Arc<World>) {
    let Some(mut orders) = world.server.orders.lock().1.take() else {
        return;
    };
    let (mut down, mut damage, mut failed_starts) = (Duration::ZERO, None, 0);
    let mut dice = Dice::new(world.seed, 3);
    loop {
        sleep(down).await;
        down = Duration::from_millis(dice.below(1_000));
        let hits = world.disk.hits();
        world.server.hits_before.store(hits, Ordering::Relaxed);
        let mut running = start(&world).await;
        let is_up = running.is_ok();
        let was_damaged = damage.is_some();
        let order = match &mut running {
            Ok(running) => {
                failed_starts = 0;
                damage = None;
                until_end(&world, running, &mut orders).await
            }
            Err(_) => None,
        };
        let result = match running {
            Ok(running) => end(&world, running, order).await,
            Err(error) => Err(error),
        };
        world.probe.enter(Phase::Down);
        world.server.is_up.send_replace(false);
        let is_faulty = world.disk.is_off() || world.disk.hits() > hits;
        if result.is_ok() && order.is_none() {
            return world.fail("the server stops by itself".to_owned());
        }
        if let Err(error) = &result {
            world.trace.note("server", format_args!("ends: {error}"));
            let is_expected = is_faulty
                || (!is_up && (was_damaged || world.is_disk_full.load(Ordering::Relaxed)));
            if !is_expected {
                return world.fail(format!("the server ends without a reason: {error}"));
            }
            failed_starts += u64::from(!is_up);
            if failed_starts > FAILED_STARTS_MAX {
                return world.fail(format!("the server does not start: {error}"));
            }
        }
        if !matches!(order, Some(Order::Restart { .. })) || result.is_err() {
            let mut history = world.history.lock();
            let moment = history.moment();
            history.crashes.push((moment, world.trace.elapsed()));
        }
        // What it held of the disk is gone, so the machine may start again.
        match order {
            Some(Order::Kill { .. } | Order::Damage { .. }) => world.disk.clear_faults(),
            _ if world.disk.is_off() => world.probe.crash(&world.disk),
            // Only the process ends: after a failed sync, the page cache shows what the disk does
            // not have.
            _ if result.is_err() => world.disk.clear_faults(),
            _ => {}
        }
        if let Some(undo) = damage.take() {
            world
                .trace
                .note("disk", format_args!("the damage is undone"));
            Damage::undo(undo, &world.disk);
        }
        match order {
            Some(Order::Damage { number }) => {
                damage = damage_log(&world.disk, Path::new(DIR), number);
                if damage.is_some() {
                    world
                        .trace
                        .note("disk", format_args!("a bit of the log flips"));
                    world.probe.count(Fault::Damage);
                }
            }
            Some(
                Order::Restart { down_ms } | Order::Kill { down_ms } | Order::PowerCut { down_ms },
            ) => down = Duration::from_millis(down_ms),
            None => {}
        }
    }
}

/// Starts the server, and waits until it accepts connections.
async fn start(world: &Arc<World>) -> Result<Running, String> {
    let number = world.server.starts.fetch_add(1, Ordering::Relaxed) + 1;
    world.trace.note("server", format_args!("start {number}"));
    if let Some(planned) = world.server.at_start.lock().pop_front() {
        world.plan(planned);
    }
    world.probe.enter(Phase::Start);
    world.probe.set_checkpointing(false);
    world.mirror.lock().stop();
    let options = Options {
        data: PathBuf::from(DIR),
        listen: address(250),
        advertise: None,
        disk_reserve_bytes: Some(RESERVE_BYTES),
    };
    let env = Env::simulated(&world.disk, world.seed ^ number << 32);
    let clock = world.clone();
    let on = InProcess {
        connections: world.network.listen(),
        now: Arc::new(move || clock.wall_clock()),
        seed: world.seed ^ number << 32,
        background: Box::new(background(world.clone(), env.clock().clone(), number)),
        env,
    };
    let (stop, stopped) = oneshot::channel();
    let (accepts, ready) = oneshot::channel();
    let (running, over) = oneshot::channel();
    let mut result = tokio::spawn(async move {
        let _running: oneshot::Sender<()> = running;
        let ready = |ready: &Ready| drop(accepts.send(ready.clone()));
        run_in_process(&options, on, ready, async {
            let _ = stopped.await;
        })
        .await
    });
    // Without power it may wait for ever.
    let started = tokio::select! {
        biased;
        ready = ready => ready.ok(),
        () = world.probe.off(&world.disk) => None,
    };
    let Some(ready) = started else {
        drop(stop);
        return match timeout(STOP_TIME_MAX, &mut result).await {
            Ok(result) => Err(match ended(result) {
                Ok(()) => "it stopped".to_owned(),
                Err(error) => error,
            }),
            Err(_) => Err("it neither starts nor ends".to_owned()),
        };
    };
    world.probe.enter(Phase::Serve);
    world
        .trace
        .note("server", format_args!("accepts connections"));
    world.server.invite.send_replace(ready.invite);
    world.server.is_up.send_replace(true);
    let stop = Some(stop);
    Ok(Running { stop, over, result })
}

/// Waits for an order, or for the end.
async fn until_end(
    world: &World,
    running: &mut Running,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Option<Order> {
    let order = tokio::select! {
        biased;
        () = world.probe.off(&world.disk) => None,
        _ = &mut running.over => None,
        order = orders.recv() => order,
    };
    let order = order?;
    world.trace.note("server", format_args!("{order:?}"));
    match order {
        Order::Restart { .. } => world.probe.count_seen(Fault::Restart),
        Order::Kill { .. } | Order::Damage { .. } => world.probe.count_seen(Fault::Kill),
        Order::PowerCut { .. } => world.probe.count_seen(Fault::PowerCut),
    }
    if matches!(order, Order::Restart { .. }) {
        world.probe.enter(Phase::Stop);
    } else {
        world.probe.cut();
        world.disk.halt();
        world.network.unplug();
    }
    Some(order)
}

/// Stops what runs, and waits for its end.
async fn end(world: &World, mut running: Running, order: Option<Order>) -> Result<(), String> {
    drop(running.stop.take());
    let result = timeout(STOP_TIME_MAX, &mut running.result).await;
    let result = result.unwrap_or_else(|_| {
        world.fail("I15: the server does not stop".to_owned());
        Ok(Ok(()))
    });
    match (ended(result), order) {
        // Whatever it says, its machine had stopped before.
        (Ok(()), Some(Order::Kill { .. } | Order::PowerCut { .. } | Order::Damage { .. })) => {
            Ok(())
        }
        (ended, _) => ended,
    }
}

fn ended(result: Result<Result<(), ServeError>, JoinError>) -> Result<(), String> {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(format!("it panicked: {error}")),
    }
}

/// The background work of an engine, in steps that the seed decides.
fn background(
    world: Arc<World>,
    clock: Clock,
    start: u64,
) -> impl FnMut(&mut Engine) + Send + 'static {
    let mut last = Instant::now();
    let mut dice = Dice::new(world.seed, 100 + start);
    let is_lazy = dice.one_in(3);
    move |engine| {
        clock.advance(last.elapsed());
        last = Instant::now();
        world.look_at_desk(engine);
        if world.server.is_background_stopped.load(Ordering::Relaxed) {
            return;
        }
        let works = [
            (BackgroundWork::Segments, Phase::Prepare),
            (BackgroundWork::Watermark, Phase::Prepare),
            (BackgroundWork::Checkpoint, Phase::Checkpoint),
        ];
        for (work, phase) in works {
            let steps = match is_lazy {
                true => dice.below(2),
                false => dice.below(8),
            };
            let before = world.probe.enter(phase);
            if work == BackgroundWork::Checkpoint && steps > 0 {
                world.plan_in_checkpoint();
            }
            let mut is_done = false;
            for _ in 0..steps {
                is_done = !engine.step(work);
                if is_done {
                    break;
                }
            }
            world.probe.enter(before);
            if work == BackgroundWork::Checkpoint && steps > 0 {
                world.probe.set_checkpointing(!is_done);
            }
        }
        let batches = dice.index(6);
        world.mirror.lock().follow(&world, engine, batches);
    }
}

impl World {
    /// Plans what waits for a checkpoint, if one is under way.
    fn plan_in_checkpoint(&self) {
        if self.probe.is_checkpointing() && !self.disk.is_off() {
            let planned = self.server.in_checkpoint.lock().pop_front();
            planned.into_iter().for_each(|planned| self.plan(planned));
        }
    }

    pub(super) fn plan(&self, planned: Planned) {
        self.trace.note("disk", format_args!("{planned:?}"));
        match planned {
            Planned::PowerCut(call) => self.disk.cut_power_at(call),
            Planned::Fault(fault) => self.disk.fail(fault),
        }
    }
}
