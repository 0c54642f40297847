//! Users, invites, devices and sessions of the model.

mod keywords;
mod links;
mod naming;
mod status;

use std::collections::BTreeMap;

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{
    FoundAccount, Invite, Join, LoggedIn, Login, NewDevice, OwnerInvite, StreamPast,
};
use cairn_core::api::update::Update;
use cairn_core::limits::SEND_STREAMS_PER_DEVICE_MAX;
use cairn_core::record::{LinkPurpose, LinkRecord, SecretHash, UserOrigin, UserStatus};
use cairn_proto::ids::{DeviceId, Revision, SendStreamId, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::model::audit::{AuditAct, AuditPage, AuditRecord};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::{DeviceInfo, ServerRole, UserInfo, UserState};
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::List;

use super::{Device, Naive, User};

impl Naive {
    pub(super) fn owner_invite(
        &mut self,
        command: &OwnerInvite,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let OwnerInvite { token, expires_at } = *command;
        if self
            .users
            .values()
            .any(|user| user.role == ServerRole::Owner)
        {
            return Err(ErrorCode::Forbidden);
        }
        let purpose = LinkPurpose::Join(ServerRole::Owner);
        self.links
            .retain(|_, link| link.purpose != purpose && link.expires_at > now);
        self.links.insert(
            token,
            LinkRecord {
                maker: None,
                uses_left: 1,
                expires_at,
                purpose,
            },
        );
        Ok(())
    }

    pub(super) fn invite(&mut self, command: &Invite, now: Timestamp) -> Result<(), ErrorCode> {
        let Invite {
            actor,
            token,
            uses,
            life_seconds,
        } = *command;
        self.check_actor(actor)?;
        if self.users[&actor.user].role == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        if !(1..=limits::INVITE_USES_MAX).contains(&uses)
            || !(1..=limits::INVITE_LIFE_MAX.as_secs()).contains(&life_seconds)
        {
            return Err(ErrorCode::BadRequest);
        }
        let expires_at = Timestamp::new(now.get() + life_seconds * 1000);
        let id = token.link_id();
        let act = AuditAct::InviteCreated {
            id,
            uses,
            expires_at,
        };
        self.audited(actor, act, now);
        self.links.retain(|_, link| link.expires_at > now);
        self.links.insert(
            token,
            LinkRecord {
                maker: Some(actor.user),
                uses_left: uses,
                expires_at,
                purpose: LinkPurpose::Join(ServerRole::Member),
            },
        );
        Ok(())
    }

    pub(super) fn join(
        &mut self,
        command: &Join,
        now: Timestamp,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let Join {
            invite,
            name,
            password,
            device,
        } = command;
        let link = self.links.get(invite).ok_or(ErrorCode::BadInvite)?;
        let LinkPurpose::Join(role) = link.purpose else {
            return Err(ErrorCode::BadInvite);
        };
        if link.expires_at <= now || link.uses_left == 0 {
            return Err(ErrorCode::BadInvite);
        }
        if self.is_taken(name, None, now) {
            return Err(ErrorCode::NameTaken);
        }
        if let Some(link) = self.links.get_mut(invite) {
            link.uses_left -= 1;
        }
        let origin = UserOrigin::Invite(invite.link_id());
        let user = self.add_user(name, role, password.clone(), origin, now);
        self.add_device(user, device, now)
    }

    pub(super) fn audited(&mut self, actor: Actor, act: AuditAct, now: Timestamp) {
        self.audit.push(AuditRecord {
            number: self.audit.len() as u64 + 1,
            at: now,
            actor: actor.user,
            device: actor.device,
            act,
        });
    }

    pub(super) fn audit_page(&self, actor: Actor, first: u64) -> Result<AuditPage, ErrorCode> {
        if self.users[&actor.user].role != ServerRole::Owner {
            return Err(ErrorCode::Forbidden);
        }
        let page = self.audit.iter().filter(|record| record.number >= first);
        Ok(AuditPage {
            records: page.take(limits::AUDIT_PAGE_MAX).cloned().collect(),
            last: self.audit.len() as u64,
        })
    }

    pub(super) fn add_user(
        &mut self,
        name: &UserName,
        role: ServerRole,
        password: Option<Box<str>>,
        origin: UserOrigin,
        now: Timestamp,
    ) -> UserId {
        let id = UserId::new(self.users.len() as u32 + 1);
        self.users.insert(
            id,
            User {
                name: name.clone(),
                role,
                password,
                created_at: now,
                devices: BTreeMap::new(),
                reads: Reads::Shown,
                status: UserStatus::Active,
                origin,
                alias_of: None,
                keywords: Vec::new(),
                former_names: Vec::new(),
            },
        );
        id
    }

    pub(super) fn login(
        &mut self,
        command: &Login,
        now: Timestamp,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let &Login {
            token,
            stream,
            stream_past,
            push,
            since,
        } = command;
        let (user, device) = self.device_with(token).ok_or(ErrorCode::AuthFailed)?;
        let stream_began = match stream_past {
            StreamPast::New => self.durable(),
            StreamPast::Resumed(began) => {
                let began = began.and_then(|began| self.past(began));
                Revision::new(began.unwrap_or(0))
            }
        };
        let actor = Actor {
            user,
            device,
            stream,
            stream_began,
        };
        Ok(self.begin_session(actor, push, since, now))
    }

    pub(super) fn find_account(&self, name: &UserName) -> Option<FoundAccount> {
        let user = self.named(name)?;
        let password = self.users[&user].password.clone();
        Some(FoundAccount { user, password })
    }

    pub(super) fn grant_metrics(&self, actor: Actor) -> Result<(), ErrorCode> {
        self.check_actor(actor)?;
        if self.users[&actor.user].role == ServerRole::Owner {
            Ok(())
        } else {
            Err(ErrorCode::Forbidden)
        }
    }

    pub(super) fn add_device(
        &mut self,
        user: UserId,
        device: &NewDevice,
        now: Timestamp,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let found = self.users.get_mut(&user).ok_or(ErrorCode::AuthFailed)?;
        if found.status != UserStatus::Active {
            return Err(ErrorCode::Deactivated);
        }
        let devices = &mut found.devices;
        if devices.len() == limits::DEVICES_PER_USER_MAX {
            return Err(ErrorCode::LimitReached);
        }
        let NewDevice {
            id,
            name,
            token,
            stream,
            push,
        } = device.clone();
        devices.insert(
            id,
            Device {
                name,
                token,
                created_at: now,
                streams: Vec::new(),
            },
        );
        let actor = Actor {
            user,
            device: id,
            stream,
            stream_began: self.durable(),
        };
        Ok(self.begin_session(actor, push, None, now))
    }

    fn durable(&self) -> Revision {
        Revision::new(self.changes.open.saturating_sub(1))
    }

    fn begin_session(
        &mut self,
        actor: Actor,
        push: bool,
        since: Option<Moment>,
        now: Timestamp,
    ) -> Box<LoggedIn> {
        let User { name, role, .. } = self.users[&actor.user].clone();
        let ids = self.conversations_of(actor.user);
        let feeds = if push {
            ids.iter().filter_map(|&id| self.feed(actor, id)).collect()
        } else {
            Vec::new()
        };
        Box::new(LoggedIn {
            actor,
            name,
            role,
            overview: self.overview(actor, since, None),
            feeds,
            now,
        })
    }

    /// Notes a send: its stream becomes the most recently used one. Beyond the limit, the least
    /// recently used stream is forgotten. Named streams never are.
    pub(super) fn use_stream(&mut self, actor: Actor) {
        let Actor { device, stream, .. } = actor;
        let used_at = self.changes.open;
        let streams = &mut self
            .users
            .get_mut(&actor.user)
            .unwrap()
            .devices
            .get_mut(&device)
            .unwrap()
            .streams;
        let is_own = |&(known, _): &(SendStreamId, u64)| known == stream;
        if streams.iter().any(is_own)
            && (stream.is_named()
                || streams
                    .iter()
                    .find(|used| !used.0.is_named())
                    .is_some_and(is_own))
        {
            return;
        }
        streams.retain(|used| !is_own(used));
        streams.insert(0, (stream, used_at));
        let others = streams.iter().filter(|used| !used.0.is_named());
        let forgotten = others.map(|used| used.0).nth(SEND_STREAMS_PER_DEVICE_MAX);
        if let Some(forgotten) = forgotten {
            streams.retain(|used| used.0 != forgotten);
            self.sends
                .retain(|send| (send.device, send.stream) != (device, forgotten));
        }
    }

    /// Whether the actor's stream is unknown and may have been forgotten.
    pub(super) fn may_have_forgotten(&self, actor: Actor) -> bool {
        let streams = &self.users[&actor.user].devices[&actor.device].streams;
        let is_known = streams.iter().any(|used| used.0 == actor.stream);
        let others = streams.iter().filter(|used| !used.0.is_named());
        let later = others.filter(|used| used.1 > actor.stream_began.get());
        !is_known && !actor.stream.is_named() && later.count() >= SEND_STREAMS_PER_DEVICE_MAX
    }

    pub(super) fn revoke(&mut self, actor: Actor, device: DeviceId) -> Result<(), ErrorCode> {
        if !self.users[&actor.user].devices.contains_key(&device) {
            return Err(ErrorCode::NoSuchDevice);
        }
        self.remove_device(actor.user, device);
        Ok(())
    }

    fn remove_device(&mut self, user: UserId, device: DeviceId) {
        self.users.get_mut(&user).unwrap().devices.remove(&device);
        self.sends.retain(|send| send.device != device);
        for conversation in self.conversations.values_mut() {
            conversation
                .members
                .values_mut()
                .for_each(|member| member.delivered.retain(|&known, _| known != device));
        }
        self.updates.push(Update::Revoked { user, device });
    }

    pub(super) fn devices(&self, actor: Actor) -> List<DeviceInfo> {
        let info = |(&id, device): (&DeviceId, &Device)| {
            let current = id == actor.device;
            DeviceInfo {
                id,
                name: device.name.clone(),
                created_at: device.created_at,
                current,
                online: current,
            }
        };
        List(self.users[&actor.user].devices.iter().map(info).collect())
    }

    pub(in crate::model) fn check_actor(&self, actor: Actor) -> Result<(), ErrorCode> {
        let is_known = self
            .users
            .get(&actor.user)
            .is_some_and(|user| user.devices.contains_key(&actor.device));
        is_known.then_some(()).ok_or(ErrorCode::AuthFailed)
    }

    pub(in crate::model) fn named(&self, name: &UserName) -> Option<UserId> {
        self.users
            .iter()
            .find(|(_, user)| user.name.folded() == name.folded())
            .map(|(&id, _)| id)
    }

    fn device_with(&self, token: SecretHash) -> Option<(UserId, DeviceId)> {
        let devices = self.users.iter().flat_map(|(&user, record)| {
            record
                .devices
                .iter()
                .map(move |(&id, device)| (user, id, device))
        });
        devices
            .filter(|(_, _, device)| device.token == token)
            .map(|(user, id, _)| (user, id))
            .next()
    }

    pub(in crate::model) fn info(&self, id: UserId) -> Option<UserInfo> {
        let user = self.users.get(&id)?;
        Some(UserInfo {
            id,
            name: user.name.clone(),
            role: user.role,
            state: match (user.alias_of, user.status, user.origin) {
                (Some(user), ..) => UserState::AliasOf(user),
                (_, UserStatus::Deactivated { .. }, _) => UserState::Deactivated,
                (.., UserOrigin::Imported { .. }) => UserState::Imported,
                _ => UserState::Active,
            },
        })
    }
}
