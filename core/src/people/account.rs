//! Accounts: invites, users and devices.

use cairn_proto::ids::Timestamp;
use cairn_proto::limits;
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::user::{DeviceInfo, ServerRole};
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::server::RevokeDevice;
use cairn_proto::wire::request::session::ListDevices;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{
    AddDevice, FindAccount, FoundAccount, Invite, Join, LoggedIn, Login, NewDevice, OwnerInvite,
    StreamPast,
};
use crate::api::update::Update;
use crate::command::{Command, Context, Handle};
use crate::limits::LINKS_MAX;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{DeviceRecord, LinkPurpose, LinkRecord, SecretHash, UserOrigin, UserRecord};
use crate::state::State;

impl Command for OwnerInvite {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self { token, expires_at } = self;
        if state.has_owner() {
            return Err(ErrorCode::Forbidden);
        }
        let for_owner = LinkPurpose::Join(ServerRole::Owner);
        state.remove_links(batch, |link| {
            link.purpose == for_owner || link.expires_at <= now
        });
        let link = LinkRecord {
            maker: None,
            uses_left: 1,
            expires_at,
            purpose: for_owner,
        };
        state.make(&Change::Link(token, link), batch);
        Ok(())
    }
}

impl Command for Invite {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self {
            actor,
            token,
            uses,
            life_seconds,
        } = self;
        state.check_actor(actor)?;
        state.check_on_server(actor.user, Action::CreateInvite)?;
        if uses == 0
            || uses > limits::INVITE_USES_MAX
            || life_seconds == 0
            || life_seconds > limits::INVITE_LIFE_MAX.as_secs()
        {
            return Err(ErrorCode::BadRequest);
        }
        let expires_at = Timestamp::new(now.get().saturating_add(life_seconds * 1000));
        let link = LinkRecord {
            maker: Some(actor.user),
            uses_left: uses,
            expires_at,
            purpose: LinkPurpose::Join(ServerRole::Member),
        };
        let act = AuditAct::InviteCreated {
            id: token.link_id(),
            uses,
            expires_at,
        };
        state.check_links(now)?;
        state.audit(actor, act, now, batch)?;
        state.add_link(token, link, now, batch);
        Ok(())
    }
}

impl State {
    /// Checks whether [`Join`] with this invite and name would be refused.
    ///
    /// # Errors
    ///
    /// The reason.
    pub fn check_join(
        &self,
        invite: SecretHash,
        name: &UserName,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.usable_invite(invite, name, now).map(|_| ())
    }

    fn usable_invite(
        &self,
        token: SecretHash,
        name: &UserName,
        now: Timestamp,
    ) -> Result<ServerRole, ErrorCode> {
        let link = self.links.get(&token).filter(|link| link.is_usable(now));
        let Some(&LinkRecord {
            purpose: LinkPurpose::Join(role),
            ..
        }) = link
        else {
            return Err(ErrorCode::BadInvite);
        };
        if self.is_confusable(name) || self.reserved_for(name, now).is_some() {
            return Err(ErrorCode::NameTaken);
        }
        Ok(role)
    }

    /// Checks that a link can be added.
    pub(crate) fn check_links(&self, now: Timestamp) -> Result<(), ErrorCode> {
        let usable = self.links.values().filter(|link| link.is_usable(now));
        match usable.count() < LINKS_MAX {
            true => Ok(()),
            false => Err(ErrorCode::LimitReached),
        }
    }

    /// Adds a link in place of those that have expired, and of used ones if there are too many.
    pub(crate) fn add_link(
        &mut self,
        token: SecretHash,
        link: LinkRecord,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        self.remove_links(batch, |link| link.expires_at <= now);
        if self.links.len() >= LINKS_MAX {
            self.remove_links(batch, |link| link.uses_left == 0);
        }
        self.make(&Change::Link(token, link), batch);
    }

    fn remove_links(&mut self, batch: &mut Batch, is_gone: impl Fn(&LinkRecord) -> bool) {
        let gone = self.links.iter().filter(|(_, link)| is_gone(link));
        let mut gone: Vec<_> = gone.map(|(&token, _)| token).collect();
        gone.sort_unstable();
        for token in gone {
            self.make(&Change::LinkRemoved(token), batch);
        }
    }

