//! Bringing into memory what a command needs.

use cairn_proto::error::ErrorCode;
use cairn_proto::message::unpack_entry;
use hashbrown::HashSet;
use tracing::error;

use super::Engine;
use crate::load::LoadError;
use cairn_core::Command;
use cairn_core::limits::NEEDS_ROUNDS_MAX;
use cairn_core::needs::Need;

impl Engine {
    /// Loads what a command needs. What else that is may depend on what was loaded first; nothing is loaded twice.
    pub(super) fn load_missing(&mut self, command: &Command) -> Result<(), ErrorCode> {
        let mut loaded = HashSet::new();
        for _ in 0..NEEDS_ROUNDS_MAX {
            let mut needs = self.state.missing(command);
            needs.retain(|&need| loaded.insert(need));
            if needs.is_empty() {
                break;
            }
            self.loads += needs.len() as u64;
            needs
                .into_iter()
                .try_for_each(|need| self.load(need))
                .map_err(|failure| {
                    error!(%failure, "cannot load what a command needs");
                    ErrorCode::Damaged
                })?;
        }
        Ok(())
    }

    /// Loads one part. An entry of the batch is not in its timeline yet, and is there as it was before the batch.
    fn load(&mut self, need: Need) -> Result<(), LoadError> {
        for (conversation, msgid, packed) in self.batch.needed(need) {
            self.state
                .install_entry(conversation, msgid, unpack_entry(packed)?);
        }
        self.loader.load(&mut self.state, need)
    }
}
