//! Grants revoked within the same batch. The hub publishes revocations before replies, so a reply
//! that would register its session again must be dropped.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::presence::UserPresence;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::sequencer::publication::{Notice, ReplyTo};
use cairn_core::Reply;

#[derive(Debug, Default)]
pub(crate) struct RevokedInBatch {
    memberships: Vec<(UserId, ConversationId)>,
    blocks: Vec<(UserId, UserId)>,
}

impl RevokedInBatch {
    /// Collects the revocations among `notices`.
    pub(crate) fn by(notices: &[Notice]) -> Self {
        let mut revoked_in_batch = Self::default();
        for notice in notices {
            match notice {
                Notice::Left {
                    user, conversation, ..
                } => revoked_in_batch.memberships.push((*user, *conversation)),
                Notice::Related { user, contact } if contact.relation.blocks => {
                    revoked_in_batch.blocks.push((*user, contact.user.id))
                }
                _ => {}
            }
        }
        revoked_in_batch
    }

    /// Returns the reply as of the end of the batch.
    pub(crate) fn revalidate(&self, reply: Reply, to: &ReplyTo) -> Result<Reply, ErrorCode> {
        let user = |session: &crate::session::Session| session.actor().map(|actor| actor.user);
        match (reply, to) {
            (Reply::Grant(grant), ReplyTo::Grant(session, _)) => {
                user(session).map_or(Ok(()), |user| self.check_member(user, grant.conversation))?;
                Ok(Reply::Grant(grant))
            }
            (reply, &ReplyTo::Focus(ref session, Some(conversation), _)) => {
                user(session).map_or(Ok(()), |user| self.check_focus(user, conversation))?;
                Ok(reply)
            }
            (Reply::Response(Response::Watching(mut watched)), ReplyTo::Watch(session, _)) => {
                if let Some(user) = user(session) {
                    self.drop_blocked(user, &mut watched);
                }
                Ok(Reply::Response(Response::Watching(watched)))
            }
            (reply, _) => Ok(reply),
        }
    }

    fn check_member(&self, user: UserId, conversation: ConversationId) -> Result<(), ErrorCode> {
        if self.memberships.contains(&(user, conversation)) {
            Err(ErrorCode::NotFound)
        } else {
            Ok(())
        }
    }

    fn check_focus(&self, user: UserId, conversation: ConversationId) -> Result<(), ErrorCode> {
        self.check_member(user, conversation)?;
        let is_here =
            |&&(by, of): &&(UserId, UserId)| ConversationId::direct(by, of) == Some(conversation);
        match self.blocks.iter().find(is_here) {
            Some(&(by, _)) if by == user => Err(ErrorCode::Blocked),
            Some(_) => Err(ErrorCode::NotFound),
            None => Ok(()),
        }
    }

    fn drop_blocked(&self, user: UserId, watched: &mut Vec<UserPresence>) {
        watched.retain(|other| {
            !self.blocks.contains(&(user, other.user)) && !self.blocks.contains(&(other.user, user))
        });
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::MsgId;
    use cairn_proto::model::people::{Contact, Relation};
    use cairn_proto::model::user::{ServerRole, UserInfo};
    use cairn_proto::text::UserName;

    use super::*;

    const ADA: UserId = UserId::new(1);
    const BOB: UserId = UserId::new(2);
    const EVE: UserId = UserId::new(3);

    fn related(user: UserId, other: UserId, blocks: bool) -> Notice {
        let name = UserName::new("eve").unwrap();
        let contact = Contact {
            user: UserInfo {
                id: other,
                name,
                role: ServerRole::Member,
            },
            relation: Relation {
                blocks,
                ..Relation::default()
            },
        };
        Notice::Related {
            user,
            contact: Box::new(contact),
        }
    }

    #[test]
    fn block_in_the_same_batch_cancels_watch_and_focus() {
        let revoked_in_batch =
            RevokedInBatch::by(&[related(ADA, BOB, true), related(BOB, EVE, false)]);
        let watched = |user| {
            let mut all: Vec<_> = [ADA, BOB, EVE]
                .map(|user| UserPresence {
                    user,
                    devices: Vec::new(),
                })
                .into();
            revoked_in_batch.drop_blocked(user, &mut all);
            all.into_iter()
                .map(|presence| presence.user)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (watched(ADA), watched(BOB), watched(EVE)),
            (vec![ADA, EVE], vec![BOB, EVE], vec![ADA, BOB, EVE])
        );
        let chat = |one, another| ConversationId::direct(one, another).unwrap();
        assert_eq!(
            revoked_in_batch.check_focus(ADA, chat(ADA, BOB)),
            Err(ErrorCode::Blocked)
        );
        assert_eq!(
            revoked_in_batch.check_focus(BOB, chat(ADA, BOB)),
            Err(ErrorCode::NotFound),
            "as if there were no such user"
        );
        assert_eq!(revoked_in_batch.check_focus(BOB, chat(BOB, EVE)), Ok(()));
    }

    #[test]
    fn leaving_in_the_same_batch_cancels_read_and_focus() {
        let conversation = ConversationId::new(5);
        let revoked_in_batch = RevokedInBatch::by(&[Notice::Left {
            user: ADA,
            conversation,
            last: MsgId::new(1),
        }]);
        let asked = [
            (ADA, conversation),
            (BOB, conversation),
            (ADA, ConversationId::new(6)),
        ];
        let both = asked.map(|(user, of)| {
            (
                revoked_in_batch.check_member(user, of),
                revoked_in_batch.check_focus(user, of),
            )
        });
        let refused = Err(ErrorCode::NotFound);
        assert_eq!(
            both,
            [(refused, refused), (Ok(()), Ok(())), (Ok(()), Ok(()))]
        );
    }
}
