//! Copies of all entries, kept by a follower of the log.

use std::collections::BTreeMap;

use bytes::Bytes;
use cairn_core::api::command::GetRetained;
use cairn_proto::content::message::split_entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::PullRange;

use crate::blocks::run::RunLimits;
use crate::engine::Engine;
use crate::followers::{Followed, Kinds};

/// The entries of conversations, each above its floor.
#[derive(Debug, Default)]
pub struct Copies {
    conversations: BTreeMap<ConversationId, Copy>,
}

#[derive(Debug, Default)]
struct Copy {
    floor: MsgId,
    entries: BTreeMap<MsgId, Bytes>,
}

impl Copy {
    fn put(&mut self, msgid: MsgId, entry: Bytes) {
        if msgid > self.floor {
            self.entries.insert(msgid, entry);
        }
    }

    fn raise_floor(&mut self, floor: MsgId) {
        self.floor = self.floor.max(floor);
        self.entries = self.entries.split_off(&self.floor.next());
    }
}

impl Copies {
    /// Returns what a follower that keeps copies must read.
    #[must_use]
    pub fn kinds() -> Kinds {
        Kinds::APPENDED
            .with(Kinds::REWRITTEN)
            .with(Kinds::FLOOR_RAISED)
    }

    /// Reads everything that is stored of these conversations, as after a rebuild.
    ///
    /// # Errors
    /// Returns what cannot be read.
    pub fn read(
        engine: &mut Engine,
        ids: impl IntoIterator<Item = ConversationId>,
    ) -> Result<Self, String> {
        let mut conversations = BTreeMap::new();
        for conversation in ids {
            // Loads it.
            match engine.execute(GetRetained(conversation), Timestamp::new(0)) {
                Ok(_) => {}
                Err(ErrorCode::NotFound) => continue,
                Err(code) => return Err(format!("{conversation} is not loaded: {code:?}")),
            }
            // It has none before its first commit.
            let Some(timeline) = engine.timelines().get(conversation) else {
                continue;
            };
            let mut copy = Copy {
                floor: timeline.floor(),
                ..Copy::default()
            };
            let mut next = copy.floor.next();
            while next <= timeline.head() {
                let from = PullRange::From(next);
                let run = engine.history().read(&timeline, from, RunLimits::MAX);
                let run = run.map_err(|error| error.to_string())?;
                let mut entries = run.entries;
                while let Some(entry) =
                    split_entry(&mut entries).map_err(|error| error.to_string())?
                {
                    copy.put(next, entry);
                    next = next.next();
                }
            }
            conversations.insert(conversation, copy);
        }
        Ok(Self { conversations })
    }

    /// Applies a change of the log.
    pub fn apply(&mut self, change: Followed) {
        match change {
            Followed::Appended {
                conversation,
                msgid,
                entry,
            }
            | Followed::Rewritten {
                conversation,
                msgid,
                entry,
            } => self.of(conversation).put(msgid, entry),
            Followed::FloorRaised {
                conversation,
                floor,
            } => self.of(conversation).raise_floor(floor),
            Followed::MemberRemoved { .. } | Followed::Retention { .. } => {}
        }
    }

    fn of(&mut self, conversation: ConversationId) -> &mut Copy {
        self.conversations.entry(conversation).or_default()
    }

    /// Returns the packed entries of a conversation. `None` if the log never named it.
    #[must_use]
    pub fn entries(&self, conversation: ConversationId) -> Option<&BTreeMap<MsgId, Bytes>> {
        let copy = self.conversations.get(&conversation)?;
        Some(&copy.entries)
    }
}
