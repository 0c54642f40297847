//! What each operation makes of the stored rows.

use std::collections::BTreeSet;

use cairn_client::Message;
use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::message::{Entry, unpack_entry};
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::codec;

use super::error::StoreError;
use super::frame::{Frame, Seal};
use super::plan::Plan;
use super::row::{Meta, Row, Table, entry_key};
use crate::{LocalId, SavedConversation, Segment, Segments, StoreOp, amended};

/// The largest stored value that is decoded.
pub(crate) const VALUE_BYTES_MAX: usize = 1024 * 1024;

/// A message without its words.
const MESSAGE_BYTES: usize = 256;

/// The state of the outbox and of the frames, which grows with every operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    pub(crate) seal: Seal,
    pub(crate) generation: u64,
    pub(crate) outbox: BTreeSet<u64>,
    pub(crate) next_id: u64,
}

impl Frames {
    fn oldest(&self) -> u64 {
        self.outbox.first().copied().unwrap_or(self.next_id)
    }

    pub(crate) fn encode(&mut self, table: Table, key: u64, payload: Vec<u8>) -> Vec<u8> {
        self.generation += 1;
        let frame = Frame {
            table: table.number(),
            key,
            generation: self.generation,
            oldest: self.oldest(),
            payload,
        };
        frame.encode(self.seal)
    }

    pub(crate) fn add(&mut self, id: LocalId) {
        self.outbox.insert(id.get());
        self.next_id = self.next_id.max(id.get() + 1);
    }
}

/// About how many bytes an operation holds.
pub(crate) fn bytes(op: &StoreOp) -> usize {
    let held = match op {
        StoreOp::Entries { messages, .. } => {
            let words = messages.iter().filter_map(|message| message.body.words());
            words.map(|words| MESSAGE_BYTES + words.len()).sum()
        }
        StoreOp::Users(users) => users.len() * MESSAGE_BYTES,
        _ => 0,
    };
    MESSAGE_BYTES + held
}

/// Returns whether an operation changes entries of a conversation.
pub(crate) fn changes_entries(op: &StoreOp, of: ConversationId) -> bool {
    match op {
        StoreOp::Amend(message) => message.conversation == of,
        StoreOp::Entries { conversation, .. }
        | StoreOp::Advance { conversation, .. }
        | StoreOp::Delete { conversation, .. }
        | StoreOp::Forget(conversation) => *conversation == of,
        _ => false,
    }
}

/// Applies an operation.
pub(crate) fn apply(
    op: StoreOp,
    plan: &mut Plan<'_>,
    frames: &mut Frames,
) -> Result<(), StoreError> {
    match op {
        StoreOp::Moment(moment) => plan.put(Row::meta(Meta::Moment), codec::encode(&moment)),
        StoreOp::NoMoment => plan.remove(Row::meta(Meta::Moment)),
        StoreOp::Conversation(saved) => {
            let row = Row::conversation(Table::Conversations, saved.summary.id);
            plan.put(row, codec::encode(&*saved));
        }
        StoreOp::Users(users) => {
            for user in users {
                plan.put(Row::user(user.id), codec::encode(&user));
            }
        }
        StoreOp::Entries {
            conversation,
            messages,
            as_of,
        } => put_entries(plan, conversation, &messages, as_of)?,
        StoreOp::Advance {
            conversation,
            from,
            to,
        } => change_segments(plan, conversation, |segments| segments.advance(from, to))?,
        StoreOp::Amend(amendment) => amend(plan, &amendment)?,
        StoreOp::Delete {
            conversation,
            through,
        } => delete(plan, conversation, through)?,
        StoreOp::Forget(conversation) => {
            forget(plan, conversation)?;
            let removed = frames.encode(Table::Drafts, conversation.get(), Vec::new());
            plan.removed.extend(removed);
        }
        StoreOp::Draft(draft) => {
            let row = Row::conversation(Table::Drafts, draft.conversation);
            let key = draft.conversation.get();
            plan.put(
                row,
                frames.encode(Table::Drafts, key, codec::encode(&draft)),
            );
        }
        StoreOp::NoDraft(conversation) => {
            let removed = frames.encode(Table::Drafts, conversation.get(), Vec::new());
            plan.removed.extend(removed);
            plan.remove(Row::conversation(Table::Drafts, conversation));
        }
        StoreOp::Pending(pending) => {
            frames.add(pending.id);
            let key = pending.id.get();
            let value = frames.encode(Table::Outbox, key, codec::encode(&*pending));
            plan.put(Row::outbox(pending.id), value);
        }
        StoreOp::NoPending(id) => {
            frames.outbox.remove(&id.get());
            let removed = frames.encode(Table::Outbox, id.get(), Vec::new());
            plan.removed.extend(removed);
            plan.remove(Row::outbox(id));
        }
        StoreOp::NextSeq(conversation, seq) => {
            let row = Row::conversation(Table::Numbers, conversation);
            plan.put(row, seq.get().to_le_bytes().to_vec());
        }
        StoreOp::NoSeqs => {
            for row in plan.keys(Table::Numbers, &[], &[0xff; 9])? {
                plan.remove(row);
            }
        }
    }
    Ok(())
}

