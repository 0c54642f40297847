//! The storage engine, driven by one sender as the sequencer drives it, without a queue or
//! sessions.

use std::path::Path;
use std::sync::Arc;

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{
    GrantRead, Invite, Join, Login, NewDevice, OwnerInvite, StreamPast,
};
use cairn_core::command::Handle;
use cairn_core::record::SecretHash;
use cairn_core::{By, Command};
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Draft, Run};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, MsgId, Revision, SendStreamId, Timestamp, UserId,
};
use cairn_proto::limits::{INVITE_USES_MAX, USERS_PER_REQUEST_MAX};
use cairn_proto::text::{DeviceName, GroupName, SettingName, SettingValue, Text, UserName};
use cairn_proto::wire::request::group::{AddMembers, CreateGroup};
use cairn_proto::wire::request::server::SetSetting;
use cairn_proto::wire::request::session::PullRange;
use cairn_store::blocks::run::RunLimits;
use cairn_store::engine::Engine;
use cairn_store::timeline::Timeline;
use sha2::{Digest as _, Sha256};

use crate::error::{BenchError, Result};
use crate::limits;

/// The fixed time of all entries, so that stored bytes do not depend on the clock.
const NOW: Timestamp = Timestamp::new(1_700_000_000_000);

const SENDER: u64 = 1;

const STREAM: SendStreamId = SendStreamId::new(1);

const INVITE_SECONDS: u64 = 24 * 60 * 60;

pub(super) struct Driver {
    pub(super) engine: Engine,
    pub(super) sender: Actor,
    pub(super) groups: Vec<ConversationId>,
    seqs: Vec<ClientSeq>,
}

pub(super) type Pulled = (MsgId, Text);

impl Driver {
    /// Creates a data directory with groups of the sender and this many other members.
    pub(super) fn create(dir: &Path, groups: usize, others: u64) -> Result<Self> {
        let mut engine = Engine::open(dir)?;
        let (token, expires_at) = (secret("owner", 0), Timestamp::new(u64::MAX));
        execute(&mut engine, OwnerInvite { token, expires_at })?;
        let sender = join(&mut engine, token, "sender", SENDER)?;
        let mut driver = Self::resume(engine, sender, Vec::new());
        for (name, value) in limits::BOUNDS_LIFTED {
            driver.ask(SetSetting {
                name: SettingName::new(name)?,
                value: SettingValue::new(value)?,
            })?;
        }
        let others = driver.users(others)?;
        for number in 0..groups {
            let conversation = driver.ask(CreateGroup {
                name: GroupName::new(format!("group-{number}"))?,
                members: Vec::new(),
            })?;
            for users in others.chunks(USERS_PER_REQUEST_MAX) {
                let users = users.to_vec();
                driver.ask(AddMembers {
                    conversation,
                    users,
                })?;
                driver.commit()?;
            }
            driver.groups.push(conversation);
            driver.seqs.push(ClientSeq::new(0));
        }
        driver.commit()?;
        Ok(driver)
    }

