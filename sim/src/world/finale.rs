//! The end of a run: all faults end, everything that waits must complete, and what is durable is
//! read back.

use std::sync::Arc;

use cairn_client::{ConversationId, MsgId};
use cairn_memory::Direction;
use tokio::time::{Duration, Instant, sleep, timeout};

use super::acts::read_all;
use super::process::list;
use super::server::Order;
use super::{ALL, DEVICES, USERS, World};
use crate::history::{Final, Outcome};

/// Of virtual time, until everything has an answer once nothing fails.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(900);

/// Of virtual time, until all devices have everything.
const DELIVERY_TIME_MAX: Duration = Duration::from_secs(300);

/// Of virtual time, until the heads are listed again.
const LISTED_TIME_MAX: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(500);

impl World {
    pub(super) async fn finish(self: &Arc<Self>) -> Result<(), String> {
        self.heal().await;
        self.await_answers().await?;
        self.await_delivery("before the last power cut").await?;
        self.await_visitors("before the last power cut").await?;
        self.await_sessions("before the last power cut").await?;
        self.change_agents().await?;
        // Everything that was accepted survives one more.
        let starts = self.server.starts();
        self.server.order(Order::PowerCut { down_ms: 10 });
        while self.server.starts() == starts {
            sleep(PAUSE).await;
        }
        self.server.up().await;
        self.await_delivery("after the last power cut").await?;
        self.await_visitors("after the last power cut").await?;
        self.await_sessions("after the last power cut").await?;
        self.await_mirror().await?;
        self.read_finals().await?;
        self.read_desk().await?;
        // What happens at the desk by itself may have added entries.
        self.await_mirror().await?;
        self.find_asked()?;
        self.find_typed()
    }

    /// Reads everything back, as each user.
    async fn read_finals(&self) -> Result<(), String> {
        for user in 0..USERS {
            let client = self.devices[user]
                .client()
                .ok_or("a device has no process")?;
            let items = client.conversations().list().await;
            let items = items.map_err(|error| format!("no list at the end: {error}"))?;
            // Those of the desk change hands by themselves, and are read by the owner.
            let items = items.into_iter().filter(|item| self.is_place(item.id));
            let mut pulled = Vec::new();
            for item in items {
                let all = read_all(&client, item.id).await;
                let (messages, head, floor) =
                    all.map_err(|error| format!("I1: {} is unreadable: {error}", item.id))?;
                pulled.extend(messages.iter().cloned());
                let entries = messages
                    .into_iter()
                    .map(|message| (message.msgid, message.into()));
                self.history.lock().finals.push(Final {
                    user: self.user(user),
                    place: item.id,
                    item: Some(item),
                    entries: entries.collect(),
                    head,
                    floor,
                });
            }
            // Those of one user take long enough.
            if self.seed % USERS as u64 == user as u64 {
                self.compare_searches(&client, &pulled).await?;
            }
        }
        Ok(())
    }

    pub(super) fn is_place(&self, id: ConversationId) -> bool {
        let places = self.places.get();
        places.is_some_and(|places| places.contains(&id))
    }

    /// Finds the first questions that were accepted: their answers did not say which entries they
    /// are.
    fn find_asked(&self) -> Result<(), String> {
        let history = &mut *self.history.lock();
        for (number, sent) in history.sent.iter_mut().enumerate() {
            if sent.outcome != Outcome::Ok(MsgId::ZERO) {
                continue;
            }
            // The answer to a repetition names the visitor's last inquiry, which may have begun
            // since.
            let found = history.finals.iter().find_map(|log| {
                let mut entries = log.entries.iter();
                let found = entries.find(|(_, entry)| entry.is_text(&sent.text));
                found.map(|(&msgid, _)| (log.place, msgid))
            });
            let Some((place, msgid)) = found else {
                return Err(format!(
                    "D1: the question m{number} was accepted, and is gone"
                ));
            };
            (sent.place, sent.outcome) = (Some(place), Outcome::Ok(msgid));
        }
        Ok(())
    }

    async fn heal(self: &Arc<Self>) {
        self.trace.note("world", format_args!("all faults end"));
        // What was begun ends by itself, after a minute at most.
        while !self.tasks.lock().is_empty() {
            let mut tasks = std::mem::take(&mut *self.tasks.lock());
            while tasks.join_next().await.is_some() {}
        }
        self.server.forget_planned();
        self.set_disk_full(false);
        self.set_background_stopped(false);
        self.mirror.lock().is_stopped = false;
        for link in self.network.links() {
            link.release(Direction::ToServer);
            link.release(Direction::ToClient);
        }
        loop {
            self.server.up().await;
            // The power may be cut, and the supervisor not know it yet.
            if !self.disk.is_off() {
                self.disk.clear_faults();
                if self.disk.hits() == self.server.hits_before() {
                    break;
                }
                // A server that had a fault may notice it with its next batch, which it refuses.
                self.restart().await;
            }
            sleep(PAUSE).await;
        }
        (0..ALL).for_each(|no| self.start_process(no));
    }

    async fn restart(&self) {
        let starts = self.server.starts();
        self.server.order(Order::Restart { down_ms: 10 });
        while self.server.starts() == starts {
            sleep(PAUSE).await;
        }
    }

    /// Waits until each request has an answer.
    async fn await_answers(&self) -> Result<(), String> {
        let answered = async {
            while !self.history.lock().pending.is_empty() {
                sleep(PAUSE).await;
            }
        };
        timeout(ANSWER_TIME_MAX, answered).await.map_err(|_| {
            let history = self.history.lock();
            let (_, what) = history.pending.values().next().cloned().unwrap_or_default();
            format!("I15: there is no answer: {what}")
        })
    }

    /// Waits until each device has everything that its user may see.
    async fn await_delivery(self: &Arc<Self>, when: &str) -> Result<(), String> {
        let began = Instant::now();
        loop {
            // Listed again at times: memberships at the desk end by themselves.
            let mut heads: Vec<(usize, ConversationId, MsgId)> = Vec::new();
            for no in 0..DEVICES {
                let Some(client) = self.devices[no].client() else {
                    return Err(format!("device {no} has no process"));
                };
                list(self, no, &client).await;
                let items = client.conversations().list().await;
                let items = items.map_err(|error| format!("no list {when}: {error}"))?;
                heads.extend(items.into_iter().map(|item| (no, item.id, item.head)));
            }
            let listed = Instant::now();
            loop {
                let late = heads.iter().find(|(no, place, head)| {
                    let state = self.devices[*no].state.lock();
                    state.have.get(place).copied().unwrap_or(MsgId::ZERO) < *head
                });
                let Some((no, place, head)) = late else {
                    return Ok(());
                };
                if began.elapsed() > DELIVERY_TIME_MAX {
                    let have = self.devices[*no].state.lock().have.get(place).copied();
                    return Err(format!(
                        "I6: {when}, device {no} has {place} up to {}, and its head is {head}",
                        have.unwrap_or(MsgId::ZERO)
                    ));
                }
                if listed.elapsed() > LISTED_TIME_MAX {
                    break;
                }
                sleep(PAUSE).await;
            }
        }
    }

    async fn await_mirror(&self) -> Result<(), String> {
        let began = Instant::now();
        while !self.mirror.lock().is_caught_up {
            if began.elapsed() > DELIVERY_TIME_MAX {
                return Err("the follower does not catch up".to_owned());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}
