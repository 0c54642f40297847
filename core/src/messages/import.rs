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
            let sender = match state.imported_author(&entry.sender) {
                Ok(user) => user,
                Err(name) => {
                    users += 1;
                    state.import_user(name, actor.user, now, batch)?
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

    /// Returns the user whom a name in an imported log stands for, or the name of the user to
    /// create: with a suffix where the name itself could be confused with another one.
    pub(crate) fn imported_author(&self, name: &UserName) -> Result<UserId, UserName> {
        if let Some(user) = self.user_named(name) {
            return Ok(user);
        }
        if !self.is_confusable(name) {
            return Err(name.clone());
        }
        let mut authors =
            (1..)
                .map(|number| suffixed(name, number))
                .map(|name| match self.user_named(&name) {
                    Some(user) if self.is_imported(user) => Some(Ok(user)),
                    None if !self.is_confusable(&name) => Some(Err(name)),
                    _ => None,
                });
        authors
            .find_map(|author| author)
            .unwrap_or_else(|| Err(name.clone()))
    }

    /// Creates a user for an imported sender. Without a password, no one can log in as them.
    fn import_user(
        &mut self,
        name: UserName,
        by: UserId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<UserId, ErrorCode> {
        let id = self.next_user().ok_or(ErrorCode::LimitReached)?;
        let origin = UserOrigin::Imported { by, at: now };
        let record = UserRecord::new(name, origin, now);
        self.make(&Change::User(id, record), batch);
        Ok(id)
    }
}

/// Returns `name-imported`, from the second number on `name-imported-2`.
fn suffixed(name: &UserName, number: u32) -> UserName {
    let suffix = match number {
        1 => "-imported".to_owned(),
        number => format!("-imported-{number}"),
    };
    let kept = limits::USER_NAME_BYTES_MAX - suffix.len();
    let kept = name.as_str().floor_char_boundary(kept);
    // A joiner that has lost the letter after it is not part of a name.
    let kept = name.as_str()[..kept].trim_end_matches(['\u{200c}', '\u{200d}']);
    UserName::new(format!("{kept}{suffix}")).unwrap_or_else(|_| name.clone())
}

const fn is_importable(body: &Body) -> bool {
    matches!(body, Body::Text(_) | Body::Emote(_) | Body::Emoji(_))
}
