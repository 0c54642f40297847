//! Imports from other systems: messages keep their sender and time, and are imported once.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::packed::pack_content;
use cairn_proto::ids::{ConversationId, ImportSource, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::model::audit::AuditAct;
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::message::{GetImportCursor, Import, Imported};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::{Change, Origin};
use crate::command::{Context, Handle};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{UserOrigin, UserRecord};
use crate::state::State;
use crate::state::make::NewEntry;

impl Handle for Import {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
        state.importing_members(self.conversation, actor.user, &self.entries, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Imported, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            source,
            first,
            entries,
        } = self;
        let cursor = state.import_start(actor, conversation, source, now)?;
        if entries.len() > limits::IMPORT_ENTRIES_MAX
            || entries.iter().any(|entry| !is_importable(&entry.body))
        {
            return Err(ErrorCode::BadRequest);
        }
        let end = first
            .checked_add(entries.len() as u64)
            .ok_or(ErrorCode::BadRequest)?;
        if first > cursor {
            return Err(ErrorCode::ImportGap);
        }
        let fresh = usize::try_from(cursor - first)
            .ok()
            .and_then(|known| entries.get(known..))
            .unwrap_or_default();
        if cursor == 0 && !fresh.is_empty() {
            let act = AuditAct::Imported {
                conversation,
                source,
            };
            state.audit(actor, act, now, batch)?;
        }
        let mark = Extras::import_by(actor.user);
        let mut users = 0;
        for entry in fresh {
            let sender = match state.user_named(&entry.sender) {
                Some(user) => user,
                None => {
                    users += 1;
                    state.import_user(&entry.sender, actor.user, now, batch)?
                }
            };
            let mut content = Vec::new();
            pack_content(&entry.body, &mark, &mut content);
            // A foreign clock may be ahead, but no entry is later than now.
            let sent_at = entry.sent_at.min(now);
            let entry = NewEntry {
                sender,
                sent_at,
                origin: Origin::Imported,
                content: &content,
            };
            let msgid = state.append(conversation, entry, batch);
            // Imported messages are read for their sender.
            if state.membership(sender, conversation).is_ok() {
                state.make(
                    &Change::Read {
                        conversation,
                        user: sender,
                        msgid,
                    },
                    batch,
                );
            } else {
                state.name_sender(conversation, sender, batch);
            }
        }
        let cursor = cursor.max(end);
        if !fresh.is_empty() {
            state.make(
                &Change::Imported {
                    conversation,
                    source,
                    cursor,
                },
                batch,
            );
        }
        Ok(Imported {
            added: u32::try_from(fresh.len()).unwrap_or(u32::MAX),
            users,
            cursor,
        })
    }
}

impl Handle for GetImportCursor {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<u64, ErrorCode> {
        let Context { actor, now, .. } = context;
        let Self {
            conversation,
            source,
        } = self;
        state.import_start(actor, conversation, source, now)
    }
}

impl State {
    fn import_start(
        &self,
        actor: Actor,
        conversation: ConversationId,
        source: ImportSource,
        now: Timestamp,
    ) -> Result<u64, ErrorCode> {
        let (found, _) = self.permit(actor.user, conversation, Action::Import, now)?;
        Ok(found.imports.get(&source).copied().unwrap_or_default())
    }

    /// Lets members see who sent imported messages, as if they had left the group. Not in direct
    /// chats: their ids say who is in them.
    fn name_sender(&mut self, conversation: ConversationId, user: UserId, batch: &mut Batch) {
        let is_known = self.revisions.ended.contains_key(&(user, conversation));
        if conversation.is_numbered() && !is_known {
            self.make(&Change::Named { conversation, user }, batch);
        }
    }

    /// Creates a user for an imported sender. Without a password, no one can log in as them.
    fn import_user(
        &mut self,
        name: &UserName,
        by: UserId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<UserId, ErrorCode> {
        let id = self.next_user().ok_or(ErrorCode::LimitReached)?;
        let origin = UserOrigin::Imported { by, at: now };
        let record = UserRecord::new(name.clone(), origin, now);
        self.make(&Change::User(id, record), batch);
        Ok(id)
    }
}

const fn is_importable(body: &Body) -> bool {
    matches!(body, Body::Text(_) | Body::Emote(_) | Body::Emoji(_))
}
