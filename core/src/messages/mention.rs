//! Mentions: users whom a message notifies. Writes grow with the mentioned users, not with the
//! group.

use std::collections::BTreeSet;

use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits;
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::record::{MsgIdSet, StoredMentions};
use crate::state::State;
use crate::state::conversation::Conversation;

/// Checks the extras that a client may send, whatever the conversation.
pub(crate) fn check_client_extras(extras: &Extras) -> Result<(), ErrorCode> {
    let replies = extras
        .iter()
        .filter(|extra| matches!(extra, Extra::ReplyTo(_)))
        .count();
    if extras
        .iter()
        .any(|extra| matches!(extra, Extra::Unknown(_)))
    {
        return Err(ErrorCode::Unsupported);
    }
    if replies > 1
        || extras.iter().any(is_server_only)
        || extras.iter().count() > limits::EXTRAS_SENT_MAX
    {
        Err(ErrorCode::BadRequest)
    } else {
        Ok(())
    }
}

/// Returns whether only the server may set this extra.
const fn is_server_only(extra: &Extra) -> bool {
    matches!(
        extra,
        Extra::Edited { .. }
            | Extra::Reactions(_)
            | Extra::Forwarded { .. }
            | Extra::Imported { .. }
    )
}

impl State {
    /// Checks that a message may have these extras. Its sender sees the entries above `floor` up to
    /// `head`.
    pub(crate) fn check_extras(
        &self,
        sender: UserId,
        extras: &Extras,
        floor: MsgId,
        head: MsgId,
    ) -> Result<(), ErrorCode> {
        if extras
            .replied()
            .is_some_and(|msgid| msgid <= floor || msgid > head)
        {
            return Err(ErrorCode::NoSuchMessage);
        }
        if extras
            .mentioned()
            .all(|user| self.may_mention(sender, user))
        {
            Ok(())
        } else {
            Err(ErrorCode::NoSuchUser)
        }
    }

    /// Records whom a new message mentions. Users who are not members are skipped.
    pub(crate) fn note_mentions(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        extras: &Extras,
        batch: &mut Batch,
    ) {
        if extras.is_empty() {
            return;
        }
        let Some(found) = self.conversations.get(&conversation) else {
            return;
        };
        let users: BTreeSet<UserId> = match extras.mentions_all() {
            true => [UserId::SERVER].into(),
            false => extras
                .mentioned()
                .filter(|&user| found.member(user).is_some())
                .collect(),
        };
        if !users.is_empty() {
            let users = users.into_iter().collect();
            self.make(
                &Change::Mentioned {
                    conversation,
                    msgid,
                    users,
                },
                batch,
            );
        }
    }
}

impl Conversation {
    /// Installs stored mentions. Sets in memory stay: they may be newer.
    pub fn install_mentions(&mut self, stored: Vec<StoredMentions>) {
        for StoredMentions { user, mentions } in stored {
            self.mentions.entry(user).or_insert(mentions);
        }
    }

    pub(crate) fn mention(&mut self, msgid: MsgId, users: &[UserId]) {
        for &user in users {
            if self.mentions.entry(user).or_default().insert(msgid) {
                self.dirty
                    .mentions
                    .insert((user, MsgIdSet::chunk_of(msgid)));
            }
        }
    }
}