    /// Opens a data directory of [`Driver::create`]. The sender gets a new send stream, whose
    /// sequence numbers start at 1.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let mut engine = Engine::open(dir)?;
        let login = Login {
            token: secret("device", SENDER),
            stream: SendStreamId::new(rand::random()),
            stream_past: StreamPast::New,
            push: true,
            since: None,
        };
        let logged_in = execute(&mut engine, login)?;
        let groups = logged_in.feeds.iter().map(|feed| feed.conversation);
        let mut driver = Self::resume(engine, logged_in.actor, groups.collect());
        driver.commit()?;
        Ok(driver)
    }

    /// Continues to read without another login.
    pub(super) fn resume(engine: Engine, sender: Actor, groups: Vec<ConversationId>) -> Self {
        let seqs = vec![ClientSeq::new(0); groups.len()];
        Self {
            engine,
            sender,
            groups,
            seqs,
        }
    }

    /// Adds users with one device each, numbered from the sender on.
    fn users(&mut self, count: u64) -> Result<Vec<UserId>> {
        let mut users = Vec::new();
        let mut token = SecretHash([0; 32]);
        for id in SENDER + 1..=SENDER + count {
            if users.len().is_multiple_of(INVITE_USES_MAX as usize) {
                self.commit()?;
                token = secret("invite", id);
                let invite = Invite {
                    actor: self.sender,
                    token,
                    uses: INVITE_USES_MAX,
                    life_seconds: INVITE_SECONDS,
                };
                execute(&mut self.engine, invite)?;
            }
            let user = join(&mut self.engine, token, &format!("user-{id}"), id)?;
            users.push(user.user);
        }
        self.commit()?;
        Ok(users)
    }

    /// Sends to the group at an index. Nothing is durable before [`Driver::commit`].
    pub(super) fn send(&mut self, group: usize, text: Text) -> Result<MsgId> {
        let seq = &mut self.seqs[group];
        *seq = ClientSeq::new(seq.get() + 1);
        let draft = Draft {
            conversation: self.groups[group],
            seq: *seq,
            content: Content::new(Body::Text(text), Extras::NONE),
        };
        self.ask(draft)
    }

    pub(super) fn ask<C: Handle>(&mut self, call: C) -> Result<C::Answer> {
        self.ask_as(self.sender, call)
    }

    pub(super) fn ask_as<C: Handle>(&mut self, actor: Actor, call: C) -> Result<C::Answer> {
        execute(&mut self.engine, By(actor, call))
    }

    /// Loads the group at an index into memory, with the cursor of a member's device.
    fn load(&mut self, group: usize, actor: Actor) -> Result<ConversationId> {
        let conversation = self.groups[group];
        let grant = GrantRead {
            actor,
            conversation,
        };
        execute(&mut self.engine, grant)?;
        Ok(conversation)
    }

    /// The cursor of a member's device in the group at an index.
    pub(super) fn position(&mut self, group: usize, member: Actor) -> Result<MsgId> {
        let conversation = self.load(group, member)?;
        let feed = self.engine.state().feed(member, conversation);
        Ok(feed.ok_or(BenchError::NoAnswer)?.position)
    }

    pub(super) fn read(
        &mut self,
        group: usize,
        range: PullRange,
        limits: RunLimits,
    ) -> Result<Run> {
        let timeline = self.timeline(group)?;
        Ok(self.engine.history().read(&timeline, range, limits)?)
    }

    /// The texts of a run from `from`, and the start of the next run; `None` at the end.
    pub(super) fn texts(
        &mut self,
        group: usize,
        from: MsgId,
    ) -> Result<Option<(Vec<Pulled>, MsgId)>> {
        let run = self.read(group, PullRange::From(from), RunLimits::MAX)?;
        let mut texts = Vec::new();
        for message in run.messages()? {
            // System entries record who created and joined the group.
            if let Body::Text(text) = message.body {
                texts.push((message.msgid, text));
            }
        }
        Ok((run.count > 0).then(|| (texts, run.last().next())))
    }

    pub(super) fn timeline(&mut self, group: usize) -> Result<Arc<Timeline>> {
        let conversation = self.groups[group];
        if self.engine.timelines().get(conversation).is_none() {
            self.load(group, self.sender)?;
        }
        let timeline = self.engine.timelines().get(conversation);
        timeline.ok_or(BenchError::NoAnswer)
    }

    /// Commits everything so far durably, and maintains the log as the sequencer does.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.engine.commit()?;
        Ok(self.engine.maintain()?)
    }

    pub(super) fn close(self) -> Result<()> {
        Ok(self.engine.close()?)
    }
}

/// A user's actor. Devices have the numbers of their users, if users were added in order.
pub(super) fn actor(user: UserId) -> Actor {
    Actor {
        user,
        device: DeviceId::new(user.get().into()),
        stream: STREAM,
        stream_began: Revision::MAX,
    }
}

fn execute<C: Command>(engine: &mut Engine, command: C) -> Result<C::Answer> {
    engine.execute(command, NOW).map_err(BenchError::Refused)
}

fn join(engine: &mut Engine, invite: SecretHash, name: &str, id: u64) -> Result<Actor> {
    let device = NewDevice {
        id: DeviceId::new(id),
        name: DeviceName::new("bench")?,
        token: secret("device", id),
        stream: STREAM,
        push: false,
    };
    let join = Join {
        invite,
        name: UserName::new(name)?,
        password: None,
        device,
    };
    Ok(execute(engine, join)?.actor)
}

fn secret(kind: &str, number: u64) -> SecretHash {
    SecretHash(Sha256::digest(format!("{kind} {number}")).into())
}

#[cfg(test)]
mod tests;
