//! The end of a run at the desk: agents are seen to go and to come back, and everything is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn_client::proto::content::body::SystemEntry;
use cairn_client::proto::model::desk::{VisitorInquiry, VisitorState};
use cairn_client::{Client, ConversationId, Error, MsgId, PullRange, UserId};
use tokio::time::{Duration, Instant, sleep};

use super::{Made, agents};
use crate::history::{Content, Final};
use crate::world::acts::read_all;
use crate::world::device::Owner;
use crate::world::{ALL, DEVICES, HOSTS, World};

/// Of virtual time, until the desk knows that an agent is there, or gone.
const PRESENCE_TIME_MAX: Duration = Duration::from_secs(120);

/// Tries to read the desk while nothing changes in it.
const READS_MAX: usize = 50;

const PAUSE: Duration = Duration::from_millis(500);

impl World {
    /// Ends the processes of an agent and starts them again: the desk must notice both, and give
    /// what they held to others.
    pub(in crate::world) async fn change_agents(self: &Arc<Self>) -> Result<(), String> {
        if self.desk.made.get().is_none() {
            return Ok(());
        }
        let admin = self.devices[0].client().ok_or("a device has no process")?;
        self.await_presence(&admin, None).await?;
        let gone = Owner::User(1);
        let devices: Vec<usize> = (0..ALL)
            .filter(|&no| self.devices[no].owner == gone)
            .collect();
        devices.iter().for_each(|&no| self.end_process(no));
        self.await_presence(&admin, Some(self.user(1))).await?;
        devices.iter().for_each(|&no| self.start_process(no));
        self.await_presence(&admin, None).await
    }

    /// Waits until the desk says that all agents are there, but for one who has nothing.
    async fn await_presence(&self, admin: &Client, gone: Option<UserId>) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let agents = admin.desk().agents(None).await.map_err(unreadable)?;
            let wrong = agents
                .iter()
                .find(|agent| match gone == Some(agent.user.id) {
                    true => agent.present || agent.load > 0,
                    false => !agent.present,
                });
            let Some(agent) = wrong else { return Ok(()) };
            if began.elapsed() > PRESENCE_TIME_MAX {
                return Err(format!(
                    "D3: the desk says that {} is present: {}, with {} inquiries; {gone:?} is gone",
                    agent.user.id, agent.present, agent.load
                ));
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits until each visitor has what was said, and knows where the inquiry stands.
    pub(in crate::world) async fn await_visitors(
        self: &Arc<Self>,
        when: &str,
    ) -> Result<(), String> {
        let began = Instant::now();
        for no in DEVICES..HOSTS {
            let name = self.devices[no].name();
            if self.desk.made.get().is_none() {
                return Ok(());
            }
            loop {
                let late = match self.devices[no].visit() {
                    Some((_, visitor)) => {
                        let known = visitor.inquiry();
                        let now = visitor.refresh().await.map_err(unreadable)?;
                        let have = now.as_ref().and_then(|now| {
                            let state = self.devices[no].state.lock();
                            state.have.get(&now.conversation).copied()
                        });
                        let same = |one: &Option<VisitorInquiry>| {
                            one.as_ref().map(|one| (one.conversation, state_of(one)))
                        };
                        let is_late = have < now.as_ref().map(|now| now.head);
                        (is_late || same(&known) != same(&now))
                            .then(|| format!("has {have:?} and knows {known:?}, not {now:?}"))
                    }
                    None => Some("is not connected".to_owned()),
                };
                let Some(late) = late else { break };
                if began.elapsed() > PRESENCE_TIME_MAX {
                    return Err(format!("I6: {when}, {name} {late}"));
                }
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Reads everything of the desk, at a moment at which nothing changes.
    pub(in crate::world) async fn read_desk(&self) -> Result<(), String> {
        let Some(made) = self.desk.made.get() else {
            return Ok(());
        };
        let admin = self.devices[0].client().ok_or("a device has no process")?;
        for _ in 0..READS_MAX {
            let before = heads(&admin, made).await?;
            let finals = self.read_logs(&admin, made).await?;
            if heads(&admin, made).await? == before {
                self.history.lock().finals.extend(finals);
                return Ok(());
            }
        }
        Err("D2: the desk does not come to rest".to_owned())
    }

    async fn read_logs(&self, admin: &Client, made: &Made) -> Result<Vec<Final>, String> {
        let (mut finals, mut inquiries) = (Vec::new(), BTreeSet::new());
        for &queue in &made.queues {
            let log = self.read_log(admin, queue).await?;
            let routed = log
                .entries
                .values()
                .filter_map(|entry| match &entry.content {
                    Content::System(SystemEntry::Route(route)) => Some(route.inquiry),
                    _ => None,
                });
            inquiries.extend(routed.filter(|id| id.get() > 0));
            finals.push(log);
        }
        let mut infos = Vec::new();
        for id in inquiries {
            let info = admin.desk().inquiry(id).await.map_err(unreadable)?;
            self.desk.note_info(&info);
            finals.push(self.read_log(admin, id).await?);
            if let Some(back) = info.back {
                finals.push(self.read_log(admin, back).await?);
            }
            self.trace
                .note("desk", format_args!("{id} is {}", agents::state(&info)));
            let visitor = self.desk.visitor(info.visitor.id);
            infos.push((info, visitor));
        }
        let mut history = self.history.lock();
        history.desk.queues.clone_from(&made.queues);
        history.desk.infos = infos;
        Ok(finals)
    }

    async fn read_log(&self, admin: &Client, place: ConversationId) -> Result<Final, String> {
        let (messages, head, floor) = read_all(admin, place).await.map_err(unreadable)?;
        let entries = messages
            .into_iter()
            .map(|message| (message.msgid, message.into()));
        Ok(Final {
            user: self.user(0),
            place,
            item: None,
            entries: entries.collect(),
            head,
            floor,
        })
    }
}

/// Where an inquiry stands, without the place in line.
fn state_of(inquiry: &VisitorInquiry) -> u8 {
    match inquiry.state {
        VisitorState::Waiting { .. } => 0,
        VisitorState::Answered { .. } => 1,
        VisitorState::Left => 2,
        VisitorState::Closed { .. } => 3,
    }
}

async fn heads(admin: &Client, made: &Made) -> Result<Vec<(ConversationId, MsgId)>, String> {
    let mut heads = Vec::new();
    for &queue in &made.queues {
        let range = PullRange::From(MsgId::new(1));
        let page = admin.conversation(queue).pull(range, 1).await;
        heads.push((queue, page.map_err(unreadable)?.head));
    }
    Ok(heads)
}

fn unreadable(error: Error) -> String {
    format!("I1: the desk is unreadable: {error}")
}
