//! cairn's engine with one sender at its wheel: as the sequencer drives it, without the queue in front and the sessions behind.

use std::path::Path;
use std::sync::Arc;

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Draft, Run};
use cairn_proto::ids::{
    ClientSeq, ConversationId, DeviceId, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::limits::{INVITE_USES_MAX, USERS_PER_REQUEST_MAX};
use cairn_proto::text::{DeviceName, GroupName, SettingName, SettingValue, Text, UserName};
use cairn_proto::wire::request::{PullRange, Request};
use cairn_proto::wire::response::Response;
use sha2::{Digest as _, Sha256};

use crate::error::BenchError;
use crate::limits;
use crate::storage::release::await_release;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::NewDevice;
use cairn_core::record::SecretHash;
use cairn_core::{Command, Reply};
use cairn_store::blocks::run::RunLimits;
use cairn_store::engine::{Committed, Engine};
use cairn_store::timeline::Timeline;

/// When everything in a run happens. The engine knows no clock, and what is stored must not depend on one.
pub(super) const NOW: Timestamp = Timestamp::new(1_700_000_000_000);

/// The number that the sender is made from.
const SENDER: u64 = 1;

/// How long the invites of a run are good.
const INVITE_SECONDS: u64 = 24 * 60 * 60;

/// An engine, a user who sends, and the groups to send to.
#[derive(Debug)]
pub(super) struct Driver {
    pub engine: Engine,
    pub sender: Actor,
    pub groups: Vec<ConversationId>,
    /// The last number that the sender gave a message, in each group.
    seqs: Vec<ClientSeq>,
}

impl Driver {
    /// Makes a data directory with so many groups. The sender is the only member of each.
    pub(super) fn create(dir: &Path, groups: usize) -> Result<Self, BenchError> {
        let mut engine = Engine::open(dir)?;
        let invite = secret("owner", 0);
        let expires_at = Timestamp::new(u64::MAX);
        engine
            .execute(
                Command::OwnerInvite {
                    token: invite,
                    expires_at,
                },
                NOW,
            )
            .map_err(BenchError::Refused)?;
        let sender = join(&mut engine, invite, "sender", SENDER)?;
        let mut driver = Self {
            engine,
            sender,
            groups: Vec::new(),
            seqs: Vec::new(),
        };
        for name in limits::BOUNDS_LIFTED {
            let (name, value) = (
                SettingName::new(name)?,
                SettingValue::new(limits::BOUND_LIFTED)?,
            );
            driver.ask(Request::SetSetting { name, value })?;
        }
        for number in 0..groups {
            let name = GroupName::new(format!("group-{number}"))?;
            let Response::Created { conversation } = driver.ask(Request::CreateGroup {
                name,
                members: Vec::new(),
            })?
            else {
                return Err(BenchError::NoAnswer);
            };
            driver.groups.push(conversation);
        }
        driver.seqs = vec![ClientSeq::new(0); groups];
        driver.commit()?;
        Ok(driver)
    }

    /// Opens a data directory that [`Driver::create`] has made. The sender comes back with another send stream, which counts at 1 again.
    pub(super) fn open(dir: &Path) -> Result<Self, BenchError> {
        let mut engine = open(dir)?;
        let login = Command::Login {
            token: secret("device", SENDER),
            stream: SendStreamId::new(rand::random()),
            push: true,
            since: None,
        };
        let Reply::LoggedIn(logged_in) = engine.execute(login, NOW).map_err(BenchError::Refused)?
        else {
            return Err(BenchError::NoAnswer);
        };
        let groups: Vec<ConversationId> = logged_in
            .feeds
            .iter()
            .map(|feed| feed.conversation)
            .collect();
        let mut driver = Self {
            engine,
            sender: logged_in.actor,
            seqs: vec![ClientSeq::new(0); groups.len()],
            groups,
        };
        driver.commit()?;
        Ok(driver)
    }

    /// So many more users, each with one device. `first` tells them from those that were made before, and must be at least 2.
    pub(super) fn users(&mut self, first: u64, count: u64) -> Result<Vec<Actor>, BenchError> {
        let mut users = Vec::new();
        let mut invite = SecretHash([0; 32]);
        for id in first..first + count {
            if (id - first).is_multiple_of(INVITE_USES_MAX.into()) {
                self.commit()?;
                invite = secret("invite", id);
                let command = Command::Invite {
                    actor: self.sender,
                    token: invite,
                    uses: INVITE_USES_MAX,
                    life_seconds: INVITE_SECONDS,
                };
                self.engine
                    .execute(command, NOW)
                    .map_err(BenchError::Refused)?;
            }
            users.push(join(&mut self.engine, invite, &format!("user-{id}"), id)?);
        }
        self.commit()?;
        Ok(users)
    }

    /// Makes users members of one of the groups, by its number from 0.
    pub(super) fn add_members(&mut self, group: usize, users: &[UserId]) -> Result<(), BenchError> {
        let conversation = self.groups[group];
        for users in users.chunks(USERS_PER_REQUEST_MAX) {
            self.ask(Request::AddMembers {
                conversation,
                users: users.to_vec(),
            })?;
            self.commit()?;
        }
        Ok(())
    }

    /// Sends to one of the groups, by its number from 0. Nothing is durable before [`Driver::commit`].
    pub(super) fn send(&mut self, group: usize, text: Text) -> Result<MsgId, BenchError> {
        let seq = &mut self.seqs[group];
        *seq = ClientSeq::new(seq.get() + 1);
        let draft = Draft {
            conversation: self.groups[group],
            seq: *seq,
            body: Body::Text(text),
            extras: Extras::NONE,
        };
        match self.ask(Request::Send(draft))? {
            Response::Accepted { msgid } => Ok(msgid),
            _ => Err(BenchError::NoAnswer),
        }
    }

    /// Asks as the sender.
    pub(super) fn ask(&mut self, request: Request) -> Result<Response, BenchError> {
        self.ask_as(self.sender, request)
    }

    /// Asks as anybody.
    pub(super) fn ask_as(
        &mut self,
        actor: Actor,
        request: Request,
    ) -> Result<Response, BenchError> {
        match self
            .engine
            .execute(Command::Ask(actor, request), NOW)
            .map_err(BenchError::Refused)?
        {
            Reply::Response(response) => Ok(response),
            _ => Err(BenchError::NoAnswer),
        }
    }

    /// The last message of one of the groups that a member's device needs no more.
    pub(super) fn position(&mut self, group: usize, member: Actor) -> Result<MsgId, BenchError> {
        let conversation = self.groups[group];
        self.engine
            .execute(Command::Grant(member, conversation), NOW)
            .map_err(BenchError::Refused)?;
        Ok(self
            .engine
            .state()
            .feed(member, conversation)
            .ok_or(BenchError::NoAnswer)?
            .position)
    }

    /// Reads a part of one of the groups' logs: what is committed.
    pub(super) fn read(
        &mut self,
        group: usize,
        range: PullRange,
        limits: RunLimits,
    ) -> Result<Run, BenchError> {
        let timeline = self.timeline(group)?;
        Ok(self.engine.history().read(&timeline, range, limits)?)
    }

    /// The log of one of the groups.
    pub(super) fn timeline(&mut self, group: usize) -> Result<Arc<Timeline>, BenchError> {
        let conversation = self.groups[group];
        if self.engine.timelines().get(conversation).is_none() {
            // It is in memory after this.
            self.engine
                .execute(Command::Grant(self.sender, conversation), NOW)
                .map_err(BenchError::Refused)?;
        }
        self.engine
            .timelines()
            .get(conversation)
            .ok_or(BenchError::NoAnswer)
    }

    /// Makes everything so far durable, and looks after the log as the sequencer does.
    pub(super) fn commit(&mut self) -> Result<Committed, BenchError> {
        let committed = self.engine.commit()?;
        self.engine.maintain()?;
        Ok(committed)
    }

    /// Moves everything into the trees, and lets go of the data directory.
    pub(super) fn into_rest(self) -> Result<AtRest, BenchError> {
        let Self {
            engine,
            sender,
            groups,
            seqs,
        } = self;
        engine.close()?;
        Ok(AtRest {
            sender,
            groups,
            seqs,
        })
    }

    /// Moves everything into the trees, so that it is at rest.
    pub(super) fn close(self) -> Result<(), BenchError> {
        self.into_rest().map(drop)
    }
}

/// What a driver knows while its data directory is closed.
#[derive(Debug)]
pub(super) struct AtRest {
    sender: Actor,
    groups: Vec<ConversationId>,
    seqs: Vec<ClientSeq>,
}

impl AtRest {
    /// Opens the data directory again.
    pub(super) fn open(self, dir: &Path) -> Result<Driver, BenchError> {
        let Self {
            sender,
            groups,
            seqs,
        } = self;
        Ok(Driver {
            engine: open(dir)?,
            sender,
            groups,
            seqs,
        })
    }
}

/// The send stream of a device's first session.
const STREAM: SendStreamId = SendStreamId::new(1);

/// A user of a run and his device, which has the same number. It holds for those who were made in the order of their numbers.
pub(super) fn actor(user: UserId) -> Actor {
    Actor {
        user,
        device: DeviceId::new(user.get().into()),
        stream: STREAM,
    }
}

/// Opens a data directory that may have been closed a moment ago.
fn open(dir: &Path) -> Result<Engine, BenchError> {
    await_release(&dir.join("trees"))?;
    Ok(Engine::open(dir)?)
}

/// A new user with one device, both made from the number `id`.
fn join(engine: &mut Engine, invite: SecretHash, name: &str, id: u64) -> Result<Actor, BenchError> {
    let (name, device_name) = (UserName::new(name)?, DeviceName::new("bench")?);
    let device = NewDevice {
        id: DeviceId::new(id),
        name: device_name,
        token: secret("device", id),
        stream: STREAM,
        push: false,
    };
    match engine
        .execute(
            Command::Join {
                invite,
                name,
                password: None,
                device,
            },
            NOW,
        )
        .map_err(BenchError::Refused)?
    {
        Reply::LoggedIn(logged_in) => Ok(logged_in.actor),
        _ => Err(BenchError::NoAnswer),
    }
}

/// A secret that nobody has to keep.
fn secret(kind: &str, number: u64) -> SecretHash {
    SecretHash(Sha256::digest(format!("{kind} {number}")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(driver: &mut Driver, group: usize) -> Vec<(MsgId, Text)> {
        let run = driver
            .read(group, PullRange::From(MsgId::new(1)), RunLimits::MAX)
            .unwrap();
        let messages = run.messages().unwrap().into_iter();
        messages
            .filter_map(|message| {
                if let Body::Text(text) = message.body {
                    Some((message.msgid, text))
                } else {
                    None
                }
            })
            .collect()
    }

    #[test]
    fn what_is_sent_is_there_when_the_directory_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut driver = Driver::create(dir.path(), 2).unwrap();
        let mut sent = Vec::new();
        for round in 0..2 {
            for number in 0..100 {
                let text = Text::new(format!("{round} {number}")).unwrap();
                sent.push((driver.send(1, text.clone()).unwrap(), text));
            }
            driver.commit().unwrap();
            assert_eq!(texts(&mut driver, 1), sent, "from memory");
            driver.close().unwrap();
            driver = Driver::open(dir.path()).unwrap();
            assert_eq!(texts(&mut driver, 1), sent, "from the trees");
        }
        assert_eq!(texts(&mut driver, 0), []);
    }

    #[test]
    fn a_group_can_have_more_members_than_one_invite_has_uses() {
        let dir = tempfile::tempdir().unwrap();
        let mut driver = Driver::create(dir.path(), 1).unwrap();
        let count = u64::from(INVITE_USES_MAX) + 1;
        let users: Vec<UserId> = driver
            .users(2, count)
            .unwrap()
            .iter()
            .map(|actor| actor.user)
            .collect();
        driver.add_members(0, &users).unwrap();
        let (mut members, mut after) = (Vec::new(), None);
        loop {
            let answer = driver
                .ask(Request::Members {
                    conversation: driver.groups[0],
                    after,
                })
                .unwrap();
            let Response::Members(page) = answer else {
                panic!("{answer:?}")
            };
            members.extend(page.items.iter().map(|member| member.user.id));
            after = page.next_after;
            if after.is_none() {
                break;
            }
        }
        members.retain(|&user| user != driver.sender.user);
        assert_eq!(members, users);
    }
}
