//! A follower of the log that keeps a copy of all entries, and stores its position with them.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::message::unpack_entry;
use cairn_client::{ConversationId, Message, MsgId};
use cairn_store::engine::Engine;
use cairn_store::followers::{Follow, Follower, Position};
use cairn_store::testing::copies::Copies;

use super::World;
use crate::history::Entry;

/// More conversations than a run begins.
const NUMBERED_MAX: u64 = 200;

#[derive(Debug)]
pub(crate) struct Mirror {
    position: Position,
    copies: Copies,
    /// Gone with the engine.
    follower: Option<Follower>,
    pub(crate) is_stopped: bool,
    pub(crate) is_caught_up: bool,
}

impl Mirror {
    pub(super) fn new() -> Self {
        Self {
            position: Position::START,
            copies: Copies::default(),
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
        let mut follower = match self.follower.take() {
            Some(follower) => follower,
            None => engine.followers().follow(self.position, Copies::kinds()),
        };
        for _ in 0..batches {
            self.is_caught_up = false;
            match follower.read() {
                Ok(Follow::Changes(changes)) => {
                    changes
                        .into_iter()
                        .for_each(|change| self.copies.apply(change));
                }
                Ok(Follow::CaughtUp) => {
                    self.is_caught_up = true;
                    break;
                }
                Ok(Follow::Rebuild) => {
                    // The desk begins more conversations; they are numbered.
                    let numbered = (1..NUMBERED_MAX).map(ConversationId::new);
                    let numbered = numbered.filter(|_| world.desk.made.get().is_some());
                    let places = world.places.get().into_iter().flatten().copied();
                    let all: BTreeSet<_> = places.chain(numbered).collect();
                    match Copies::read(engine, all) {
                        Ok(copies) => self.copies = copies,
                        // Again from the old position.
                        Err(_) => return,
                    }
                }
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

    /// Returns the entries of a conversation.
    pub(crate) fn entries(
        &self,
        conversation: ConversationId,
    ) -> Result<BTreeMap<MsgId, Entry>, String> {
        let entries = self.copies.entries(conversation);
        entries
            .into_iter()
            .flatten()
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
