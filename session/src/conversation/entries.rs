//! The newest entries of one log, each as it reads now.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::MsgId;

use super::entry::{Edited, Entry};

/// Entries in the order of the log: at most a given number, of which the oldest is evicted first.
#[derive(Clone, Debug)]
pub(super) struct Entries {
    held: BTreeMap<MsgId, Entry>,
    max: usize,
    evicted_through: MsgId,
}

/// The words of an edit do not fit the message.
pub(super) struct UnfitEdit;

impl Entries {
    pub(super) const fn new(max: usize) -> Self {
        Self {
            held: BTreeMap::new(),
            max,
            evicted_through: MsgId::ZERO,
        }
    }

    pub(super) fn get(&self, msgid: MsgId) -> Option<&Entry> {
        self.held.get(&msgid)
    }

    pub(super) fn after(&self, msgid: MsgId) -> impl DoubleEndedIterator<Item = (MsgId, &Entry)> {
        self.held
            .range(msgid.next()..)
            .map(|(&msgid, entry)| (msgid, entry))
    }

    /// The last entry that was evicted.
    pub(super) const fn evicted_through(&self) -> MsgId {
        self.evicted_through
    }

    pub(super) fn push(&mut self, message: &Message) {
        self.held.insert(message.msgid, Entry::from(message));
        while self.held.len() > self.max
            && let Some((oldest, _)) = self.held.pop_first()
        {
            self.evicted_through = oldest;
        }
    }

    /// Drops everything up to `floor`: it expired.
    pub(super) fn expire(&mut self, floor: MsgId) {
        self.held = self.held.split_off(&floor.next());
    }

    /// Applies an amendment, the body of `message`, to its target. It may be applied already: a
    /// pulled message is in its latest state, and the log then repeats how it got there.
    pub(super) fn amend(
        &mut self,
        message: &Message,
        amendment: &Amendment,
    ) -> Result<(), UnfitEdit> {
        let target = self.held.get_mut(&amendment.msgid());
        match (amendment, target) {
            (Amendment::Edited { msgid, text }, Some(target)) => {
                let edit = Edited {
                    at: message.sent_at,
                    entry: message.msgid,
                };
                let newest = target.edited.map_or(MsgId::ZERO, |edited| edited.entry);
                let is_newest = match text {
                    Some(words) if target.body.is_message() && newest < edit.entry => {
                        if !target.edit(words, &message.extras, edit) {
                            return Err(UnfitEdit);
                        }
                        true
                    }
                    _ => newest == edit.entry,
                };
                // A later edit or a recall is applied already, so the words of this one go too.
                let end = if is_newest {
                    edit.entry
                } else {
                    edit.entry.next()
                };
                self.erase_edits(*msgid, end);
            }
            (Amendment::Recalled { msgid }, target) => {
                if let Some(target) = target {
                    target.recall(message.sender);
                }
                self.erase_edits(*msgid, message.msgid);
            }
            (Amendment::Edited { msgid, .. }, None) => self.erase_edits(*msgid, message.msgid),
            (Amendment::Reacted { emoji, .. }, Some(target)) if target.body.is_message() => {
                target.react(emoji.clone(), message.sender);
            }
            (Amendment::Unreacted { emoji, .. }, Some(target)) => {
                target.unreact(emoji, message.sender);
            }
            (Amendment::Reacted { .. } | Amendment::Unreacted { .. }, _)
            | (Amendment::Pinned { .. } | Amendment::Unpinned { .. }, _) => {}
        }
        Ok(())
    }

    /// Erases words and mentions of edits of `target` that lie before `end`: superseded or recalled
    /// text must not stay readable. The target itself may have expired or been evicted.
    fn erase_edits(&mut self, target: MsgId, end: MsgId) {
        if target >= end {
            return;
        }
        for (_, entry) in self.held.range_mut(target..end) {
            if let Body::Amendment(Amendment::Edited { msgid, text }) = &mut entry.body
                && *msgid == target
            {
                *text = None;
                entry.mentions.clear();
                entry.mentions_all = false;
            }
        }
    }
}
