//! The outbox: own messages, each stored on the server exactly once.
//!
//! A message gets its number on the send stream when it is written, and the store has that number
//! before the message is seen. Whatever state of the store is restored, a message in it is handed
//! over under the number that it always had, so the server recognizes one that it has. Where it
//! cannot, the user decides.
//!
//! The server takes numbers in ascending order. A file waits for its upload while later messages
//! pass it: it gets a number after theirs, before they are handed over. For a file that an earlier
//! run of the program wrote, the client first asks the server whether that run sent it.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp};
use cairn_client::proto::text::Text;
use cairn_client::proto::wire::error::ErrorCode;

use super::pending::{
    Doubt, Failure, LocalId, Outgoing, Pending, SavedPending, SavedState, SendState,
};
use crate::conversation::Entry;
use crate::limits;
use crate::model::{Effect, StoreOp};

/// An own message, and what is known of it only while the program runs.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) saved: SavedPending,
    /// Whether the client has it, or uploads its file.
    pub(super) is_handed: bool,
    pub(super) earlier: Earlier,
    /// The last entry of its log when it was written, or when the program began.
    after: MsgId,
    progress: (u64, u64),
    /// Its number in the log, until its entry arrives there.
    pub(crate) stored: Option<MsgId>,
}

/// Whether an earlier run of the program may have sent a message that this one did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earlier {
    /// This run wrote it, or the server has neither its number nor a higher one.
    Not,
    /// An earlier run wrote it, and may have sent it if the store is an older state of itself.
    Maybe,
    /// As [`Self::Maybe`], while the server looks for its number.
    Asked,
}

/// The numbers that a store continues.
pub(crate) struct Numbers {
    pub(crate) last_id: LocalId,
    pub(crate) next_seqs: Vec<(ConversationId, ClientSeq)>,
    pub(crate) first_seq: Option<ClientSeq>,
}

/// Own messages in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    pub(super) items: BTreeMap<LocalId, Item>,
    last_id: u64,
    pub(super) next_seqs: BTreeMap<ConversationId, ClientSeq>,
    /// The next number in all other conversations; `None` for 1.
    pub(super) first_seq: Option<ClientSeq>,
    /// Whether the send stream is used by another device, and a new one is awaited.
    pub(super) needs_stream: bool,
}

impl Item {
    pub(crate) fn state(&self) -> SendState {
        if let Some(msgid) = self.stored {
            return SendState::Stored(msgid);
        }
        match self.saved.state {
            SavedState::Waiting if self.is_handed => SendState::Uploading {
                done: self.progress.0,
                of: self.progress.1,
            },
            SavedState::Waiting => SendState::Queued,
            SavedState::Handed if self.is_handed => SendState::Sent,
            SavedState::Handed => SendState::Queued,
            SavedState::Failed(why) => SendState::Failed(why),
            SavedState::Unknown(why) => SendState::Unknown(why),
        }
    }

    pub(crate) fn view(&self) -> Pending {
        Pending {
            id: self.saved.id,
            conversation: self.saved.conversation,
            written_at: self.saved.written_at,
            what: self.saved.what.clone(),
            state: self.state(),
        }
    }

    /// Whether its file is not uploaded yet.
    pub(super) fn is_upload(&self) -> bool {
        let is_file = matches!(self.saved.what, Outgoing::File { .. });
        is_file && self.saved.state == SavedState::Waiting
    }

    pub(super) fn client_ended(&mut self) {
        self.is_handed = false;
        if self.earlier == Earlier::Asked {
            self.earlier = Earlier::Maybe;
        }
    }

    /// Whether messages with higher numbers wait until the server has said whether it was sent.
    pub(super) fn holds_back(&self) -> bool {
        match self.earlier {
            Earlier::Not => false,
            Earlier::Maybe => self.is_upload(),
            Earlier::Asked => self.saved.state == SavedState::Waiting,
        }
    }

    pub(super) fn save(&self) -> Effect {
        Effect::Store(StoreOp::Pending(Box::new(self.saved.clone())))
    }

    /// Whether an own entry that arrived may be this message, before the server has confirmed it.
    pub(crate) fn may_be(&self, msgid: MsgId, entry: &Entry) -> bool {
        let is_same = match &self.saved.what {
            Outgoing::Message { body, extras } => {
                *body == entry.body && extras.replied() == entry.reply_to
            }
            Outgoing::File { .. } | Outgoing::Forward { .. } => false,
        };
        is_same && msgid > self.after && self.state() == SendState::Sent
    }
}

