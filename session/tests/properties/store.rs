//! A store that does what it is bound to do, and no more.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_session::{
    Draft, Entry, Fetched, LocalId, Restored, SavedConversation, SavedPending, Segments, StoreOp,
    amended,
};

use crate::server::Server;

#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub(crate) entries: BTreeMap<MsgId, Message>,
    pub(crate) segments: Segments,
    conversations: BTreeMap<ConversationId, SavedConversation>,
    drafts: BTreeMap<ConversationId, Draft>,
    pub(crate) outbox: BTreeMap<LocalId, SavedPending>,
    next_seqs: BTreeMap<ConversationId, ClientSeq>,
}

impl Store {
    pub(crate) fn apply(&mut self, op: StoreOp) {
        match op {
            StoreOp::Entries {
                messages, as_of, ..
            } => self.put(messages, as_of),
            StoreOp::Amend(amendment) => self.amend(&amendment),
            StoreOp::Advance { from, to, .. } => self.segments.advance(from, to),
            StoreOp::Delete { through, .. } => {
                self.entries = self.entries.split_off(&through.next());
                self.segments.remove_through(through);
            }
            StoreOp::Conversation(saved) => {
                self.conversations.insert(saved.summary.id, *saved);
            }
            StoreOp::Draft(draft) => {
                self.drafts.insert(draft.conversation, draft);
            }
            StoreOp::NoDraft(id) => {
                self.drafts.remove(&id);
            }
            StoreOp::Pending(saved) => {
                self.outbox.insert(saved.id, *saved);
            }
            StoreOp::NoPending(id) => {
                self.outbox.remove(&id);
            }
            StoreOp::NextSeq(id, seq) => {
                self.next_seqs.insert(id, seq);
            }
            StoreOp::NoSeqs => self.next_seqs.clear(),
            StoreOp::Forget(_) | StoreOp::Moment(_) | StoreOp::NoMoment | StoreOp::Users(_) => {}
        }
    }

    fn put(&mut self, messages: Vec<Message>, as_of: MsgId) {
        let (first, last) = (messages[0].msgid, messages[messages.len() - 1].msgid);
        for message in messages {
            let held = self.segments.covering(message.msgid);
            if held.is_none_or(|held| held.as_of < as_of) {
                self.entries.insert(message.msgid, message);
            }
        }
        self.segments.insert(first, last, as_of);
    }

    fn amend(&mut self, amendment: &Message) {
        let Body::Amendment(change) = &amendment.body else {
            panic!("not an amendment");
        };
        let of = change.msgid();
        let Some(held) = self.segments.covering(of) else {
            return;
        };
        if held.as_of >= amendment.msgid {
            return;
        }
        match amended(&self.entries[&of], amendment) {
            Some(message) => {
                self.entries.insert(of, message);
            }
            None => {
                self.entries.remove(&of);
                self.segments.remove(of);
            }
        }
    }

    pub(crate) fn load(&self, range: PullRange, limit: u32) -> Fetched {
        let limit = u64::from(limit);
        let mut segments = self.segments.iter();
        let found = match range {
            PullRange::From(from) => segments.find(|held| held.last >= from).map(|held| {
                let first = held.first.max(from);
                (held, first, held.last.min(first.plus(limit - 1)))
            }),
            PullRange::Before(end) => segments.rev().find(|held| held.first < end).map(|held| {
                let last = held.last.min(end.prev());
                let first = MsgId::new(last.get().saturating_sub(limit - 1));
                (held, held.first.max(first), last)
            }),
        };
        let Some((held, first, last)) = found else {
            return Fetched::Stored {
                messages: Vec::new(),
                as_of: MsgId::ZERO,
            };
        };
        let messages = self.entries.range(first..=last);
        Fetched::Stored {
            messages: messages.map(|(_, message)| message.clone()).collect(),
            as_of: held.as_of,
        }
    }

    pub(crate) fn restored(&self) -> Restored {
        Restored {
            moment: None,
            conversations: self.conversations.values().cloned().collect(),
            users: Vec::new(),
            drafts: self.drafts.values().cloned().collect(),
            outbox: self.outbox.values().cloned().collect(),
            next_seqs: self.next_seqs.iter().map(|(id, seq)| (*id, *seq)).collect(),
            is_new_stream: false,
            ..Restored::default()
        }
    }

    /// Nothing that was edited or recalled is stored as it was.
    pub(crate) fn assert_is_current(&self, server: &Server) {
        let head = server.head();
        for message in server.range(1, head, head) {
            let Some(stored) = self.entries.get(&message.msgid) else {
                continue;
            };
            let (stored, expected) = (Entry::from(stored), Entry::from(&message));
            if !matches!(expected.body, Body::Amendment(_) | Body::System(_)) {
                assert_eq!(stored, expected, "entry {}", message.msgid);
            }
        }
        let floor = MsgId::new(server.floor);
        assert!(self.entries.keys().all(|msgid| *msgid > floor));
    }
}
