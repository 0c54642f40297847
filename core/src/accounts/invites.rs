//! Listing and revoking invites.

use std::collections::BTreeMap;

use cairn_proto::ids::{LinkId, Timestamp, UserId};
use cairn_proto::limits::{INVITED_SHOWN_MAX, INVITES_PER_PAGE_MAX};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::user::{InviteInfo, InvitePage};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::server::{ListInvites, RevokeInvite};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::permission::{Action, Making};
use crate::prefetch::Load;
use crate::record::{LinkPurpose, LinkRecord, SecretHash, UserOrigin};
use crate::state::State;

impl Handle for ListInvites {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<InvitePage, ErrorCode> {
        let Context { actor, now, .. } = context;
        state.check_on_server(actor.user, Action::ListInvites)?;
        Ok(state.invite_page(self.after, now))
    }
}

impl Handle for RevokeInvite {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { invite } = self;
        let found = state.links.iter().find_map(|(token, link)| {
            let is_it = token.link_id() == invite && is_listed(link, now);
            is_it.then_some((*token, *link))
        });
        let is_own = found.is_some_and(|(_, link)| link.maker == Some(actor.user));
        let making = if is_own { Making::Own } else { Making::Others };
        state.check_on_server(actor.user, Action::RevokeInvite(making))?;
        let (token, link) = found.ok_or(ErrorCode::BadInvite)?;
        if link.uses_left > 0 {
            let act = AuditAct::InviteRevoked {
                id: invite,
                maker: link.maker,
            };
            state.audit(actor, act, now, batch)?;
            state.void_link(token, link, batch);
        }
        Ok(())
    }
}

fn is_listed(link: &LinkRecord, now: Timestamp) -> bool {
    matches!(link.purpose, LinkPurpose::Join(_)) && now < link.expires_at
}

impl State {
    fn invite_page(&self, after: Option<LinkId>, now: Timestamp) -> InvitePage {
        let mut links: Vec<_> = self
            .links
            .iter()
            .filter(|(token, link)| Some(token.link_id()) > after && is_listed(link, now))
            .map(|(token, link)| (token.link_id(), *link))
            .collect();
        links.sort_unstable_by_key(|&(id, link)| (id, link.expires_at));
        let is_last = links.len() <= INVITES_PER_PAGE_MAX;
        links.truncate(INVITES_PER_PAGE_MAX);
        let next_after = links.last().map(|&(id, _)| id).filter(|_| !is_last);
        let mut used = self.users_of_invites(links.iter().map(|&(id, _)| id));
        let info = |(id, link): (LinkId, LinkRecord)| {
            let LinkPurpose::Join(role) = link.purpose else {
                return None;
            };
            let mut used_by = used.remove(&id).unwrap_or_default();
            used_by.sort_unstable();
            let uses = u32::try_from(used_by.len()).unwrap_or(u32::MAX);
            used_by.truncate(INVITED_SHOWN_MAX);
            Some(InviteInfo {
                id,
                role,
                maker: link.maker,
                uses_left: link.uses_left,
                expires_at: link.expires_at,
                uses,
                used_by,
            })
        };
        InvitePage {
            items: links.into_iter().filter_map(info).collect(),
            next_after,
        }
    }

    /// The users who joined with each of these invites.
    fn users_of_invites(
        &self,
        invites: impl Iterator<Item = LinkId>,
    ) -> BTreeMap<LinkId, Vec<UserId>> {
        let mut used: BTreeMap<LinkId, Vec<UserId>> = invites.map(|id| (id, Vec::new())).collect();
        for (&user, found) in &self.users {
            if let UserOrigin::Invite(id) = found.record.origin
                && let Some(users) = used.get_mut(&id)
            {
                users.push(user);
            }
        }
        used
    }

    /// Makes a link unusable. It stays until it expires, so that lists can show who used it.
    pub(crate) fn void_link(&mut self, token: SecretHash, link: LinkRecord, batch: &mut Batch) {
        if link.uses_left > 0 {
            let link = LinkRecord {
                uses_left: 0,
                ..link
            };
            self.make(&Change::Link(token, link), batch);
        }
    }
}
