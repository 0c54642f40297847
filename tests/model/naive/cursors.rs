//! Cursors, imports and summaries of the model.

use std::collections::BTreeSet;

use cairn_core::api::actor::Actor;
use cairn_core::api::command::Feed;
use cairn_core::api::update::Update;
use cairn_core::record::UserOrigin;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::conversation::{self, ConversationKind, Explained};
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::message::{Import, Imported};

use super::{LogEntry, Member, Naive};

impl Naive {
    pub(super) fn ack(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
    ) -> Result<(), ErrorCode> {
        // A device that saw more than a restored backup has seen all of that.
        let msgid = msgid.min(self.inside(actor.user, id)?.head());
        let member = self
            .conversations
            .get_mut(&id)
            .unwrap()
            .members
            .get_mut(&actor.user)
            .unwrap();
        let cursor = member.delivered.entry(actor.device).or_insert(MsgId::ZERO);
        if msgid > *cursor {
            *cursor = msgid;
            self.updates.push(Update::Moved {
                user: actor.user,
                conversation: id,
            });
        }
        Ok(())
    }

    pub(super) fn read(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
    ) -> Result<(), ErrorCode> {
        if msgid > self.inside(actor.user, id)?.head() {
            return Err(ErrorCode::BadCursor);
        }
        let member = self
            .conversations
            .get_mut(&id)
            .unwrap()
            .members
            .get_mut(&actor.user)
            .unwrap();
        if msgid > member.read {
            member.read_to(msgid);
            self.moved_read(id, actor.user);
            self.updates.push(Update::Moved {
                user: actor.user,
                conversation: id,
            });
        }
        Ok(())
    }

    pub(super) fn moved_read(&mut self, id: ConversationId, user: UserId) {
        let found = &self.conversations[&id];
        self.updates.push(Update::Read {
            user,
            conversation: id,
            read: found.members[&user].base(),
            head: found.head(),
        });
    }

    pub(super) fn import(
        &mut self,
        actor: Actor,
        call: &Import,
        now: Timestamp,
    ) -> Result<Imported, ErrorCode> {
        let &Import {
            conversation: id,
            source,
            first,
            ref entries,
        } = call;
        let mut cursor = self.import_cursor(actor, id, source)?;
        if entries
            .iter()
            .any(|entry| !matches!(entry.body, Body::Text(_) | Body::Emote(_) | Body::Emoji(_)))
        {
            return Err(ErrorCode::BadRequest);
        }
        if first > cursor {
            return Err(ErrorCode::ImportGap);
        }
        if cursor == 0 && first + (entries.len() as u64) > cursor {
            let act = AuditAct::Imported {
                conversation: id,
                source,
            };
            self.audited(actor, act, now);
        }
        let (mut added, mut users) = (0, 0);
        for (at, entry) in (first..).zip(entries) {
            if at < cursor {
                continue;
            }
            let sender = self.named(&entry.sender).unwrap_or_else(|| {
                users += 1;
                let origin = UserOrigin::Imported {
                    by: actor.user,
                    at: now,
                };
                self.add_user(&entry.sender, ServerRole::Member, None, origin, now)
            });
            let (extras, mentioned) = (Extras::import_by(actor.user), BTreeSet::new());
            let imported = LogEntry {
                sender,
                sent_at: entry.sent_at.min(now),
                body: entry.body.clone(),
                extras,
                mentioned,
                imported: true,
            };
            let found = self.conversations.get_mut(&id).unwrap();
            found.log.push(imported);
            let head = found.head();
            if let Some(member) = found.members.get_mut(&sender) {
                member.read_to(head);
            }
            self.name_sender(id, sender);
            added += 1;
            cursor += 1;
            let found = self.conversations.get_mut(&id).unwrap();
            found.imports.insert(source, cursor);
        }
        Ok(Imported {
            added,
            users,
            cursor,
        })
    }

    pub(super) fn import_cursor(
        &self,
        actor: Actor,
        id: ConversationId,
        source: ImportSource,
    ) -> Result<u64, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        if self.users[&actor.user].role == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        Ok(found.imports.get(&source).copied().unwrap_or(0))
    }

    pub(super) fn explain(
        &mut self,
        actor: Actor,
        id: ConversationId,
        whose: UserId,
        now: Timestamp,
    ) -> Result<Explained, ErrorCode> {
        if self.users[&actor.user].role == ServerRole::Member {
            self.inside(actor.user, id)?;
            if whose != actor.user {
                return Err(ErrorCode::Forbidden);
            }
        }
        let found = self.inside(whose, id)?;
        let Member { joined, read, .. } = found.members[&whose].clone();
        let (uncounted, unread, mentions) = (
            found.uncounted_of(whose),
            found.unread(whose),
            found.mentions(whose),
        );
        let explained = Explained {
            head: found.head(),
            floor: found.floor,
            joined,
            read,
            uncounted,
            unread,
            mentions,
        };
        if whose != actor.user {
            let act = AuditAct::UnreadExplained {
                user: whose,
                conversation: id,
            };
            self.audited(actor, act, now);
        }
        Ok(explained)
    }

    pub(in crate::model) fn summary(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Option<conversation::Conversation> {
        let found = self.inside(actor.user, id).ok()?;
        let member = &found.members[&actor.user];
        let kind = match &found.name {
            Some(name) => ConversationKind::Group { name: name.clone() },
            None => ConversationKind::Direct {
                peer: self.info(*found.members.keys().find(|&&user| user != actor.user)?)?,
            },
        };
        Some(conversation::Conversation {
            id,
            kind,
            role: member.role,
            head: found.head(),
            floor: found.floor_of(actor.user),
            read: member.base(),
            delivered: member
                .delivered
                .get(&actor.device)
                .copied()
                .unwrap_or(MsgId::ZERO),
            unread: found.unread(actor.user),
            mentions: found.mentions(actor.user),
            last: None,
            settings: found.settings_of(actor.user),
        })
    }

    pub(in crate::model) fn feed(
        &self,
        actor: Actor,
        conversation: ConversationId,
    ) -> Option<Feed> {
        let found = self.inside(actor.user, conversation).ok()?;
        let member = &found.members[&actor.user];
        let delivered = member
            .delivered
            .get(&actor.device)
            .copied()
            .unwrap_or(MsgId::ZERO);
        let position = delivered
            .max(MsgId::new(member.joined.get() - 1))
            .max(found.floor);
        Some(Feed {
            conversation,
            position,
            floor: found.floor_of(actor.user),
        })
    }
}
