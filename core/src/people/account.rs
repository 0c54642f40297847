//! Accounts: invites, users and devices.

use cairn_proto::ids::{DeviceId, SendStreamId, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::{DeviceInfo, ServerRole};
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{LoggedIn, NewDevice, Reply};
use crate::api::effect::Effect;
use crate::limits::SEND_STREAMS_PER_DEVICE_MAX;
use crate::permission::Action;
use crate::record::{DeviceRecord, InviteRecord, SecretHash, UserRecord};
use crate::state::State;
use crate::state::send_stream::SendStream;

impl State {
    /// Creates the first owner's invite and revokes earlier unused ones: their links may be lost.
    pub(crate) fn owner_invite(
        &mut self,
        token: SecretHash,
        expires_at: Timestamp,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Reply, ErrorCode> {
        if self.has_owner() {
            return Err(ErrorCode::Forbidden);
        }
        let is_obsolete =
            |invite: &InviteRecord| invite.role == ServerRole::Owner || invite.expires_at <= now;
        let mut old: Vec<_> = self
            .invites
            .iter()
            .filter(|(_, invite)| is_obsolete(invite))
            .map(|(&token, _)| token)
            .collect();
        old.sort_unstable();
        for token in old {
            self.make(&Change::InviteRemoved(token), batch);
        }
        self.make(
            &Change::Invite(
                token,
                InviteRecord {
                    uses_left: 1,
                    expires_at,
                    role: ServerRole::Owner,
                },
            ),
            batch,
        );
        Ok(Reply::Done)
    }

    pub(crate) fn invite(
        &mut self,
        actor: Actor,
        token: SecretHash,
        uses: u32,
        life_seconds: u64,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Reply, ErrorCode> {
        self.check_actor(actor)?;
        self.check_on_server(actor.user, Action::CreateInvite)?;
        if uses == 0
            || uses > limits::INVITE_USES_MAX
            || life_seconds == 0
            || life_seconds > limits::INVITE_LIFE_MAX.as_secs()
        {
            return Err(ErrorCode::BadRequest);
        }
        let expires_at = Timestamp::new(now.get().saturating_add(life_seconds * 1000));
        self.make(
            &Change::Invite(
                token,
                InviteRecord {
                    uses_left: uses,
                    expires_at,
                    role: ServerRole::Member,
                },
            ),
            batch,
        );
        Ok(Reply::Done)
    }

    pub(crate) fn join(
        &mut self,
        token: SecretHash,
        name: UserName,
        password: Option<Box<str>>,
        device: NewDevice,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Reply, ErrorCode> {
        let invite = self
            .invites
            .get(&token)
            .filter(|invite| now < invite.expires_at)
            .cloned()
            .ok_or(ErrorCode::BadInvite)?;
        if self.is_confusable(&name) {
            return Err(ErrorCode::NameTaken);
        }
        let user = self.next_user().ok_or(ErrorCode::LimitReached)?;
        let change = match invite.uses_left {
            0 | 1 => Change::InviteRemoved(token),
            left => Change::Invite(
                token,
                InviteRecord {
                    uses_left: left - 1,
                    ..invite.clone()
                },
            ),
        };
        self.make(&change, batch);
        self.make(
            &Change::User(
                user,
                UserRecord {
                    name,
                    role: invite.role,
                    password,
                    created_at: now,
                    reads: Reads::Shown,
                },
            ),
            batch,
        );
        self.add_device(user, device, now, batch)
    }

    /// The user and the password hash to verify.
    pub(crate) fn account(&self, name: &UserName) -> Option<(UserId, Option<Box<str>>)> {
        let user = self.user_named(name)?;
        Some((user, self.users.get(&user)?.record.password.clone()))
    }

    pub(crate) fn add_device(
        &mut self,
        user: UserId,
        device: NewDevice,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Reply, ErrorCode> {
        let found = self.users.get(&user).ok_or(ErrorCode::AuthFailed)?;
        if found.devices.len() >= limits::DEVICES_PER_USER_MAX {
            return Err(ErrorCode::LimitReached);
        }
        let NewDevice {
            id,
            name,
            token,
            stream,
            push,
        } = device;
        let record = DeviceRecord {
            name,
            token,
            created_at: now,
            streams: Vec::new(),
        };
        self.make(&Change::Device(user, id, record), batch);
        Ok(Reply::LoggedIn(Box::new(self.begin_session(
            Actor {
                user,
                device: id,
                stream,
            },
            push,
            None,
            batch,
        )?)))
    }

    pub(crate) fn login(
        &mut self,
        token: SecretHash,
        stream: SendStreamId,
        push: bool,
        since: Option<Moment>,
        batch: &mut Batch,
    ) -> Result<Reply, ErrorCode> {
        let (user, device) = self.device_with(&token).ok_or(ErrorCode::AuthFailed)?;
        Ok(Reply::LoggedIn(Box::new(self.begin_session(
            Actor {
                user,
                device,
                stream,
            },
            push,
            since,
            batch,
        )?)))
    }

    fn begin_session(
        &mut self,
        actor: Actor,
        push: bool,
        since: Option<Moment>,
        batch: &mut Batch,
    ) -> Result<LoggedIn, ErrorCode> {
        self.open_stream(actor, batch);
        let record = &self
            .users
            .get(&actor.user)
            .ok_or(ErrorCode::AuthFailed)?
            .record;
        let (name, role) = (record.name.clone(), record.role);
        let feeds = if push { self.feeds(actor) } else { Vec::new() };
        batch.force_if_reads_moved();
        Ok(LoggedIn {
            actor,
            name,
            role,
            overview: self.overview_page(actor, since, None),
            feeds,
        })
    }

    /// Makes the actor's send stream the most recently used one of the device.
    pub(crate) fn open_stream(&mut self, actor: Actor, batch: &mut Batch) {
        let Actor {
            user,
            device,
            stream,
        } = actor;
        let streams = self.streams_of(user, device);
        if streams.first() != Some(&stream) {
            let forgotten = streams
                .iter()
                .copied()
                .filter(|&known| known != stream)
                .nth(SEND_STREAMS_PER_DEVICE_MAX - 1);
            self.make(
                &Change::StreamOpened {
                    user,
                    device,
                    stream,
                    forgotten,
                },
                batch,
            );
        }
    }

    /// Reopens a send stream that was evicted during its session. Returns the ordinal of its next
    /// send.
    pub(crate) fn reopen_stream(&mut self, actor: Actor, batch: &mut Batch) -> u64 {
        self.open_stream(actor, batch);
        self.streams
            .get(&(actor.device, actor.stream))
            .map_or(1, SendStream::next_place)
    }

    pub(crate) fn devices(&self, actor: Actor) -> Vec<DeviceInfo> {
        let devices = self
            .users
            .get(&actor.user)
            .into_iter()
            .flat_map(|user| &user.devices);
        devices
            .map(|(&id, device)| DeviceInfo {
                id,
                name: device.name.clone(),
                created_at: device.created_at,
                current: id == actor.device,
                online: id == actor.device,
            })
            .collect()
    }

    pub(crate) fn revoke_device(
        &mut self,
        actor: Actor,
        device: DeviceId,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let user = actor.user;
        if !self
            .users
            .get(&user)
            .is_some_and(|found| found.devices.contains_key(&device))
        {
            return Err(ErrorCode::NoSuchDevice);
        }
        self.make(&Change::DeviceRemoved(user, device), batch);
        batch.effect(Effect::Revoked { user, device });
        Ok(Response::Done)
    }
}
