//! Mentions: users whom a message notifies. Writes grow with the mentioned users, not with the
//! group.

use std::collections::BTreeSet;

use cairn_proto::content::extras::{Extra, Extras};
use cairn_proto::content::message::Entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::limits::EXEMPT_MAX;
use crate::permission::Action;
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

    /// Records whom a new message mentions. Users who are not members, or who have blocked the
    /// sender, are skipped, and the latter learn their count.
    pub(crate) fn note_mentions(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        sender: UserId,
        extras: &Extras,
        batch: &mut Batch,
    ) {
        if extras.is_empty() {
            return;
        }
        let users: Vec<UserId> = self
            .notified(conversation, sender, extras)
            .into_iter()
            .collect();
        if !users.is_empty() {
            self.make(
                &Change::Mentioned {
                    conversation,
                    msgid,
                    users,
                },
                batch,
            );
        }
        self.publish_silenced(conversation, sender, extras, |_| true, batch);
    }

    /// Publishes the count of members whom `extras` name in vain, because they have blocked the
    /// sender: their devices see the mention in the log, and cannot know when they blocked whom.
    fn publish_silenced(
        &self,
        conversation: ConversationId,
        sender: UserId,
        extras: &Extras,
        is_new: impl Fn(UserId) -> bool,
        batch: &mut Batch,
    ) {
        let silenced: BTreeSet<UserId> = if extras.mentions_all() {
            self.exempt(conversation, sender).collect()
        } else {
            let named = extras.mentioned().filter(|&user| is_new(user));
            let blocks = |&user: &UserId| self.relation(user, sender).blocks;
            named.filter(blocks).collect()
        };
        for user in silenced {
            self.publish_changed(conversation, user, batch);
        }
    }

    /// Whom a message notifies: members, or the server for all of them with those whom it does not
    /// notify.
    fn notified(
        &self,
        conversation: ConversationId,
        sender: UserId,
        extras: &Extras,
    ) -> BTreeSet<UserId> {
        if extras.mentions_all() {
            let exempt = self.exempt(conversation, sender);
            return exempt.chain([UserId::SERVER]).collect();
        }
        let Some(found) = self.conversations.get(&conversation) else {
            return BTreeSet::new();
        };
        let is_notified =
            |&user: &UserId| found.member(user).is_some() && !self.relation(user, sender).blocks;
        extras.mentioned().filter(is_notified).collect()
    }

    /// Members whom a mention of all does not notify, because they have blocked its sender.
    pub(crate) fn exempt(
        &self,
        conversation: ConversationId,
        sender: UserId,
    ) -> impl Iterator<Item = UserId> {
        let blockers = self.blockers.of(sender);
        let members = blockers.filter(move |&user| self.is_member(user, conversation));
        members.take(EXEMPT_MAX)
    }

    /// The members, and the server, with whom a mention of all is recorded. Members who have
    /// unblocked the sender since then are only found where all members are in memory. In larger
    /// conversations, the message counts for them even after an edit without mentions.
    fn recorded_with(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        sender: UserId,
    ) -> BTreeSet<UserId> {
        let Some(found) = self.conversations.get(&conversation) else {
            return BTreeSet::new();
        };
        if found.is_counted() {
            let sets = found.mentions.iter();
            let recorded = sets.filter(|(_, set)| set.contains(msgid));
            let is_current =
                |&user: &UserId| user == UserId::SERVER || self.is_member(user, conversation);
            return recorded.map(|(&user, _)| user).filter(is_current).collect();
        }
        let exempt = self.exempt(conversation, sender);
        exempt.chain([UserId::SERVER]).collect()
    }

    /// Checks that an edit may mention these users. Those whom the message mentions already may
    /// stay.
    pub(crate) fn check_new_mentions(
        &self,
        sender: UserId,
        conversation: ConversationId,
        before: &Extras,
        mentions: &Extras,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let replies = usize::from(before.replied().is_some());
        if mentions.iter().count() + replies > limits::EXTRAS_SENT_MAX {
            return Err(ErrorCode::BadRequest);
        }
        if mentions.mentions_all() && !before.mentions_all() {
            self.check(sender, conversation, Action::MentionAll, now)?;
        }
        let is_known = |user| before.mentioned().any(|other| other == user);
        let mut new = mentions.mentioned().filter(|&user| !is_known(user));
        if new.all(|user| self.may_mention(sender, user)) {
            Ok(())
        } else {
            Err(ErrorCode::NoSuchUser)
        }
    }

    /// Records whom an edited message mentions instead of those before.
    pub(crate) fn change_mentions(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        (entry, extras): (&Entry, &Extras),
        batch: &mut Batch,
    ) {
        let (was_all, is_all) = (entry.extras.mentions_all(), extras.mentions_all());
        if was_all && is_all {
            return;
        }
        let after = self.notified(conversation, entry.sender, extras);
        let (mut removed, mut added): (Vec<UserId>, Vec<UserId>) = (Vec::new(), Vec::new());
        if was_all {
            removed.extend(self.recorded_with(conversation, msgid, entry.sender));
            added.extend(after);
        } else {
            // Who was mentioned before stays as it was, even after a block.
            let before: BTreeSet<UserId> = entry.extras.mentioned().collect();
            let named: BTreeSet<UserId> = match is_all {
                true => BTreeSet::new(),
                false => extras.mentioned().collect(),
            };
            removed.extend(before.difference(&named));
            added.extend(after.iter().filter(|user| is_all || !before.contains(user)));
        }
        if !removed.is_empty() {
            self.make(
                &Change::Unmentioned {
                    conversation,
                    msgid,
                    users: removed,
                },
                batch,
            );
        }
        if !added.is_empty() {
            self.make(
                &Change::Mentioned {
                    conversation,
                    msgid,
                    users: added,
                },
                batch,
            );
        }
        let is_new = |user| was_all || entry.extras.mentioned().all(|other| other != user);
        self.publish_silenced(conversation, entry.sender, extras, is_new, batch);
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

    pub(crate) fn unmention(&mut self, msgid: MsgId, users: &[UserId]) {
        for &user in users {
            let set = self.mentions.get_mut(&user);
            if set.is_some_and(|set| set.remove(msgid)) {
                self.dirty
                    .mentions
                    .insert((user, MsgIdSet::chunk_of(msgid)));
            }
        }
    }
}
