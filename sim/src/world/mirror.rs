//! A follower of the log that keeps a copy of all entries, and stores its position with them.

use std::collections::BTreeMap;

use bytes::Bytes;
use cairn_client::proto::content::message::{split_entry, unpack_entry};
use cairn_client::{ConversationId, Message, MsgId, PullRange};
use cairn_core::api::command::GetRetained;
use cairn_proto::ids::Timestamp;
use cairn_store::blocks::run::RunLimits;
use cairn_store::engine::Engine;
use cairn_store::followers::{Follow, Followed, Follower, Kinds, Position};

use super::World;
use crate::history::Entry;

#[derive(Debug)]
pub(crate) struct Mirror {
    position: Position,
    copies: BTreeMap<ConversationId, Copy>,
    /// Gone with the engine.
    follower: Option<Follower>,
    pub(crate) is_stopped: bool,
    pub(crate) is_caught_up: bool,
}

/// The entries of a conversation above its floor.
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

impl Mirror {
    pub(super) fn new() -> Self {
        Self {
            position: Position::START,
            copies: BTreeMap::new(),
            follower: None,
            is_stopped: false,
            is_caught_up: false,
        }
    }

    /// Forgets the engine, which ended.
    pub(super) fn stop(&mut self) {
        self.follower = None;
        self.is_caught_up = false;
    }

    /// Reads at most this many batches. What cannot be read now is read after the next start.
    pub(super) fn follow(&mut self, world: &World, engine: &mut Engine, batches: usize) {
        if self.is_stopped {
            return;
        }
        let kinds = Kinds::APPENDED
            .with(Kinds::REWRITTEN)
            .with(Kinds::FLOOR_RAISED);
        let mut follower = match self.follower.take() {
            Some(follower) => follower,
            None => engine.followers().follow(self.position, kinds),
        };
        for _ in 0..batches {
            self.is_caught_up = false;
            match follower.read() {
                Ok(Follow::Changes(changes)) => {
                    changes.into_iter().for_each(|change| self.apply(change));
                }
                Ok(Follow::CaughtUp) => {
                    self.is_caught_up = true;
                    break;
                }
                Ok(Follow::Rebuild) => match rebuilt(world, engine) {
                    Some(copies) => self.copies = copies,
                    // Again from the old position.
                    None => return,
                },
                Err(error) => {
                    world
                        .trace
                        .note("follower", format_args!("cannot read: {error}"));
                    return;
                }
            }
            self.position = follower.position();
        }
        self.follower = Some(follower);
    }

    fn apply(&mut self, change: Followed) {
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
            } => self
                .copies
                .entry(conversation)
                .or_default()
                .put(msgid, entry),
            Followed::FloorRaised {
                conversation,
                floor,
            } => self
                .copies
                .entry(conversation)
                .or_default()
                .raise_floor(floor),
            Followed::MemberRemoved { .. } | Followed::Retention { .. } => {}
        }
    }

    /// Returns the entries of a conversation.
    pub(crate) fn entries(
        &self,
        conversation: ConversationId,
    ) -> Result<BTreeMap<MsgId, Entry>, String> {
        let copy = self.copies.get(&conversation);
        let entries = copy.into_iter().flat_map(|copy| &copy.entries);
        entries
            .map(|(&msgid, packed)| {
                let entry = unpack_entry(packed).map_err(|error| error.to_string())?;
                let message = Message {
                    conversation,
                    msgid,
                    sender: entry.sender,
                    sent_at: entry.sent_at,
                    body: entry.body,
                    extras: entry.extras,
                };
                Ok((msgid, message.into()))
            })
            .collect()
    }
}

/// Reads everything that is stored. `None` if that fails.
fn rebuilt(world: &World, engine: &mut Engine) -> Option<BTreeMap<ConversationId, Copy>> {
    let mut copies = BTreeMap::new();
    for &conversation in world.places.get().into_iter().flatten() {
        // Loads it. Conversations without an entry are not there.
        if engine
            .execute(GetRetained(conversation), Timestamp::new(0))
            .is_err()
        {
            continue;
        }
        let Some(timeline) = engine.timelines().get(conversation) else {
            continue;
        };
        let mut copy = Copy {
            floor: timeline.floor(),
            ..Copy::default()
        };
        let mut next = copy.floor.next();
        while next <= timeline.head() {
            let range = PullRange::From(next);
            let run = engine.history().read(&timeline, range, RunLimits::MAX);
            let mut entries = run.ok()?.entries;
            while let Some(entry) = split_entry(&mut entries).ok()? {
                copy.put(next, entry);
                next = next.next();
            }
        }
        copies.insert(conversation, copy);
    }
    Some(copies)
}
