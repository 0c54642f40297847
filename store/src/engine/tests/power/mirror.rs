//! A follower that keeps a copy of all entries, and stores its position with them.

use cairn_proto::ids::ConversationId;

use crate::engine::Engine;
use crate::followers::{Follow, Follower, Position};
use crate::testing::copies::Copies;

#[derive(Debug)]
pub(super) struct Mirror {
    position: Position,
    pub(super) copies: Copies,
    /// Gone with the engine.
    follower: Option<Follower>,
}

impl Mirror {
    pub(super) fn new() -> Self {
        Self {
            position: Position::START,
            copies: Copies::default(),
            follower: None,
        }
    }

    /// Forgets the engine, which ended.
    pub(super) fn stop(&mut self) {
        self.follower = None;
    }

    /// Reads at most this many batches.
    pub(super) fn follow(
        &mut self,
        engine: &mut Engine,
        conversations: &[ConversationId],
        batches: usize,
    ) -> Result<(), String> {
        let position = self.position;
        let follower = self
            .follower
            .get_or_insert_with(|| engine.followers().follow(position, Copies::kinds()));
        for _ in 0..batches {
            let next = follower.read().map_err(|error| error.to_string())?;
            match next {
                Follow::Changes(changes) => changes
                    .into_iter()
                    .for_each(|change| self.copies.apply(change)),
                Follow::CaughtUp => break,
                Follow::Rebuild => {
                    self.copies = Copies::read(engine, conversations.iter().copied())?;
                }
            }
        }
        self.position = follower.position();
        Ok(())
    }
}
