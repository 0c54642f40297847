//! Invites, reset links and passwords of the model.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{AllowReset, LoggedIn, ReplacePassword, Reset};
use cairn_core::record::{LinkPurpose, LinkRecord, SecretHash, UserOrigin};
use cairn_proto::ids::{DeviceId, LinkId, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::user::{InviteInfo, InvitePage, ServerRole, UserState};
use cairn_proto::wire::error::ErrorCode;

use super::super::Naive;

impl Naive {
    pub(in crate::model) fn invites(
        &self,
        actor: Actor,
        after: Option<LinkId>,
        now: Timestamp,
    ) -> Result<InvitePage, ErrorCode> {
        if self.users[&actor.user].role == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        let info = |(token, link): (&SecretHash, &LinkRecord)| {
            let id = token.link_id();
            let LinkPurpose::Join(role) = link.purpose else {
                return None;
            };
            let joined = |user: &UserId| self.users[user].origin == UserOrigin::Invite(id);
            let used_by: Vec<UserId> = self.users.keys().copied().filter(joined).collect();
            Some(InviteInfo {
                id,
                role,
                maker: link.maker,
                uses_left: link.uses_left,
                expires_at: link.expires_at,
                uses: used_by.len() as u32,
                used_by,
            })
        };
        let listed = self.links.iter().filter(|(_, link)| link.expires_at > now);
        let mut items: Vec<InviteInfo> = listed.filter_map(info).collect();
        items.retain(|invite| Some(invite.id) > after);
        items.sort_by_key(|invite| invite.id);
        Ok(InvitePage {
            items,
            next_after: None,
        })
    }

    pub(in crate::model) fn revoke_invite(
        &mut self,
        actor: Actor,
        invite: LinkId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let is_admin = self.users[&actor.user].role >= ServerRole::Admin;
        let found = self.links.iter_mut().find(|(token, link)| {
            let is_invite = matches!(link.purpose, LinkPurpose::Join(_));
            token.link_id() == invite && is_invite && link.expires_at > now
        });
        match found {
            Some((_, link)) if is_admin || link.maker == Some(actor.user) => {
                let was_usable = std::mem::take(&mut link.uses_left) > 0;
                let maker = link.maker;
                if was_usable {
                    self.audited(actor, AuditAct::InviteRevoked { id: invite, maker }, now);
                }
                Ok(())
            }
            None if is_admin => Err(ErrorCode::BadInvite),
            _ => Err(ErrorCode::Forbidden),
        }
    }

    pub(in crate::model) fn allow_reset(
        &mut self,
        command: &AllowReset,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let AllowReset {
            actor,
            user,
            token,
            keep_devices,
        } = *command;
        self.check_actor(actor)?;
        let info = self.info(user);
        let role = info.as_ref().map_or(ServerRole::Member, |info| info.role);
        if self.users[&actor.user].role <= role {
            return Err(ErrorCode::Forbidden);
        }
        match info.map(|info| info.state) {
            Some(UserState::Active) => {}
            Some(UserState::Deactivated) => return Err(ErrorCode::Deactivated),
            _ => return Err(ErrorCode::NoSuchUser),
        }
        let id = token.link_id();
        self.audited(actor, AuditAct::ResetCreated { user, id }, now);
        self.void_resets(user);
        self.links.retain(|_, link| link.expires_at > now);
        let life_ms = limits::RESET_LIFE.as_millis() as u64;
        self.links.insert(
            token,
            LinkRecord {
                maker: Some(actor.user),
                uses_left: 1,
                expires_at: Timestamp::new(now.get() + life_ms),
                purpose: LinkPurpose::Reset { user, keep_devices },
            },
        );
        Ok(())
    }

    pub(in crate::model) fn reset(
        &mut self,
        command: &Reset,
        now: Timestamp,
    ) -> Result<Box<LoggedIn>, ErrorCode> {
        let Reset {
            token,
            password,
            device,
        } = command;
        let link = self.links.get(token).ok_or(ErrorCode::BadReset)?;
        let LinkPurpose::Reset { user, keep_devices } = link.purpose else {
            return Err(ErrorCode::BadReset);
        };
        if link.uses_left == 0 || link.expires_at <= now || !self.is_active(user) {
            return Err(ErrorCode::BadReset);
        }
        if keep_devices && self.users[&user].devices.len() == limits::DEVICES_PER_USER_MAX {
            return Err(ErrorCode::LimitReached);
        }
        self.void_resets(user);
        self.users.get_mut(&user).unwrap().password = Some(password.clone());
        if !keep_devices {
            self.end_devices(user, None);
        }
        self.add_device(user, device, now)
    }

    pub(in crate::model) fn replace_password(
        &mut self,
        command: &ReplacePassword,
    ) -> Result<(), ErrorCode> {
        let ReplacePassword {
            actor,
            verified,
            password,
            end_other_devices,
        } = command;
        self.check_actor(*actor)?;
        let user = self.users.get_mut(&actor.user).unwrap();
        if user.password != *verified {
            return Err(ErrorCode::AuthFailed);
        }
        user.password = Some(password.clone());
        self.void_resets(actor.user);
        if *end_other_devices {
            self.end_devices(actor.user, Some(actor.device));
        }
        Ok(())
    }

    fn void_resets(&mut self, of: UserId) {
        for link in self.links.values_mut() {
            if matches!(link.purpose, LinkPurpose::Reset { user, .. } if user == of) {
                link.uses_left = 0;
            }
        }
    }

    pub(super) fn end_devices(&mut self, user: UserId, except: Option<DeviceId>) {
        let devices: Vec<_> = self.users[&user].devices.keys().copied().collect();
        for device in devices {
            if Some(device) != except {
                self.remove_device(user, device);
            }
        }
    }
}
