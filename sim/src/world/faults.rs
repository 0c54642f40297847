//! What goes wrong, as the script says.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_client::{ConversationId, Reconnect, Text};
use cairn_memory::{Direction, Link};
use cairn_store::disk::Space;
use cairn_store::testing::Fault as PlannedFault;
use tokio::time::{Duration, sleep, timeout};

use super::World;
use super::server::{Order, Planned};
use crate::dice::Dice;
use crate::script::step::{ClientFault, DiskFault, Onset, ServerFault};
use crate::tally::Fault;

const DISK_BYTES: u64 = 1 << 40;

/// Streams that the server remembers of a device, and one more.
const STREAMS: usize = 33;

/// Of virtual time: a process that sends once gives up after it.
const ONCE_TIME_MAX: Duration = Duration::from_secs(10);

impl World {
    /// Runs something beside the processes of devices.
    fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().spawn(work);
    }

    fn later(self: &Arc<Self>, after_ms: u64, then: impl FnOnce(Arc<Self>) + Send + 'static) {
        let world = self.clone();
        self.beside(async move {
            sleep(Duration::from_millis(after_ms)).await;
            then(world);
        });
    }

    /// Ends the process of a device, as a crash does.
    pub(super) fn end_process(&self, no: usize) {
        let moment = self.history.lock().moment();
        match self.devices[no].is_interactive() {
            true => self.crash_session(no, &mut Dice::new(self.seed, 1_000 + moment.0)),
            false => self.kill_process(no),
        }
    }

    pub(super) fn hit_client(self: &Arc<Self>, no: usize, fault: ClientFault) {
        let device = &self.devices[no];
        self.trace.note(&device.name(), format_args!("{fault:?}"));
        match fault {
            ClientFault::Die { for_ms } => {
                self.probe.count_seen(Fault::ClientDied);
                self.end_process(no);
                self.later(for_ms, move |world| world.start_process(no));
            }
            ClientFault::Cut => {
                self.probe.count_seen(Fault::ConnectionCut);
                self.links_of(no).iter().for_each(Link::cut);
            }
            ClientFault::Lose { direction, for_ms } => {
                self.probe.count_seen(match direction {
                    Direction::ToServer => Fault::RequestsLost,
                    Direction::ToClient => Fault::AnswersLost,
                });
                let links = self.links_of(no);
                links.iter().for_each(|link| link.hold(direction));
                self.later(for_ms, move |_| links.iter().for_each(Link::cut));
            }
            ClientFault::Delay { direction, for_ms } => {
                self.probe.count_seen(Fault::Delayed);
                let links = self.links_of(no);
                links.iter().for_each(|link| link.hold(direction));
                self.later(for_ms, move |_| {
                    links.iter().for_each(|link| link.release(direction));
                });
            }
            ClientFault::ReadSlowly { for_ms } => {
                self.probe.count_seen(Fault::SlowReader);
                self.spawn(
                    no,
                    format!("device {no}: pause"),
                    move |client| async move {
                        let _paused = client.pause_push();
                        sleep(Duration::from_millis(for_ms)).await;
                    },
                );
            }
            ClientFault::EvictStream { .. } | ClientFault::Attack { .. }
                if !device.has_processes() => {}
            ClientFault::EvictStream { place } => {
                if let Some(place) = self.place(place)
                    && *self.server.is_up.borrow()
                {
                    self.probe.count_seen(Fault::StreamEvicted);
                    self.say(no, place, 20);
                    let world = self.clone();
                    self.beside(async move { world.evict_stream(no, place).await });
                }
            }
            ClientFault::Attack { kind } => {
                self.probe.count_seen(Fault::Attack);
                let (world, account) = (self.clone(), device.account());
                self.beside(async move { super::attack::attack(&world, no, &account, kind).await });
            }
        }
    }

    /// Loses the answer to what the device sent, and sends from other processes of it, so that the
    /// server forgets the stream before the send is tried again.
    async fn evict_stream(self: &Arc<Self>, no: usize, place: ConversationId) {
        let links = self.links_of(no);
        // The request arrives, and its answer does not.
        links.iter().for_each(|link| link.hold(Direction::ToClient));
        sleep(Duration::from_millis(20)).await;
        for _ in 0..STREAMS {
            if !self.send_once(no, place).await {
                break;
            }
        }
        links.iter().for_each(Link::cut);
    }

    /// Sends one message from a process of its own. Returns whether it was accepted.
    async fn send_once(self: &Arc<Self>, no: usize, place: ConversationId) -> bool {
        let device = &self.devices[no];
        let builder = self.builder(Self::ONCE + no).push(false);
        let account = device.account();
        let connecting = builder.reconnect(Reconnect::Never).connect(&account);
        let Ok(Ok(client)) = timeout(ONCE_TIME_MAX, connecting).await else {
            return false;
        };
        let process = self.history.lock().moment().0;
        let (sender, canary) = (self.sender(device), self.canary(place));
        let at = self.invoke_send(sender, process, Some(place), 8, canary);
        let text = self.history.lock().sent[at].text.clone();
        if let Ok(text) = Text::new(text) {
            let send = async {
                let accepted = client.conversation(place).enqueue(text).await;
                self.settle_send(None, at, accepted).await;
            };
            let _ = timeout(ONCE_TIME_MAX, send).await;
        }
        client.close().await;
        self.history.lock().sent[at].is_accepted()
    }

    pub(super) fn hit_server(self: &Arc<Self>, fault: ServerFault) {
        self.trace.note("world", format_args!("{fault:?}"));
        match fault {
            ServerFault::Restart { down_ms } => self.server.order(Order::Restart { down_ms }),
            ServerFault::Kill { down_ms } => self.server.order(Order::Kill { down_ms }),
            ServerFault::Damage { number } => self.server.order(Order::Damage { number }),
            ServerFault::JumpClock { by_ms } => {
                self.probe.count_seen(match by_ms > 0 {
                    true => Fault::ClockAhead,
                    false => Fault::ClockBehind,
                });
                self.jump_clock(by_ms);
            }
            ServerFault::StopFollower { for_ms } => {
                self.probe.count_seen(Fault::FollowerStopped);
                self.mirror.lock().is_stopped = true;
                self.later(for_ms, |world| world.mirror.lock().is_stopped = false);
            }
            ServerFault::StopBackground { for_ms } => {
                self.probe.count_seen(Fault::BackgroundStopped);
                self.set_background_stopped(true);
                self.later(for_ms, |world| world.set_background_stopped(false));
            }
        }
    }

    pub(super) fn set_background_stopped(&self, is_stopped: bool) {
        let stopped = &self.server.is_background_stopped;
        stopped.store(is_stopped, Ordering::Relaxed);
    }

    pub(super) fn hit_disk(self: &Arc<Self>, fault: DiskFault) {
        self.trace.note("world", format_args!("{fault:?}"));
        match fault {
            DiskFault::CutPower { onset, call } => {
                let planned = Planned::PowerCut(call);
                match onset {
                    // A machine that is down is cut during its next start.
                    Onset::Now if self.disk.is_off() => {}
                    Onset::Now => self.plan(planned),
                    Onset::AtStart => {
                        self.server.at_next_start(planned);
                        self.server.order(Order::Kill { down_ms: call });
                    }
                    Onset::InCheckpoint => self.server.in_next_checkpoint(planned),
                }
            }
            DiskFault::Fail {
                onset,
                call,
                nth,
                failure,
                is_sticky,
            } => {
                let planned = Planned::Fault(PlannedFault {
                    call,
                    nth,
                    failure,
                    is_sticky,
                });
                match onset {
                    Onset::Now if self.disk.is_off() => {}
                    Onset::Now => self.plan(planned),
                    Onset::AtStart => {
                        self.server.at_next_start(planned);
                        self.server.order(Order::Restart { down_ms: nth });
                    }
                    Onset::InCheckpoint => self.server.in_next_checkpoint(planned),
                }
            }
            DiskFault::Full { for_ms } => {
                self.probe.count_seen(Fault::DiskFull);
                self.set_disk_full(true);
                self.later(for_ms, |world| world.set_disk_full(false));
            }
        }
    }

    pub(super) fn set_disk_full(&self, is_full: bool) {
        self.is_disk_full.store(is_full, Ordering::Relaxed);
        self.disk.set_space(Space {
            bytes: DISK_BYTES,
            free_bytes: if is_full { 0 } else { DISK_BYTES / 2 },
        });
    }
}