fn put_entries(
    plan: &mut Plan<'_>,
    conversation: ConversationId,
    messages: &[Message],
    as_of: MsgId,
) -> Result<(), StoreError> {
    let held = segments(plan, conversation)?;
    let mut segments = held.clone();
    // A body of a later version cannot be encoded: it leaves a gap, which is pulled again.
    let is_known = |message: &Message| message.body != Body::Unknown;
    for run in messages.chunk_by(|a, b| is_known(a) == is_known(b)) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        if !is_known(first) {
            continue;
        }
        for message in run {
            let held = held.covering(message.msgid);
            if held.is_none_or(|held| held.as_of < as_of) {
                put_entry(plan, message)?;
            }
        }
        segments.insert(first.msgid, last.msgid, as_of);
    }
    put_segments(plan, conversation, &segments);
    Ok(())
}

fn put_entry(plan: &mut Plan<'_>, message: &Message) -> Result<(), StoreError> {
    let entry = Entry {
        sender: message.sender,
        sent_at: message.sent_at,
        body: message.body.clone(),
        extras: message.extras.clone(),
    };
    let row = Row::entry(message.conversation, message.msgid);
    let mut packed = Vec::new();
    entry.pack(&mut packed);
    // An entry that comes in another form was edited or recalled.
    if plan.get(&row)?.is_some_and(|known| known != packed) {
        plan.erases = true;
    }
    plan.put(row, packed);
    Ok(())
}

pub(crate) fn message(
    conversation: ConversationId,
    msgid: MsgId,
    packed: &[u8],
) -> Option<Message> {
    let Entry {
        sender,
        sent_at,
        body,
        extras,
    } = unpack_entry(packed).ok()?;
    Some(Message {
        conversation,
        msgid,
        sender,
        sent_at,
        body,
        extras,
    })
}

fn amend(plan: &mut Plan<'_>, amendment: &Message) -> Result<(), StoreError> {
    let Body::Amendment(what) = &amendment.body else {
        return Ok(());
    };
    let (conversation, msgid) = (amendment.conversation, what.msgid());
    let row = Row::entry(conversation, msgid);
    let target = plan.get(&row)?;
    let target = target.and_then(|packed| message(conversation, msgid, &packed));
    let erases = matches!(what, Amendment::Edited { .. } | Amendment::Recalled { .. });
    if erases {
        // Even if the entry is not stored: freed pages may hold it.
        plan.erases = true;
    }
    let new = target.as_ref().map(|target| amended(target, amendment));
    if erases {
        amend_last(
            plan,
            target.as_ref(),
            new.as_ref().and_then(Option::as_ref),
            conversation,
        )?;
    }
    match new {
        Some(Some(new)) => put_entry(plan, &new)?,
        Some(None) => {
            plan.remove(row);
            change_segments(plan, conversation, |segments| segments.remove(msgid))?;
        }
        None => {}
    }
    Ok(())
}