impl Outbox {
    /// Takes what the store held.
    pub(crate) fn restore(
        &mut self,
        items: Vec<SavedPending>,
        numbers: Numbers,
        is_new_stream: bool,
        head: impl Fn(ConversationId) -> MsgId,
    ) -> Vec<Effect> {
        let Numbers {
            last_id,
            next_seqs,
            first_seq,
        } = numbers;
        self.last_id = last_id.get();
        self.first_seq = first_seq;
        for saved in items {
            self.last_id = self.last_id.max(saved.id.get());
            let item = Item {
                after: head(saved.conversation),
                saved,
                is_handed: false,
                earlier: Earlier::Maybe,
                progress: (0, 0),
                stored: None,
            };
            self.items.insert(item.saved.id, item);
        }
        self.next_seqs = next_seqs.into_iter().collect();
        // The store may have lost the last number, but not the message that took it.
        for item in self.items.values() {
            if let Some(seq) = item.saved.seq {
                let next = self.next_seqs.entry(item.saved.conversation);
                let next = next.or_insert(seq.next());
                *next = (*next).max(seq.next());
            }
        }
        if is_new_stream {
            self.new_stream()
        } else {
            Vec::new()
        }
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    pub(crate) fn of(&self, conversation: ConversationId) -> impl Iterator<Item = &Item> {
        let items = self.items.values();
        items.filter(move |item| item.saved.conversation == conversation)
    }

    /// How many own messages of a conversation need a decision of the user.
    pub(crate) fn failed(&self, conversation: ConversationId) -> u32 {
        let failed = self.of(conversation).filter(|item| {
            matches!(
                item.saved.state,
                SavedState::Failed(_) | SavedState::Unknown(_)
            )
        });
        u32::try_from(failed.count()).unwrap_or(u32::MAX)
    }

    /// Whether this many more fit.
    pub(crate) fn fits(&self, more: usize) -> bool {
        let held = self.items.values().filter(|item| item.stored.is_none());
        held.count() + more <= limits::OUTBOX_MAX
    }

    /// Adds a message.
    pub(crate) fn push(
        &mut self,
        conversation: ConversationId,
        what: Outgoing,
        written_at: Timestamp,
        after: MsgId,
    ) -> Vec<Effect> {
        self.last_id += 1;
        let id = LocalId::new(self.last_id);
        let item = Item {
            saved: SavedPending {
                id,
                conversation,
                written_at,
                what,
                seq: None,
                state: SavedState::Waiting,
            },
            is_handed: false,
            earlier: Earlier::Not,
            after,
            progress: (0, 0),
            stored: None,
        };
        self.items.insert(id, item);
        self.number([id])
    }

    /// Starts what can be started while the connection is established.
    pub(crate) fn advance(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.start_uploads(&mut effects);
        if !self.needs_stream {
            self.hand_over(&mut effects);
        }
        effects
    }

    fn start_uploads(&mut self, effects: &mut Vec<Effect>) {
        let uploads = self.items.values().filter(|item| item.is_upload());
        let running = uploads.filter(|item| item.is_handed).count();
        let idle = self.items.values_mut();
        let idle = idle.filter(|item| item.is_upload() && !item.is_handed);
        for item in idle.take(limits::UPLOADS_MAX.saturating_sub(running)) {
            if let Outgoing::File { file, .. } = &item.saved.what {
                item.progress = (0, file.size_bytes);
                let (id, file) = (item.saved.id, file.clone());
                effects.push(Effect::Upload { id, file });
            }
            item.is_handed = true;
        }
    }

    /// The client has ended: another one is handed the messages again.
    pub(crate) fn client_ended(&mut self) {
        for item in self.items.values_mut() {
            item.client_ended();
        }
    }

    /// Handles the answer to a send.
    pub(crate) fn accepted(&mut self, id: LocalId, result: Result<MsgId, Failure>) -> Vec<Effect> {
        let Some(item) = self.items.get_mut(&id).filter(|item| item.stored.is_none()) else {
            return Vec::new();
        };
        let why = match result {
            Ok(msgid) => {
                item.stored = Some(msgid);
                return vec![Effect::Store(StoreOp::NoPending(id))];
            }
            Err(why) => why,
        };
        let state = match why {
            // Nothing is known of it; the next client is handed it again under its number.
            Failure::Ended => return Vec::new(),
            Failure::Refused(ErrorCode::RetryTooOld) => SavedState::Unknown(Doubt::TooOld),
            Failure::Refused(ErrorCode::SeqConflict) => SavedState::Unknown(Doubt::Conflict),
            why => SavedState::Failed(why),
        };
        item.is_handed = false;
        item.saved.state = state;
        item.saved.seq = None;
        let conversation = item.saved.conversation;
        let mut effects = vec![item.save()];
        if state == SavedState::Unknown(Doubt::TooOld) {
            effects.extend(self.jump(conversation));
        }
        if state == SavedState::Unknown(Doubt::Conflict) && !self.needs_stream {
            self.needs_stream = true;
            effects.push(Effect::NewStream);
        }
        effects
    }

    pub(crate) fn uploading(&mut self, id: LocalId, done: u64, of: u64) {
        if let Some(item) = self.items.get_mut(&id) {
            item.progress = (done, of);
        }
    }

    /// Handles the answer to an upload.
    pub(crate) fn uploaded(
        &mut self,
        id: LocalId,
        result: Result<Body, Failure>,
        extras: Extras,
    ) -> Vec<Effect> {
        let uploaded = self.items.get_mut(&id).filter(|item| item.is_upload());
        let Some(item) = uploaded else {
            return Vec::new();
        };
        let Outgoing::File { caption, .. } = &item.saved.what else {
            return Vec::new();
        };
        item.is_handed &= result == Err(Failure::Ended);
        match result {
            // It is uploaded again by the next client.
            Err(Failure::Ended) => return Vec::new(),
            Err(why) => item.saved.state = SavedState::Failed(why),
            Ok(body) => {
                let captioned = Text::new(caption.as_str())
                    .ok()
                    .and_then(|words| body.with_words(&words)?.ok());
                let body = captioned.unwrap_or(body);
                item.saved.what = Outgoing::Message { body, extras };
            }
        }
        vec![item.save()]
    }

    /// Sends a failed or unknown message as a new one.
    pub(crate) fn again(&mut self, id: LocalId) -> Vec<Effect> {
        let Some(item) = self.items.get_mut(&id) else {
            return Vec::new();
        };
        if !matches!(
            item.saved.state,
            SavedState::Failed(_) | SavedState::Unknown(_)
        ) {
            return Vec::new();
        }
        item.saved.state = SavedState::Waiting;
        item.earlier = Earlier::Not;
        self.number([id])
    }

    /// Removes a message that was not handed over, or whose sending failed or is in doubt.
    pub(crate) fn withdraw(&mut self, id: LocalId) -> Vec<Effect> {
        let Some(item) = self.items.get(&id) else {
            return Vec::new();
        };
        if item.saved.state == SavedState::Handed {
            return Vec::new();
        }
        let is_uploading = item.saved.state == SavedState::Waiting && item.is_handed;
        self.items.remove(&id);
        let mut effects = vec![Effect::Store(StoreOp::NoPending(id))];
        effects.extend(is_uploading.then_some(Effect::CancelUpload(id)));
        effects
    }

    /// Removes what the server has and the log shows, and returns it.
    pub(crate) fn settle(
        &mut self,
        conversation: ConversationId,
        is_shown: impl Fn(MsgId) -> bool,
    ) -> Vec<(LocalId, MsgId)> {
        let settled = self.of(conversation).filter_map(|item| {
            let msgid = item.stored.filter(|msgid| is_shown(*msgid))?;
            Some((item.saved.id, msgid))
        });
        let settled: Vec<_> = settled.collect();
        for (id, _) in &settled {
            self.items.remove(id);
        }
        settled
    }

    /// Removes everything of a conversation that the user left.
    pub(crate) fn forget(&mut self, conversation: ConversationId) -> Vec<Effect> {
        let ids: Vec<LocalId> = self.of(conversation).map(|item| item.saved.id).collect();
        let mut effects = Vec::new();
        for id in ids {
            if let Some(item) = self.items.remove(&id)
                && item.stored.is_none()
            {
                effects.push(Effect::Store(StoreOp::NoPending(id)));
            }
        }
        effects
    }
}