    /// Uses a link once.
    fn use_link(&mut self, token: SecretHash, batch: &mut Batch) {
        if let Some(&link) = self.links.get(&token) {
            let link = LinkRecord {
                uses_left: link.uses_left.saturating_sub(1),
                ..link
            };
            self.make(&Change::Link(token, link), batch);
        }
    }
}

impl Command for Join {
    type Answer = Box<LoggedIn>;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let Self {
            invite: token,
            name,
            password,
            device,
        } = self;
        let role = state.usable_invite(token, &name, now)?;
        let user = state.next_user().ok_or(ErrorCode::LimitReached)?;
        state.use_link(token, batch);
        let record = UserRecord {
            role,
            password,
            ..UserRecord::new(name, UserOrigin::Invite(token.link_id()), now)
        };
        state.make(&Change::User(user, record), batch);
        AddDevice { user, device }.run(state, now, batch)
    }
}

impl Command for FindAccount {
    type Answer = Option<FoundAccount>;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<Option<FoundAccount>, ErrorCode> {
        Ok(state.user_named(&self.0).and_then(|user| {
            let password = state.user(user)?.record.password.clone();
            Some(FoundAccount { user, password })
        }))
    }
}

impl Command for AddDevice {
    type Answer = Box<LoggedIn>;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.session(self.user, self.device.push, None, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let Self { user, device } = self;
        let found = state.users.get(&user).ok_or(ErrorCode::AuthFailed)?;
        if !found.record.is_active() {
            return Err(ErrorCode::Deactivated);
        }
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
        state.make(&Change::Device(user, id, record), batch);
        let stream_began = state.stream_began(StreamPast::New);
        state.begin_session(
            Actor {
                user,
                device: id,
                stream,
                stream_began,
            },
            push,
            None,
            now,
            batch,
        )
    }
}

impl Command for Login {
    type Answer = Box<LoggedIn>;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        if let Some((user, _)) = state.device_with(&self.token) {
            state.session(user, self.push, self.since, loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let Self {
            token,
            stream,
            stream_past,
            push,
            since,
        } = self;
        let (user, device) = state.device_with(&token).ok_or(ErrorCode::AuthFailed)?;
        state.note_moment(user, device, since, batch);
        let stream_began = state.stream_began(stream_past);
        state.begin_session(
            Actor {
                user,
                device,
                stream,
                stream_began,
            },
            push,
            since,
            now,
            batch,
        )
    }
}

impl Handle for ListDevices {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<List<DeviceInfo>, ErrorCode> {
        let Context { actor, .. } = context;
        let devices = state
            .users
            .get(&actor.user)
            .into_iter()
            .flat_map(|user| &user.devices);
        let shown = devices.map(|(&id, device)| DeviceInfo {
            id,
            name: device.name.clone(),
            created_at: device.created_at,
            current: id == actor.device,
            online: id == actor.device,
        });
        Ok(List(shown.collect()))
    }
}

impl Handle for RevokeDevice {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self { device } = self;
        let user = actor.user;
        if !state
            .users
            .get(&user)
            .is_some_and(|found| found.devices.contains_key(&device))
        {
            return Err(ErrorCode::NoSuchDevice);
        }
        state.make(&Change::DeviceRemoved(user, device), batch);
        batch.publish(Update::Revoked { user, device });
        Ok(())
    }
}

impl State {
    fn begin_session(
        &mut self,
        actor: Actor,
        push: bool,
        since: Option<Moment>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let record = &self
            .users
            .get(&actor.user)
            .ok_or(ErrorCode::AuthFailed)?
            .record;
        let (name, role) = (record.name.clone(), record.role);
        let feeds = if push { self.feeds(actor) } else { Vec::new() };
        batch.force_if_reads_moved();
        Ok(Box::new(LoggedIn {
            actor,
            name,
            role,
            overview: self.overview_page(actor, since, None),
            feeds,
            now,
        }))
    }
}
