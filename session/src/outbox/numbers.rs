//! Numbers on the send stream, and what is handed over under them.

use cairn_client::proto::ids::{ClientSeq, ConversationId};

use super::pending::{Doubt, LocalId, SavedState};
use super::queue::{Earlier, Item, Outbox};
use crate::limits;
use crate::model::{Effect, StoreOp};

/// How far the next number jumps after a refusal of one that is too low: twelve days, if numbers
/// are taken from a clock.
const SEQ_JUMP: u64 = 1 << 40;

impl Outbox {
    /// Assigns messages their next numbers on the send stream, and has the store keep both.
    pub(super) fn number(&mut self, ids: impl IntoIterator<Item = LocalId>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for id in ids {
            let Some(item) = self.items.get_mut(&id) else {
                continue;
            };
            let conversation = item.saved.conversation;
            let next = self.next_seqs.entry(conversation);
            let next = next.or_insert(self.first_seq.unwrap_or(ClientSeq::new(1)));
            let seq = std::mem::replace(next, next.next());
            item.saved.seq = Some(seq);
            effects.push(Effect::Store(StoreOp::NextSeq(conversation, seq.next())));
            effects.push(item.save());
        }
        effects
    }

    /// The messages of a kind, in the order of their numbers.
    fn by_number(&self, is_wanted: impl Fn(&Item) -> bool) -> Vec<LocalId> {
        let wanted = self.items.values().filter(|item| is_wanted(item));
        let mut ids: Vec<_> = wanted
            .map(|item| (item.saved.seq.is_none(), item.saved.seq, item.saved.id))
            .collect();
        ids.sort_unstable();
        ids.into_iter().map(|(.., id)| id).collect()
    }

    pub(super) fn hand_over(&mut self, effects: &mut Vec<Effect>) {
        let handed = |item: &&Item| item.saved.state == SavedState::Handed && item.is_handed;
        let handed = self.items.values().filter(handed).count();
        let free = limits::HANDED_MAX.saturating_sub(handed);
        let ids = self.by_number(|item| {
            let is_due = match item.saved.state {
                SavedState::Handed => true,
                SavedState::Waiting => !item.is_upload() && !item.holds_back(),
                SavedState::Failed(_) | SavedState::Unknown(_) => false,
            };
            is_due && !item.is_handed && item.stored.is_none()
        });
        let unsure = self.by_number(Item::holds_back);
        for id in ids.into_iter().take(free) {
            match unsure.iter().find(|file| self.would_pass(id, **file)) {
                Some(file) => effects.extend(self.probe(*file)),
                None => self.hand(id, effects),
            }
        }
    }

    /// Whether a message that is handed over now passes another one.
    fn would_pass(&self, id: LocalId, other: LocalId) -> bool {
        let saved = |id| self.items.get(&id).map(|item| &item.saved);
        let (Some(own), Some(other)) = (saved(id), saved(other)) else {
            return false;
        };
        let is_before = own.seq.is_none_or(|seq| other.seq < Some(seq));
        is_before && own.conversation == other.conversation
    }

    /// Asks the server for the number of a file, once.
    fn probe(&mut self, id: LocalId) -> Option<Effect> {
        let item = self.items.get_mut(&id)?;
        let seq = item.saved.seq.filter(|_| item.earlier == Earlier::Maybe)?;
        item.earlier = Earlier::Asked;
        let conversation = item.saved.conversation;
        Some(Effect::Probe {
            id,
            conversation,
            seq,
        })
    }

    /// Handles the answer to a probe: whether the server has the number of a file, or a higher one.
    pub(crate) fn probed(&mut self, id: LocalId, is_used: bool) -> Vec<Effect> {
        let is_asked = |item: &&mut Item| item.holds_back() && item.earlier == Earlier::Asked;
        let Some(item) = self.items.get_mut(&id).filter(is_asked) else {
            return Vec::new();
        };
        if !is_used {
            // Nothing is sent under the number of a probe any more.
            item.earlier = Earlier::Not;
            return self.number([id]);
        }
        let is_uploading = item.is_upload() && item.is_handed;
        item.client_ended();
        item.saved.state = SavedState::Unknown(Doubt::TooOld);
        item.saved.seq = None;
        let mut effects = vec![item.save()];
        effects.extend(is_uploading.then_some(Effect::CancelUpload(id)));
        effects
    }

    /// Hands a message over.
    fn hand(&mut self, id: LocalId, effects: &mut Vec<Effect>) {
        let is_numbered = |item: &Item| item.saved.seq.is_some();
        if !self.items.get(&id).is_some_and(is_numbered) {
            effects.extend(self.number([id]));
        }
        let Some(item) = self.items.get_mut(&id) else {
            return;
        };
        let (conversation, Some(seq)) = (item.saved.conversation, item.saved.seq) else {
            return;
        };
        if item.saved.state == SavedState::Waiting {
            item.saved.state = SavedState::Handed;
            effects.push(item.save());
        }
        item.is_handed = true;
        let what = item.saved.what.clone();
        let passed = self.by_number(|item| {
            let is_before = item.saved.seq.is_some_and(|own| own < seq);
            item.is_upload() && item.saved.conversation == conversation && is_before
        });
        effects.extend(self.number_again(passed));
        effects.push(Effect::Send {
            id,
            conversation,
            seq,
            what,
        });
    }

    /// Assigns messages other numbers that were not handed over, and that no earlier run may have
    /// handed over either.
    fn number_again(&mut self, ids: Vec<LocalId>) -> Vec<Effect> {
        let items = &self.items;
        let is_own = |id: &LocalId| {
            items
                .get(id)
                .is_some_and(|item| item.earlier == Earlier::Not)
        };
        let ids: Vec<LocalId> = ids.into_iter().filter(is_own).collect();
        self.number(ids)
    }

    /// The client uses another send stream: what was handed over on the old one is in doubt, and so
    /// is what an earlier run may have handed over.
    pub(crate) fn new_stream(&mut self) -> Vec<Effect> {
        self.needs_stream = false;
        self.next_seqs.clear();
        let mut effects = vec![Effect::Store(StoreOp::NoSeqs)];
        let numbered = self.by_number(|item| item.saved.seq.is_some() && item.stored.is_none());
        let mut waiting = Vec::new();
        for id in numbered {
            let Some(item) = self.items.get_mut(&id) else {
                continue;
            };
            // Uploads ended with the client.
            item.client_ended();
            if item.saved.state == SavedState::Waiting && item.earlier == Earlier::Not {
                waiting.push(id);
                continue;
            }
            item.saved.state = SavedState::Unknown(Doubt::Stream);
            item.saved.seq = None;
            effects.push(item.save());
        }
        effects.extend(self.number(waiting));
        effects
    }

    /// The server has seen higher numbers: those of a copy of the profile, or of a clock that was
    /// ahead.
    pub(super) fn jump(&mut self, conversation: ConversationId) -> Vec<Effect> {
        if let Some(next) = self.next_seqs.get_mut(&conversation) {
            *next = ClientSeq::new(next.get().saturating_add(SEQ_JUMP));
        }
        let waiting = self.by_number(|item| {
            let is_waiting = item.saved.state == SavedState::Waiting;
            is_waiting && item.saved.conversation == conversation && item.saved.seq.is_some()
        });
        self.number_again(waiting)
    }
}