/// Changes the last message in the summary of a conversation, if it is the one that was amended, or
/// may be.
fn amend_last(
    plan: &mut Plan<'_>,
    target: Option<&Message>,
    new: Option<&Message>,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    change_summary(plan, conversation, |saved| {
        let Some(last) = &saved.summary.last else {
            return false;
        };
        let is_target = target
            .is_none_or(|target| (target.sender, target.sent_at) == (last.sender, last.sent_at));
        if is_target {
            saved.summary.last = new.map(|new| Entry {
                sender: new.sender,
                sent_at: new.sent_at,
                body: new.body.clone(),
                extras: new.extras.clone(),
            });
        }
        is_target
    })
}

fn change_summary(
    plan: &mut Plan<'_>,
    conversation: ConversationId,
    change: impl FnOnce(&mut SavedConversation) -> bool,
) -> Result<(), StoreError> {
    let row = Row::conversation(Table::Conversations, conversation);
    let Some(bytes) = plan.get(&row)? else {
        return Ok(());
    };
    match codec::decode::<SavedConversation>(&bytes, VALUE_BYTES_MAX) {
        Ok(mut saved) => {
            if change(&mut saved) {
                plan.put(row, codec::encode(&saved));
            }
        }
        Err(_) => plan.remove(row),
    }
    Ok(())
}

fn delete(
    plan: &mut Plan<'_>,
    conversation: ConversationId,
    through: MsgId,
) -> Result<(), StoreError> {
    plan.erases = true;
    trim(plan, conversation, through)?;
    change_summary(plan, conversation, |saved| {
        saved.summary.head <= through && saved.summary.last.take().is_some()
    })
}

/// Removes entries that the server still has.
pub(crate) fn trim(
    plan: &mut Plan<'_>,
    conversation: ConversationId,
    through: MsgId,
) -> Result<(), StoreError> {
    let (from, to) = (
        entry_key(conversation, MsgId::ZERO),
        entry_key(conversation, through),
    );
    for row in plan.keys(Table::Entries, &from, &to)? {
        plan.remove(row);
    }
    change_segments(plan, conversation, |segments| {
        segments.remove_through(through);
    })
}

fn forget(plan: &mut Plan<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    plan.erases = true;
    trim(plan, conversation, MsgId::new(u64::MAX))?;
    for table in [
        Table::Conversations,
        Table::Segments,
        Table::Drafts,
        Table::Usage,
    ] {
        plan.remove(Row::conversation(table, conversation));
    }
    Ok(())
}

pub(crate) fn segments(
    plan: &Plan<'_>,
    conversation: ConversationId,
) -> Result<Segments, StoreError> {
    let row = Row::conversation(Table::Segments, conversation);
    Ok(plan
        .get(&row)?
        .map_or_else(Segments::new, |bytes| decode_segments(&bytes)))
}

pub(crate) fn decode_segments(bytes: &[u8]) -> Segments {
    let all: Vec<(MsgId, MsgId, MsgId)> = codec::decode(bytes, VALUE_BYTES_MAX).unwrap_or_default();
    let segment = |(first, last, as_of)| Segment { first, last, as_of };
    Segments::from_vec(all.into_iter().map(segment).collect())
}

fn put_segments(plan: &mut Plan<'_>, conversation: ConversationId, segments: &Segments) {
    let row = Row::conversation(Table::Segments, conversation);
    if segments.is_empty() {
        return plan.remove(row);
    }
    let all: Vec<_> = segments
        .iter()
        .map(|segment| (segment.first, segment.last, segment.as_of))
        .collect();
    plan.put(row, codec::encode(&all));
}

fn change_segments(
    plan: &mut Plan<'_>,
    conversation: ConversationId,
    change: impl FnOnce(&mut Segments),
) -> Result<(), StoreError> {
    let mut segments = segments(plan, conversation)?;
    change(&mut segments);
    put_segments(plan, conversation, &segments);
    Ok(())
}
